-- A command that would silently end a validation is refused; everything else a table needs in its life goes on.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_ddl;
CREATE DATABASE regress_schema_ddl;
\c regress_schema_ddl
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_ddl;
GRANT CREATE ON SCHEMA public TO regress_ddl;
GRANT CREATE ON DATABASE regress_schema_ddl TO regress_ddl;
SET ROLE regress_ddl;
SELECT register_schema('order', '{"required": ["id"]}');
CREATE TYPE kind AS ENUM ('order', 'invoice');
CREATE TABLE event (id int, type kind, payload jsonb, version int, note text, by_hand text);
SELECT add_validation('event', 'payload', type => 'type', version => 'version');

-- It follows its columns to other names.
ALTER TABLE event RENAME payload TO body;
ALTER TABLE event RENAME type TO kind;
ALTER TABLE event RENAME version TO v;
INSERT INTO event (kind, body) VALUES ('order', '{}');
INSERT INTO event (kind, body) VALUES ('order', '{"id": 1}') RETURNING v;
SELECT document, type, version, trigger FROM veritable.validations;
ALTER TABLE event RENAME body TO payload;
ALTER TABLE event RENAME kind TO type;
ALTER TABLE event RENAME v TO version;
-- Its columns are not dropped, or given a type that it cannot read, or other values.
ALTER TABLE event DROP payload;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DROP payload CASCADE;
ALTER TABLE event DROP type;
ALTER TABLE event DROP version;
ALTER TABLE event ALTER payload TYPE json;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event ALTER payload TYPE text;
BEGIN;
ALTER TABLE event ALTER type TYPE text;
ALTER TABLE event ALTER version TYPE bigint;
INSERT INTO event (type, payload) VALUES ('order', '{"id": 1}') RETURNING version;
ROLLBACK;
ALTER TABLE event ALTER payload TYPE jsonb USING payload - 'id';
ALTER TABLE event ALTER payload TYPE jsonb USING payload || '{"more": 1}';
ALTER TABLE event ALTER type TYPE text USING 'invoice';
ALTER TABLE event ALTER version TYPE int USING 7;
ALTER TYPE kind RENAME VALUE 'order' TO 'instruction';
DELETE FROM event;
ALTER TABLE event DROP note, DROP payload, ADD other int;
DROP TYPE kind CASCADE;
\echo :LAST_ERROR_SQLSTATE
-- also if it comes back in the same statement
ALTER TABLE event DROP version, ADD version int;

-- Its trigger is not dropped, renamed, replaced, or moved
DROP TRIGGER veritable_validate_payload ON event;
\echo :LAST_ERROR_SQLSTATE
ALTER TRIGGER veritable_validate_payload ON event RENAME TO a;
CREATE OR REPLACE TRIGGER veritable_validate_payload BEFORE INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'schema=order');
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE OR REPLACE TRIGGER veritable_validate_payload BEFORE INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION change();
DROP FUNCTION veritable.validate() CASCADE;
DO $$ BEGIN EXECUTE 'DROP TRIGGER veritable_validate_payload ON event'; END $$;
SELECT * FROM veritable.validations;
INSERT INTO event VALUES (1, 'order', '{}');
-- it may be switched off by the owner, who sees that it is
ALTER TABLE event DISABLE TRIGGER veritable_validate_payload;
INSERT INTO event VALUES (1, 'order', '{}') RETURNING version;
SELECT target, enabled FROM veritable.validations;
ALTER TABLE event ENABLE REPLICA TRIGGER veritable_validate_payload;
SELECT target, enabled FROM veritable.validations;
ALTER TABLE event ENABLE ALWAYS TRIGGER veritable_validate_payload;
SELECT target, enabled FROM veritable.validations;
ALTER TABLE event ENABLE TRIGGER USER;
SELECT target, enabled FROM veritable.validations;
INSERT INTO event VALUES (1, 'order', '{}');

