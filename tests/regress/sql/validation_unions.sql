-- A failed oneOf or anyOf is followed by the errors of the branch that the document was meant for.
\set regression :DBNAME
CREATE DATABASE regress_validation_unions;
\c regress_validation_unions
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
CREATE FUNCTION pg_temp.errors(schema jsonb, document jsonb) RETURNS TABLE (instance_location text, keyword_location text, message text)
LANGUAGE sql AS $$ SELECT instance_location, keyword_location, message FROM schema_errors(schema, document) $$;
\set shapes '{"oneOf": [{"properties": {"kind": {"const": "circle"}, "radius": {"type": "number", "minimum": 0}}, "required": ["kind", "radius"], "additionalProperties": false}, {"properties": {"kind": {"enum": ["square", "box"]}, "side": {"type": "number"}, "name": {"type": "string"}}, "required": ["kind", "side"], "additionalProperties": false}]}'
-- The branch whose const or enum the document matches, whatever else is wrong with it.
SELECT * FROM pg_temp.errors(:'shapes', '{"kind": "circle", "radius": -1}');
SELECT * FROM pg_temp.errors(:'shapes', '{"kind": "box", "name": 1, "colour": "red"}');
-- no branch is named: the nearest one, by the number of errors and then by their depth
SELECT * FROM pg_temp.errors(:'shapes', '{"kind": "line", "side": 1}');
SELECT * FROM pg_temp.errors('{"anyOf": [{"type": "string"}, {"properties": {"a": {"properties": {"b": {"type": "integer"}}}}}]}', '{"a": {"b": "c"}}');
SELECT * FROM pg_temp.errors('{"anyOf": [{"required": ["z"]}, {"properties": {"a": {"properties": {"b": {"type": "integer"}}}}}]}', '{"a": {"b": "c"}}');
-- two are as near: neither
SELECT * FROM pg_temp.errors('{"anyOf": [{"type": "string"}, {"type": "null"}]}', '1');
SELECT * FROM pg_temp.errors('{"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}', '{}');
-- several match: that is no error of a branch
SELECT * FROM pg_temp.errors('{"oneOf": [true, {"type": "integer"}]}', '1');
-- Unions in unions, by references, in arrays
SELECT * FROM pg_temp.errors(format('{"items": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/shape"}]}, "$defs": {"shape": %s}}', :'shapes')::jsonb,
    '[null, {"kind": "circle", "radius": "x"}, {"kind": "square", "side": 1}, {"kind": "box"}]');
-- a null of an optional union
SELECT * FROM pg_temp.errors('{"properties": {"a": {"anyOf": [{"type": "integer", "maximum": 3}, {"type": "null"}]}}}', '{"a": 5}');
-- names with slashes and tildes
SELECT * FROM pg_temp.errors('{"oneOf": [{"properties": {"a/b~": {"const": 1}, "c": {"type": "string"}}}, {"properties": {"a/b~": {"const": 2}, "c": {"type": "null"}}}]}', '{"a/b~": 2, "c": 3}');
-- in a message, with values or without
SELECT register_schema('shape', :'shapes');
CREATE TABLE shapes (payload jsonb);
SELECT add_validation('shapes', 'payload', schema => 'shape');
INSERT INTO shapes VALUES ('{"kind": "circle", "radius": "SECRET", "SECRET": 1}');
SET veritable.errors_shown = 1;
INSERT INTO shapes VALUES ('{"kind": "circle", "radius": "SECRET", "SECRET": 1}');
RESET veritable.errors_shown;
CREATE ROLE regress_unions;
GRANT INSERT ON shapes TO regress_unions;
SET ROLE regress_unions;
INSERT INTO shapes VALUES ('{"kind": "circle", "radius": "SECRET", "SECRET": 1}');
RESET ROLE;
-- as deep as a document, and as many
\set nested '{"$defs": {"t": {"oneOf": [{"type": "integer"}, {"type": "object", "properties": {"a": {"$ref": "#/$defs/t"}}, "required": ["a"]}]}}, "$ref": "#/$defs/t"}'
SELECT count(*) FROM schema_errors(:'nested', (repeat('{"a":', 500) || '"x"' || repeat('}', 500))::jsonb);
SELECT count(*) FROM schema_errors(:'nested', (repeat('{"a":', 30) || '"x"' || repeat('}', 30))::jsonb);
SELECT count(*) FROM schema_errors(format('{"items": %s}', :'shapes')::jsonb, (SELECT jsonb_agg('{"kind": "circle"}'::jsonb) FROM generate_series(1, 1000)));
-- The functions of pg_jsonschema list errors as it does.
SELECT jsonschema_validation_errors(:'shapes', '{"kind": "circle", "radius": -1}');

\c :regression
DROP DATABASE regress_validation_unions;
DROP ROLE regress_unions;
