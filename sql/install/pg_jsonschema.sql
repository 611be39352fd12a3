-- requires: extension

-- The functions of the extension pg_jsonschema, with the same names and arguments: existing calls work unchanged.

CREATE FUNCTION @extschema@.json_matches_schema(schema json, instance json) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_json_matches_schema';
COMMENT ON FUNCTION @extschema@.json_matches_schema(json, json) IS
'Returns whether a document matches a JSON Schema, as in pg_jsonschema. Formats count in drafts 4, 6 and 7, unknown keywords '
'are ignored, and nothing is fetched. The schema is compiled once.
Errors: 22023 the schema is not valid; 54000 too large or too deep.';

CREATE FUNCTION @extschema@.jsonb_matches_schema(schema json, instance jsonb) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonb_matches_schema';
COMMENT ON FUNCTION @extschema@.jsonb_matches_schema(json, jsonb) IS
'Returns what json_matches_schema returns, for a jsonb document, which is validated as it is stored.
Errors: 22023 the schema is not valid; 54000 too large or too deep.';

CREATE FUNCTION @extschema@.jsonschema_is_valid(schema json) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonschema_is_valid';
COMMENT ON FUNCTION @extschema@.jsonschema_is_valid(json) IS
'Returns whether a JSON Schema is valid under the meta-schema of its draft, as in pg_jsonschema. If not, a NOTICE says where and '
'why. References are not looked at; patterns only where the meta-schema does, in drafts 4, 6 and 7.
Errors: 54000 larger than veritable.schema_size_limit, or too deep.';

CREATE FUNCTION @extschema@.jsonschema_validation_errors(schema json, instance json) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 100
    AS 'MODULE_PATHNAME', 'veritable_jsonschema_validation_errors';
COMMENT ON FUNCTION @extschema@.jsonschema_validation_errors(json, json) IS
'Returns the errors of a document under a JSON Schema, as in pg_jsonschema: an empty array if it matches; the errors of the '
'schema if that is not valid.
Errors: 54000 too large, too deep, or too many errors.';
