-- register_schema() admits what is sound, in versions that stay as they are; what is not is refused with all that is wrong with it.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_register;
CREATE DATABASE regress_register_schema;
\c regress_register_schema
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_register;
SET ROLE regress_register;
CREATE FUNCTION pg_temp.versions(prefix text) RETURNS TABLE (name text, version bigint, schema jsonb, compatibility text, resolved jsonb)
LANGUAGE sql AS $$
    SELECT name, version, schema, compatibility, resolved FROM veritable.event_schemas WHERE starts_with(name, prefix) ORDER BY name, version
$$;

-- Versions go 1, 2, 3; the same schema again is the version that there is.
SELECT register_schema('order.created', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1}}}');
SELECT register_schema('order.created', '{"properties": {"id": {"minimum": 1.0, "type": "integer"}}, "required": ["id"], "type": "array", "type": "object"}');
SELECT register_schema('order.created', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1}}}', 'NONE', strict => true);
SELECT register_schema('order.created', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 0}}}');
SELECT register_schema('order.created', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 0}}}');
-- that of an earlier version is a new one
SELECT register_schema('order.created', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1}}}');
-- so is one that says the same otherwise
SELECT register_schema('order.created', '{"type": ["object"], "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1}}}');
SELECT * FROM pg_temp.versions('order.created');
-- several in one statement
SELECT n, register_schema('counted', jsonb_build_object('title', (n / 2)::text)) FROM generate_series(1, 6) AS n;
SELECT register_schema('twice', '{}'), register_schema('twice', 'true'), register_schema('twice', 'true');
-- rolled back, it never was
BEGIN;
SELECT register_schema('counted', '{"title": "another"}');
SAVEPOINT s;
SELECT register_schema('counted', '{"title": "one more"}');
ROLLBACK TO s;
SELECT register_schema('counted', '{"title": "one more, then"}');
ROLLBACK;
SELECT register_schema('counted', '{"title": "the fifth"}');
SELECT registered_by, registered_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS now, count(*)
FROM veritable.event_schemas GROUP BY 1, 2;
SELECT * FROM verify_chain();

