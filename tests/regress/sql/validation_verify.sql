-- verify_validation() names every document that does not match what its row claims, and nobody else: a row is judged by
-- the version that it names, and a row that names none by all versions that were ever registered.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_verify_validation;
CREATE DATABASE regress_validation_verify;
\c regress_validation_verify
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_verify_validation;
GRANT CREATE ON SCHEMA public TO regress_verify_validation;
SET ROLE regress_verify_validation;
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
SELECT register_schema('note', '{"type": "string"}');
CREATE TABLE event (id int PRIMARY KEY, type text, version int, payload jsonb);
SELECT add_validation('event', 'payload', type => 'type', version => 'version');
INSERT INTO event (id, type, payload) VALUES (1, 'order', '{"id": 1}'), (2, 'note', '"text"'), (3, 'gone', NULL);
SELECT * FROM verify_validation('event');
SELECT * FROM verify_validation();

-- A version that came later accuses no row that names the one before
SELECT register_schema('order', '{"type": "object", "required": ["id", "to"], "properties": {"id": {"type": "integer"}}}');
SELECT * FROM verify_validation('event');
-- nor does the end of a schema
SELECT retire_schema('note');
SELECT * FROM verify_validation('event');

-- What came while the trigger was off is named
ALTER TABLE event DISABLE TRIGGER USER;
INSERT INTO event VALUES
    (10, 'order', 1, '{"id": "ten"}'), (11, 'order', 2, '{"id": 11}'), (12, 'order', 3, '{"id": 12}'),
    (13, 'order', NULL, '{"id": 13}'), (14, 'order', NULL, '{"to": 14, "id": "x"}'), (15, 'note', 1, '"text"'),
    (16, 'note', 2, '"text"'), (17, 'note', NULL, '17'), (18, 'nobody', 1, '{}'), (19, NULL, NULL, '{}'),
    (20, 'order', -1, '[]'), (21, repeat('x', 1000), 1, '[]');
UPDATE event SET payload = '{"id": 1.5}' WHERE id = 1;
SELECT id, fault, left(detail, 110) AS detail FROM verify_validation('event'), CAST(key[1] AS int) AS id;
ALTER TABLE event ENABLE TRIGGER USER;
SELECT count(*) FROM verify_validation('event');
DELETE FROM event WHERE id >= 10 OR id = 1;
SELECT * FROM verify_validation('event');

-- A document that nobody can validate is not called invalid
INSERT INTO event VALUES (30, 'order', 1, jsonb_build_object('id', 30, 'text', repeat('x', 3000)));
RESET ROLE;
SET veritable.document_size_limit = '1kB';
SELECT * FROM verify_validation('event');
RESET veritable.document_size_limit;
SET ROLE regress_verify_validation;
DELETE FROM event WHERE id = 30;

-- Without a column of versions: one match with any version is enough
CREATE TABLE plain (payload jsonb, type char(10));
SELECT add_validation('plain', 'payload', type => 'type');
INSERT INTO plain VALUES ('{"id": 1, "to": 1}', 'order');
ALTER TABLE plain DISABLE TRIGGER USER;
INSERT INTO plain VALUES ('{"id": 1}', 'order'), ('{"to": 1}', 'order'), ('"text"', 'note');
ALTER TABLE plain ENABLE TRIGGER USER;
SELECT * FROM verify_validation('plain');

-- Where unknown schemas are allowed, a document can be older than its schema, unless it names a version
CREATE TABLE loose (id int PRIMARY KEY, kind name, payload jsonb, version bigint);
SELECT add_validation('loose', 'payload', type => 'kind', version => 'version', unknown => 'ALLOW');
INSERT INTO loose VALUES (1, 'later', '[1]', NULL), (2, NULL, '[2]', NULL), (3, 'never', '[3]', 7);
SELECT * FROM verify_validation('loose');
SELECT register_schema('later', '{"type": "string"}');
SELECT * FROM verify_validation('loose');
ALTER TABLE loose DISABLE TRIGGER USER;
INSERT INTO loose VALUES (4, 'later', '[4]', 1), (5, 'later', '"5"', 2);
ALTER TABLE loose ENABLE TRIGGER USER;
SELECT * FROM verify_validation('loose');

-- Rows that were not checked when the validation was added
CREATE TABLE unchecked (id int PRIMARY KEY, payload jsonb);
INSERT INTO unchecked VALUES (1, '1'), (2, '"two"');
SELECT add_validation('unchecked', 'payload', schema => 'later', check_existing => false);
SELECT * FROM verify_validation('unchecked');

-- Two documents in a row
CREATE TABLE two (id int, part text, a jsonb, b jsonb, PRIMARY KEY (part, id));
SELECT add_validation('two', 'a', schema => 'order');
SELECT add_validation('two', 'b', schema => 'later');
ALTER TABLE two DISABLE TRIGGER USER;
INSERT INTO two VALUES (1, 'p', '"1"', '1');
ALTER TABLE two ENABLE TRIGGER USER;
SELECT * FROM verify_validation('two');
DROP TABLE two;

