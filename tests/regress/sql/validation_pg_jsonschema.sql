-- The functions of pg_jsonschema, as they are there: what was written for that extension works unchanged.
\pset null (null)
CREATE ROLE regress_jsonschema;
CREATE SCHEMA AUTHORIZATION regress_jsonschema;
SET search_path = regress_jsonschema, public;
SET ROLE regress_jsonschema;
SELECT proname, proargnames, pg_get_function_arguments(oid) AS arguments, pg_get_function_result(oid) AS result, provolatile, proparallel, proisstrict, prosecdef
FROM pg_proc WHERE proname IN ('json_matches_schema', 'jsonb_matches_schema', 'jsonschema_is_valid', 'jsonschema_validation_errors') ORDER BY proname;

-- The examples of its README
SELECT json_matches_schema('{"type": "object"}', '{}');
SELECT json_matches_schema(schema := '{"type": "object"}', instance := '{}');
SELECT jsonb_matches_schema('{"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string", "maxLength": 16}}}}', json_build_object('tags', ARRAY['a', 'b'])::jsonb);
SELECT jsonschema_is_valid('{"type": "object"}'), jsonschema_is_valid(schema := '{"type": "objct"}');
SELECT jsonschema_validation_errors('{"maxLength": 4}', '"123456789"');
SELECT jsonschema_validation_errors(schema := '{"required": ["a", "b"], "properties": {"c": {"type": "string"}}}', instance := '{"c": 1}');
CREATE TABLE customer (
    id serial PRIMARY KEY,
    metadata json,
    CHECK (json_matches_schema('{"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string", "maxLength": 16}}}}', metadata))
);
INSERT INTO customer (metadata) VALUES ('{"tags": ["vip", "darkmode-ui"]}');
INSERT INTO customer (metadata) VALUES ('{"tags": [1, 3]}');
INSERT INTO customer (metadata) VALUES (NULL), ('{"tags": 1, "tags": []}');
CREATE TABLE customer_b (id int, metadata jsonb);
INSERT INTO customer_b VALUES (1, '{"tags": ["a"]}'), (2, NULL), (3, '{"tags": "a"}');
ALTER TABLE customer_b ADD CONSTRAINT tags CHECK (jsonb_matches_schema('{"properties": {"tags": {"type": "array"}}}', metadata)) NOT VALID;
INSERT INTO customer_b VALUES (4, '{"tags": "a"}');
ALTER TABLE customer_b VALIDATE CONSTRAINT tags;
DELETE FROM customer_b WHERE id = 3;
ALTER TABLE customer_b VALIDATE CONSTRAINT tags;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'tags';
-- in a domain, an index, a generated column, a query in parallel
CREATE DOMAIN point3 AS jsonb CHECK (jsonb_matches_schema('{"type": "array", "minItems": 3, "maxItems": 3, "items": {"type": "number"}}', VALUE));
SELECT '[1, 2, 3]'::point3;
SELECT '[1, 2]'::point3;
CREATE TABLE checked (payload jsonb, valid boolean GENERATED ALWAYS AS (jsonb_matches_schema('{"type": "integer"}', payload)) STORED);
INSERT INTO checked (payload) VALUES ('1'), ('"a"'), (NULL) RETURNING *;
CREATE INDEX ON checked (payload) WHERE jsonb_matches_schema('{"type": "integer"}', payload);
INSERT INTO checked (payload) SELECT to_jsonb(CASE n % 10 WHEN 0 THEN n::text END) FROM generate_series(1, 10000) AS n;
ANALYZE checked;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(*) FROM checked WHERE jsonb_matches_schema('{"type": "string"}', payload);
SELECT count(*) FROM checked WHERE jsonb_matches_schema('{"type": "string"}', payload);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;

-- NULL in, NULL out
SELECT json_matches_schema(NULL, '1'), json_matches_schema('true', NULL), jsonb_matches_schema(NULL, '1'), jsonb_matches_schema('true', NULL),
    jsonschema_is_valid(NULL), jsonschema_validation_errors(NULL, '1'), jsonschema_validation_errors('true', NULL);
SELECT json_matches_schema('{"type": "null"}', 'null'), jsonb_matches_schema('{"type": "null"}', 'null'), jsonschema_validation_errors('{"type": "string"}', 'null');

