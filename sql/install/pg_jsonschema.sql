-- requires: extension

-- The functions of the extension pg_jsonschema, by their names and arguments: what was written for it works unchanged.

CREATE FUNCTION @extschema@.json_matches_schema(schema json, instance json) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_json_matches_schema';
COMMENT ON FUNCTION @extschema@.json_matches_schema(json, json) IS
'Whether a document matches a JSON Schema, as in pg_jsonschema: formats count in drafts 4, 6 and 7, what is unknown is ignored, nothing is retrieved. The schema is compiled once.
Errors: 22023 the schema is not valid; 54000 too large or too deep.';

CREATE FUNCTION @extschema@.jsonb_matches_schema(schema json, instance jsonb) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonb_matches_schema';
COMMENT ON FUNCTION @extschema@.jsonb_matches_schema(json, jsonb) IS
'As json_matches_schema, for jsonb, which is validated as it is stored.
Errors: 22023 the schema is not valid; 54000 too large or too deep.';

CREATE FUNCTION @extschema@.jsonschema_is_valid(schema json) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonschema_is_valid';
COMMENT ON FUNCTION @extschema@.jsonschema_is_valid(json) IS
'Whether a JSON Schema is valid itself, as in pg_jsonschema. A NOTICE says where it is not.
Errors: 54000 larger than veritable.schema_size_limit.';

CREATE FUNCTION @extschema@.jsonschema_validation_errors(schema json, instance json) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonschema_validation_errors';
COMMENT ON FUNCTION @extschema@.jsonschema_validation_errors(json, json) IS
'The errors of a document under a JSON Schema, as in pg_jsonschema: none where it matches; of a schema that is not valid, what is wrong with it.
Errors: 54000 too large, too deep, or too many errors.';
