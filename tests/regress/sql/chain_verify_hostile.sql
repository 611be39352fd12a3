-- Who verifies is safe from the owners of the tables, and no owner can keep another's faults from being named.
-- Roles of a cluster outlive a database.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_mallory;
DROP ROLE IF EXISTS regress_auditor;
DROP ROLE IF EXISTS regress_bank;
CREATE ROLE regress_mallory;
CREATE ROLE regress_auditor;
GRANT pg_read_all_data TO regress_auditor;
CREATE ROLE regress_bank;
RESET client_min_messages;
\pset null '(null)'
GRANT CREATE ON SCHEMA public TO regress_mallory, regress_bank;
-- Who ran what: everybody may write it down.
CREATE TABLE ran (who name, what text);
GRANT INSERT ON ran TO PUBLIC;

-- An honest table, in which somebody has tampered.
SET ROLE regress_bank;
CREATE TABLE bank (account text NOT NULL, amount int);
SELECT add_chain('bank', '{account}');
INSERT INTO bank VALUES ('a', 1), ('a', 2), ('b', 3);
ALTER TABLE bank DISABLE TRIGGER USER;
UPDATE bank SET amount = 20 WHERE account = 'a' AND seq = 2;
ALTER TABLE bank ENABLE ALWAYS TRIGGER zz_veritable_chain;
ALTER TABLE bank ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
ALTER TABLE bank ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;