-- Names are any text of 1 to 200 characters, as it is.
SELECT register_schema(name, 'true')
FROM (VALUES ('Counted'), ('counted '), (' '), ('order/created/v1'), ('a#b?c%20d'), ('été'), (U&'e\0301te\0301'), ('注文.作成'), ('🧾'), ('it''s "quoted"\'), ('...'), (E'two\nlines')) AS odd (name);
SELECT register_schema(repeat('é', 200), 'true'), register_schema(repeat('🧾', 200), 'true');
SELECT register_schema(repeat('é', 201), 'true');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('', 'true');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema(NULL, 'true');
\echo :LAST_ERROR_SQLSTATE
SELECT retire_schema(repeat('é', 201));
SELECT retire_schema('');
SELECT retire_schema(NULL);
SELECT schema FROM veritable.event_schemas WHERE name = 'Counted';
-- and these can all be referred to
SELECT register_schema('refers', jsonb_build_object('$ref', 'veritable:///' || written))
FROM (VALUES ('Counted'), ('counted%20'), ('%20'), ('order%2Fcreated%2Fv1'), ('a%23b%3Fc%2520d'), ('%C3%A9t%C3%A9'), ('%F0%9F%A7%BE/1'), ('it''s%20%22quoted%22%5C')) AS odd (written);
SELECT * FROM pg_temp.versions('refers');

-- The other arguments
SELECT register_schema('null', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('null', 'true', strict => NULL);
SELECT register_schema('null', 'true', compatibility => NULL);
SELECT register_schema('null', 'true', 'backwards');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('null', 'true', '');

-- What is wrong is said at once, in one list; five of it, unless the setting says otherwise.
SELECT register_schema('bad', '{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "objct",
    "requred": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": "1"},
        "price/net": {"pattern": "^(?=a)b"},
        "code": {"pattern": "("},
        "email": {"format": "e-mail"},
        "other": {"$ref": "http://example.com/other.json"}
    },
    "items": [{}]
}');
\echo :LAST_ERROR_SQLSTATE
SET veritable.errors_shown = 100;
SELECT register_schema('bad', '{
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "objct",
    "requred": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": "1"},
        "price/net": {"pattern": "^(?=a)b"},
        "code": {"pattern": "("},
        "email": {"format": "e-mail"},
        "other": {"$ref": "http://example.com/other.json"}
    },
    "items": [{}]
}');
RESET veritable.errors_shown;
SELECT * FROM schema_problems('{
    "type": "objct",
    "requred": ["id"],
    "properties": {"id": {"type": "integer", "minimum": "1"}, "price/net": {"pattern": "^(?=a)b"}}
}');
SELECT * FROM schema_problems('{"type": "object"}');
SELECT * FROM schema_problems(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_problems('true', NULL);
-- nothing of it is left behind
SELECT * FROM pg_temp.versions('bad');
-- A schema is an object or a boolean.
SELECT s AS schema, p.* FROM unnest('{"null",1,"\"a\"","[]","{}",true,false}'::jsonb[]) AS s LEFT JOIN schema_problems(s) AS p ON true;
SELECT register_schema('bad', '[{"type": "object"}]');
SELECT register_schema('boolean', 'true');
SELECT register_schema('boolean', 'false');

-- What has no effect is refused, unless strict => false; keywords that begin with x- are the user's own.
SELECT register_schema('loose', '{"requred": ["id"], "properties": {"a": {"format": "telephone", "minLenght": 1}, "requred": true}}');
SELECT register_schema('loose', '{"requred": ["id"], "properties": {"a": {"format": "telephone", "minLenght": 1}, "requred": true}}', strict => false);
SELECT register_schema('loose', '{"x-owner": "sales", "properties": {"a": {"x-pii": true}}}');
-- names of properties, definitions, and values are no keywords
SELECT register_schema('loose', '{"properties": {"requred": {"enum": ["typ", {"typ": 1}]}}, "const": {"requred": 1}, "default": {"requred": 1}, "examples": [{"requred": 1}],
    "$defs": {"requred": true}, "dependentRequired": {"requred": ["typ"]}}');
-- what is wrong stays wrong
SELECT register_schema('loose', '{"type": "strng", "requred": ["id"]}', strict => false);
-- a keyword of another draft
SELECT * FROM schema_problems('{"$schema": "http://json-schema.org/draft-07/schema#", "prefixItems": [true], "$defs": {}, "properties": {"a": {"$ref": "#", "minimum": 1}}}');
SELECT * FROM schema_problems('{"additionalItems": false, "definitions": {}, "dependencies": {}, "id": "http://example.com/x", "divisibleBy": 2}');

-- References: within the schema, to a draft's meta-schema, to the registry, and nowhere else.
SELECT r AS reference, p.*
FROM unnest(ARRAY['#', '#/$defs/a', '#named', '#/$defs/none', '#nobody', 'http://example.com/a.json', 'https://example.com/a', 'file:///etc/passwd', '/etc/passwd', '//example.com/a',
                  'ftp://example.com/a', 'a.json', '../a', 'urn:example:a', 'data:application/json,true', '', ' ', '%', 'https://json-schema.org/draft/2020-12/schema',
                  'veritable:', 'veritable:///', 'veritable://host/a', 'veritable:a', 'VERITABLE:///a', 'veritable:///a/', 'veritable:///a/0', 'veritable:///a/01', 'veritable:///a/-1',
                  'veritable:///a/1/2', 'veritable:///a/x', 'veritable:///a?1', 'veritable:///..', 'veritable:///a/99999999999999999999']) AS r
LEFT JOIN schema_problems(jsonb_build_object('$defs', '{"a": {"$anchor": "named"}}'::jsonb, 'properties', jsonb_build_object('x', jsonb_build_object('$ref', r)))) AS p ON true;
SELECT register_schema('reference', jsonb_build_object('$ref', r)) FROM unnest(ARRAY['http://127.0.0.1:1/a.json']) AS r;
SELECT register_schema('reference', jsonb_build_object('$ref', r)) FROM unnest(ARRAY['file:///etc/passwd']) AS r;
SELECT register_schema('reference', '{"$ref": "#/$defs/none"}');
SELECT register_schema('reference', '{"$ref": "veritable:///nobody"}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('reference', '{"$ref": "veritable:///counted/99"}');
SELECT register_schema('reference', '{"$ref": "veritable:///reference"}');
SELECT register_schema('reference', '{"$ref": "veritable:///reference/1"}');
SELECT register_schema('reference', '{"$ref": "veritable:///order.created#/properties/nothing"}');
SELECT register_schema('reference', '{"$ref": "veritable:///order.created#/properties/id"}');
SELECT register_schema('reference', '{"$ref": "veritable:///order.created/1#/properties/id"}');
SELECT register_schema('reference', '{"$ref": "veritable:///reference/1"}');
SELECT register_schema('reference', '{"properties": {"children": {"items": {"$ref": "#"}}}}');
SELECT * FROM pg_temp.versions('reference');
-- $id gives a schema a name within itself, and none in the registry
SELECT register_schema('identified', '{"$id": "http://example.com/root", "$defs": {"a": {"$id": "a", "type": "string"}}, "properties": {"a": {"$ref": "a"}, "b": {"$ref": "http://example.com/a"}, "self": {"$ref": "http://example.com/root"}}}');
SELECT * FROM schema_errors('{"$id": "http://example.com/root", "$defs": {"a": {"$id": "a", "type": "string"}}, "properties": {"a": {"$ref": "a"}}}', '{"a": 1}');
SELECT i AS id, p.* FROM unnest(ARRAY['veritable:///order.created/1', 'veritable:///a', 'https://json-schema.org/draft/2020-12/schema', 'http://json-schema.org/draft-07/schema#', 'http://example.com/a#b', '%']) AS i
LEFT JOIN schema_problems(jsonb_build_object('$id', i)) AS p ON true;
SELECT * FROM schema_problems('{"$defs": {"a": {"$id": "veritable:///order.created/1", "type": "string"}, "b": {"$id": "http://example.com/b"}, "c": {"$id": "http://example.com/b"}}}');

-- An unversioned reference is to the version that is the newest when the schema is registered, for ever.
SELECT register_schema('address', '{"type": "object", "required": ["street"]}');
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address"}, "work": {"$ref": "veritable:///address/1"}}}');
SELECT register_schema('address', '{"type": "object", "required": ["street", "city"]}');
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address"}, "work": {"$ref": "veritable:///address/1"}}}');
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address"}, "work": {"$ref": "veritable:///address/1"}}}');
SELECT register_schema('company', '{"properties": {"boss": {"$ref": "veritable:///person"}, "clerk": {"$ref": "veritable:///person/1"}}}');
SELECT * FROM pg_temp.versions('person');
CREATE TEMP TABLE people (version int, person jsonb);
SELECT add_validation('people', 'person', schema => 'person', version => 'version');
INSERT INTO people VALUES (1, '{"home": {"street": "Road"}}') RETURNING *;
INSERT INTO people VALUES (NULL, '{"home": {"street": "Road"}}');
INSERT INTO people VALUES (NULL, '{"home": {"street": "Road", "city": "Town"}, "work": {"street": "Road"}}') RETURNING *;
SELECT retire_schema('address');
INSERT INTO people VALUES (NULL, '{"home": {"street": "Road", "city": "Town"}}') RETURNING *;
INSERT INTO people VALUES (NULL, '{"home": {"street": "Road"}}');
-- a retired one cannot be referred to anew, but in a version that it has
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address"}}}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address/3"}}}');
SELECT register_schema('person', '{"properties": {"home": {"$ref": "veritable:///address/2"}}}');
SELECT * FROM schema_errors('{"$ref": "veritable:///company"}', '{"boss": {"home": {"street": "Road"}}, "clerk": {"home": {}}}');
SELECT * FROM schema_errors('{"$ref": "veritable:///address"}', '{}');
\echo :LAST_ERROR_SQLSTATE
-- in a circle, by versions that follow each other
SELECT register_schema('circle', '{"type": "array"}');
SELECT register_schema('around', '{"items": {"$ref": "veritable:///circle"}}');
SELECT register_schema('circle', '{"items": {"$ref": "veritable:///around"}}');
SELECT register_schema('around', '{"items": {"$ref": "veritable:///circle"}}');
SELECT * FROM schema_errors('{"$ref": "veritable:///around"}', '[[[[1]]]]');

