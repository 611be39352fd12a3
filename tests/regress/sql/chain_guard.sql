-- Sealed rows are not changed, removed or truncated away, by anybody; and a command that would silently break a chain
-- is refused, while everything else a table needs in its life goes on.
\pset null (null)
CREATE ROLE regress_guard;
CREATE SCHEMA AUTHORIZATION regress_guard;
CREATE ROLE regress_guard_writer;
GRANT USAGE ON SCHEMA regress_guard TO regress_guard_writer;
SET search_path = regress_guard, public;
SET ROLE regress_guard;

CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TYPE place AS (street text, number int);
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TYPE span AS RANGE (subtype = int);
CREATE TABLE event (
    id int NOT NULL,
    note text,
    amount int,
    feeling mood,
    home place,
    share percent,
    spans span[],
    seen boolean,
    attempts int DEFAULT 0,
    doubled int GENERATED ALWAYS AS (amount * 2) STORED
);
SELECT add_chain('event', '{id}', exclude => '{seen,attempts}');
GRANT ALL ON event TO regress_guard_writer;
INSERT INTO event (id, note, amount, feeling, home, share, spans) VALUES
    (1, 'one', 1, 'glad', '(Road,1)', 10, '{[1\,3)}'),
    (1, NULL, 2, 'sad', '(Road,)', 20, '{}'),
    (2, 'two', 3, NULL, NULL, NULL, NULL);

-- Rows: refused for the owner, for another role with all privileges, and for the superuser.
UPDATE event SET note = 'changed';
\echo :LAST_ERROR_SQLSTATE
UPDATE event SET note = NULL WHERE note IS NOT NULL;
UPDATE event SET note = '' WHERE note IS NULL;
UPDATE event SET id = 3 WHERE id = 2;
UPDATE event SET seq = 7 WHERE id = 2;
UPDATE event SET previous_event_hash = NULL WHERE seq = 2;
UPDATE event SET event_hash = '\x00';
UPDATE event SET home.number = 2 WHERE seq = 1;
UPDATE event SET seen = true, note = 'changed';
DELETE FROM event WHERE id = 2;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE event;
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_guard_writer;
UPDATE event SET note = 'changed';
DELETE FROM event;
TRUNCATE event;
RESET ROLE;
UPDATE event SET note = 'changed';
DELETE FROM event;
TRUNCATE event;
SET session_replication_role = replica;
UPDATE event SET note = 'changed';
DELETE FROM event;
TRUNCATE event;
RESET session_replication_role;
SET ROLE regress_guard;
-- no row, no refusal; a table without rows is truncated no more than another
UPDATE event SET note = 'changed' WHERE id = 0;
DELETE FROM event WHERE id = 0;
CREATE TABLE vacant (id int NOT NULL);
SELECT add_chain('vacant', '{id}');
TRUNCATE vacant;
TRUNCATE vacant, event;

-- What is excluded may change, and so may what stays as it is.
UPDATE event SET seen = true, attempts = attempts + 1;
UPDATE event SET note = note, amount = amount WHERE id = 1;
UPDATE event SET amount = 1.2 WHERE id = 1 AND seq = 1;
SELECT id, seq, note, amount, doubled, seen, attempts FROM event ORDER BY id, seq;
-- equal is not the same
CREATE TABLE measure (id int NOT NULL, value numeric, ratio float8);
SELECT add_chain('measure', '{id}');
INSERT INTO measure (id, value, ratio) VALUES (1, 1.0, 0);
UPDATE measure SET value = 1.00;
UPDATE measure SET ratio = '-0';
SELECT chain_line(measure) FROM measure;

-- Through foreign keys nothing is removed either.
CREATE TABLE person (id int PRIMARY KEY);
CREATE TABLE deed (person int NOT NULL REFERENCES person ON DELETE CASCADE ON UPDATE CASCADE, note text);
SELECT add_chain('deed', '{person}');
CREATE TABLE thing (owner int REFERENCES person ON DELETE SET NULL ON UPDATE SET DEFAULT);
SELECT add_chain('thing');
INSERT INTO person VALUES (1), (2), (3);
INSERT INTO deed (person, note) VALUES (1, 'done');
INSERT INTO thing (owner) VALUES (2);
DELETE FROM person WHERE id = 1;
UPDATE person SET id = 4 WHERE id = 1;
DELETE FROM person WHERE id = 2;
UPDATE person SET id = 4 WHERE id = 2;
TRUNCATE person CASCADE;
DELETE FROM person WHERE id = 3;

