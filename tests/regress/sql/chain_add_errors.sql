-- What add_chain, drop_chain, verify_chain and chain_line refuse, and how they say so.
\pset null (null)
CREATE ROLE regress_errors;
CREATE ROLE regress_errors_other;
CREATE SCHEMA AUTHORIZATION regress_errors;
GRANT ALL ON SCHEMA regress_errors TO regress_errors_other;
SET search_path = regress_errors, public;
SET ROLE regress_errors;
CREATE TABLE event (id int NOT NULL, nullable int, note text, at timestamptz);

-- Whose table it is
SET ROLE regress_errors_other;
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE
-- not even with every privilege
SET ROLE regress_errors;
GRANT ALL ON event TO regress_errors_other;
SET ROLE regress_errors_other;
SELECT add_chain('event', '{id}');
SELECT drop_chain('event');
SELECT add_chain('pg_class');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SELECT add_chain('pg_class');
\echo :LAST_ERROR_SQLSTATE
-- a member of the owning role may
GRANT regress_errors TO regress_errors_other;
SET ROLE regress_errors_other;
BEGIN;
SELECT add_chain('event', '{id}');
SELECT drop_chain('event');
ROLLBACK;
RESET ROLE;
REVOKE regress_errors FROM regress_errors_other;
SET ROLE regress_errors;

-- What is no table
SELECT add_chain('nothing');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain(0);
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain(NULL);
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW a_view AS SELECT * FROM event;
SELECT add_chain('a_view');
\echo :LAST_ERROR_SQLSTATE
CREATE MATERIALIZED VIEW a_materialized_view AS SELECT * FROM event;
SELECT add_chain('a_materialized_view');
CREATE SEQUENCE a_sequence;
SELECT add_chain('a_sequence');
CREATE INDEX an_index ON event (id);
SELECT add_chain('an_index');
CREATE TYPE a_type AS (id int);
SELECT add_chain('a_type');
RESET ROLE;
CREATE FOREIGN DATA WRAPPER regress_errors_wrapper;
CREATE SERVER regress_errors_server FOREIGN DATA WRAPPER regress_errors_wrapper;
CREATE FOREIGN TABLE a_foreign_table (id int NOT NULL) SERVER regress_errors_server;
SELECT add_chain('a_foreign_table');
DROP FOREIGN DATA WRAPPER regress_errors_wrapper CASCADE;
CREATE TEMPORARY TABLE temporary (id int NOT NULL);
SELECT add_chain('temporary');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE temporary;
SET ROLE regress_errors;

-- Columns
SELECT add_chain('event', '{absent}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', recorded => 'absent');
SELECT add_chain('event', '{id}', exclude => '{absent}');
SELECT add_chain('event', '{id}', order_by => '{absent}');
SELECT add_chain('event', '{ctid}');
SELECT add_chain('event', '{ID}');
SELECT add_chain('event', '{nullable}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id,nullable}');
SELECT add_chain('event', '{id}', seq => 'note');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', previous => 'at');
SELECT add_chain('event', '{id}', hash => 'nullable');
SELECT add_chain('event', '{id}', recorded => 'note');
CREATE TABLE typed (id int NOT NULL, seq int, hash varchar(63), digest char(65), at timestamp, number numeric);
SELECT add_chain('typed', '{id}');
SELECT add_chain('typed', '{id}', seq => 'number');
SELECT add_chain('typed', '{id}', seq => 's', hash => 'hash');
SELECT add_chain('typed', '{id}', seq => 's', previous => 'digest');
SELECT add_chain('typed', '{id}', seq => 's', recorded => 'at');
-- one column, one purpose
SELECT add_chain('event', '{id,id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', seq => 'id');
SELECT add_chain('event', '{id}', previous => 'h', hash => 'h');
SELECT add_chain('event', '{id}', recorded => 'at', exclude => '{at}');
SELECT add_chain('event', '{id}', exclude => '{id}');
SELECT add_chain('event', '{id}', exclude => '{seq}');
SELECT add_chain('event', '{id}', exclude => '{note,note}');
-- NULL is no name
SELECT add_chain('event', '{NULL}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', seq => NULL);
SELECT add_chain('event', '{id}', previous => NULL);
SELECT add_chain('event', '{id}', hash => NULL);
SELECT add_chain('event', '{""}');
-- a chain column that fills itself
CREATE TABLE filled (id int NOT NULL, n bigint DEFAULT 1, identity bigint GENERATED ALWAYS AS IDENTITY, hash text DEFAULT '', derived bigint GENERATED ALWAYS AS (id) STORED);
SELECT add_chain('filled', '{id}', seq => 'n');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('filled', '{id}', seq => 'identity');
SELECT add_chain('filled', '{id}', seq => 'derived');
SELECT add_chain('filled', '{id}', hash => 'hash');
SELECT add_chain('filled', '{derived}');
\echo :LAST_ERROR_SQLSTATE

-- Types whose text depends on the locale or the catalogs
CREATE TABLE priced_in_money (id int NOT NULL, price money);
SELECT add_chain('priced_in_money', '{id}');
\echo :LAST_ERROR_SQLSTATE
CREATE DOMAIN price AS money;
CREATE TYPE priced AS (name text, price money);
CREATE TYPE priced_twice AS (priced priced[]);
CREATE TYPE money_range AS RANGE (subtype = money);
-- or on the version of PostgreSQL, within another text
CREATE TYPE byte_range AS RANGE (subtype = "char");
CREATE DOMAIN bytes AS "char"[];
CREATE TYPE byte_pair AS (a int, b bytes);
CREATE TYPE byte_pair_range AS RANGE (subtype = byte_pair);
CREATE TABLE unsupported (a money[], b price, c priced, d priced_twice, e money_range, f money_multirange, g regclass, h regtype, i regproc, j regprocedure, k regoper,
    l regoperator, m regrole, n regnamespace, o regconfig, p regdictionary, q regcollation, r aclitem, s regclass[], t byte_range, u byte_multirange, v byte_pair_range[]);
