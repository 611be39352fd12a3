-- requires: history, packing, journal

-- Event schemas: the registry, and the tables whose documents it validates. The registry is chained here, and
-- add_chain() looks for features that exclude a chain; so this part requires those.

CREATE TABLE veritable.event_schemas (
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    schema jsonb,
    compatibility text NOT NULL,
    strict boolean NOT NULL,
    annotations text[] NOT NULL,
    resolved jsonb NOT NULL,
    registered_at timestamptz NOT NULL,
    registered_by name NOT NULL,
    previous_event_hash bytea,
    event_hash bytea NOT NULL,
    PRIMARY KEY (name, version)
);
SELECT @extschema@.add_chain('veritable.event_schemas'::regclass, entity => '{name}'::name[], seq => 'version'::name);
-- Rows can be inserted again in this order: a dump restores each row with its hash, after the row before it.
SELECT pg_catalog.pg_extension_config_dump('veritable.event_schemas', 'ORDER BY name, version');
GRANT SELECT ON veritable.event_schemas TO PUBLIC;
COMMENT ON TABLE veritable.event_schemas IS
'versions of event schemas: a chained table, written by register_schema() and retire_schema()';
COMMENT ON COLUMN veritable.event_schemas.name IS 'name of the schema, and entity of its chain';
COMMENT ON COLUMN veritable.event_schemas.version IS 'number of the version, from 1; the newest version is in effect';
COMMENT ON COLUMN veritable.event_schemas.schema IS 'JSON Schema; null if this version retires the name';
COMMENT ON COLUMN veritable.event_schemas.compatibility IS 'mode of compatibility from this version on';
COMMENT ON COLUMN veritable.event_schemas.strict IS 'whether content without effect is refused from this version on';
COMMENT ON COLUMN veritable.event_schemas.annotations IS 'unknown keywords that are let be from this version on';
COMMENT ON COLUMN veritable.event_schemas.resolved IS
'versions to which references to other event schemas are pinned: those without a version, and those by "$id"';
COMMENT ON COLUMN veritable.event_schemas.registered_at IS 'time of registration';
COMMENT ON COLUMN veritable.event_schemas.registered_by IS 'role that registered the version';
COMMENT ON COLUMN veritable.event_schemas.previous_event_hash IS 'hash of the version before';
COMMENT ON COLUMN veritable.event_schemas.event_hash IS 'hash of the line of this version';

-- Each session drops its cache when the registry changes, even by changes that are applied from another server.
CREATE FUNCTION veritable.event_schemas_changed() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_event_schemas_changed';
COMMENT ON FUNCTION veritable.event_schemas_changed() IS
'Tells every session to read the registry again: AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW.';
CREATE TRIGGER veritable_event_schemas_changed AFTER INSERT OR UPDATE OR DELETE ON veritable.event_schemas
    FOR EACH ROW EXECUTE FUNCTION veritable.event_schemas_changed();
ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER veritable_event_schemas_changed;

CREATE FUNCTION @extschema@.register_schema(
    name text,
    schema jsonb,
    compatibility text DEFAULT NULL,
    strict boolean DEFAULT NULL,
    annotations text[] DEFAULT NULL
) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_register_schema';
REVOKE EXECUTE ON FUNCTION @extschema@.register_schema(text, jsonb, text, boolean, text[]) FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.register_schema(text, jsonb, text, boolean, text[]) IS
'Registers a version of an event schema: a JSON Schema of draft 4, 6, 7, 2019-09 or 2020-12 (the default, if $schema is '
'missing). The version takes effect immediately in this transaction, and in all other transactions at commit.
Arguments: name, up to 200 characters; schema, whose references stay within it, or lead to veritable:///name or '
'veritable:///name/version of the registry, or to the "$id" of the newest version of a registered schema; compatibility with the version before: NONE, BACKWARD (documents that were valid '
'stay valid), FORWARD (documents that are valid now were valid before), FULL, or with all versions before: BACKWARD_TRANSITIVE, '
'FORWARD_TRANSITIVE, FULL_TRANSITIVE; by default the mode of the version before, and NONE for the first; strict, whether '
'unknown keywords and formats are refused, and patterns with look-around or back-references; annotations, unknown keywords to let '
'be all the same; both by default as for the version before, and true and none for the first.
Returns the number of the version: that of the newest one, if that is equal.
Errors: 22023 a schema that is not valid, with its problems in the DETAIL, a reference to an identifier of several schemas, or '
'another bad argument; 23514 not compatible, or '
'undecided; 42704 a reference to an event schema that does not exist; 54000 larger or deeper than the settings '
'veritable.schema_size_limit and veritable.schema_depth_limit allow; 42501 no EXECUTE privilege, which PUBLIC does not have.';

