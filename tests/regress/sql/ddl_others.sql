-- Nobody's tables keep others from their commands: what a command has not touched is neither read nor judged, and what it
-- reaches of another role's it may break, with a warning.
\pset null (null)
CREATE ROLE regress_others;
CREATE ROLE regress_others_mallory;
CREATE ROLE regress_others_alice;
CREATE SCHEMA AUTHORIZATION regress_others;
SELECT current_database() AS database \gset
GRANT CREATE, TEMP ON DATABASE :"database" TO regress_others_mallory;
GRANT ALL ON SCHEMA regress_others TO regress_others_mallory, regress_others_alice;
SET search_path = regress_others, public;

-- What CREATE SCHEMA makes is judged as what is made by itself.
SET ROLE regress_others_mallory;
CREATE SCHEMA regress_others_m1 CREATE TABLE t (a int)
    CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION veritable.seal('format=abc');
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA regress_others_m1 CREATE TABLE t (a int, seq bigint, p bytea, h bytea)
    CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA regress_others_m1 CREATE TABLE t (a int)
    CREATE TRIGGER x BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION veritable.guard('oops');
CREATE SCHEMA regress_others_m1 CREATE TABLE t (a int)
    CREATE TRIGGER x BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION veritable.validate('oops');
CREATE SCHEMA regress_others_m1 CREATE TABLE p (k int NOT NULL, during daterange NOT NULL) PARTITION BY LIST (k)
    CREATE TRIGGER x AFTER INSERT ON p REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA regress_others_m1 CREATE TABLE p (k int NOT NULL, during daterange NOT NULL)
    CREATE TRIGGER x BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION veritable.pack_early('period=k');
CREATE SCHEMA regress_others_m1 CREATE VIEW v AS SELECT 1 AS a
    CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=a', 'previous=a', 'hash=a');
-- one that is right is let be
CREATE SCHEMA regress_others_m1 CREATE TABLE t (a int, seq bigint, p bytea, h bytea)
    CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
RESET ROLE;
SELECT target, entity, seq, trigger FROM veritable.chains WHERE target = 'regress_others_m1.t'::regclass;
DROP SCHEMA regress_others_m1 CASCADE;

-- Whatever stands in a trigger's arguments (made while the guard was off), the views show it, and others' commands go on.
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
SET ROLE regress_others_mallory;
CREATE SCHEMA regress_others_m2;
CREATE TABLE regress_others_m2.t (a int, seq bigint, p bytea, h bytea);
CREATE TABLE regress_others_m2.u (a int);
CREATE TABLE regress_others_m2.v (a int);
CREATE TRIGGER b BEFORE INSERT ON regress_others_m2.t FOR EACH ROW EXECUTE FUNCTION veritable.seal('format=abc', 'entity=a');
CREATE TRIGGER a BEFORE INSERT ON regress_others_m2.t FOR EACH ROW EXECUTE FUNCTION veritable.seal('format=99999999999', 'seq=one');
CREATE TRIGGER c BEFORE INSERT ON regress_others_m2.t FOR EACH ROW EXECUTE FUNCTION veritable.seal('');
CREATE TRIGGER x AFTER INSERT ON regress_others_m2.u REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period', 'key=', '=', 'key=a');
CREATE TRIGGER y AFTER INSERT ON regress_others_m2.u REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack();
CREATE TRIGGER x BEFORE INSERT ON regress_others_m2.v FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=a', 'document=b', 'unknown=maybe');
CREATE TRIGGER y BEFORE INSERT ON regress_others_m2.v FOR EACH ROW EXECUTE FUNCTION veritable.validate();
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SELECT * FROM veritable.chains WHERE target::text LIKE 'regress_others_m2%';
SELECT * FROM veritable.packings WHERE target::text LIKE 'regress_others_m2%';
SELECT * FROM veritable.validations WHERE target::text LIKE 'regress_others_m2%' ORDER BY trigger;
-- a table has one chain, a packing, and a validation for each column
SET ROLE regress_others_mallory;
CREATE TABLE twice (k int NOT NULL, during int4range, seq bigint, p bytea, h bytea, doc jsonb);
BEGIN;
CREATE TRIGGER a BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER b BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=k', 'seq=seq', 'previous=p', 'hash=h');
ROLLBACK;
BEGIN;
CREATE TRIGGER a AFTER INSERT ON twice REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER b AFTER INSERT ON twice REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during');
ROLLBACK;
BEGIN;
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON twice FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'schema=a');
CREATE TRIGGER b BEFORE INSERT OR UPDATE ON twice FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'schema=b');
ROLLBACK;
BEGIN;
CREATE TRIGGER a BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER b AFTER INSERT ON twice REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
ROLLBACK;
BEGIN;
CREATE TRIGGER b AFTER INSERT ON twice REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER a BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
ROLLBACK;
BEGIN;
CREATE TABLE parted (k int NOT NULL, during int4range, seq bigint, p bytea, h bytea, doc jsonb) PARTITION BY LIST (k);
CREATE TRIGGER a BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER b BEFORE INSERT ON twice FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
ALTER TABLE parted ATTACH PARTITION twice DEFAULT;
ROLLBACK;
DROP TABLE twice;
RESET ROLE;
-- a table that is no partition has its triggers from nobody, whatever pg_trigger says
BEGIN;
UPDATE pg_trigger SET tgparentid = 1 WHERE tgrelid = 'regress_others_m2.t'::regclass;
SELECT target FROM veritable.chains WHERE target::text LIKE 'regress_others_m2%';
ROLLBACK;
CREATE TABLE innocent (a int);
ALTER TABLE innocent ADD COLUMN b int;
ALTER TABLE innocent RENAME TO guiltless;
CREATE TRIGGER x BEFORE UPDATE ON guiltless FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
DROP TRIGGER x ON guiltless;
DROP TABLE guiltless;
ALTER TABLE regress_others_m2.t ADD COLUMN b int;
DROP TRIGGER c ON regress_others_m2.t;
DROP TABLE regress_others_m2.u;
DROP SCHEMA regress_others_m2 CASCADE;