-- A schema from a column: another in each row, more than are kept
SELECT schema, json_matches_schema(schema, '1'), jsonb_matches_schema(schema, '1'), jsonschema_validation_errors(schema, '1')
FROM (VALUES ('true'::json), ('false'), ('{"type": "integer"}'), ('{"type": "string"}'), ('{"type": "integer"}'), ('{"const": 2}'), ('{ "type":"integer" }')) AS s (schema);
SELECT count(*) FILTER (WHERE jsonb_matches_schema(json_build_object('maximum', n % 500), to_jsonb(n % 500))), count(*) FILTER (WHERE json_matches_schema(json_build_object('maximum', n % 500), to_json(n % 500 + 1)))
FROM generate_series(1, 2000) AS n;
-- and from a parameter, a function, a correlated query
PREPARE matches (json) AS SELECT n FROM generate_series(1, 3) AS n WHERE jsonb_matches_schema($1, to_jsonb(n));
SET plan_cache_mode = force_generic_plan;
EXECUTE matches ('{"minimum": 3}');
EXECUTE matches ('{"maximum": 1}');
EXECUTE matches ('{"minimum": "3"}');
EXECUTE matches ('{"minimum": 2}');
RESET plan_cache_mode;
CREATE FUNCTION check_all(schema json) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT count(*) FROM generate_series(1, 5) AS n WHERE json_matches_schema(check_all.schema, to_json(n))); END $$;
SELECT check_all('{"minimum": 3}'), check_all('{"minimum": 4}'), check_all('{"minimum": 3}');

-- Drafts, and formats, which count in drafts 4, 6 and 7 alone
SELECT draft, jsonb_matches_schema(json_build_object('$schema', draft, 'format', 'ipv4'), '"x"') AS ipv4, jsonb_matches_schema(json_build_object('$schema', draft, 'format', 'uuid'), '"x"') AS uuid,
    json_matches_schema(json_build_object('$schema', draft, 'format', 'ipv4'), '"x"') AS json, jsonschema_validation_errors(json_build_object('$schema', draft, 'format', 'ipv4'), '"x"') AS errors
