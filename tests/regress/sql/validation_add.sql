-- add_validation() makes a column one of documents that match, or refuses and leaves all as it was; drop_validation() ends it.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_validation;
CREATE ROLE regress_validation_other;
CREATE DATABASE regress_add_validation;
\c regress_add_validation
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_validation;
GRANT CREATE ON SCHEMA public TO regress_validation;
SET ROLE regress_validation;
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
SELECT register_schema('invoice', '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number"}}}');
SELECT register_schema('invoice', '{"type": "object", "required": ["total"], "properties": {"total": {"type": "number", "minimum": 0}}}');

-- The row says which schema; or the table does.
CREATE TABLE event (id int, type text, payload jsonb, version int);
SELECT add_validation('event', 'payload', type => 'type');
\d event
SELECT * FROM veritable.validations;
INSERT INTO event VALUES (1, 'order', '{"id": 1}'), (2, 'invoice', '{"total": 0}');
INSERT INTO event VALUES (3, 'invoice', '{"id": 1}');
SELECT drop_validation('event', 'payload');
\d event
SELECT * FROM veritable.validations;
-- as if it had never been; and once more
INSERT INTO event VALUES (3, 'invoice', '{"id": 1}');
SELECT add_validation('event', 'payload', schema => 'order', check_existing => false);
INSERT INTO event VALUES (4, 'invoice', '{"id": 1}');
INSERT INTO event VALUES (5, 'order', '{"total": 1}');
SELECT * FROM veritable.validations;
SELECT drop_validation('event', 'payload');