-- Only the owner of a table makes triggers of ours on it: TRIGGER is a privilege for one's own functions.
SET ROLE regress_others_alice;
CREATE TABLE plans (k int NOT NULL, during int4range NOT NULL, seq bigint, p bytea, h bytea, doc jsonb, kind text);
CREATE INDEX ON plans USING gist (k, during);
GRANT ALL ON plans TO regress_others_mallory;
SET ROLE regress_others_mallory;
CREATE TRIGGER x AFTER INSERT ON plans REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER x AFTER UPDATE ON plans REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER x BEFORE INSERT ON plans FOR EACH ROW EXECUTE FUNCTION veritable.pack_early('period=during', 'key=k');
CREATE TRIGGER x BEFORE INSERT ON plans FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=k', 'seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER x BEFORE UPDATE OR DELETE ON plans FOR EACH ROW EXECUTE FUNCTION veritable.guard('entity=k', 'seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER x BEFORE TRUNCATE ON plans FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard('entity=k', 'seq=seq', 'previous=p', 'hash=h');
CREATE TRIGGER x BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'type=kind');
DO $$ BEGIN EXECUTE 'CREATE TRIGGER x BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION veritable.validate(''document=doc'', ''type=kind'')'; END $$;
CREATE SCHEMA regress_others_m3
    CREATE TRIGGER x BEFORE INSERT OR UPDATE ON regress_others.plans FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'type=kind');
CREATE OR REPLACE TRIGGER x BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'type=kind');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'plans'::regclass;
SET ROLE regress_others_alice;
CREATE TRIGGER x BEFORE INSERT OR UPDATE ON plans FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'type=kind');
DROP TABLE plans;

-- Nor on what the features do not support.
SET ROLE regress_others_mallory;
CREATE TEMP TABLE p (k int NOT NULL, during daterange NOT NULL) PARTITION BY LIST (k);
CREATE TEMP TABLE p1 PARTITION OF p DEFAULT;
CREATE TRIGGER a AFTER INSERT ON p REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER a AFTER UPDATE ON p REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER a AFTER INSERT ON p1 REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER a BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION veritable.pack_early('period=during', 'key=k');
CREATE TEMP TABLE c (a int, seq bigint, p bytea, h bytea);
CREATE TRIGGER a BEFORE INSERT ON c FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE led (k int NOT NULL, during int4range NOT NULL, seq bigint, p bytea, h bytea, doc jsonb, kind text);
CREATE TABLE led_child () INHERITS (led);
CREATE TRIGGER a BEFORE INSERT ON led FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON led FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=doc', 'type=kind');
CREATE TRIGGER a AFTER INSERT ON led REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE TRIGGER a AFTER INSERT ON led_child REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
CREATE SCHEMA regress_others_m4 CREATE TABLE child () INHERITS (regress_others.led)
    CREATE TRIGGER a AFTER INSERT ON child REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=k');
DROP TABLE led CASCADE;
CREATE TABLE led (k int NOT NULL, during int4range NOT NULL, seq bigint, p bytea, h bytea);
CREATE TRIGGER a BEFORE INSERT ON led FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
RESET ROLE;
SET session_replication_role = replica;
CREATE TABLE led_child () INHERITS (led);
RESET session_replication_role;
-- what is so already is said by the next command
ALTER TABLE led ADD COLUMN note text;
CREATE TRIGGER a BEFORE INSERT ON led_child FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
DROP TABLE led CASCADE;