CREATE FUNCTION refusal(column_name name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
    PERFORM add_chain('unsupported', exclude => (SELECT array_agg(attname) FROM pg_attribute
        WHERE attrelid = 'unsupported'::regclass AND attnum > 0 AND attname <> column_name));
    RETURN 'accepted';
EXCEPTION WHEN feature_not_supported THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n', SQLERRM, detail, hint);
END $$;
SELECT refusal('a');
SELECT format_type(atttypid, NULL), split_part(refusal(attname), E'\n', 2) FROM pg_attribute
WHERE attrelid = 'unsupported'::regclass AND attnum > 0 ORDER BY attnum;
-- an entity must be something that hashes and compares
CREATE TABLE shapeless (id json NOT NULL, place point NOT NULL);
SELECT add_chain('shapeless', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('shapeless', '{place}');

-- Existing rows
INSERT INTO typed (id, at) VALUES (1, '2024-01-01'), (1, '2024-01-01'), (2, '2024-01-01');
SELECT add_chain('typed', '{id}', seq => 'place');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('typed', '{id}', seq => 'place', order_by => '{at}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('typed', '{id}', seq => 'place', order_by => '{number,at}');
SELECT add_chain('typed', seq => 'place', order_by => '{id}');
DELETE FROM typed WHERE ctid = '(0,1)';
-- equal in one entity is a tie, in two it is none
BEGIN;
SELECT add_chain('typed', '{id}', seq => 'place', order_by => '{at}');
ROLLBACK;
SELECT add_chain('typed', seq => 'place', order_by => '{at}');
-- what cannot be sorted
INSERT INTO shapeless VALUES ('{}', '(0,0)');
SELECT add_chain('shapeless', order_by => '{place}');
-- a rule that keeps rows from being sealed
CREATE TABLE ruled (id int NOT NULL);
INSERT INTO ruled VALUES (1);
CREATE RULE nothing AS ON UPDATE TO ruled DO INSTEAD NOTHING;
SELECT add_chain('ruled', '{id}', order_by => '{id}');
\echo :LAST_ERROR_SQLSTATE
-- a constraint that sealed rows break
CREATE TABLE constrained (id int NOT NULL, seq bigint CHECK (seq IS NULL));
INSERT INTO constrained VALUES (1);
SELECT add_chain('constrained', '{id}', order_by => '{id}');

-- A trigger that fires after the seal
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TABLE late (id int NOT NULL);
CREATE TRIGGER zzz BEFORE INSERT OR UPDATE ON late FOR EACH ROW EXECUTE FUNCTION change();
SELECT add_chain('late', '{id}');
\echo :LAST_ERROR_SQLSTATE
-- Child tables, which inherit columns and no trigger
CREATE TABLE parent (id int NOT NULL);
CREATE TABLE child () INHERITS (parent);
SELECT add_chain('parent', '{id}');
\echo :LAST_ERROR_SQLSTATE
-- A partition that depends on what the seal fills in
CREATE TABLE placed (id int NOT NULL, seq bigint) PARTITION BY RANGE (seq);
SELECT add_chain('placed', '{id}');
\echo :LAST_ERROR_SQLSTATE
-- Row-level security that hides rows from the owner
CREATE TABLE secured (id int NOT NULL);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
ALTER TABLE secured FORCE ROW LEVEL SECURITY;
SELECT add_chain('secured', '{id}');
\echo :LAST_ERROR_SQLSTATE

-- Already chained, and not chained
CREATE TABLE chained (id int NOT NULL, note text);
SELECT add_chain('chained', '{id}');
SELECT add_chain('chained', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('chained', seq => 'other');
SELECT drop_chain('event');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('a_view');
SELECT drop_chain(0);
SELECT drop_chain(NULL);
SELECT verify_chain('event');
\echo :LAST_ERROR_SQLSTATE
SELECT verify_chain('a_view');
SELECT verify_chain('pg_class');
SELECT verify_chain(0);
SELECT chain_line(event) FROM event;
INSERT INTO event (id) VALUES (1);
SELECT chain_line(event) FROM event;
\echo :LAST_ERROR_SQLSTATE
SELECT chain_line(1);
SELECT chain_line('text'::text);
-- an entity of another shape
INSERT INTO chained (id) VALUES (1);
SELECT * FROM verify_chain('chained', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain('chained', '{1,2}');
SELECT * FROM verify_chain('chained', '{one}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain('chained', '{NULL}');
SELECT * FROM verify_chain(NULL, '{1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain('chained', NULL);

-- What failed changed nothing.
\d event
\d typed

-- A database whose encoding is not UTF8
RESET ROLE;
CREATE DATABASE regress_errors_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\c regress_errors_latin1
SET client_min_messages = warning;
\set VERBOSITY terse
CREATE EXTENSION veritable CASCADE;
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
\c regression
SET client_min_messages = warning;
DROP DATABASE regress_errors_latin1;
DROP SCHEMA regress_errors CASCADE;
DROP ROLE regress_errors, regress_errors_other;