-- Existing rows must match, unless they are not to be checked. A refusal leaves nothing behind.
SELECT add_validation('event', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM veritable.validations;
SELECT add_validation('event', 'payload', type => 'type', check_existing => false);
UPDATE event SET id = 33 WHERE id = 3;
UPDATE event SET payload = payload || '{"more": 1}' WHERE id = 33;
UPDATE event SET payload = '{"total": 3}' WHERE id = 33;
SELECT drop_validation('event', 'payload');
UPDATE event SET payload = '{"total": 4}' WHERE id = 4;
SELECT add_validation('event', 'payload', type => 'type');
SELECT drop_validation('event', 'payload');
-- NULL documents are counted, and pass
INSERT INTO event VALUES (6, 'order', NULL), (7, 'nobody', NULL), (8, NULL, NULL);
SELECT add_validation('event', 'payload', type => 'type');
SELECT drop_validation('event', 'payload');
-- a version that is there is honoured, and one that is not is left so
UPDATE event SET version = 1 WHERE type = 'invoice';
UPDATE event SET payload = '{"total": -1}' WHERE id = 2;
SELECT add_validation('event', 'payload', type => 'type');
SELECT add_validation('event', 'payload', type => 'type', version => 'version');
SELECT id, type, version FROM event ORDER BY id;
SELECT drop_validation('event', 'payload');
UPDATE event SET version = 9 WHERE id = 2;
SELECT add_validation('event', 'payload', type => 'type', version => 'version');
UPDATE event SET version = NULL, payload = '{"total": 2}' WHERE id = 2;
-- unknown names
INSERT INTO event VALUES (9, 'nobody', '{}');
SELECT add_validation('event', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('event', 'payload', schema => 'nobody');
SELECT add_validation('event', 'payload', type => 'type', unknown => 'Allow');
SELECT * FROM veritable.validations;
SELECT drop_validation('event', 'payload');
UPDATE event SET type = NULL WHERE id = 9;
SELECT add_validation('event', 'payload', type => 'type');
SELECT add_validation('event', 'payload', type => 'type', unknown => 'allow');
SELECT drop_validation('event', 'payload');
-- more rows than are read at once, the last one of which is wrong
TRUNCATE event;
INSERT INTO event SELECT n, 'order', jsonb_build_object('id', CASE WHEN n < 2500 THEN n END) FROM generate_series(1, 2500) AS n;
SELECT add_validation('event', 'payload', type => 'type');
DELETE FROM event WHERE id = 2500;
SELECT add_validation('event', 'payload', type => 'type');
-- a table may be validated before its schema is there
CREATE TABLE early (payload jsonb);
SELECT add_validation('early', 'payload', schema => 'early');
INSERT INTO early VALUES ('{}');
SELECT register_schema('early', '{"type": "object"}');
INSERT INTO early VALUES ('{}');

-- Several columns of one table, each by itself
CREATE TABLE several (type text, payload jsonb, metadata jsonb, version bigint, free jsonb);
SELECT register_schema('metadata', '{"type": "object", "required": ["by"]}');
SELECT add_validation('several', 'payload', type => 'type', version => 'version');
SELECT add_validation('several', 'metadata', schema => 'metadata');
SELECT add_validation('several', 'payload', schema => 'metadata');
\echo :LAST_ERROR_SQLSTATE
-- a version column is that of one document
SELECT add_validation('several', 'free', schema => 'metadata', version => 'version');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM veritable.validations WHERE target = 'several'::regclass ORDER BY document;
INSERT INTO several VALUES ('order', '{"id": 1}', '{"by": 1}', NULL, '"anything"') RETURNING *;
INSERT INTO several VALUES ('order', '{"id": 1}', '{}');
INSERT INTO several VALUES ('order', '{}', '{"by": 1}');
INSERT INTO several VALUES ('order', '{}', '{}');
SELECT drop_validation('several', 'payload');
INSERT INTO several VALUES ('order', '{}', '{"by": 1}') RETURNING *;
INSERT INTO several VALUES ('order', '{}', '{}');
SELECT drop_validation('several', 'free');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_validation('several', 'nothing');

-- The name of the schema may be of any type of text, an enum, or a domain; the version of any type of integer.
CREATE TYPE kind AS ENUM ('order', 'invoice', 'nobody');
CREATE DOMAIN kind_name AS text CHECK (VALUE <> '');
CREATE DOMAIN document AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
CREATE DOMAIN versions AS int CHECK (VALUE > 0);
CREATE TABLE typed (
    id int, "varchar" varchar(20), "char" char(12), "name" name, "enum" kind, "domain" kind_name, payload jsonb, "document" document,
    "smallint" smallint, "integer" integer, "bigint" bigint, "versions" versions
);
CREATE PROCEDURE try(type name, version name, document name DEFAULT 'payload') LANGUAGE plpgsql AS $$
DECLARE
    shown text;
    what text;
    good jsonb;
BEGIN
    TRUNCATE typed;
    PERFORM add_validation('typed', document, type => type, version => version);
    FOREACH good IN ARRAY '{"{\"total\": 1}","{\"total\": -1}"}'::jsonb[] LOOP
        BEGIN
            EXECUTE format('INSERT INTO typed (%I, %I) VALUES (''invoice'', %L) RETURNING %I', type, document, good, version) INTO shown;
            RAISE NOTICE '%, %: %', type, version, shown;
        EXCEPTION WHEN check_violation THEN
            GET STACKED DIAGNOSTICS shown = PG_EXCEPTION_DETAIL, what = MESSAGE_TEXT;
            RAISE NOTICE '%, %: % %', type, version, what, shown;
        END;
    END LOOP;
    PERFORM drop_validation('typed', document);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS shown = RETURNED_SQLSTATE, what = PG_EXCEPTION_HINT;
    RAISE NOTICE '%, %: % % %', type, version, shown, SQLERRM, what;
END $$;
CALL try('varchar', 'smallint');
CALL try('name', 'integer');
CALL try('enum', 'bigint');
-- blanks that char pads with are no part of the name
CALL try('char', 'bigint');
CALL try('domain', 'bigint');
CALL try('varchar', 'versions');
CALL try('varchar', 'bigint', 'document');
INSERT INTO typed ("varchar", document) VALUES ('invoice', '[]');
-- and others not
CREATE TABLE wrong (
    type text, "int" int, "json" json, "text" text, "array" jsonb[], payload jsonb, "numeric" numeric, "text array" text[], "bytea" bytea,
    stored jsonb GENERATED ALWAYS AS (payload) STORED, kind text GENERATED ALWAYS AS ('order') STORED, number int GENERATED ALWAYS AS (1) STORED
);
SELECT add_validation('wrong', 'json', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'text', type => 'type');
SELECT add_validation('wrong', 'array', type => 'type');
SELECT add_validation('wrong', 'payload', type => 'type', version => 'numeric');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'payload', type => 'type', version => 'type');
SELECT add_validation('wrong', 'payload', type => 'type', version => 'payload');
SELECT add_validation('wrong', 'stored', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'payload', type => 'kind');
SELECT add_validation('wrong', 'payload', type => 'type', version => 'number');
SELECT add_validation('wrong', 'nothing', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'payload', type => 'nothing');
SELECT add_validation('wrong', 'payload', type => 'type', version => 'nothing');
SELECT add_validation('wrong', 'ctid', type => 'type');
SELECT add_validation('wrong', 'payload', type => 'tableoid');
SELECT add_validation('wrong', 'payload');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'payload', type => 'type', schema => 'order');
SELECT add_validation('wrong', 'payload', type => 'type', unknown => 'perhaps');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', 'payload', type => 'type', unknown => 'ALLOWED');
SELECT add_validation(NULL, 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('wrong', NULL, type => 'type');
SELECT add_validation('wrong', 'payload', type => 'type', unknown => NULL);
SELECT add_validation('wrong', 'payload', type => 'type', check_existing => NULL);
SELECT add_validation(4000000000, 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_validation(NULL, 'payload');
SELECT drop_validation('wrong', NULL);
SELECT drop_validation(4000000000, 'payload');
SELECT drop_validation('wrong', 'payload');
-- what no name of a schema is kept in
CREATE PROCEDURE refused(type name) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_validation('wrong', 'payload', type => type);
    RAISE NOTICE 'a validation by column "%"', type;
    PERFORM drop_validation('wrong', 'payload');
EXCEPTION WHEN datatype_mismatch THEN
END $$;
CALL refused('int');
CALL refused('json');
CALL refused('payload');
CALL refused('text array');
CALL refused('bytea');
SELECT * FROM veritable.validations WHERE target = 'wrong'::regclass;

-- It is for tables, by their owner.
CREATE VIEW seen AS SELECT * FROM event;
CREATE MATERIALIZED VIEW kept AS SELECT * FROM event;
CREATE SEQUENCE numbers;
SELECT add_validation('seen', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('kept', 'payload', type => 'type');
SELECT add_validation('numbers', 'payload', type => 'type');
SELECT add_validation('pg_class', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('veritable.event_schemas', 'schema', schema => 'order');
CREATE TABLE parent (type text, payload jsonb);
CREATE TABLE child () INHERITS (parent);
SELECT add_validation('parent', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT add_validation('child', 'payload', type => 'type');
INSERT INTO child VALUES ('order', '{}');
RESET ROLE;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE elsewhere (type text, payload jsonb) SERVER nowhere;
SELECT add_validation('elsewhere', 'payload', type => 'type', check_existing => false);
\echo :LAST_ERROR_SQLSTATE
GRANT ALL ON wrong, event TO regress_validation_other;
SET ROLE regress_validation_other;
SELECT add_validation('wrong', 'payload', type => 'type');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_validation('event', 'payload');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_validation;
-- even where row-level security hides rows from the owner, they are checked, or it is refused
CREATE TABLE hidden (payload jsonb);
INSERT INTO hidden VALUES ('{}');
ALTER TABLE hidden ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT add_validation('hidden', 'payload', schema => 'order');
\echo :LAST_ERROR_SQLSTATE

-- A BEFORE trigger that fires later could change a document that has been validated.
CREATE TABLE late (payload jsonb);
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER z BEFORE UPDATE ON late FOR EACH ROW EXECUTE FUNCTION change();
SELECT add_validation('late', 'payload', schema => 'order');
\echo :LAST_ERROR_SQLSTATE
ALTER TRIGGER z ON late RENAME TO a;
CREATE TRIGGER "zA" AFTER INSERT ON late FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zb BEFORE INSERT ON late FOR EACH STATEMENT EXECUTE FUNCTION change();
CREATE TRIGGER zd BEFORE DELETE ON late FOR EACH ROW EXECUTE FUNCTION change();
SELECT add_validation('late', 'payload', schema => 'order');

-- Names that need quotes, and are long
SELECT register_schema('it''s "odd"\', '{"type": "object"}');
CREATE TABLE "A table with a ""name"" that is as long as PostgreSQL lets it b" ("the 'type'" text, "the ""payload""" jsonb, "a,b=c" int, "=" jsonb);
SELECT add_validation('"A table with a ""name"" that is as long as PostgreSQL lets it b"', 'the "payload"', type => 'the ''type''', version => 'a,b=c');
SELECT add_validation('"A table with a ""name"" that is as long as PostgreSQL lets it b"', '=', schema => 'it''s "odd"\');
SELECT document, type, schema, version, unknown, trigger FROM veritable.validations WHERE target::text LIKE '"A table%' ORDER BY document;
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES ('it''s "odd"\', '{}', NULL, '{}') RETURNING *;
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES ('it''s "odd"\', '1', NULL, '{}');
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES ('it''s "odd"\', '{}', NULL, '1');
SELECT drop_validation('"A table with a ""name"" that is as long as PostgreSQL lets it b"', '=');
SELECT drop_validation('"A table with a ""name"" that is as long as PostgreSQL lets it b"', 'the "payload"');
-- columns whose names are as long as can be, and begin alike
CREATE TABLE long (
    a_column_whose_name_is_as_long_as_postgresql_lets_it_be_and_one jsonb,
    a_column_whose_name_is_as_long_as_postgresql_lets_it_be_and_two jsonb
);
SELECT add_validation('long', 'a_column_whose_name_is_as_long_as_postgresql_lets_it_be_and_one', schema => 'order');
SELECT add_validation('long', 'a_column_whose_name_is_as_long_as_postgresql_lets_it_be_and_two', schema => 'invoice');
INSERT INTO long VALUES ('{"id": 1}', '{"total": 1}');
INSERT INTO long VALUES ('{"id": 1}', '{}');
INSERT INTO long VALUES ('{}', '{"total": 1}');
SELECT drop_validation('long', 'a_column_whose_name_is_as_long_as_postgresql_lets_it_be_and_two');
SELECT document FROM veritable.validations WHERE target = 'long'::regclass;
-- names that SQL of ours might use itself
CREATE TABLE t (t jsonb, "row" text, new int, name text);
INSERT INTO t VALUES ('{"id": 1}', 'order', NULL, 'invoice');
SELECT add_validation('t', 't', type => 'row', version => 'new');
INSERT INTO t VALUES ('{"id": 1}', 'order', NULL, 'invoice') RETURNING *;
-- dropped columns, and added ones
CREATE TABLE dropped (a int, type text, b int, payload jsonb, c int, version smallint);
ALTER TABLE dropped DROP a, DROP b, DROP c, ADD d int DEFAULT 1;
INSERT INTO dropped VALUES ('order', '{"id": 1}');
SELECT add_validation('dropped', 'payload', type => 'type', version => 'version');
INSERT INTO dropped VALUES ('order', '{"id": 1}') RETURNING *;
INSERT INTO dropped VALUES ('order', '{}');

-- By hand, the same trigger
CREATE TABLE by_hand (type text, payload jsonb);
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
SELECT * FROM veritable.validations WHERE target = 'by_hand'::regclass;
INSERT INTO by_hand VALUES ('order', '{}');
SELECT add_validation('by_hand', 'payload', schema => 'order');
SELECT drop_validation('by_hand', 'payload');
CREATE TRIGGER "check" BEFORE INSERT ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER "check" AFTER INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH STATEMENT EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type', 'colour=red');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=nothing');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'document=payload', 'type=type');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type', 'schema=order');
CREATE TRIGGER "check" BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type', 'unknown=perhaps');
-- one that would let some rows pass
CREATE TRIGGER check_1 BEFORE INSERT OR UPDATE OF type ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
CREATE TRIGGER check_2 BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW WHEN (NEW.type <> 'order') EXECUTE FUNCTION veritable.validate('document=payload', 'type=type');
SELECT * FROM veritable.validations WHERE target = 'by_hand'::regclass;
SELECT veritable.validate();

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_add_validation;
DROP ROLE regress_validation;
DROP ROLE regress_validation_other;