-- Types: a change is judged where the owner of the table has the privileges of the type's owner.
SET ROLE regress_others_alice;
CREATE TABLE victim (a int);
CREATE TYPE feeling AS ENUM ('glad', 'sad');
CREATE TYPE pair AS (a int, b feeling);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE span AS RANGE (subtype = int);
CREATE COLLATION letters FROM "C";
GRANT USAGE ON TYPE feeling, pair, positive, span TO PUBLIC;
SET ROLE regress_others_mallory;
CREATE TABLE x1 (v victim);
SELECT add_chain('x1');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE x2 (v victim[]);
SELECT add_chain('x2');
CREATE TABLE x3 (k int NOT NULL, v feeling, during int4range);
SELECT add_chain('x3');
SELECT add_packing('x3', 'during', '{k}');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE x4 (k pair, p positive, s span, t text COLLATE letters);
SELECT add_chain('x4');
SELECT add_chain('x4', exclude => '{k,p,s}');
SELECT drop_chain('x4');
CREATE TYPE wrapped AS (inner_pair pair);
CREATE TABLE x5 (v wrapped);
SELECT add_chain('x5');
CREATE TABLE x6 (k int NOT NULL, v int, during span);
SELECT add_packing('x6', 'during', '{k}');
CREATE TABLE x7 (a int, v victim, seq bigint, p bytea, h bytea);
CREATE TRIGGER a BEFORE INSERT ON x7 FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER a BEFORE INSERT ON x7 FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h', 'exclude=v');
CREATE TABLE x8 (a int);
SELECT add_chain('x8');
ALTER TABLE x8 ADD COLUMN v victim;
\echo :LAST_ERROR_SQLSTATE
CREATE TEMP TABLE x9 (v victim, seq bigint, p bytea, h bytea);
CREATE TRIGGER a BEFORE INSERT ON x9 FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
CREATE TABLE x10 (k pair, v int, during span);
ALTER TABLE x10 ALTER k SET NOT NULL;
CREATE TABLE x11 (k int NOT NULL, v int, c text COLLATE letters, during int4range);
SELECT add_packing('x11', 'during', '{k}');
SET ROLE regress_others_alice;
CREATE TYPE row_of AS (a int, seq bigint, previous_event_hash bytea, event_hash bytea);
SET ROLE regress_others_mallory;
CREATE TABLE x14 OF row_of;
SELECT add_chain('x14');
ALTER TABLE x14 NOT OF;
SELECT add_chain('x14');
-- types of PostgreSQL and of extensions are everybody's
CREATE TABLE x12 (a int4range, b numeric[], c information_schema.sql_identifier);
SELECT add_chain('x12');
-- a superuser's own are not
RESET ROLE;
CREATE TYPE highest AS ENUM ('one');
CREATE TABLE x13 (a int, h highest);
ALTER TABLE x13 OWNER TO regress_others_mallory;
SELECT add_chain('x13');
ALTER TYPE highest OWNER TO regress_others_mallory;
SELECT add_chain('x13');
-- with the privileges of the owner, a type is as one's own, and guarded
GRANT regress_others_alice TO regress_others_mallory;
SET ROLE regress_others_mallory;
SELECT add_chain('x5');
SELECT add_chain('x3');
INSERT INTO x5 (v) VALUES (ROW(ROW(1, 'glad')::pair)::wrapped);
INSERT INTO x3 (k, v, during) VALUES (1, 'glad', '[1,2)');
SET ROLE regress_others_alice;
ALTER TYPE feeling RENAME VALUE 'glad' TO 'happy';
\echo :LAST_ERROR_SQLSTATE
ALTER TYPE pair RENAME ATTRIBUTE a TO c;
-- nor is it dropped from under such a table
BEGIN;
SET LOCAL client_min_messages = warning;
DROP TYPE feeling CASCADE;
ROLLBACK;
RESET ROLE;
REVOKE regress_others_alice FROM regress_others_mallory;
-- without them, it is not; what is dropped with it is said
SET ROLE regress_others_alice;
ALTER TYPE feeling RENAME VALUE 'glad' TO 'happy';
ALTER TYPE pair ADD ATTRIBUTE c int;
ALTER TABLE victim ADD COLUMN y int;
ALTER TABLE victim RENAME COLUMN a TO z;
ALTER TABLE victim DROP COLUMN y;
SET client_min_messages = warning;
DROP TABLE victim CASCADE;
DROP TYPE pair CASCADE;
DROP DOMAIN positive CASCADE;
DROP COLLATION letters CASCADE;
RESET client_min_messages;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_others_alice CASCADE;
RESET client_min_messages;

