-- What is wrong with a document is said by place, keyword and sentence; and not to those who may not see the document.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_errors;
CREATE ROLE regress_errors_writer;
CREATE ROLE regress_errors_reader;
CREATE DATABASE regress_schema_errors;
\c regress_schema_errors
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_errors;
GRANT CREATE ON SCHEMA public TO regress_errors;
SET ROLE regress_errors;

-- Nothing is wrong
SELECT * FROM schema_errors('true', '{"a": 1}');
SELECT * FROM schema_errors('{"type": "object"}', '{}');
-- Places are JSON Pointers: into the document, and into the schema
SELECT * FROM schema_errors('{"type": "object", "properties": {"items": {"items": {"properties": {"price": {"type": "number", "minimum": 0}}, "required": ["id"]}}}}',
    '{"items": [{"id": 1, "price": "x"}, {"id": 2, "price": -1}, {"price": 1}]}');
SELECT instance_location, keyword_location FROM schema_errors('{"additionalProperties": {"additionalProperties": {"type": "null"}}}', '{"a/b": {"c~d": 1}, "": {"": 1}, "ä\"b": {"0": 1}, "c\nd": {"1": 1}}') ORDER BY 1;
SELECT instance_location, keyword_location FROM schema_errors('{"properties": {"a/b": {"patternProperties": {"~": false}}}, "$defs": {"x/y": {"type": "null"}}, "anyOf": [{"$ref": "#/$defs/x~1y"}]}', '{"a/b": {"~": 1}}') ORDER BY 1;
SELECT * FROM schema_errors('{"items": {"$ref": "#/$defs/positive"}, "$defs": {"positive": {"minimum": 1}}}', '[0]');
-- Each kind of keyword
SELECT s AS schema, d AS document, e.*
FROM (VALUES
    ('false', '1'), ('{"type": "string"}', '1'), ('{"type": ["string", "null"]}', '1'), ('{"type": "integer"}', '1.5'), ('{"enum": [1, "a", null]}', '2'), ('{"const": {"a": [1]}}', '{"a": [2]}'),
    ('{"minimum": 2}', '1'), ('{"maximum": 2}', '3'), ('{"exclusiveMinimum": 2}', '2'), ('{"exclusiveMaximum": 2}', '2'), ('{"multipleOf": 0.1}', '0.25'), ('{"minimum": 1e400}', '1e399'),
    ('{"minLength": 2}', '"a"'), ('{"maxLength": 2}', '"abc"'), ('{"pattern": "^a"}', '"b"'), ('{"format": "date"}', '"x"'),
    ('{"minItems": 1}', '[]'), ('{"maxItems": 1}', '[1, 2]'), ('{"uniqueItems": true}', '[1, 1]'), ('{"contains": {"const": 1}}', '[2]'), ('{"contains": true, "maxContains": 1}', '[1, 2]'),
    ('{"contains": true, "minContains": 2}', '[1]'), ('{"prefixItems": [{"type": "string"}], "items": false}', '[1, 2]'), ('{"unevaluatedItems": false}', '[1]'),
    ('{"$schema": "http://json-schema.org/draft-07/schema#", "items": [true], "additionalItems": false}', '[1, 2]'),
    ('{"required": ["a", "b"]}', '{}'), ('{"minProperties": 1}', '{}'), ('{"maxProperties": 0}', '{"a": 1}'), ('{"properties": {"a": false}}', '{"a": 1}'), ('{"patternProperties": {"^a": {"type": "null"}}}', '{"ab": 1}'),
    ('{"additionalProperties": false}', '{"a": 1, "b": 2}'), ('{"unevaluatedProperties": false}', '{"a": 1}'), ('{"propertyNames": {"maxLength": 1}}', '{"ab": 1}'),
    ('{"dependentRequired": {"a": ["b"]}}', '{"a": 1}'), ('{"dependentSchemas": {"a": {"required": ["c"]}}}', '{"a": 1}'),
    ('{"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"a": ["b"]}}', '{"a": 1}'),
    ('{"allOf": [{"type": "string"}, {"minimum": 2}]}', '1'), ('{"anyOf": [{"type": "string"}, {"minimum": 2}]}', '1'), ('{"oneOf": [{"type": "string"}, {"minimum": 2}]}', '1'), ('{"oneOf": [true, true]}', '1'),
    ('{"not": {"type": "integer"}}', '1'), ('{"if": {"type": "integer"}, "then": {"minimum": 2}}', '1'), ('{"if": {"type": "string"}, "else": {"minimum": 2}}', '1'),
    ('{"contentMediaType": "application/json"}', '"{"'), ('{"$schema": "http://json-schema.org/draft-07/schema#", "contentMediaType": "application/json"}', '"{"')
) AS v (s, d) LEFT JOIN schema_errors(s::jsonb, d::jsonb) AS e ON true;
-- Long values are cut, and the sentence is short
SELECT keyword, message, length(message) <= 200 AS short FROM schema_errors('{"type": "null"}', jsonb_build_array(repeat('x', 100000)));
SELECT keyword, length(message) <= 200 AS short FROM schema_errors('{"type": "null"}', (SELECT jsonb_object_agg(repeat('é', 1000) || n, n) FROM generate_series(1, 100) AS n));
SELECT keyword, length(message) <= 200 AS short FROM schema_errors((SELECT jsonb_build_object('enum', jsonb_agg(n)) FROM generate_series(1, 10000) AS n), '0');
SELECT keyword, length(message) <= 200 AS short FROM schema_errors('{"additionalProperties": false}', (SELECT jsonb_object_agg(n, n) FROM generate_series(1, 10000) AS n));
SELECT keyword, length(message) <= 200 AS short FROM schema_errors('{"type": "string"}', '1e100000');
-- All errors are answered
SELECT count(*) FROM schema_errors('{"items": {"type": "string"}}', (SELECT jsonb_agg(n) FROM generate_series(1, 10000) AS n));

