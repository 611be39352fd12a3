-- A reference to the absolute $id of a registered schema leads to it: to the version that is the newest at registration.
\set regression :DBNAME
CREATE ROLE regress_identifiers;
CREATE DATABASE regress_validation_identifiers;
\c regress_validation_identifiers
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_identifiers;
SET ROLE regress_identifiers;
SELECT * FROM schema_problems('{"$ref": "https://example.com/address.json"}');
SELECT register_schema('customer', '{"properties": {"home": {"$ref": "https://example.com/address.json"}}}');
SELECT register_schema('address', '{"$id": "https://example.com/address.json", "type": "object", "required": ["city"], "$defs": {"zip": {"$anchor": "zip", "type": "string"}}}');
SELECT * FROM schema_problems('{"$ref": "https://example.com/address.json"}');
SELECT register_schema('customer', '{"properties": {"home": {"$ref": "https://example.com/address.json"}, "zip": {"$ref": "https://example.com/address.json#/$defs/zip"}, "code": {"$ref": "https://example.com/address.json#zip"}}}');
SELECT * FROM schema_errors('{"$ref": "veritable:///customer"}', '{"home": {}, "zip": 1, "code": 2}');
-- relative to the schema's own $id, and by a schema on the way
SELECT register_schema('order', '{"$id": "https://example.com/order.json", "properties": {"to": {"$ref": "address.json"}, "by": {"$ref": "veritable:///customer"}}}');
SELECT * FROM schema_errors('{"$ref": "https://example.com/order.json"}', '{"to": {}, "by": {"home": {}}}');
SELECT backward, forward FROM schema_compatibility('{"$ref": "https://example.com/address.json"}', '{"type": "object"}');
SELECT name, version, resolved FROM veritable.event_schemas ORDER BY name, version;
-- Pinned: a later version changes nothing; a new registration takes it.
SELECT register_schema('address', '{"$id": "https://example.com/address.json", "type": "object", "required": ["street"]}');
SELECT * FROM schema_errors('{"$ref": "veritable:///customer"}', '{"home": {}}');
SELECT * FROM schema_errors('{"$ref": "https://example.com/address.json"}', '{}');
SELECT register_schema('order', '{"$id": "https://example.com/order.json", "properties": {"to": {"$ref": "address.json"}}}');
SELECT resolved FROM veritable.event_schemas WHERE name = 'order' ORDER BY version;
-- the old version of customer leads to the old version of address: one identifier for two versions
SELECT register_schema('both', '{"properties": {"a": {"$ref": "https://example.com/address.json"}, "b": {"$ref": "veritable:///customer"}}}');
-- An identifier of two names leads nowhere.
SELECT register_schema('other address', '{"$id": "https://example.com/address.json"}');
SELECT register_schema('ambiguous', '{"$ref": "https://example.com/address.json"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_errors('{"$ref": "https://example.com/address.json"}', '{}');
-- what is retired has none
SELECT retire_schema('other address');
SELECT register_schema('unambiguous', '{"$ref": "https://example.com/address.json"}');
SELECT retire_schema('address');
SELECT register_schema('late', '{"$ref": "https://example.com/address.json"}');
SELECT * FROM schema_errors('{"$ref": "veritable:///unambiguous"}', '{}');
-- a name is not an identifier, nor is a relative $id, nor one within a schema; draft 4 has id
SELECT register_schema('https://example.com/name.json', '{}'), register_schema('relative', '{"$id": "relative.json"}'), register_schema('within', '{"$defs": {"a": {"$id": "https://example.com/within.json"}}}'),
    register_schema('draft 4', '{"$schema": "http://json-schema.org/draft-04/schema#", "id": "http://example.com/draft-4#", "type": "string"}');
SELECT r, p.problem FROM unnest(ARRAY['https://example.com/name.json', 'relative.json', 'https://example.com/within.json', 'http://example.com/draft-4', 'http://example.com/draft-4#/none', 'https://example.com/order.json#/properties/none']) AS r
LEFT JOIN schema_problems(jsonb_build_object('$ref', r)) AS p ON true;
SELECT register_schema('nowhere', '{"properties": {"a": {"$ref": "https://example.com/order.json#/properties/none"}}}');
SELECT * FROM schema_errors('{"$ref": "http://example.com/draft-4"}', '1');
-- nothing refers to itself by its older version
SELECT register_schema('order', '{"properties": {"to": {"$ref": "https://example.com/order.json"}}}');
SELECT register_schema('order', '{"$id": "https://example.com/order.json", "properties": {"to": {"$ref": "https://example.com/order.json"}}}');
SELECT * FROM verify_chain('veritable.event_schemas');
RESET ROLE;

-- schema_errors() keeps what it compiles, until the registry changes.
SELECT count(*) FROM schema_errors('{"$ref": "veritable:///kept"}', '1');
SELECT register_schema('kept', '{"type": "string"}');
SELECT message FROM schema_errors('{"$ref": "veritable:///kept"}', '1');
SET veritable.schema_work_limit = 1;
SELECT message FROM schema_errors('{"$ref": "veritable:///kept"}', '1');
SELECT message FROM schema_errors('{"$ref": "veritable:///kept", "title": "another"}', '1');
RESET veritable.schema_work_limit;
BEGIN;
SELECT register_schema('kept', '{"type": "null"}');
SELECT message FROM schema_errors('{"$ref": "veritable:///kept"}', '1');
ROLLBACK;
SELECT message FROM schema_errors('{"$ref": "veritable:///kept"}', '1');
SELECT message FROM schema_errors('{"format": "date"}', '"x"');
SET veritable.assert_formats = off;
SELECT message FROM schema_errors('{"format": "date"}', '"x"');
RESET veritable.assert_formats;

-- How much a session keeps is a setting of the superuser; with the least, everything works.
SHOW veritable.schema_cache_size;
SELECT setting, unit, min_val, max_val, context FROM pg_settings WHERE name = 'veritable.schema_cache_size';
SET ROLE regress_identifiers;
SET veritable.schema_cache_size = '1TB';
SET veritable.schema_cache_size = '64MB';
RESET ROLE;
\set VERBOSITY sqlstate
SET veritable.schema_cache_size = '1TB';
\set VERBOSITY default
SET veritable.schema_cache_size = '1kB';
CREATE TABLE many (type text, payload jsonb);
SELECT add_validation('many', 'payload', type => 'type');
SELECT count(register_schema('many ' || n, jsonb_build_object('maximum', n))) FROM generate_series(1, 300) AS n;
INSERT INTO many SELECT 'many ' || n % 300 + 1, to_jsonb(n % 300) FROM generate_series(1, 1000) AS n;
INSERT INTO many VALUES ('many 300', '301');
SELECT jsonb_matches_schema('{"type": "integer"}', '1'), json_matches_schema('{"type": "integer"}', '"1"');
SELECT message FROM schema_errors('{"type": "string"}', '1');

-- The URI of a schema without one, as the library has it, is nobody's to give: it would lead elsewhere once the schema is registered.
SELECT register_schema('unnamed', '{"$id": "json-schema:///", "type": "null"}');
SELECT register_schema('astray', '{"$ref": "json-schema:///#/$defs/a", "$defs": {"a": {"type": "null"}}}');
SELECT register_schema('astray', '{"$ref": "json-schema:///", "maximum": 1}');
SELECT message FROM schema_errors('{"$ref": "json-schema:///", "maximum": 1}', '5');
SELECT location, problem FROM schema_problems('{"$ref": "json-schema:///", "maximum": 1}');
SELECT backward FROM schema_compatibility('{"$ref": "json-schema:///", "maximum": 1}', 'true');
-- A schema is compiled for its registration as it is for documents, below its name.
SELECT register_schema(repeat('€', 200), jsonb_build_object('allOf', jsonb_agg('{"not": {}}'::jsonb))) FROM generate_series(1, 20000);

\c :regression
DROP DATABASE regress_validation_identifiers;
DROP ROLE regress_identifiers;