-- A superuser may drop what tables of others are made of; each is named once.
SET ROLE regress_others_mallory;
CREATE TYPE mine AS ENUM ('one');
CREATE TABLE y1 (k int NOT NULL, v mine, w mine, during int4range);
CREATE TABLE y2 (k int NOT NULL, v mine, w mine, during int4range);
CREATE TABLE y3 (k int, doc jsonb, v mine);
SELECT add_chain('y1'), add_packing('y2', 'during', '{k}'), add_validation('y3', 'doc', type => 'v');
INSERT INTO y1 (k, v) VALUES (1, 'one');
CREATE FUNCTION always() RETURNS bool LANGUAGE sql RETURN true;
CREATE TABLE y4 (a int, seq bigint, p bytea, h bytea);
CREATE TRIGGER a BEFORE INSERT ON y4 FOR EACH ROW WHEN (always()) EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=p', 'hash=h');
DROP TYPE mine CASCADE;
\echo :LAST_ERROR_SQLSTATE
DROP FUNCTION always CASCADE;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET client_min_messages = warning;
DROP TYPE mine CASCADE;
DROP FUNCTION always CASCADE;
RESET client_min_messages;
-- but what a superuser does to a table itself is as the owner's
ALTER TABLE y1 DROP COLUMN k;
\echo :LAST_ERROR_SQLSTATE

-- Commands within commands are judged one by one, and the outer one by all that it has done.
SET ROLE regress_others_mallory;
CREATE TABLE chained (a int, note text);
SELECT add_chain('chained');
INSERT INTO chained (a, note) VALUES (1, 'note');
CREATE TABLE other (a int);
INSERT INTO other VALUES (1);
CREATE FUNCTION alters() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE chained ADD COLUMN b int; RETURN 1; END $$;
CREATE FUNCTION breaks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE chained DROP COLUMN note; RETURN 1; END $$;
CREATE FUNCTION tries() RETURNS int LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE chained DROP COLUMN note; RETURN 1; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; RETURN 2; END $$;
ALTER TABLE other ADD COLUMN b int DEFAULT alters();
ALTER TABLE other ADD COLUMN c int DEFAULT breaks();
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE other ADD COLUMN c int DEFAULT tries();
SELECT * FROM other;
BEGIN;
SAVEPOINT one;
ALTER TABLE chained DROP COLUMN note;
ROLLBACK TO one;
ALTER TABLE other DROP COLUMN c;
ALTER TABLE chained ADD COLUMN c text;
SAVEPOINT two;
ALTER TABLE chained DROP COLUMN c;
ROLLBACK TO two;
RELEASE one;
COMMIT;
-- a column that no row has a value in may go
BEGIN;
ALTER TABLE chained ADD COLUMN d text;
ALTER TABLE chained DROP COLUMN d;
ROLLBACK;
-- A superuser's command on a partitioned table is about its partitions, which are rewritten.
CREATE TABLE parted (k int NOT NULL) PARTITION BY LIST (k);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
SELECT add_chain('parted', '{k}');
INSERT INTO parted (k) VALUES (1);
RESET ROLE;
ALTER TABLE parted ADD COLUMN number serial;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE parted ADD COLUMN number int DEFAULT 1;
SET ROLE regress_others_mallory;
DROP TABLE parted;
-- views can have more columns
CREATE VIEW seen AS SELECT 1 AS a;
CREATE TABLE sees (v seen);
SELECT add_chain('sees');
CREATE OR REPLACE VIEW seen AS SELECT 1 AS a, 2 AS b;
\echo :LAST_ERROR_SQLSTATE
CREATE OR REPLACE VIEW seen AS SELECT 2 AS a;
-- DROP INDEX CONCURRENTLY commits in its middle
DROP INDEX CONCURRENTLY sees_seq_idx;
\echo :LAST_ERROR_SQLSTATE
CREATE UNIQUE INDEX CONCURRENTLY another ON sees (seq);
DROP INDEX CONCURRENTLY sees_seq_idx;
SET search_path = public;
DROP INDEX CONCURRENTLY regress_others.another;
SET search_path = regress_others, public;
CREATE TABLE z (k int NOT NULL, v text NOT NULL, during int4range);
SELECT add_packing('z', 'during', '{k}', '{}');
DROP INDEX CONCURRENTLY z_packing;
DROP INDEX CONCURRENTLY IF EXISTS nothing;
DROP INDEX CONCURRENTLY nothing;
RESET ROLE;
SET ROLE regress_others_alice;
DROP INDEX CONCURRENTLY another;
RESET ROLE;

SET client_min_messages = warning;
DROP OWNED BY regress_others_mallory, regress_others_alice CASCADE;
DROP SCHEMA regress_others CASCADE;
DROP ROLE regress_others, regress_others_mallory, regress_others_alice;