-- Columns: what hashes cover is not renamed, retyped or dropped, as far as it changes the line of a row.
ALTER TABLE event RENAME COLUMN note TO remark;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event RENAME COLUMN id TO entity;
ALTER TABLE event RENAME COLUMN seq TO place;
ALTER TABLE event RENAME COLUMN previous_event_hash TO previous;
-- no line contains the hash
ALTER TABLE event RENAME COLUMN event_hash TO hash;
SELECT hash FROM veritable.chains WHERE target = 'event'::regclass;
ALTER TABLE event RENAME COLUMN hash TO event_hash;
BEGIN;
ALTER TABLE event ALTER COLUMN share TYPE bigint;
ALTER TABLE event ALTER COLUMN note TYPE varchar(100);
ALTER TABLE event ALTER COLUMN feeling TYPE text;
ALTER TABLE event ALTER COLUMN event_hash TYPE text USING encode(event_hash, 'hex');
INSERT INTO event (id, note) VALUES (1, 'in other types') RETURNING seq;
SELECT * FROM verify_chain('event');
ROLLBACK;
ALTER TABLE event ALTER COLUMN share TYPE numeric(10, 2);
ALTER TABLE event ALTER COLUMN note TYPE varchar(100) USING upper(note);
ALTER TABLE event ALTER COLUMN share TYPE percent USING share * 2;
ALTER TABLE event ALTER COLUMN share TYPE percent USING share;
ALTER TABLE event ALTER COLUMN seq TYPE bigint USING seq + 1;
ALTER TABLE event ALTER COLUMN seq TYPE int;
ALTER TABLE event ALTER COLUMN event_hash TYPE bytea USING '\x00';
ALTER TABLE event DROP COLUMN note;
ALTER TABLE event DROP COLUMN seq;
ALTER TABLE event DROP COLUMN event_hash;
ALTER TABLE event DROP COLUMN id CASCADE;
ALTER TABLE event ALTER COLUMN id DROP NOT NULL;
-- A new column may not come with a value for rows that are sealed already.
ALTER TABLE event ADD COLUMN kind text DEFAULT 'plain';
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event ADD COLUMN at timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00';
ALTER TABLE event ADD COLUMN number int GENERATED ALWAYS AS IDENTITY;
ALTER TABLE event ADD COLUMN number serial;
ALTER TABLE event ADD COLUMN fine text, ADD COLUMN kind text DEFAULT 'plain';
-- PostgreSQL keeps no value for old rows that it writes anyway.
ALTER TABLE event ADD COLUMN kind text DEFAULT 'plain', SET UNLOGGED;
-- But it may come without, and have a default from then on.
ALTER TABLE event ADD COLUMN kind text;
ALTER TABLE event ALTER COLUMN kind SET DEFAULT 'plain';
ALTER TABLE event ADD COLUMN total int GENERATED ALWAYS AS (amount + 1) STORED;
INSERT INTO event (id, note) VALUES (1, 'with a kind');
SELECT chain_line(event) FROM event WHERE id = 1 AND seq = 3;
ALTER TABLE event ALTER COLUMN kind DROP DEFAULT;
ALTER TABLE event ALTER COLUMN note SET NOT NULL;
ALTER TABLE event ALTER COLUMN amount SET DEFAULT 0;
ALTER TABLE event ALTER COLUMN note SET STORAGE EXTERNAL;
ALTER TABLE event ALTER COLUMN note SET STATISTICS 100;
-- What is excluded or generated is not part of a hash.
ALTER TABLE event RENAME COLUMN doubled TO twice;
ALTER TABLE event DROP COLUMN twice;
ALTER TABLE event ALTER COLUMN attempts TYPE bigint;
ALTER TABLE event RENAME COLUMN seen TO viewed;
UPDATE event SET viewed = false WHERE id = 2;
ALTER TABLE event RENAME COLUMN viewed TO seen;
SELECT * FROM verify_chain('event');

