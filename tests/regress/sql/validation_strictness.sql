-- How strictly schemas are admitted: annotations are let be, further ones by a list, and both are kept with the name.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_strictness;
CREATE DATABASE regress_validation_strictness;
\c regress_validation_strictness
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_strictness;
SET ROLE regress_strictness;

-- Annotations of other drafts, and $defs, are let be in each draft.
SELECT d AS draft, p.*
FROM unnest(ARRAY['http://json-schema.org/draft-04/schema#', 'http://json-schema.org/draft-06/schema#', 'http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema', 'https://json-schema.org/draft/2020-12/schema']) AS d
LEFT JOIN schema_problems(jsonb_build_object('$schema', d, '$comment', 'c', 'deprecated', true, 'examples', '[1]'::jsonb, 'readOnly', true, 'writeOnly', false, 'contentSchema', '{}'::jsonb,
    '$defs', '{"a": {"type": "string"}}'::jsonb, 'properties', '{"a": {"$ref": "#/$defs/a"}}'::jsonb)) AS p ON true;
-- where references lead, keywords count
SELECT * FROM schema_problems('{"$schema": "http://json-schema.org/draft-07/schema#", "$defs": {"a": {"requred": ["b"]}}, "properties": {"a": {"$ref": "#/$defs/a"}}}');
-- what has an effect in another draft is not let be
SELECT * FROM schema_problems('{"$schema": "http://json-schema.org/draft-04/schema#", "const": 1, "if": true, "dependentRequired": {}, "prefixItems": [{}], "contentMediaType": "application/json"}');
-- Annotations of tools and formats of numbers are let be; what a reader may take for an assertion is not.
SELECT * FROM schema_problems('{"markdownDescription": "", "tsType": "Date", "defaultSnippets": [], "enumDescriptions": [], "example": 1, "x-any": 1, "oneOf": [{}], "discriminator": {},
    "properties": {"a": {"format": "int64"}, "b": {"format": "double"}, "c": {"format": "uint32"}, "d": {"format": "decimal"}}}');
SELECT * FROM schema_problems('{"nullable": true, "discriminator": {"propertyName": "a"}, "properties": {"a": {"format": "byte"}, "b": {"format": "int65"}}}');
-- beside a $ref, too
SELECT * FROM schema_problems('{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}, "properties": {"a": {"$ref": "#/definitions/a", "markdownDescription": "", "deprecated": true}, "b": {"$ref": "#/definitions/a", "minimum": 1}}}');
SELECT * FROM schema_errors('{"format": "int64"}', '1e30');