-- Partitions: with and without a primary key, and with validations of their own
CREATE TABLE divided (id int, payload jsonb, extra jsonb) PARTITION BY LIST (id);
CREATE TABLE divided_1 PARTITION OF divided FOR VALUES IN (1);
CREATE TABLE divided_rest PARTITION OF divided DEFAULT PARTITION BY LIST (id);
CREATE TABLE divided_2 PARTITION OF divided_rest FOR VALUES IN (2);
SELECT add_validation('divided', 'payload', schema => 'later');
SELECT add_validation('divided_2', 'extra', schema => 'later');
INSERT INTO divided VALUES (1, '"one"', '1'), (2, '"two"', '"two"');
SELECT * FROM verify_validation('divided');
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO divided VALUES (1, '1', '1'), (2, '2', '2');
RESET session_replication_role;
SET ROLE regress_verify_validation;
SELECT * FROM verify_validation('divided');
SELECT * FROM verify_validation('divided_2');
ALTER TABLE divided ADD PRIMARY KEY (id);
DELETE FROM divided WHERE tableoid = 'divided_1'::regclass AND payload = '"one"';
DELETE FROM divided WHERE tableoid = 'divided_2'::regclass AND payload = '"two"';
ALTER TABLE divided ADD PRIMARY KEY (id);
SELECT * FROM verify_validation('divided');
DROP TABLE divided;

-- What guards the documents, and what goes around it
CREATE RULE never AS ON INSERT TO event DO INSTEAD NOTHING;
SELECT fault, detail FROM verify_validation('event');
DROP RULE never ON event;
CREATE TABLE divided (id int, payload jsonb) PARTITION BY LIST (id);
CREATE TABLE divided_1 PARTITION OF divided FOR VALUES IN (1);
CREATE TABLE divided_2 PARTITION OF divided FOR VALUES IN (2);
SELECT add_validation('divided', 'payload', schema => 'later');
ALTER TABLE divided_1 DISABLE TRIGGER veritable_validate_payload;
SELECT * FROM verify_validation('divided');
ALTER TABLE divided_1 ENABLE TRIGGER veritable_validate_payload;
RESET ROLE;
SET session_replication_role = replica;
DELETE FROM pg_trigger WHERE tgrelid = 'divided_2'::regclass;
CREATE TABLE event_child () INHERITS (event);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER zz BEFORE UPDATE ON event FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER veritable_validate_again BEFORE INSERT OR UPDATE ON event FOR EACH ROW
    EXECUTE FUNCTION veritable.validate('document=payload', 'schema=later');
\c -
SET ROLE regress_verify_validation;
SELECT * FROM verify_validation('divided');
SELECT fault, detail FROM verify_validation('event');
RESET ROLE;
DROP TABLE event_child;
DELETE FROM pg_depend WHERE objid = (SELECT oid FROM pg_trigger WHERE tgname = 'veritable_validate_again');
DELETE FROM pg_trigger WHERE tgname = 'veritable_validate_again';
\c -
DROP TRIGGER zz ON event;
-- triggers that the catalog hides, and arguments that do not fit
UPDATE pg_trigger SET tgisinternal = true WHERE tgrelid = 'event'::regclass;
\c -
SELECT fault, detail FROM verify_validation('event');
UPDATE pg_trigger SET tgisinternal = false, tgargs = convert_to(E'document=payload', 'UTF8') || '\x00', tgnargs = 1
WHERE tgrelid = 'event'::regclass;
\c -
SELECT fault, detail FROM verify_validation('event');
UPDATE pg_trigger SET tgargs = convert_to('document=payloads', 'UTF8') || '\x00' || convert_to('schema=order', 'UTF8') || '\x00', tgnargs = 2
WHERE tgrelid = 'event'::regclass;
\c -
SELECT fault, detail FROM verify_validation('event');

-- Others: only who may read the whole table, which may be any role's
SELECT * FROM verify_validation('pg_class');
CREATE TABLE other (payload jsonb);
SELECT * FROM verify_validation('other');
SELECT add_validation('other', 'payload', schema => 'later');
SET ROLE regress_verify_validation;
SELECT * FROM verify_validation('other');
SELECT target, fault, detail FROM verify_validation() WHERE target = 'other'::regclass;
RESET ROLE;
GRANT SELECT ON other TO regress_verify_validation;
SET ROLE regress_verify_validation;
SELECT * FROM verify_validation('other');
RESET ROLE;
ALTER TABLE other ENABLE ROW LEVEL SECURITY;
SET ROLE regress_verify_validation;
SELECT * FROM verify_validation('other');
RESET ROLE;

-- A registry that was tampered with accuses the registry, not the documents
INSERT INTO loose VALUES (9, 'later', '"nine"');
ALTER TABLE veritable.event_schemas DISABLE TRIGGER USER;
UPDATE veritable.event_schemas SET schema = '{"type": 7}' WHERE name = 'later';
\c -
SELECT * FROM verify_validation('loose');

\c :regression
DROP DATABASE regress_validation_verify;
DROP ROLE regress_verify_validation;