-- Retired, it is refused; registered again, it is back.
SELECT register_schema('retired', '{"type": "object"}', 'FULL');
SELECT retire_schema('retired');
SELECT retire_schema('retired');
\echo :LAST_ERROR_SQLSTATE
SELECT retire_schema('nobody');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('retired', '{"type": "object"}');
SELECT register_schema('retired', '{"type": "object"}');
SELECT * FROM pg_temp.versions('retired');

-- Drafts: what $schema says, or 2020-12.
SELECT register_schema('draft 4', '{"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://example.com/x", "type": "number", "minimum": 1, "exclusiveMinimum": true}');
SELECT register_schema('draft 6', '{"$schema": "http://json-schema.org/draft-06/schema#", "type": "number", "exclusiveMinimum": 1, "examples": [2]}');
SELECT register_schema('draft 7', '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "number", "exclusiveMinimum": 1, "if": true, "then": true, "$comment": ""}');
SELECT register_schema('draft 2019-09', '{"$schema": "https://json-schema.org/draft/2019-09/schema", "type": "array", "items": [{"type": "number", "exclusiveMinimum": 1}], "unevaluatedItems": false}');
SELECT register_schema('draft 2020-12', '{"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "prefixItems": [{"type": "number", "exclusiveMinimum": 1}], "items": false}');
SELECT name, e.* FROM veritable.event_schemas AS s, schema_errors(s.schema, CASE s.schema ->> 'type' WHEN 'array' THEN '[1, 2]' ELSE '1' END::jsonb) AS e WHERE name LIKE 'draft%' ORDER BY name, e.instance_location;
SELECT d AS draft, p.* FROM unnest(ARRAY['http://json-schema.org/draft-03/schema#', 'http://json-schema.org/schema#', 'http://json-schema.org/draft-07/schema', 'https://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2020-12/schema#', 'https://json-schema.org/draft/next/schema', 'http://example.com/mine', '', 'veritable:///counted']) AS d
LEFT JOIN schema_problems(jsonb_build_object('$schema', d)) AS p ON true;
SELECT * FROM schema_problems('{"$schema": 7}');
SELECT * FROM schema_problems('{"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": true}, "exclusiveMinimum": 1, "const": 1, "additionalProperties": false}');
SELECT * FROM schema_problems('{"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}');