FROM unnest(ARRAY['http://json-schema.org/draft-04/schema#', 'http://json-schema.org/draft-06/schema#', 'http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2019-09/schema', 'https://json-schema.org/draft/2020-12/schema']) AS draft;
SELECT jsonb_matches_schema('{"format": "ipv4"}', '"x"'), jsonb_matches_schema('{"$schema": "http://json-schema.org/draft-07/schema#", "format": "telephone"}', '"x"');
-- Patterns may look around; unknown keywords are ignored; event schemas are not met
SELECT jsonb_matches_schema('{"pattern": "^(?!admin)"}', '"admin"'), jsonb_matches_schema('{"pattern": "^(?!admin)"}', '"user"'), json_matches_schema('{"pattern": "^(a)\\1$"}', '"aa"'), json_matches_schema('{"pattern": "^(a)\\1$"}', '"ab"');
SELECT jsonb_matches_schema('{"requred": ["a"]}', '{}'), jsonschema_is_valid('{"requred": ["a"], "typ": 1}');
-- Nothing is retrieved
SELECT jsonschema_is_valid('{"$ref": "http://127.0.0.1:1/a"}');
SELECT jsonschema_is_valid('{"$ref": "file:///etc/passwd"}');
SELECT jsonb_matches_schema('{"$ref": "file:///etc/passwd"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT jsonb_matches_schema('{"$ref": "veritable:///nobody"}', '1');
-- within the schema it leads anywhere, and to meta-schemas
SELECT jsonb_matches_schema('{"$ref": "#/$defs/a", "$defs": {"a": {"type": "string"}}}', '1'), jsonb_matches_schema('{"$ref": "https://json-schema.org/draft/2020-12/schema"}', '{"type": "x"}');

-- A schema that is not valid
SELECT json_matches_schema('{"type": "objct"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT jsonb_matches_schema('{"type": "objct"}', '1');
\echo :LAST_ERROR_SQLSTATE
SELECT jsonb_matches_schema('[]', '1');
SELECT jsonb_matches_schema('{"pattern": "("}', '1');
SELECT jsonb_matches_schema('{"$schema": "http://example.com/mine"}', '1');
SELECT jsonschema_validation_errors('{"type": "objct"}', '1');
SELECT jsonschema_validation_errors('{"pattern": "("}', '1');
SELECT s AS schema, jsonschema_is_valid(s) FROM unnest(ARRAY['1', 'null', '[]', '"a"', '{"type": 1}', '{"pattern": "("}', '{"properties": {"a": {"minimum": "1"}}}', '{"$ref": "#/none"}', '{"$schema": "http://example.com/mine"}', '{}', 'true']::json[]) AS s;
-- the second one is as good as the first, and a valid one after it
SELECT jsonb_matches_schema(s, '1') FROM unnest(ARRAY['{"type": "integer"}', '{"type": "objct"}']::json[]) AS s;
SELECT jsonb_matches_schema('{"type": "integer"}', '1');
-- what is written twice counts the last time, as in jsonb
SELECT json_matches_schema('{"type": "string", "type": "integer"}', '1'), json_matches_schema('{"required": ["a"]}', '{"a": 1, "a": null}'), json_matches_schema('{"properties": {"a": {"type": "null"}}}', '{"a": 1, "a": null}');

-- Numbers are exact, texts any
SELECT jsonb_matches_schema('{"maximum": 12345678901234567890.12}', '12345678901234567890.13'), json_matches_schema('{"maximum": 12345678901234567890.12}', '12345678901234567890.13'),
    json_matches_schema('{"type": "integer"}', '1.0'), json_matches_schema('{"type": "integer"}', '1e2'), jsonb_matches_schema('{"multipleOf": 0.01}', '0.29'), json_matches_schema('{"multipleOf": 0.01}', '0.29');
SELECT json_matches_schema('{"const": "\u00e9"}', '"é"'), jsonb_matches_schema('{"const": "é"}', '"\u00e9"'), json_matches_schema('{"maxLength": 1}', '"\ud83e\uddfe"'), jsonb_matches_schema('{"maxLength": 1}', '"🧾"');
-- which json takes, and jsonb does not
SELECT json_matches_schema('{"maxLength": 1}', '"\u0000"');
SELECT json_matches_schema('{"type": "string"}', '"\ud800"');
\echo :LAST_ERROR_SQLSTATE
SELECT json_matches_schema('{"type": "number"}', '1e1000000');

-- Limits
SELECT jsonb_matches_schema(json_build_object('description', repeat('x', 256 * 1024)), '1');
\echo :LAST_ERROR_SQLSTATE
SELECT jsonschema_is_valid(json_build_object('description', repeat('x', 256 * 1024)));
SELECT json_matches_schema('true', (repeat('[', 1000) || repeat(']', 1000))::json);
\echo :LAST_ERROR_SQLSTATE
SELECT jsonb_matches_schema('{"items": {"$ref": "#"}}', (repeat('[', 1000) || repeat(']', 1000))::jsonb);
SELECT jsonb_matches_schema((repeat('{"not":', 200) || '{}' || repeat('}', 200))::json, '1');
\echo :LAST_ERROR_SQLSTATE
SELECT jsonschema_validation_errors((repeat('{"not":', 200) || '{}' || repeat('}', 200))::json, '1');
SELECT jsonschema_is_valid((repeat('{"not":', 200) || '{}' || repeat('}', 200))::json);
RESET ROLE;
SET veritable.document_size_limit = '1kB';
SELECT jsonb_matches_schema('true', to_jsonb(repeat('x', 1025)));
\echo :LAST_ERROR_SQLSTATE
SELECT json_matches_schema('true', to_json(repeat('x', 1025)));
\echo :LAST_ERROR_SQLSTATE
SELECT jsonschema_validation_errors('true', to_json(repeat('x', 1025)));
RESET veritable.document_size_limit;
SET max_stack_depth = '300kB';
SELECT jsonb_matches_schema('{"items": {"$ref": "#"}}', (repeat('[', 2000) || repeat(']', 2000))::jsonb);
\echo :LAST_ERROR_SQLSTATE
RESET max_stack_depth;
SET ROLE regress_jsonschema;
-- more errors than can be listed
SET statement_timeout = '20s';
SELECT cardinality(jsonschema_validation_errors('{"anyOf": [{"properties": {"a": {"$ref": "#"}}, "required": ["b"]}, {"properties": {"a": {"$ref": "#"}}, "required": ["c"]}]}', (repeat('{"a":', 16) || '1' || repeat('}', 16))::json));
\echo :LAST_ERROR_SQLSTATE
RESET statement_timeout;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_jsonschema CASCADE;
DROP ROLE regress_jsonschema;