CREATE FUNCTION @extschema@.retire_schema(name text) RETURNS integer
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_retire_schema';
REVOKE EXECUTE ON FUNCTION @extschema@.retire_schema(text) FROM PUBLIC;

COMMENT ON FUNCTION @extschema@.retire_schema(text) IS
'Ends an event schema. New documents of all its versions are refused, until the name is registered again.
Returns the number of the version that ends it.
Errors: 42704 no such event schema; 55000 already retired; 42501 no EXECUTE privilege, which PUBLIC does not have.';

CREATE FUNCTION @extschema@.schema_problems(
    schema jsonb,
    strict boolean DEFAULT true,
    annotations text[] DEFAULT '{}'
) RETURNS TABLE (location text, problem text)
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_problems';

COMMENT ON FUNCTION @extschema@.schema_problems(jsonb, boolean, text[]) IS
'Lists what would keep a schema from being registered: a row for each problem, with the JSON Pointer of its place. Does not '
'check whether the event schemas that it refers to exist.
Arguments: schema; strict, whether unknown keywords and formats are problems, and patterns with look-around or '
'back-references; annotations, unknown keywords that are none.
Errors: 22023 annotations with a null, or with a keyword that has an effect; 54000 larger or deeper than veritable.schema_size_limit and veritable.schema_depth_limit allow.';

CREATE FUNCTION @extschema@.schema_compatibility(
    old jsonb,
    new jsonb
) RETURNS TABLE (
    backward text,
    forward text,
    lost jsonb,
    gained jsonb,
    example_lost jsonb,
    example_gained jsonb,
    reason_backward text,
    reason_forward text
)
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_compatibility';

COMMENT ON FUNCTION @extschema@.schema_compatibility(jsonb, jsonb) IS
'Compares two schemas by the documents that they accept. backward: every document that is valid under old is valid under new; '
'forward: the reverse. Each is compatible, incompatible, or undecided.
example_lost: a document that only old accepts; example_gained: one that only new accepts. lost, gained: a schema of all such '
'documents. They are null unless incompatible; a schema also where it is too large to say, a document also where none was found.
reason_backward, reason_forward: why it is undecided, and at which place: backward in new, forward in old.
Errors: 22023 a schema that is not valid; 54000 larger than veritable.schema_size_limit. What takes more steps than '
'veritable.comparison_work_limit is undecided.';

CREATE FUNCTION @extschema@.schema_errors(
    schema jsonb,
    document jsonb
) RETURNS TABLE (instance_location text, keyword_location text, keyword text, message text)
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_schema_errors';

COMMENT ON FUNCTION @extschema@.schema_errors(jsonb, jsonb) IS
'Lists the errors of a document under a schema, by the rules of register_schema(): a row for each error, with the JSON Pointers '
'of the place in the document and of the keyword in the schema. A failed oneOf or anyOf is followed by the errors of the branch '
'whose const or enum the document matches, else of the nearest branch. The schema is compiled once for a session.
Errors: 22023 a schema that is not valid; 42704 a reference to an event schema that does not exist; 54000 a document that is '
'larger than veritable.document_size_limit, nested too deeply for max_stack_depth, or whose errors are too many to list.';

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
'Validates the documents of a table. From now on, a row whose document does not match its event schema is refused with 23514.
Arguments: target, a table of yours; document, its jsonb column (null passes); type, the column that names the schema of each '
'row, or schema, the name of one schema for all rows; version, an integer column that gets the version that the document '
'matched, and that can name another version; unknown, refuse or allow documents whose schema is not registered; check_existing, '
'whether existing rows must match.
Returns the number of existing rows that were checked. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table; 42710 already validated; 42703 no such column; 42804 wrong column type; 0A000 a '
'generated column, or inheritance children; 22023 both or neither of type and schema; 23514 an existing row does not match; '
'55000 a trigger that fires later.';

