-- verify_packing() tells the whole truth: what guards a packing and what goes around it, whatever an index says, and as of
-- now.
\pset null (null)
CREATE ROLE regress_verify_packing;
CREATE SCHEMA regress_verify_packing AUTHORIZATION regress_verify_packing;
SET search_path = regress_verify_packing, public;
SET ROLE regress_verify_packing;
CREATE TABLE tariff (place int NOT NULL, price int NOT NULL, since int4range);
SELECT add_packing('tariff', 'since', '{place}');
INSERT INTO tariff VALUES (1, 5, '[1,10)');

-- Rules that do something else instead of what is asked for
CREATE RULE never AS ON INSERT TO tariff DO INSTEAD NOTHING;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
CREATE RULE never AS ON INSERT TO tariff DO INSTEAD NOTHING;
CREATE RULE nowhere AS ON DELETE TO tariff WHERE OLD.place = 7 DO INSTEAD NOTHING;
CREATE RULE also AS ON UPDATE TO tariff DO ALSO SELECT 1;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SET ROLE regress_verify_packing;
SELECT fault, detail FROM verify_packing('tariff');
DROP RULE never ON tariff;
DROP RULE nowhere ON tariff;
DROP RULE also ON tariff;

-- Rows that are not in the index, and such as no trigger has seen
RESET ROLE;
UPDATE pg_index SET indisready = false WHERE indexrelid = 'tariff_packing'::regclass;
SET ROLE regress_verify_packing;
ALTER TABLE tariff DISABLE TRIGGER USER;
INSERT INTO tariff VALUES (1, 6, '[5,15)'), (1, 6, '[15,20)'), (2, 5, 'empty'), (2, 5, NULL), (3, 5, '(,)');
ALTER TABLE tariff ENABLE TRIGGER USER;
SELECT * FROM verify_packing('tariff');
-- packing and cutting without the index is refused
INSERT INTO tariff VALUES (4, 5, '[1,10)');
DELETE FROM tariff WHERE place <> 1 OR price <> 5;
RESET ROLE;
UPDATE pg_index SET indisready = true WHERE indexrelid = 'tariff_packing'::regclass;
REINDEX TABLE tariff;
SET ROLE regress_verify_packing;
SELECT * FROM verify_packing('tariff');

-- An index that compares otherwise than the table is none of the packing's
CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE named (name text COLLATE loose NOT NULL, since int4range NOT NULL);
CREATE INDEX ON named USING gist (name COLLATE "C", since);
CREATE TRIGGER e BEFORE INSERT ON named FOR EACH ROW EXECUTE FUNCTION veritable.pack_early('period=since', 'key=name');
CREATE TRIGGER i AFTER INSERT ON named REFERENCING NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION veritable.pack('period=since', 'key=name');
CREATE TRIGGER u AFTER UPDATE ON named REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION veritable.pack('period=since', 'key=name');
SELECT fault, detail FROM verify_packing('named');
INSERT INTO named VALUES ('a', '[1,2)'), ('A', '[2,3)');
DROP TABLE named;

-- Children, which come past the event triggers, and triggers that the catalog hides
RESET ROLE;
SET session_replication_role = replica;
CREATE TABLE child () INHERITS (tariff);
RESET session_replication_role;
INSERT INTO child VALUES (1, 5, '[10,20)');
SELECT fault, detail FROM verify_packing('tariff');
INSERT INTO tariff VALUES (9, 5, '[1,2)');
\echo :LAST_ERROR_SQLSTATE
SELECT pack('tariff');
SELECT set_period(NULL::tariff, '{"place": 9, "price": 5, "since": "[1,2)"}');
DROP TABLE child;
BEGIN;
UPDATE pg_trigger SET tgparentid = 1 WHERE tgrelid = 'tariff'::regclass AND tgname = 'zz_veritable_packing';
SELECT fault, detail FROM verify_packing('tariff');
ROLLBACK;
BEGIN;
UPDATE pg_trigger SET tgisinternal = true WHERE tgrelid = 'tariff'::regclass;
SELECT fault, detail FROM verify_packing() WHERE target = 'tariff'::regclass;
ROLLBACK;
BEGIN;
UPDATE pg_class SET relhastriggers = false WHERE oid = 'tariff'::regclass;
SELECT fault, detail FROM verify_packing() WHERE target = 'tariff'::regclass;
ROLLBACK;

-- What is committed now counts, also for a transaction with an older snapshot.
SET ROLE regress_verify_packing;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM tariff;
CREATE TABLE younger (place int NOT NULL, since int4range);
SELECT add_packing('younger', 'since', '{place}');
INSERT INTO younger VALUES (1, '[1,2)');
SELECT * FROM verify_packing('younger');
COMMIT;

-- A table that cannot be read, and the others are verified all the same; alone, it is an error.
RESET ROLE;
CREATE TABLE public.hidden (place int NOT NULL, since int4range);
SELECT add_packing('public.hidden', 'since', '{place}');
SET ROLE regress_verify_packing;
CREATE FUNCTION fail(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE INDEX ON younger (fail(1), place);
CREATE OR REPLACE FUNCTION fail(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no audit today'; END $$;
ALTER TABLE tariff DISABLE TRIGGER USER;
INSERT INTO tariff VALUES (1, 5, '[10,20)');
ALTER TABLE tariff ENABLE TRIGGER USER;
\c -
SET search_path = regress_verify_packing, public;
SET ROLE regress_verify_packing;
SELECT * FROM verify_packing();
SELECT * FROM verify_packing('younger');
SELECT * FROM verify_packing('public.hidden');
RESET ROLE;
DROP TABLE public.hidden;
DROP OWNED BY regress_verify_packing CASCADE;
DROP ROLE regress_verify_packing;