-- Types: what values look like stays as it was.
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
\echo :LAST_ERROR_SQLSTATE
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE feeling RENAME TO mood;
ALTER TYPE place RENAME ATTRIBUTE street TO road;
ALTER TYPE place ADD ATTRIBUTE town text;
ALTER TYPE place DROP ATTRIBUTE number;
DROP TYPE mood;
DROP TYPE mood CASCADE;
DROP TYPE place CASCADE;
DROP TYPE span CASCADE;
DROP DOMAIN percent CASCADE;
ALTER DOMAIN percent DROP CONSTRAINT percent_check;
ALTER DOMAIN percent ADD CHECK (VALUE >= 0);
ALTER DOMAIN percent RENAME TO share;
ALTER DOMAIN share RENAME TO percent;
-- through an array, a domain and a composite
CREATE TYPE inner_mood AS ENUM ('x', 'y');
CREATE TYPE outer_place AS (moods inner_mood[]);
CREATE DOMAIN outer_domain AS outer_place;
CREATE TABLE nested (value outer_domain[]);
SELECT add_chain('nested');
INSERT INTO nested (value) VALUES (ARRAY[ROW('{x}')::outer_place]::outer_domain[]);
ALTER TYPE inner_mood RENAME VALUE 'x' TO 'z';
ALTER TYPE outer_place ADD ATTRIBUTE more int;
DROP TYPE inner_mood CASCADE;
-- of a table's row type
CREATE TABLE part (a int);
CREATE TABLE whole (part part);
SELECT add_chain('whole');
INSERT INTO whole (part) VALUES (ROW(1));
ALTER TABLE part ADD COLUMN b int;
ALTER TABLE part RENAME COLUMN a TO c;
DROP TABLE part CASCADE;
-- of a view's
CREATE VIEW part_view AS SELECT 1 AS a;
CREATE TABLE viewed (part part_view);
SELECT add_chain('viewed');
INSERT INTO viewed (part) SELECT part_view FROM part_view;
ALTER VIEW part_view RENAME COLUMN a TO b;
DROP VIEW part_view CASCADE;
-- a collation
CREATE COLLATION alphabet FROM "C";
CREATE TABLE sorted (word text COLLATE alphabet);
SELECT add_chain('sorted');
INSERT INTO sorted (word) VALUES ('word');
DROP COLLATION alphabet CASCADE;
-- another table's type is nobody's business
CREATE TYPE unused AS ENUM ('x');
ALTER TYPE unused RENAME VALUE 'x' TO 'y';
DROP TYPE unused;
-- in another schema
RESET ROLE;
CREATE SCHEMA regress_guard_types;
CREATE TYPE regress_guard_types.colour AS ENUM ('red');
-- a type of a role whose privileges the owner lacks would be changed without asking
ALTER TABLE event ADD COLUMN colour regress_guard_types.colour;
ALTER TYPE regress_guard_types.colour OWNER TO regress_guard;
GRANT USAGE ON SCHEMA regress_guard_types TO regress_guard;
ALTER TABLE event ADD COLUMN colour regress_guard_types.colour;
INSERT INTO event (id, note, colour) VALUES (3, 'coloured', 'red');
-- whoever may drop the schema is not kept from it by a table of somebody else
BEGIN;
DROP SCHEMA regress_guard_types CASCADE;
ROLLBACK;
DROP SCHEMA regress_guard_types;
ALTER SCHEMA regress_guard_types OWNER TO regress_guard;
SET ROLE regress_guard;
DROP SCHEMA regress_guard_types CASCADE;
RESET ROLE;
ALTER TABLE event OWNER TO regress_guard;
SET ROLE regress_guard;
SELECT * FROM verify_chain();

-- Children: their rows would be in the table, neither sealed nor guarded.
CREATE TABLE child () INHERITS (event);
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE child (LIKE event INCLUDING GENERATED);
ALTER TABLE child INHERIT event;
DROP TABLE child;
RESET ROLE;
CREATE SCHEMA regress_guard_children CREATE TABLE child () INHERITS (regress_guard.event);
CREATE FOREIGN DATA WRAPPER regress_guard;
CREATE SERVER regress_guard FOREIGN DATA WRAPPER regress_guard;
CREATE FOREIGN TABLE child () INHERITS (event) SERVER regress_guard;
DROP FOREIGN DATA WRAPPER regress_guard CASCADE;
SET ROLE regress_guard;

-- Triggers: none fires after the seal.
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'changed'; RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER zzz BEFORE UPDATE OR INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER before_that BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
ALTER TRIGGER before_that ON event RENAME TO zzz;
DROP TRIGGER before_that ON event;
CREATE TRIGGER zzz_after AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zzz_update BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zzz_statement BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION change();
DROP TRIGGER zzz_after ON event;
DROP TRIGGER zzz_update ON event;
DROP TRIGGER zzz_statement ON event;
DROP FUNCTION change();
-- The chain's own triggers go by drop_chain() alone.
DROP TRIGGER zz_veritable_chain ON event;
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER zz_veritable_chain_guard ON event;
DROP TRIGGER zz_veritable_chain_truncate ON event;
ALTER TRIGGER zz_veritable_chain ON event RENAME TO a_veritable_chain;
CREATE OR REPLACE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW
EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen');