-- Arguments
SELECT * FROM schema_errors(NULL, '1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_errors('true', NULL);
SELECT * FROM schema_errors('true', 'null');
SELECT * FROM schema_errors('{"type": "strng"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_errors('{"pattern": "(?=a)"}', '"a"');
SELECT * FROM schema_errors('{"$ref": "http://example.com/a"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_errors('{"$ref": "veritable:///nobody"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_errors(jsonb_build_object('description', repeat('x', 256 * 1024)), '1');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET veritable.document_size_limit = '1kB';
SELECT * FROM schema_errors('true', to_jsonb(repeat('x', 1025)));
\echo :LAST_ERROR_SQLSTATE
RESET veritable.document_size_limit;
SET max_stack_depth = '300kB';
SELECT count(*) FROM schema_errors('{"items": {"$ref": "#"}}', (repeat('[', 2000) || repeat(']', 2000))::jsonb);
\echo :LAST_ERROR_SQLSTATE
RESET max_stack_depth;
SET ROLE regress_errors;
-- a schema under which there may be more errors than can be listed: a row is refused without the list
SELECT register_schema('tree', '{"$defs": {"t": {"anyOf": [{"properties": {"a": {"$ref": "#/$defs/t"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#/$defs/t"}}, "required": ["c"]}]}}, "$ref": "#/$defs/t"}');
CREATE TABLE tree (payload jsonb);
SELECT add_validation('tree', 'payload', schema => 'tree');
INSERT INTO tree SELECT (repeat('{"a":', 40) || '1' || repeat('}', 40))::jsonb;
\echo :LAST_ERROR_SQLSTATE
-- and is not listed here either
SET statement_timeout = '20s';
SELECT count(*) FROM veritable.event_schemas AS s, schema_errors(s.schema, (repeat('{"a":', 16) || '1' || repeat('}', 16))::jsonb) WHERE name = 'tree';
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;

-- Who may insert but not read is told what is wrong, and nothing of what is stored, or of what others have put into the row.
SELECT register_schema('person', '{"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "pattern": "^[a-z]+$"}, "tags": {"items": {"enum": ["a", "b"]}, "uniqueItems": true},
    "card": {"minimum": 5, "multipleOf": 2}, "born": {"format": "date"}, "kind": {"const": "x"}}, "patternProperties": {"^p": {"type": "integer"}}, "propertyNames": {"maxLength": 8}, "additionalProperties": false,
    "dependentRequired": {"card": ["born"]}, "not": {"required": ["evil"]}}');
SELECT register_schema('open', '{"additionalProperties": {"additionalProperties": {"type": "null"}}}');
SELECT register_schema('any', '{"anyOf": [{"type": "string"}, {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}], "maxProperties": 1}');
SELECT register_schema('unevaluated', '{"properties": {"a": true}, "unevaluatedProperties": false}');
SELECT register_schema('array', '{"prefixItems": [true], "items": false, "contains": {"const": 7}, "maxItems": 1}');
CREATE TABLE event (id int, type text, payload jsonb);
SELECT add_validation('event', 'payload', type => 'type');
CREATE TABLE bad (type text, payload jsonb);
INSERT INTO bad VALUES
    ('person', '{"name": "SECRET1", "tags": ["SECRET2", "SECRET2"], "card": 41234567, "born": "SECRET3", "kind": "SECRET4", "SECRET5": 1, "pSECRET6": "SECRET7", "evil": 1}'), ('person', '["SECRET8"]'),
    ('person', '{"name": "a", "pSECRET_IN_A_NAME": 1}'), ('open', '{"SECRET1": {"SECRET2": "SECRET3"}}'), ('any', '{"SECRET1": 1, "SECRET2": 2}'), ('unevaluated', '{"a": 1, "SECRET1": 1, "SECRET2": 2}'), ('array', '["SECRET1", "SECRET2"]');
GRANT SELECT ON bad TO PUBLIC;
GRANT INSERT ON event TO regress_errors_writer;
GRANT INSERT, SELECT ON event TO regress_errors_reader;
CREATE PROCEDURE try() LANGUAGE plpgsql AS $$
DECLARE
    one bad;
    detail text;
BEGIN
    FOR one IN SELECT * FROM bad LOOP
        BEGIN
            INSERT INTO event (type, payload) VALUES (one.type, one.payload);
        EXCEPTION WHEN check_violation THEN
            GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
            RAISE NOTICE E'% (%)\n%', SQLERRM, CASE WHEN detail ~ 'SECRET|4123' THEN 'shown' ELSE 'masked' END, detail;
        END;
    END LOOP;
END $$;
SET veritable.errors_shown = 100;
SET ROLE regress_errors_reader;
SET veritable.errors_shown = 100;
CALL try();
SET ROLE regress_errors_writer;
CALL try();
-- privileges on columns do not count
RESET ROLE;
GRANT SELECT (id, type) ON event TO regress_errors_writer;
SET ROLE regress_errors_writer;
INSERT INTO event (type, payload) VALUES ('any', '{"SECRET1": 1, "SECRET2": 2}');
RESET ROLE;
GRANT SELECT (payload) ON event TO regress_errors_writer;
SET ROLE regress_errors_writer;
INSERT INTO event (type, payload) VALUES ('any', '{"SECRET1": 1, "SECRET2": 2}');
-- row-level security hides rows from readers, and what is in them
SET ROLE regress_errors;
CREATE POLICY own ON event USING (id = 1) WITH CHECK (true);
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
SET ROLE regress_errors_reader;
INSERT INTO event VALUES (2, 'any', '{"SECRET1": 1, "SECRET2": 2}');
SET ROLE regress_errors;
INSERT INTO event VALUES (2, 'any', '{"SECRET1": 1, "SECRET2": 2}');
ALTER TABLE event FORCE ROW LEVEL SECURITY;
INSERT INTO event VALUES (2, 'any', '{"SECRET1": 1, "SECRET2": 2}');
ALTER TABLE event NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
-- a view is read with the rights of its owner, who may read the table; who inserts through it is not shown the more for that
CREATE VIEW seen AS SELECT * FROM event;
GRANT ALL ON seen TO regress_errors_writer;
REVOKE ALL ON event FROM regress_errors_writer;
SET ROLE regress_errors_writer;
INSERT INTO seen (type, payload) VALUES ('any', '{"SECRET1": 1, "SECRET2": 2}');
SET ROLE regress_errors;
-- a function with the rights of its owner shows it to that role
CREATE FUNCTION insert_for(text, jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'INSERT INTO event (type, payload) VALUES ($1, $2)';
SET ROLE regress_errors_writer;
SELECT insert_for('any', '{"SECRET1": 1, "SECRET2": 2}');
SET ROLE regress_errors;
-- whoever may UPDATE but not SELECT learns nothing of the document that is there
INSERT INTO event VALUES (3, 'open', '{"SECRET1": {"SECRET2": null}}');
REVOKE ALL ON event FROM regress_errors_writer;
GRANT UPDATE ON event TO regress_errors_writer;
SET ROLE regress_errors_writer;
UPDATE event SET type = 'person';
-- a reader of a partitioned table needs no privilege on its partitions, here as anywhere
SET ROLE regress_errors;
CREATE TABLE part (id int, payload jsonb) PARTITION BY LIST (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
SELECT add_validation('part', 'payload', schema => 'any');
GRANT INSERT, SELECT ON part TO regress_errors_reader;
GRANT INSERT ON part_1 TO regress_errors_reader;
SET ROLE regress_errors_reader;
INSERT INTO part_1 VALUES (1, '{"SECRET1": 1, "SECRET2": 2}');
INSERT INTO part VALUES (1, '{"SECRET1": 1, "SECRET2": 2}');

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_schema_errors;
DROP ROLE regress_errors;
DROP ROLE regress_errors_writer;
DROP ROLE regress_errors_reader;