-- The HINT names both ways out.
SELECT register_schema('loose', '{"foo": 1, "properties": {"a": {"bar": 2, "foo": 3}}}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('loose', '{"requred": ["a"]}');
SELECT register_schema('loose', '{"foo": 1, "requred": ["a"]}');
SELECT register_schema('loose', '{"a b": 1}');
SELECT register_schema('loose', '{"u": 1, "v": 1, "w": 1, "xx": 1, "yy": 1, "zz": 1}');
SELECT register_schema('loose', '{"format": "telephone"}');
SELECT register_schema('loose', '{"pattern": "^(?!a)"}');
-- less strictness does not help
SELECT register_schema('loose', '{"type": "objct"}');
SELECT register_schema('loose', '{"type": "objct", "foo": 1}', strict => false);

-- A list of further keywords is let be, and kept with the name.
SELECT register_schema('listed', '{"foo": 1, "properties": {"a": {"bar": 2}}}', annotations => '{foo,bar,foo}');
SELECT register_schema('listed', '{"foo": 1, "properties": {"a": {"bar": 2}}}');
SELECT register_schema('listed', '{"foo": 2}');
SELECT register_schema('listed', '{"foo": 2, "baz": 1}');
SELECT register_schema('listed', '{"foo": 2, "baz": 1}', annotations => '{baz,foo}');
SELECT register_schema('listed', '{"foo": 2, "baz": 1}', annotations => '{}');
SELECT register_schema('listed', '{}', annotations => '{}');
SELECT register_schema('listed', '{"foo": 2}');
SELECT name, version, strict, annotations FROM veritable.event_schemas WHERE name = 'listed' ORDER BY version;
SELECT * FROM schema_problems('{"foo": 1, "bar": 2}', annotations => '{foo}');
SELECT * FROM schema_problems('{"foo": 1, "bar": 2}', true, NULL);
-- in the database as in a list, whatever they look like
SELECT register_schema('odd', '{"a b": 1, "{}": 2, "\"": 3, "é": 4}', annotations => ARRAY['a b', '{}', '"', 'é']);
SELECT annotations FROM veritable.event_schemas WHERE name = 'odd';
-- but nothing with an effect
SELECT register_schema('bad', '{}', annotations => '{required}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('bad', '{}', annotations => '{prefixItems}');
SELECT register_schema('bad', '{}', annotations => '{deprecated,x-a,markdownDescription}');
SELECT register_schema('bad', '{}', annotations => '{NULL}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('bad', '{}', annotations => ARRAY['']);
SELECT register_schema('bad', '{}', annotations => ARRAY[repeat('x', 201)]);
SELECT register_schema('bad', '{}', annotations => ARRAY(SELECT 'k' || n FROM generate_series(1, 101) AS n));
SELECT * FROM schema_problems('{}', annotations => '{type}');

-- Strictness is kept, as the mode is.
SELECT register_schema('kept', '{"foo": 1}', 'BACKWARD', strict => false);
SELECT register_schema('kept', '{"foo": 2}');
SELECT register_schema('kept', '{"foo": 2}', strict => false);
SELECT register_schema('kept', '{"foo": 2}', strict => true);
SELECT register_schema('kept', '{"title": "a"}', strict => true);
SELECT register_schema('kept', '{"foo": 2}');
SELECT register_schema('kept', '{"title": "a"}', 'NONE', false, '{baz}');
SELECT retire_schema('kept');
SELECT register_schema('kept', '{"foo": 1}');
SELECT version, compatibility, strict, annotations FROM veritable.event_schemas WHERE name = 'kept' ORDER BY version;
SELECT action, detail FROM veritable.journal WHERE about = 'event schema "kept"' ORDER BY seq;
SELECT * FROM verify_chain('veritable.event_schemas');

-- Patterns with look-around: refused, unless strict => false; then they match.
SELECT register_schema('decimal', '{"properties": {"price": {"type": "string", "pattern": "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$"}}, "patternProperties": {"^(?!price$)": {"type": "integer"}}}', strict => false);
SELECT * FROM schema_problems('{"pattern": "^(?!a)", "patternProperties": {"(a)\\1": {}}}');
SELECT * FROM schema_problems('{"pattern": "^(?!a)", "patternProperties": {"(a)\\1": {}}}', false);
SELECT * FROM schema_problems('{"pattern": "^(?!a", "properties": {"a": {"pattern": "(?=a)("}}}', false);
CREATE TABLE pg_temp.priced (payload jsonb);
SELECT add_validation('pg_temp.priced', 'payload', schema => 'decimal');
INSERT INTO pg_temp.priced VALUES ('{"price": "12.50", "other": 1}');
INSERT INTO pg_temp.priced VALUES ('{"price": "-", "other": 1}');
INSERT INTO pg_temp.priced VALUES ('{"price": "1", "other": "1"}');
SELECT * FROM schema_errors('{"pattern": "^(?!a)"}', '"ab"');
-- A match that backtracks too often is neither: the document is refused, also where a match would be refused.
SELECT register_schema('slow', '{"items": {"pattern": "^(a|a)*\\1b"}}', strict => false);
SELECT register_schema('not slow', '{"items": {"not": {"pattern": "^(a|a)*\\1b"}}}', strict => false);
SELECT register_schema('slow names', '{"patternProperties": {"^(a|a)*\\1b": false}}', strict => false);
CREATE TABLE pg_temp.slow (type text, payload jsonb);
SELECT add_validation('pg_temp.slow', 'payload', type => 'type');
INSERT INTO pg_temp.slow VALUES ('slow', '["aab"]'), ('not slow', '["b", "ba"]'), ('slow names', '{"b": 1}');
INSERT INTO pg_temp.slow VALUES ('slow', jsonb_build_array('aab', repeat('a', 40) || '!'));
\echo :LAST_ERROR_SQLSTATE
INSERT INTO pg_temp.slow VALUES ('not slow', jsonb_build_array(repeat('a', 40) || '!'));
INSERT INTO pg_temp.slow VALUES ('slow names', jsonb_build_object(repeat('a', 40) || '!', 1));
-- so is a text that is too long for a pattern that backtracks
INSERT INTO pg_temp.slow VALUES ('slow', jsonb_build_array(repeat('b', 16385)));
SELECT * FROM schema_errors('{"items": {"pattern": "^(a|a)*\\1b"}}', jsonb_build_array(repeat('a', 40) || '!'));
SELECT jsonb_matches_schema('{"items": {"pattern": "^(a|a)*\\1b"}}', jsonb_build_array(repeat('a', 40) || '!'));
SELECT jsonschema_validation_errors('{"items": {"pattern": "^(a|a)*\\1b"}}', json_build_array(repeat('a', 40) || '!'));
\echo :LAST_ERROR_SQLSTATE
-- what was stored behind the trigger is not called invalid
RESET ROLE;
ALTER TABLE pg_temp.slow DISABLE TRIGGER USER;
INSERT INTO pg_temp.slow VALUES ('not slow', jsonb_build_array(repeat('a', 40) || '!')), ('not slow', '["aab"]');
ALTER TABLE pg_temp.slow ENABLE TRIGGER USER;
SELECT fault, detail FROM verify_validation('pg_temp.slow') ORDER BY 1;

-- The compiler's problems have a place.
SELECT * FROM schema_problems('{"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema#/$defs/none"}}}');
SELECT * FROM schema_problems('{"properties": {"a": {"$ref": "https://json-schema.org/draft/2020-12/schema"}}}');
SELECT * FROM schema_errors('{"properties": {"a": {"$ref": "https://example.com/other.json"}}}', '1');
SELECT * FROM schema_errors('{"properties": {"a": {"$ref": "#/$defs/none"}}}', '1');
SELECT * FROM schema_errors('{"properties": {"a": {"pattern": "("}}}', '1');
SELECT * FROM schema_errors('{"properties": {"a": {"$ref": "veritable:///listed#/$defs/none"}}}', '1');
SELECT jsonb_matches_schema('{"properties": {"a": {"$ref": "https://example.com/other.json"}}}', '1');
SELECT jsonb_matches_schema('{"patternProperties": {"(": {}}}', '1');

\c :regression
DROP DATABASE regress_validation_strictness;
DROP ROLE regress_strictness;