-- The index by which the newest event is found
DROP INDEX event_id_seq_idx;
\echo :LAST_ERROR_SQLSTATE
CREATE UNIQUE INDEX another ON event (id, seq DESC) INCLUDE (note);
DROP INDEX event_id_seq_idx;
DROP INDEX another;
ALTER INDEX another RENAME TO event_id_seq_idx;
CREATE TABLE named (id int NOT NULL, seq bigint NOT NULL, PRIMARY KEY (id, seq));
SELECT add_chain('named', '{id}');
\d named
ALTER TABLE named DROP CONSTRAINT named_pkey;
DROP INDEX named_pkey;

-- Maintenance and everything else
CREATE INDEX ON event (amount);
DROP INDEX event_amount_idx;
CREATE INDEX CONCURRENTLY ON event (amount);
REINDEX TABLE event;
REINDEX INDEX CONCURRENTLY event_id_seq_idx;
VACUUM event;
VACUUM FULL event;
CLUSTER event USING event_id_seq_idx;
ANALYZE event;
COMMENT ON TABLE event IS 'events';
COMMENT ON COLUMN event.note IS 'a note';
ALTER TABLE event SET (fillfactor = 90);
ALTER TABLE event ADD CONSTRAINT positive CHECK (amount > 0);
ALTER TABLE event DROP CONSTRAINT positive;
ALTER TABLE event REPLICA IDENTITY FULL;
ALTER TABLE event SET UNLOGGED;
ALTER TABLE event SET LOGGED;
CREATE STATISTICS event_statistics ON id, amount FROM event;
GRANT SELECT ON event TO regress_guard_writer;
ALTER TABLE event RENAME TO occurrence;
RESET ROLE;
CREATE SCHEMA regress_guard_elsewhere AUTHORIZATION regress_guard;
ALTER TABLE occurrence SET SCHEMA regress_guard_elsewhere;
SET ROLE regress_guard;
INSERT INTO regress_guard_elsewhere.occurrence (id, note) VALUES (1, 'moved') RETURNING seq;
SELECT * FROM verify_chain('regress_guard_elsewhere.occurrence');
RESET ROLE;
ALTER TABLE regress_guard_elsewhere.occurrence SET SCHEMA regress_guard;
SET ROLE regress_guard;
ALTER TABLE occurrence RENAME TO event;

-- Commands inside functions and DO blocks are commands too.
DO $$ BEGIN ALTER TABLE event DROP COLUMN note; END $$;
DO $$ BEGIN EXECUTE 'DROP TRIGGER zz_veritable_chain ON event'; END $$;
-- An unchained table is not guarded.
CREATE TABLE free (note text, at timestamptz DEFAULT now());
INSERT INTO free VALUES ('x');
ALTER TABLE free RENAME COLUMN note TO remark;
ALTER TABLE free ADD COLUMN kind text DEFAULT 'plain';
ALTER TABLE free DROP COLUMN at;
UPDATE free SET remark = 'y';
DELETE FROM free;
TRUNCATE free;
DROP TABLE free;

-- A table may be dropped, with its chain.
DROP TABLE vacant;
SELECT target FROM veritable.chains ORDER BY target::text COLLATE "C";

-- drop_chain() leaves rows, columns and indexes, and takes the guards away.
SELECT drop_chain('event');
\d event
DROP TYPE span CASCADE;
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
ALTER TABLE event RENAME COLUMN note TO remark;
DELETE FROM event WHERE seq = 2;
SELECT * FROM verify_chain('event');

-- The extension is not dropped from under a chain.
RESET ROLE;
\set VERBOSITY terse
DROP EXTENSION veritable;
\set VERBOSITY default
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION veritable CASCADE;
UPDATE deed SET note = 'changed';
SELECT note FROM deed;
ROLLBACK;
UPDATE deed SET note = 'changed';

SET client_min_messages = warning;
DROP SCHEMA regress_guard, regress_guard_elsewhere, regress_guard_types CASCADE;
DROP ROLE regress_guard, regress_guard_writer;