-- A trigger that would fire later, and could change what has been validated, is refused; others are not.
CREATE TRIGGER z BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER z BEFORE UPDATE OF note ON event FOR EACH ROW WHEN (NEW.note IS NULL) EXECUTE FUNCTION change();
CREATE TRIGGER veritable_validate_payload_2 BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION change();
ALTER TRIGGER a ON event RENAME TO z;
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER z AFTER INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
CREATE TRIGGER zz BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION keep();
CREATE TRIGGER zzz BEFORE INSERT OR UPDATE ON event FOR EACH STATEMENT EXECUTE FUNCTION change();
CREATE OR REPLACE TRIGGER z BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
INSERT INTO event VALUES (1, 'order', '{}');
INSERT INTO event VALUES (1, 'order', '{"id": 1}') RETURNING version;
DROP TRIGGER a ON event;
DROP TRIGGER z ON event;
-- a rule that leads rows elsewhere stores nothing here
CREATE RULE note AS ON UPDATE TO event WHERE NEW.note = 'rule' DO INSTEAD NOTHING;
DROP RULE note ON event;

-- Columns that are not read come and go; so do constraints, indexes, defaults, comments, statistics, storage.
ALTER TABLE event RENAME note TO remark;
ALTER TABLE event ADD more text DEFAULT 'more', ADD another jsonb;
ALTER TABLE event DROP remark;
ALTER TABLE event ALTER by_hand TYPE varchar(10);
ALTER TABLE event ALTER payload SET NOT NULL, ALTER payload SET DEFAULT '{"id": 1}', ALTER payload SET STORAGE EXTERNAL, ALTER payload SET STATISTICS 10;
ALTER TABLE event ADD CONSTRAINT is_object CHECK (jsonb_typeof(payload) = 'object');
DELETE FROM event;
ALTER TABLE event ADD PRIMARY KEY (id);
CREATE INDEX ON event USING gin (payload);
ALTER TYPE kind RENAME TO sort;
ALTER TYPE sort ADD VALUE 'note';
ALTER TYPE sort RENAME VALUE 'invoice' TO 'bill';
INSERT INTO event (id, type) VALUES (1, 'order') RETURNING *;
INSERT INTO event (id, type, payload) VALUES (2, 'order', '{}');
INSERT INTO event (id, type, payload) VALUES (2, 'bill', '{}');
-- so do the table's name, schema, owner, and storage
ALTER TABLE event RENAME TO happening;
CREATE SCHEMA elsewhere;
ALTER TABLE happening SET SCHEMA elsewhere;
SELECT target, document, type, version, trigger FROM veritable.validations;
INSERT INTO elsewhere.happening (id, type, payload) VALUES (3, 'order', '{}');
ALTER TABLE elsewhere.happening SET SCHEMA public;
ALTER TABLE happening RENAME TO event;
CLUSTER event USING event_pkey;
ALTER TABLE event SET UNLOGGED;
ALTER TABLE event SET LOGGED;
TRUNCATE event;
VACUUM FULL event;
INSERT INTO event (id, type, payload) VALUES (3, 'order', '{}');
-- a column of a name that was free before is not read either
ALTER TABLE event ADD payload_2 jsonb;
SELECT add_validation('event', 'payload_2', schema => 'order');
ALTER TABLE event DROP payload_2;
SELECT drop_validation('event', 'payload_2');
ALTER TABLE event DROP payload_2;

-- It has no children but partitions.
CREATE TABLE child () INHERITS (event);
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE child (LIKE event INCLUDING ALL);
ALTER TABLE child INHERIT event;
\echo :LAST_ERROR_SQLSTATE
CREATE SCHEMA at_once CREATE TABLE child () INHERITS (public.event);
INSERT INTO child (id, type, payload) VALUES (1, 'order', '{}');
CREATE TABLE parent (payload jsonb);
CREATE TABLE validated (payload jsonb);
SELECT add_validation('validated', 'payload', schema => 'order');
ALTER TABLE validated INHERIT parent;
INSERT INTO validated VALUES ('{}');
ALTER TABLE parent RENAME payload TO body;
INSERT INTO validated VALUES ('{}');
ALTER TABLE parent RENAME body TO payload;
ALTER TABLE validated NO INHERIT parent;
-- partitions come and go
CREATE TABLE part (at int, payload jsonb) PARTITION BY LIST (at);
SELECT add_validation('part', 'payload', schema => 'order');
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (at int, payload jsonb);
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
CREATE TABLE part_3 (at int, payload jsonb);
CREATE TRIGGER z BEFORE INSERT ON part_3 FOR EACH ROW EXECUTE FUNCTION change();
-- with a trigger that fires later it is no partition of a validated table
ALTER TABLE part ATTACH PARTITION part_3 FOR VALUES IN (3);
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER z BEFORE INSERT ON part_1 FOR EACH ROW EXECUTE FUNCTION change();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER z BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION change();
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE part RENAME payload TO body;
INSERT INTO part VALUES (1, '{}');
ALTER TABLE part RENAME body TO payload;
DROP TRIGGER veritable_validate_payload ON part;
DROP TRIGGER veritable_validate_payload ON part_1;
INSERT INTO part VALUES (1, '{}');
ALTER TABLE part DETACH PARTITION part_1;
DROP TABLE part_1, part_2;
DROP TABLE part;

