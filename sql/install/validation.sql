-- requires: table, chain

-- Event schemas: the registry, which is a chained table, and the tables whose documents it validates.

CREATE TABLE veritable.event_schemas (
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    schema jsonb,
    compatibility text NOT NULL,
    resolved jsonb NOT NULL,
    registered_at timestamptz NOT NULL,
    registered_by name NOT NULL,
    previous_event_hash bytea,
    event_hash bytea NOT NULL,
    PRIMARY KEY (name, version)
);
SELECT @extschema@.add_chain('veritable.event_schemas'::regclass, entity => '{name}'::name[], seq => 'version'::name);
-- In this order they can be inserted again: rows come back with their hashes, each after the one before it.
SELECT pg_catalog.pg_extension_config_dump('veritable.event_schemas', 'ORDER BY name, version');
GRANT SELECT ON veritable.event_schemas TO PUBLIC;
COMMENT ON TABLE veritable.event_schemas IS
'the versions of event schemas: a chained table, written by register_schema() and retire_schema()';
COMMENT ON COLUMN veritable.event_schemas.name IS 'the name of the schema, and the entity of its chain';
COMMENT ON COLUMN veritable.event_schemas.version IS 'its version: 1, 2, 3 …; the newest is the one that counts';
COMMENT ON COLUMN veritable.event_schemas.schema IS 'the JSON Schema; null where this version retires the name';
COMMENT ON COLUMN veritable.event_schemas.compatibility IS 'the mode of compatibility from this version on';
COMMENT ON COLUMN veritable.event_schemas.resolved IS 'the versions that references to other event schemas without one stand for';
COMMENT ON COLUMN veritable.event_schemas.registered_at IS 'when it was registered';
COMMENT ON COLUMN veritable.event_schemas.registered_by IS 'by which role';
COMMENT ON COLUMN veritable.event_schemas.previous_event_hash IS 'the hash of the version before';
COMMENT ON COLUMN veritable.event_schemas.event_hash IS 'the hash of the version''s line';

-- Every session forgets what it knows of the registry when it changes: also where the changes of another server are applied.
CREATE FUNCTION veritable.event_schemas_changed() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_event_schemas_changed';
COMMENT ON FUNCTION veritable.event_schemas_changed() IS 'Has every session read the registry anew: AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW.';
CREATE TRIGGER veritable_event_schemas_changed AFTER INSERT OR UPDATE OR DELETE ON veritable.event_schemas
    FOR EACH ROW EXECUTE FUNCTION veritable.event_schemas_changed();
ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER veritable_event_schemas_changed;

CREATE FUNCTION @extschema@.register_schema(
    name text,
    schema jsonb,
    compatibility text DEFAULT NULL,
    strict boolean DEFAULT true
) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_register_schema';
REVOKE EXECUTE ON FUNCTION @extschema@.register_schema(text, jsonb, text, boolean) FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.register_schema(text, jsonb, text, boolean) IS
'Registers a version of an event schema: a JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12 (that, where $schema does not say). It counts at once in this transaction, and in all others from the commit on.
Arguments: name, up to 200 characters; schema, whose references lead within it, or to veritable:///name or veritable:///name/version of the registry; compatibility, with the versions before: NONE, BACKWARD (what was valid is valid), FORWARD (what is valid was valid), FULL, or BACKWARD_TRANSITIVE, FORWARD_TRANSITIVE, FULL_TRANSITIVE for all of them instead of the newest, by default as with the version before, NONE for the first; strict, whether unknown keywords and formats are refused.
Returns the version: the newest one, if that is the same.
Errors: 22023 a schema that is not valid, with its problems in the DETAIL, or another bad argument; 23514 not compatible, or not known to be; 42704 a reference to an event schema that does not exist; 54000 larger or deeper than the settings veritable.schema_size_limit and veritable.schema_depth_limit allow; 42501 no EXECUTE privilege, which PUBLIC does not have.';

CREATE FUNCTION @extschema@.retire_schema(name text) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_retire_schema';
REVOKE EXECUTE ON FUNCTION @extschema@.retire_schema(text) FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.retire_schema(text) IS
'Ends an event schema: new documents of it are refused, in all its versions, until it is registered again.
Returns the version that says so.
Errors: 42704 no such event schema; 55000 retired already; 42501 no EXECUTE privilege, which PUBLIC does not have.';

CREATE FUNCTION @extschema@.schema_problems(
    schema jsonb,
    strict boolean DEFAULT true
) RETURNS TABLE (location text, problem text)
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_problems';

COMMENT ON FUNCTION @extschema@.schema_problems(jsonb, boolean) IS
'What keeps a schema from being registered: a row for each problem, with the JSON Pointer of its place. Whether the event schemas that it refers to exist is not asked.
Arguments: schema; strict, whether unknown keywords and formats are problems.
Errors: 54000 larger or deeper than veritable.schema_size_limit and veritable.schema_depth_limit allow.';

CREATE FUNCTION @extschema@.schema_compatibility(
    old jsonb,
    new jsonb
) RETURNS TABLE (backward text, forward text, lost jsonb, gained jsonb)
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_compatibility';