-- Formats are asserted in all drafts; uuid and duration also where a draft does not know them.
SELECT draft, e.message
FROM (VALUES ('http://json-schema.org/draft-04/schema#'), ('http://json-schema.org/draft-06/schema#'), ('http://json-schema.org/draft-07/schema#'),
             ('https://json-schema.org/draft/2019-09/schema'), ('https://json-schema.org/draft/2020-12/schema')) AS d (draft),
    schema_errors(jsonb_build_object('$schema', draft, 'items', '{"anyOf": [{"format": "uuid"}]}'::jsonb), '["2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8aa08"]') AS e;
SELECT register_schema('format', '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"id": {"format": "uuid"}, "at": {"format": "date-time"}}}');
CREATE TEMP TABLE formatted (payload jsonb);
SELECT add_validation('formatted', 'payload', schema => 'format');
INSERT INTO formatted VALUES ('{"id": "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "at": "2024-02-29T23:59:59.123+01:00"}'), ('{"id": 1, "at": null}');
INSERT INTO formatted VALUES ('{"id": "2eb8aa08", "at": "2023-02-29T00:00:00Z"}');
SELECT name, f.bad FROM (VALUES ('date', '2023-02-29'), ('time', '25:00:00Z'), ('duration', '1 day'), ('email', 'nobody'), ('hostname', 'a_b'), ('ipv4', '1.2.3'), ('ipv6', 'x'), ('iri', 'x'), ('json-pointer', 'a'),
        ('regex', '('), ('relative-json-pointer', '/'), ('uri', 'a b'), ('uri-reference', 'a b'), ('uri-template', '{')) AS f (name, bad)
WHERE NOT EXISTS (SELECT FROM schema_errors(jsonb_build_object('format', name), to_jsonb(bad)));
-- A superuser can turn them into annotations.
SET veritable.assert_formats = off;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
SET veritable.assert_formats = off;
INSERT INTO formatted VALUES ('{"id": "2eb8aa08", "at": "2023-02-29T00:00:00Z"}');
SELECT register_schema('format', '{"format": "telephone"}');
RESET veritable.assert_formats;
INSERT INTO formatted VALUES ('{"id": "2eb8aa08", "at": "2023-02-29T00:00:00Z"}');
SELECT register_schema('format', '{"format": "telephone", "title": ""}');
SET ROLE regress_register;