-- What goes on: the end of the table, of its schema, of the validation.
CREATE TABLE ends (payload jsonb);
SELECT add_validation('ends', 'payload', schema => 'order');
SELECT drop_validation('ends', 'payload');
ALTER TABLE ends RENAME payload TO body;
ALTER TABLE ends DROP body;
ALTER TABLE ends ADD payload jsonb;
SELECT add_validation('ends', 'payload', schema => 'order');
DROP TABLE ends;
CREATE TABLE elsewhere.ends (payload jsonb);
SELECT add_validation('elsewhere.ends', 'payload', schema => 'order');
DROP SCHEMA elsewhere CASCADE;
CREATE TEMP TABLE ends (payload jsonb) ON COMMIT DROP;
BEGIN;
CREATE TEMP TABLE ends (payload jsonb) ON COMMIT DROP;
SELECT add_validation('ends', 'payload', schema => 'order');
COMMIT;
SELECT target FROM veritable.validations ORDER BY 1;
-- rolled back, it was not ended
BEGIN;
SELECT drop_validation('event', 'payload');
INSERT INTO event (id, type, payload) VALUES (3, 'order', '{}');
ROLLBACK;
INSERT INTO event (id, type, payload) VALUES (3, 'order', '{}');
-- in a transaction that has used it, and a cursor that goes on
BEGIN;
INSERT INTO event (id, type, payload) VALUES (3, 'order', '{"id": 3}');
SELECT drop_validation('event', 'payload');
INSERT INTO event (id, type, payload) VALUES (4, 'order', '{}');
ALTER TABLE event RENAME payload TO body;
ALTER TABLE event RENAME body TO payload;
SELECT add_validation('event', 'payload', type => 'type', check_existing => false);
INSERT INTO event (id, type, payload) VALUES (5, 'order', '{}');
ROLLBACK;

-- The registry's table is changed by nobody, and goes with the extension; validated tables stay, without validation.
RESET ROLE;
\set VERBOSITY terse
ALTER TABLE veritable.event_schemas RENAME schema TO s;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE veritable.event_schemas DROP compatibility;
\set VERBOSITY default
DROP TABLE veritable.event_schemas;
\echo :LAST_ERROR_SQLSTATE
DROP FUNCTION register_schema;
DROP FUNCTION veritable.validate CASCADE;
\echo :LAST_ERROR_SQLSTATE
DROP EXTENSION veritable;
\echo :LAST_ERROR_SQLSTATE
SET client_min_messages = warning;
DROP EXTENSION veritable CASCADE;
RESET client_min_messages;
\d event
INSERT INTO event (id, type, payload) VALUES (5, 'order', '{}');
SET client_min_messages = warning;
CREATE EXTENSION veritable;
RESET client_min_messages;
SELECT * FROM veritable.event_schemas;
SELECT add_validation('event', 'payload', type => 'type', unknown => 'allow');
INSERT INTO event (id, type, payload) VALUES (6, 'order', '{}');
SELECT register_schema('order', '{"required": ["id"]}');
INSERT INTO event (id, type, payload) VALUES (7, 'order', '{}');

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_schema_ddl;
DROP ROLE regress_ddl;