COMMENT ON FUNCTION @extschema@.schema_compatibility(jsonb, jsonb) IS
'Compares two schemas by the documents that they allow. backward: every document that is valid under old is valid under new; forward: the other way round; each compatible, incompatible, or undecided where that could not be found out.
lost: a schema of the documents that only old allows, and gained: of those that only new allows, where incompatible and not too large to say.
Errors: 22023 a schema that is not valid; 54000 larger than veritable.schema_size_limit. Schemas above veritable.comparison_size_limit are undecided.';

CREATE FUNCTION @extschema@.schema_errors(
    schema jsonb,
    document jsonb
) RETURNS TABLE (instance_location text, keyword_location text, keyword text, message text)
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_errors';

COMMENT ON FUNCTION @extschema@.schema_errors(jsonb, jsonb) IS
'What is wrong with a document under a schema, read as register_schema() reads it: a row for each error, with the JSON Pointers of the place in the document and of the keyword in the schema.
Errors: 22023 a schema that is not valid; 42704 a reference to an event schema that does not exist; 54000 a document that is larger than veritable.document_size_limit, nested too deeply for max_stack_depth, or whose errors are too many to list.';

CREATE FUNCTION @extschema@.add_validation(
    target regclass,
    document name,
    type name DEFAULT NULL,
    schema text DEFAULT NULL,
    version name DEFAULT NULL,
    unknown text DEFAULT 'refuse',
    check_existing boolean DEFAULT true
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_validation';

COMMENT ON FUNCTION @extschema@.add_validation(regclass, name, name, text, name, text, boolean) IS
'Validates the documents of a table: a row whose document does not match its event schema is refused with 23514 from now on.
Arguments: target, a table of yours; document, its jsonb column (null passes); type, the column that names the schema of each row, or schema, the name of one for all rows; version, an integer column that gets the version that the document matches, and may name another one; unknown, refuse or allow documents of a schema that is not registered; check_existing, whether the rows that are there must match.
Returns the number of existing rows checked. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table; 42710 validated already; 42703 no such column; 42804 wrong column type; 0A000 a generated column, or inheritance children; 22023 both or neither of type and schema; 23514 an existing row does not match; 55000 a trigger that fires later.';

CREATE FUNCTION @extschema@.drop_validation(target regclass, document name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_validation';

COMMENT ON FUNCTION @extschema@.drop_validation(regclass, name) IS
'Ends the validation of a column.
Errors: 42501 not the owner; 55000 not validated; 42809 a partition, whose validation is that of the partitioned table.';

CREATE FUNCTION veritable.validate() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_validate';

COMMENT ON FUNCTION veritable.validate() IS
'Refuses a row whose document does not match its event schema: BEFORE INSERT OR UPDATE FOR EACH ROW. Arguments: document=column, type=column or schema=name, version=column, unknown=refuse or allow.
Errors: 23514 the document does not match, or its schema does not exist or is retired; 54000 the document is larger than veritable.document_size_limit, or nested too deeply for max_stack_depth.';

-- As in veritable.chains, but a row for each column that is validated.
CREATE VIEW veritable.validations AS
SELECT DISTINCT ON (t.tgrelid, a.document)
       t.tgrelid::pg_catalog.regclass AS target,
       a.document,
       a.type,
       a.schema,
       a.version,
       a.unknown,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (
    SELECT pg_catalog.max(value) FILTER (WHERE key = 'document')::pg_catalog.name AS document,
           pg_catalog.max(value) FILTER (WHERE key = 'type')::pg_catalog.name AS type,
           pg_catalog.max(value) FILTER (WHERE key = 'schema') AS schema,
           pg_catalog.max(value) FILTER (WHERE key = 'version')::pg_catalog.name AS version,
           COALESCE(pg_catalog.max(value) FILTER (WHERE key = 'unknown'), 'refuse') AS unknown
    FROM pg_catalog.unnest(veritable.trigger_arguments(t.tgargs)) AS argument (text)
    CROSS JOIN LATERAL (
        SELECT pg_catalog.split_part(argument.text, '=', 1) AS key,
               pg_catalog.substr(argument.text, pg_catalog.strpos(argument.text, '=') + 1) AS value
    ) AS pair
) AS a
WHERE t.tgfoid = 'veritable.validate'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, a.document, t.tgname;

GRANT SELECT ON veritable.validations TO PUBLIC;
COMMENT ON VIEW veritable.validations IS 'the validated columns of this database, with what their documents must match';
COMMENT ON COLUMN veritable.validations.target IS 'the table';
COMMENT ON COLUMN veritable.validations.document IS 'the column of the document';
COMMENT ON COLUMN veritable.validations.type IS 'the column that names the event schema of each row, if any';
COMMENT ON COLUMN veritable.validations.schema IS 'the event schema of all rows, if it is one';
COMMENT ON COLUMN veritable.validations.version IS 'the column of the version, if any';
COMMENT ON COLUMN veritable.validations.unknown IS 'what becomes of documents of an unknown event schema: refuse or allow';
COMMENT ON COLUMN veritable.validations.trigger IS 'the trigger that validates';
COMMENT ON COLUMN veritable.validations.enabled IS 'whether that trigger fires';
