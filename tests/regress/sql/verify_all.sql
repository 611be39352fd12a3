-- verify_all() reports the faults of every guarantee of the database, each with the guarantee's name; and, if it is asked to,
-- the indexes that do not agree with their tables.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_verify_all;
CREATE DATABASE regress_verify_all;
\c regress_verify_all
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
SELECT * FROM verify_all();
SELECT verify_all(NULL);
GRANT EXECUTE ON FUNCTION register_schema TO regress_verify_all;
GRANT CREATE ON SCHEMA public TO regress_verify_all;
SET ROLE regress_verify_all;
CREATE TABLE event (id int PRIMARY KEY, account int NOT NULL, payload jsonb);
SELECT add_chain('event', entity => '{account}');
SELECT register_schema('event', '{"type": "object"}');
SELECT add_validation('event', 'payload', schema => 'event');
INSERT INTO event VALUES (1, 7, '{}'), (2, 7, '{"a": 1}'), (3, 8, '{}');
CREATE TABLE tariff (place int NOT NULL, price int NOT NULL, since int4range);
SELECT add_packing('tariff', 'since', '{place}');
INSERT INTO tariff VALUES (1, 5, '[1,10)'), (1, 6, '[10,12)');
SELECT * FROM verify_all();

-- A fault of each
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET payload = '[]' WHERE id = 2;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE tariff DISABLE TRIGGER USER;
INSERT INTO tariff VALUES (1, 5, '[12,13)'), (1, 5, '[13,14)');
ALTER TABLE tariff ENABLE TRIGGER aa_veritable_packing_insert;
ALTER TABLE tariff ENABLE TRIGGER aa_veritable_packing_update;
SELECT target, guarantee, key, place, fault, left(detail, 40) AS detail FROM verify_all();
ALTER TABLE tariff ENABLE TRIGGER USER;

-- A role that may read nothing
RESET ROLE;
CREATE ROLE regress_verify_all_nobody;
SET ROLE regress_verify_all_nobody;
SELECT target, guarantee, fault, detail FROM verify_all();
RESET ROLE;

-- Indexes: without the extension that checks them, and without the privilege to use it
SELECT * FROM verify_all(indexes => true) WHERE guarantee = 'index';
CREATE SCHEMA tools;
CREATE EXTENSION amcheck SCHEMA tools;
SET ROLE regress_verify_all;
SELECT target, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
RESET ROLE;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'tools'::regnamespace LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO regress_verify_all', name);
    END LOOP;
END $$;
SET ROLE regress_verify_all;
SELECT target, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
RESET ROLE;
GRANT USAGE ON SCHEMA tools TO regress_verify_all;

-- The index of an expression runs its owner's function as the owner; an index that lacks a row is found, and so is one in a partition
CREATE FUNCTION who(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'regress_verify_all' THEN RAISE 'as %', current_user; END IF;
    RETURN $1::text;
END $$;
SET ROLE regress_verify_all;
CREATE INDEX "event Who" ON event (who(account));
CREATE TABLE log (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
SELECT add_chain('log');
RESET ROLE;
SELECT target, place, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
UPDATE pg_index SET indisready = false WHERE indexrelid IN ('"event Who"'::regclass, 'log_1_pkey'::regclass);
\c -
SET ROLE regress_verify_all;
INSERT INTO event VALUES (4, 9, '{}');
INSERT INTO log VALUES (1);
RESET ROLE;
UPDATE pg_index SET indisready = true WHERE indexrelid IN ('"event Who"'::regclass, 'log_1_pkey'::regclass);
\c -
SELECT target, place, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
SET ROLE regress_verify_all;
SELECT count(*) FROM verify_all(indexes => true) WHERE guarantee = 'index';
REINDEX INDEX "event Who";
REINDEX INDEX log_1_pkey;
SELECT count(*) FROM verify_all(indexes => true) WHERE guarantee = 'index';
-- a table that the caller may not read has no index that was checked, and that is said
SET ROLE regress_verify_all_nobody;
SELECT target, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
RESET ROLE;
GRANT EXECUTE ON FUNCTION tools.bt_index_check(regclass, boolean) TO regress_verify_all_nobody;
GRANT USAGE ON SCHEMA tools TO regress_verify_all_nobody;
SET ROLE regress_verify_all_nobody;
SELECT target, place, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
-- an error of the owner's function is none of the index
RESET ROLE;
CREATE OR REPLACE FUNCTION who(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
SELECT target, place, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';
-- an index that is not valid answers no query
UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"event Who"'::regclass;
SELECT target, place, fault, detail FROM verify_all(indexes => true) WHERE guarantee = 'index';

\c :regression
DROP DATABASE regress_verify_all;
DROP ROLE regress_verify_all, regress_verify_all_nobody;