-- Functions of an owner run as the owner: in an index expression, which the planner computes beforehand,
SET ROLE regress_mallory;
CREATE FUNCTION note(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.ran VALUES (current_user, what); END $$;
CREATE FUNCTION index_expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE TABLE mine (id int NOT NULL, payload text);
SELECT add_chain('mine', '{id}');
INSERT INTO mine VALUES (1, 'x');
CREATE INDEX ON mine (index_expression(1), id);
CREATE OR REPLACE FUNCTION index_expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM public.note('index'); PERFORM set_config('search_path', 'evil', false); PERFORM set_config('work_mem', '64kB', false); RETURN $1; END $$;
-- in the casts of an enum, and the check of a domain, that name an entity,
CREATE TYPE colour AS ENUM ('red', 'blue');
CREATE FUNCTION cast_to_text(colour) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('cast to text'); RETURN 'red'; END $$;
CREATE FUNCTION cast_from_text(text) RETURNS colour LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('cast from text'); RETURN 'red'; END $$;
CREATE CAST (colour AS text) WITH FUNCTION cast_to_text(colour) AS IMPLICIT;
CREATE CAST (text AS colour) WITH FUNCTION cast_from_text(text) AS IMPLICIT;
CREATE FUNCTION checked(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('domain'); RETURN true; END $$;
CREATE DOMAIN number AS int CHECK (checked(VALUE));
CREATE TYPE pair AS (a number, b colour);
CREATE TABLE painted (c colour NOT NULL, n number NOT NULL, p pair NOT NULL, v int);
SELECT add_chain('painted', '{c,n,p}');
INSERT INTO painted VALUES ('red', 1, '(1,red)', 1), ('blue', 1, '(1,red)', 2);
-- and in a partition's key and constraint.
CREATE FUNCTION part(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
CREATE TABLE parted (id int NOT NULL, v int) PARTITION BY LIST (part(id));
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted DEFAULT;
SELECT add_chain('parted', '{id}');
INSERT INTO parted VALUES (1, 1), (2, 2);
CREATE OR REPLACE FUNCTION part(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('partition'); RETURN $1; END $$;
RESET ROLE;
TRUNCATE ran;
SHOW search_path;
\c -
\pset null '(null)'
SELECT * FROM verify_chain() ORDER BY target::text;
SELECT * FROM verify_chain('painted', '{red,1,"(1,red)"}');
SELECT * FROM verify_chain('painted', '{green,1,"(1,red)"}');
SHOW search_path;
SHOW work_mem;
SET ROLE regress_auditor;
SELECT * FROM verify_chain('mine');
SELECT * FROM verify_chain('painted', '{blue,1,"(1,red)"}');
SELECT * FROM verify_chain('parted', '{2}');
RESET ROLE;
SELECT DISTINCT who FROM ran;

-- Nor does a cast of theirs keep a fault from being named.
SET ROLE regress_mallory;
ALTER TABLE painted DISABLE TRIGGER USER;
UPDATE painted SET v = 7 WHERE v = 2;
SELECT entity, seq, fault FROM verify_chain('painted') WHERE fault <> 'unguarded';
UPDATE painted SET v = 2 WHERE v = 7;
ALTER TABLE painted ENABLE ALWAYS TRIGGER zz_veritable_chain;
ALTER TABLE painted ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
ALTER TABLE painted ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
RESET ROLE;

-- They cannot reach back to the caller, nor do anything later.
SET ROLE regress_mallory;
CREATE OR REPLACE FUNCTION index_expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM set_config('role', 'regress_auditor', false); RETURN $1; END $$;
RESET ROLE;
\c -
\pset null '(null)'
SELECT * FROM verify_chain() ORDER BY target::text;

-- An error of theirs is theirs, whatever it pretends to be.
SET ROLE regress_mallory;
CREATE OR REPLACE FUNCTION index_expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RAISE EXCEPTION 'no audit today'; END $$;
RESET ROLE;
\c -
\pset null '(null)'
SELECT * FROM verify_chain() ORDER BY target::text;
SELECT * FROM verify_chain('mine');
SET ROLE regress_mallory;
CREATE OR REPLACE FUNCTION index_expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = 'query_canceled'; END $$;
RESET ROLE;
\c -
\pset null '(null)'
SELECT * FROM verify_chain() ORDER BY target::text;
SET ROLE regress_mallory;
DROP TABLE mine;

-- A table that the caller cannot read is a row: in a schema that is closed, without the privilege,
CREATE TABLE revoked (id int NOT NULL);
SELECT add_chain('revoked', '{id}');
GRANT SELECT ON revoked TO regress_bank;
RESET ROLE;
CREATE SCHEMA hidden AUTHORIZATION regress_mallory;
SET ROLE regress_mallory;
CREATE TABLE hidden.t (id int NOT NULL);
SELECT add_chain('hidden.t', '{id}');
GRANT SELECT ON hidden.t TO PUBLIC;
REVOKE SELECT ON revoked FROM regress_bank;
GRANT SELECT ON painted, parted TO PUBLIC;
SET ROLE regress_bank;
SELECT * FROM verify_chain() ORDER BY target::text;
-- hidden by row-level security; but one whose every column may be read is read.
SET ROLE regress_mallory;
GRANT SELECT (id, seq, previous_event_hash, event_hash) ON revoked TO regress_bank;
ALTER TABLE painted ENABLE ROW LEVEL SECURITY;
SET ROLE regress_bank;
SELECT * FROM verify_chain() ORDER BY target::text;
SET ROLE regress_mallory;
REVOKE SELECT (id) ON revoked FROM regress_bank;
ALTER TABLE painted DISABLE ROW LEVEL SECURITY;
SET ROLE regress_bank;
SELECT * FROM verify_chain() ORDER BY target::text;
SELECT * FROM verify_chain('revoked');
SELECT * FROM verify_chain('hidden.t'::regclass);
-- The owner's own rights being gone does not make it intact.
SET ROLE regress_mallory;
REVOKE SELECT ON parted FROM regress_mallory;
SET ROLE regress_bank;
SELECT * FROM verify_chain() ORDER BY target::text;
SET ROLE regress_mallory;
GRANT SELECT ON parted TO regress_mallory;

RESET ROLE;

DROP OWNED BY regress_mallory, regress_bank CASCADE;
DROP TABLE ran;
DROP ROLE regress_mallory;
DROP ROLE regress_auditor;
DROP ROLE regress_bank;