CREATE FUNCTION @extschema@.drop_validation(target regclass, document name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_validation';

COMMENT ON FUNCTION @extschema@.drop_validation(regclass, name) IS
'Ends the validation of a column. Its trigger is dropped.
Errors: 42501 not the owner; 55000 not validated; 42809 a partition, whose validation is that of the partitioned table.';

CREATE FUNCTION @extschema@.verify_validation(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], document text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_validation';

COMMENT ON FUNCTION @extschema@.verify_validation(regclass) IS
'Verifies a validated table, or every validated table. Returns a row for each fault, and no row if all documents match what '
'their rows claim. A document whose row names a version must match that version; another document must match any version of '
'its schema that was ever registered. Reads each table as its owner, so that no function of the owner runs as the caller. A '
'NOTICE says how much was verified.
Argument: target, the table, by default all.
The key of a row is its primary key, or its ctid, after its partition; document is the name of the column.
Faults: invalid, the document does not match; unknown, the schema or its version does not exist, or is not named; unguarded, a '
'trigger of the validation is missing, disabled, changed or bypassed; unread, the document cannot be validated within the limits, '
'or the table cannot be read.
Errors, with an argument: 55000 not validated; 42501 no SELECT privilege, or row-level security hides rows.';

CREATE FUNCTION veritable.validate() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_validate';

COMMENT ON FUNCTION veritable.validate() IS
'Refuses a row whose document does not match its event schema: BEFORE INSERT OR UPDATE FOR EACH ROW. Arguments: '
'document=column, type=column or schema=name, version=column, unknown=refuse or unknown=allow.
Errors: 23514 the document does not match, or its schema does not exist or is retired; 54000 the document is larger than '
'veritable.document_size_limit, or nested too deeply for max_stack_depth.';

-- As in veritable.chains, but one row for each validated column.
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
    SELECT (veritable.trigger_argument(t.tgargs, 'document'))[1]::pg_catalog.name AS document,
           (veritable.trigger_argument(t.tgargs, 'type'))[1]::pg_catalog.name AS type,
           (veritable.trigger_argument(t.tgargs, 'schema'))[1] AS schema,
           (veritable.trigger_argument(t.tgargs, 'version'))[1]::pg_catalog.name AS version,
           COALESCE((veritable.trigger_argument(t.tgargs, 'unknown'))[1], 'refuse') AS unknown
) AS a
WHERE t.tgfoid = 'veritable.validate'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, a.document, t.tgname;

GRANT SELECT ON veritable.validations TO PUBLIC;
COMMENT ON VIEW veritable.validations IS 'validated columns of this database, and the event schemas of their documents';
COMMENT ON COLUMN veritable.validations.target IS 'table';
COMMENT ON COLUMN veritable.validations.document IS 'column of the document';
COMMENT ON COLUMN veritable.validations.type IS 'column that names the event schema of each row, if any';
COMMENT ON COLUMN veritable.validations.schema IS 'event schema of all rows, if there is one';
COMMENT ON COLUMN veritable.validations.version IS 'column of the version, if any';
COMMENT ON COLUMN veritable.validations.unknown IS 'what happens to documents of an unknown event schema: refuse or allow';
COMMENT ON COLUMN veritable.validations.trigger IS 'trigger that validates';
COMMENT ON COLUMN veritable.validations.enabled IS 'whether that trigger fires';