-- Patterns: those that take linear time.
SELECT pt AS pattern, p.problem
FROM unnest(ARRAY['^a+$', '(?=a)', '(?!a)b', '(?<=a)b', '(?<!a)b', '(a)\1', '(?<n>a)\k<n>', '[^\0]', '(', '[z-a]', '^\cA[[]*a)', '\p{Nonsense}', 'a{1,99999}', '(a{1,1000}){1,1000}', '\p{L}', '^\d{3}\s\w$', '(a*)*b', '\cA', '^.{0,5}$', '']) AS pt
LEFT JOIN schema_problems(jsonb_build_object('properties', jsonb_build_object('a', jsonb_build_object('pattern', pt)))) AS p ON true;
SELECT * FROM schema_problems('{"patternProperties": {"^(?=a)": true, "(": {"typ": 1}}, "propertyNames": {"pattern": "(?!a)"}, "pattern": 1}');
SELECT count(*), max(problem) FROM schema_problems((SELECT jsonb_build_object('patternProperties', jsonb_object_agg('^' || n, true)) FROM generate_series(1, 201) AS n));

-- Limits on the size and on the depth
SELECT register_schema('large', jsonb_build_object('description', repeat('x', 256 * 1024 - 19)));
SELECT register_schema('large', jsonb_build_object('description', repeat('x', 256 * 1024 - 18)));
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_problems(jsonb_build_object('description', repeat('x', 256 * 1024)));
CREATE FUNCTION pg_temp.nested(depth int) RETURNS jsonb LANGUAGE sql AS $$ SELECT (repeat('{"not":', depth - 1) || '{}' || repeat('}', depth - 1))::jsonb $$;
SELECT register_schema('deep', pg_temp.nested(64));
SELECT register_schema('deep', pg_temp.nested(65));
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('deep', pg_temp.nested(129));
SELECT register_schema('deep', pg_temp.nested(5000));
SELECT register_schema('deep', jsonb_build_object('const', (repeat('[', 5000) || repeat(']', 5000))::jsonb));
SELECT * FROM schema_problems(pg_temp.nested(64));
SELECT * FROM schema_problems(pg_temp.nested(65));
\echo :LAST_ERROR_SQLSTATE
SET veritable.schema_size_limit = '1MB';
SET veritable.schema_depth_limit = 65;
RESET ROLE;
SET veritable.schema_size_limit = '1kB';
SET veritable.schema_depth_limit = 65;
SELECT register_schema('deep', pg_temp.nested(65));
SELECT register_schema('deep', pg_temp.nested(66));
SELECT register_schema('large', jsonb_build_object('description', repeat('x', 1024)));
-- what is registered is validated by all the same
INSERT INTO people (person) VALUES ('{"home": {}}');
SET veritable.schema_depth_limit = 129;
SET veritable.schema_depth_limit = 0;
\set VERBOSITY sqlstate
SET veritable.schema_size_limit = '17MB';
\set VERBOSITY default
RESET veritable.schema_size_limit;
RESET veritable.schema_depth_limit;
SET ROLE regress_register;

-- Compatibility is that of the newest version, unless another is given: NONE at first.
SELECT register_schema('mode', '{"type": "string", "maxLength": 5}', 'backward');
SELECT register_schema('mode', '{"type": "string"}');
SELECT register_schema('mode', '{"type": "string", "maxLength": 5}');
\echo :LAST_ERROR_SQLSTATE
SELECT register_schema('mode', '{"type": "string", "maxLength": 5}', 'NONE');
SELECT register_schema('mode', '{"type": "integer"}');
-- the same schema with another mode is a new version; with the mode that it has, it is not
SELECT register_schema('mode', '{"type": "integer"}', 'FULL');
SELECT register_schema('mode', '{"type": "integer"}', 'FULL');
SELECT register_schema('mode', '{"type": "integer"}');
SELECT register_schema('mode', '{"type": "integer", "minimum": 1}');
SELECT register_schema('mode', '{"type": "integer", "minimum": 1}', 'FORWARD');
SELECT register_schema('mode', '{"type": "integer"}');
-- what was refused changed no mode
SELECT register_schema('mode', '{"type": "string"}', 'BACKWARD');
SELECT name, version, compatibility FROM pg_temp.versions('mode');
-- with the newest version, or with all
CREATE FUNCTION pg_temp.widths(mode text, lengths int[]) RETURNS TABLE (length int, version int) LANGUAGE sql AS $$
    SELECT l, register_schema('widths ' || mode, jsonb_build_object('type', 'string', 'maxLength', l), CASE WHEN n = cardinality(lengths) THEN mode ELSE 'NONE' END)
    FROM unnest(lengths) WITH ORDINALITY AS l (l, n) ORDER BY n
