-- requires: table

-- Packing: the public functions, the trigger functions, and the view of what is packed.

CREATE FUNCTION @extschema@.add_packing(
    target regclass,
    period name,
    key name[],
    value name[] DEFAULT NULL,
    exclude name[] DEFAULT '{}'
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_packing';

COMMENT ON FUNCTION @extschema@.add_packing(regclass, name, name[], name[], name[]) IS
'Packs a table: from now on the periods of rows with equal key and value are merged when they overlap or adjoin, after each statement; and rows with equal key and different values cannot overlap, by an exclusion constraint.
Arguments: target, a table of yours; period, the column of a range type that says when a row holds; key, the NOT NULL columns that say what it is about (none: the table has one timeline); value, the columns that say what holds, by default all that are not the period, in the key, in the primary key, generated or excluded; exclude, columns that are not compared: those of the row that survives stay.
Returns the number of existing rows that were merged into others. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table; 42710 already packed; 42703 no such column; 42804 the period is not a range; 0A000 a multirange, a type that cannot be compared, a partitioned, inheriting or chained table; 55000 a key column that is not NOT NULL; 22023 a column given twice; 23514 a row whose period is null, empty, not half-open or has an infinite bound; 23P01 rows of different values that overlap.';

CREATE FUNCTION @extschema@.drop_packing(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_packing';

COMMENT ON FUNCTION @extschema@.drop_packing(regclass) IS
'Ends the packing of a table: its triggers and its exclusion constraint go, its rows and columns stay.
Errors: 42501 not the owner; 55000 not packed.';

CREATE FUNCTION @extschema@.pack(target regclass) RETURNS bigint
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_pack_table';

COMMENT ON FUNCTION @extschema@.pack(regclass) IS
'Packs the rows of a packed table again: for what was loaded while its triggers were off.
Returns the number of rows that were merged into others. Takes a SHARE ROW EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 55000 not packed.';

CREATE FUNCTION @extschema@.verify_packing(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], period text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_packing';

COMMENT ON FUNCTION @extschema@.verify_packing(regclass) IS
'Verifies a packed table, or every packed table: a row for each fault, none where all is packed. Reads each table as its owner, so that no function of the owner runs as you. A NOTICE says how much was verified.
Argument: target, the table, by default all.
Faults: overlap, the row overlaps one of the same key and different values; unpacked, it overlaps or adjoins one of the same key and values; empty, its period is null, empty, not half-open or has an infinite bound; unguarded, the packing''s triggers or its constraint are missing, disabled or changed, or the table has rules, inheritance children or a kind that cannot be packed; unread, the table cannot be read, for the reason given: only without an argument, where the other tables are verified all the same.
Errors, with an argument: 55000 not packed; 42501 no SELECT privilege, or row-level security hides rows.';

-- No search_path is set: the triggers of the table run as in any INSERT of the caller's.
CREATE FUNCTION @extschema@.set_period(target anyelement, fact jsonb) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'veritable_set_period';

COMMENT ON FUNCTION @extschema@.set_period(anyelement, jsonb) IS
'Puts a fact over a period of its key''s timeline, whatever was there: rows that overlap it are deleted, trimmed or split, the fact is inserted, and the result is packed. What SQL:2011 calls FOR PORTION OF.
Arguments: target, a null of the packed table''s row type, as in NULL::tariffs; fact, an object with the names of columns and their values, the key and the period among them. Other columns get their defaults.
Returns the rows of the key that hold now over the period or adjoin it, in order. Needs the privileges of an INSERT, UPDATE, DELETE and SELECT.
Errors: 22023 not an object, or without key or period; 42703 no such column; 23502 a null key; 23514 a period that is null, empty, not half-open or has an infinite bound; 55000 not packed; 42809 not a row of a table; 40001 in REPEATABLE READ, a row added since the snapshot: retry.';

CREATE FUNCTION @extschema@.clear_period(target anyelement, fact jsonb) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'veritable_clear_period';

COMMENT ON FUNCTION @extschema@.clear_period(anyelement, jsonb) IS
'Clears a period of a key''s timeline: rows that overlap it are deleted, trimmed or split.
Arguments: target, a null of the packed table''s row type, as in NULL::tariffs; fact, an object with the names of the key''s columns and the period''s, and their values.
Returns the rows of the key that adjoin the period now, in order. Needs the privileges of an INSERT, UPDATE, DELETE and SELECT.
Errors: as set_period.';

CREATE FUNCTION veritable.pack_early() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_pack_early';

COMMENT ON FUNCTION veritable.pack_early() IS
'Takes the lock of a row''s key before the row is inserted, so that packing does not end in deadlocks: BEFORE INSERT FOR EACH ROW. Arguments: period=column, key=column (repeated), value=column (repeated).';

CREATE FUNCTION veritable.pack() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_pack';

COMMENT ON FUNCTION veritable.pack() IS
'Merges the rows that a statement has made neighbours of equal rows: AFTER INSERT, REFERENCING NEW TABLE, and AFTER UPDATE, REFERENCING OLD TABLE and NEW TABLE, FOR EACH STATEMENT, with the arguments of veritable.pack_early().
Errors: 23514 a period that is null, empty, not half-open or has an infinite bound; 40001 in REPEATABLE READ, a neighbour added since the snapshot: retry; 55000 no constraint, or a trigger or rule that keeps rows from being merged.';

-- As in veritable.chains: a row for each table, and nothing fails on what somebody wrote as arguments.
CREATE VIEW veritable.packings AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       a.period,
       a.key,
       a.value,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_trigger t
CROSS JOIN LATERAL (
    SELECT pg_catalog.max(value) FILTER (WHERE key = 'period')::pg_catalog.name AS period,
           COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'key'), '{}') AS key,
           COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'value'), '{}') AS value
    FROM pg_catalog.unnest(veritable.trigger_arguments(t.tgargs)) WITH ORDINALITY AS argument (text, place)
    CROSS JOIN LATERAL (
        SELECT pg_catalog.split_part(argument.text, '=', 1) AS key,
               pg_catalog.substr(argument.text, pg_catalog.strpos(argument.text, '=') + 1) AS value
    ) AS pair
) AS a
-- The trigger that packs after an INSERT: bit 2 of tgtype.
WHERE t.tgfoid = 'veritable.pack'::pg_catalog.regproc AND t.tgtype & 4 = 4
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.packings TO PUBLIC;
COMMENT ON VIEW veritable.packings IS 'the packed tables of this database, with the columns that make up each packing';
COMMENT ON COLUMN veritable.packings.target IS 'the table';
COMMENT ON COLUMN veritable.packings.period IS 'the column that says when a row holds';
COMMENT ON COLUMN veritable.packings.key IS 'the columns that say what a row is about; none: the table has one timeline';
COMMENT ON COLUMN veritable.packings.value IS 'the columns that say what holds';
COMMENT ON COLUMN veritable.packings.trigger IS 'the trigger that packs after an INSERT';
COMMENT ON COLUMN veritable.packings.enabled IS 'whether that trigger fires';

-- What an exclusion constraint compares where no operator of its own can tell the values of a row apart.

CREATE FUNCTION veritable.value_key(VARIADIC "any") RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_value_key';

COMMENT ON FUNCTION veritable.value_key(VARIADIC "any") IS
'A text that is equal exactly when all values are pairwise IS NOT DISTINCT FROM each other, by the default B-tree equality of their types: a JSON array, as in [5.5,"EUR",null]. One longer than 120 bytes ends, after its beginning, with 128 bits of the SHA-256 of the whole.
It never changes from one version to another, so it may stand in an index.
Errors: 0A000 a type without equality, or whose equal values may have different texts; a VARIADIC array.';