$$;
SELECT * FROM pg_temp.widths('BACKWARD', '{5,3,4}');
SELECT * FROM pg_temp.widths('BACKWARD_TRANSITIVE', '{5,3,4}');
SELECT * FROM pg_temp.widths('BACKWARD_TRANSITIVE', '{5,3,6}');
SELECT * FROM pg_temp.widths('FORWARD', '{3,5,4}');
SELECT * FROM pg_temp.widths('FORWARD_TRANSITIVE', '{3,5,4}');
SELECT * FROM pg_temp.widths('FORWARD_TRANSITIVE', '{3,5,2}');
SELECT register_schema('widths FULL', '{"type": "string"}'), register_schema('widths FULL', '{"type": "string", "maxLength": 3}'),
    register_schema('widths FULL', '{"type": ["string"], "maxLength": 3.0, "minLength": 0}', 'FULL');
SELECT register_schema('widths FULL', '{"type": "string", "maxLength": 3}', 'FULL_TRANSITIVE');
SELECT register_schema('widths FULL', '{"type": "string", "maxLength": 4}');
SELECT register_schema('widths FULL', '{"type": "string", "maxLength": 2}');
-- a version that retires allows nothing, and is not compared with; those before it are
SELECT register_schema('ended', '{"type": "integer"}', 'BACKWARD');
SELECT retire_schema('ended');
SELECT register_schema('ended', '{"type": "string"}');
SELECT register_schema('ended', '{"type": ["integer", "string"]}');
-- what cannot be decided is refused, too; what changes nothing is decided at any size
SELECT register_schema('undecided', '{"type": "string", "format": "email"}', 'BACKWARD');
SELECT register_schema('undecided', '{"type": "string", "pattern": "@"}');
SELECT register_schema('undecided', jsonb_build_object('type', 'string', 'format', 'email', 'description', repeat('x', 33 * 1024)));
SELECT register_schema('undecided', '{"type": "string", "pattern": "@"}', 'NONE');
-- by what a reference leads to
SELECT register_schema('led', '{"type": "string"}');
SELECT register_schema('leads', '{"$ref": "veritable:///led"}', 'BACKWARD');
SELECT register_schema('led', '{"type": "string", "maxLength": 5}');
SELECT register_schema('leads', '{"$ref": "veritable:///led"}');
SELECT register_schema('leads', '{"$ref": "veritable:///led/1"}');
SELECT backward, forward FROM schema_compatibility('{"$ref": "veritable:///led/1"}', '{"$ref": "veritable:///led"}');
-- schema_compatibility() says it without registering
SELECT o AS old, n AS new, c.*
FROM (VALUES ('true', 'true'), ('true', 'false'), ('false', 'true'), ('{"type": "integer"}', '{"type": "number"}'), ('{"type": "string"}', '{"type": "integer"}'),
             ('{"required": ["a"]}', '{"required": ["a", "b"]}'), ('{"maxLength": 3}', '{"maxLength": 5, "title": "x"}'), ('{"enum": [1, 2]}', '{"enum": [2, 3]}'), ('{"requred": []}', '{}'),
             ('{"type": "integer"}', '{"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}')) AS s (o, n), schema_compatibility(o::jsonb, n::jsonb) AS c;
SELECT * FROM schema_compatibility('{"type": "strng"}', 'true');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_compatibility('true', '{"$ref": "veritable:///nobody"}');
SELECT * FROM schema_compatibility('true', NULL);
SELECT * FROM schema_compatibility(NULL, 'true');
SELECT backward, forward FROM schema_compatibility(jsonb_build_object('description', repeat('x', 33 * 1024)), 'true');
-- with the reason and the place of what is undecided, in each direction
SELECT backward, forward, example_gained, reason_backward, reason_forward
FROM schema_compatibility('{"items": {"type": "string", "format": "email"}}', '{"items": {"type": "string", "pattern": "@"}}');
SELECT backward, forward, example_lost, reason_backward, reason_forward
FROM schema_compatibility('{"type": "string", "pattern": "@"}', '{"type": "string", "format": "email"}');

SELECT * FROM verify_chain();
\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_register_schema;
DROP ROLE regress_register;
