-- requires: table

-- Packing: the public functions, the trigger functions, and the view of packed tables.

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
'Packs a table. From now on, rows with equal key and value are merged after each statement if their periods overlap or adjoin. '
'An exclusion constraint refuses rows with equal key and different values whose periods overlap.
Arguments: target, a table of yours; period, the column of a range type that says when a row is valid; key, the NOT NULL '
'columns that say what the row is about (none: the table is one timeline); value, the columns that say what is valid, by '
'default all that are not the period, in the key, in the primary key, generated or excluded; exclude, columns that are not '
'compared: those of the surviving row stay.
Returns the number of existing rows that were merged into others. Takes an ACCESS EXCLUSIVE lock on the table. A NOTICE names '
'value columns whose defaults differ from row to row, so that rows do not merge.
Errors: 42501 not the owner; 42809 not a table; 42710 already packed; 42703 no such column; 42701 a column specified more than '
'once; 42804 the period is not a range; 0A000 a multirange, a type that cannot be compared, or a partitioned, inheriting or '
'chained table; 55000 a key column that is not NOT NULL; 23514 a period that is null, empty, not half-open or has an infinite '
'bound; 23P01 rows of different values that overlap.';

CREATE FUNCTION @extschema@.drop_packing(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_packing';

COMMENT ON FUNCTION @extschema@.drop_packing(regclass) IS
'Ends the packing of a table. Its triggers and its exclusion constraint are dropped; its rows and columns stay.
Errors: 42501 not the owner; 55000 not packed.';

CREATE FUNCTION @extschema@.pack(target regclass) RETURNS bigint
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_pack_table';

COMMENT ON FUNCTION @extschema@.pack(regclass) IS
'Packs the rows of a packed table again, after a load with its triggers off.
Returns the number of rows that were merged into others. Takes a SHARE ROW EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 55000 not packed.';

CREATE FUNCTION @extschema@.verify_packing(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], period text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_packing';

COMMENT ON FUNCTION @extschema@.verify_packing(regclass) IS
'Verifies a packed table, or every packed table. Returns a row for each fault, and no row if all is packed. Reads each table as '
'its owner, so that no function of the owner runs as the caller. A NOTICE says how much was verified.
Argument: target, the table, by default all.
Faults: overlap, the row overlaps a row of the same key and another value; unpacked, the row overlaps or adjoins a row of the '
'same key and value; empty, the period is null, empty, not half-open or has an infinite bound; unguarded, the triggers or the '
'constraint of the packing are missing, disabled or changed, or the table has rules, inheritance children or a kind that cannot '
'be packed; unread, the table cannot be read: only without an argument, and the other tables are still verified.
Errors, with an argument: 55000 not packed; 42501 no SELECT privilege, or row-level security hides rows.';

-- No search_path is set: the table's triggers run as in any INSERT of the caller.
CREATE FUNCTION @extschema@.set_period(target anyelement, fact jsonb) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'veritable_set_period';

COMMENT ON FUNCTION @extschema@.set_period(anyelement, jsonb) IS
'Puts this fact over a period of its key''s timeline, whatever was there. Rows that overlap the period are deleted, trimmed or '
'split, the fact is inserted, and the result is packed. What the fact leaves out is not kept: see update_period.
Arguments: target, a null of the row type of the packed table, as in NULL::tariffs; fact, an object of column names and values, '
'including the key and the period. Other columns get their defaults; a uuid that is the primary key and has no default gets '
'gen_random_uuid().
Returns the rows of the key that now overlap or adjoin the period, in order. Needs the privileges INSERT, UPDATE, DELETE and '
'SELECT.
Errors: 22023 not an object, or without key, period, or a primary key that has no default; 42703 no such column; 23502 a null '
'key; 23514 a period that is null, empty, not half-open or has an infinite bound; 55000 not packed, a split row whose primary '
'key has no default, or a trigger, rule or policy that prevents the change; 42809 not a row of a table; 40001 in REPEATABLE '
'READ, a row added since the snapshot: retry.';

CREATE FUNCTION @extschema@.update_period(target anyelement, fact jsonb) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'veritable_update_period';

COMMENT ON FUNCTION @extschema@.update_period(anyelement, jsonb) IS
'Changes columns of the facts that it finds in a period of a key''s timeline. Rows that overlap the period are split at its '
'bounds, the parts in the period are updated and keep their other columns, and the result is packed. Where there is no fact, '
'none is made. SQL:2011 calls this FOR PORTION OF.
Arguments: target, a null of the row type of the packed table, as in NULL::tariffs; fact, an object of column names and values: '
'the key, the period, and the columns to change, which are not in the primary key.
Returns the rows of the key that now overlap or adjoin the period, in order. Needs the privileges INSERT, UPDATE, DELETE and '
'SELECT.
Errors: those of set_period; 22023 no column to change, or a column of the primary key.';

CREATE FUNCTION @extschema@.clear_period(target anyelement, fact jsonb) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'veritable_clear_period';

COMMENT ON FUNCTION @extschema@.clear_period(anyelement, jsonb) IS
'Clears a period of a key''s timeline. Rows that overlap the period are deleted, trimmed or split.
Arguments: target, a null of the row type of the packed table, as in NULL::tariffs; fact, an object of the columns of the key '
'and of the period, and their values. It can also give the primary key of the second half of a split row.
Returns the rows of the key that now adjoin the period, in order. Needs the privileges INSERT, UPDATE, DELETE and SELECT.
Errors: those of set_period.';

CREATE FUNCTION veritable.pack_early() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_pack_early';

COMMENT ON FUNCTION veritable.pack_early() IS
'Locks the key of a row before the row is inserted, so that packing does not deadlock: BEFORE INSERT FOR EACH ROW. Arguments: '
'period=column, key=column (repeated), value=column (repeated).';

CREATE FUNCTION veritable.pack() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_pack';

COMMENT ON FUNCTION veritable.pack() IS
'Merges rows that a statement has made neighbours of equal rows: AFTER INSERT, REFERENCING NEW TABLE, and AFTER UPDATE, '
'REFERENCING OLD TABLE and NEW TABLE, FOR EACH STATEMENT, with the arguments of veritable.pack_early().
Errors: 23514 a period that is null, empty, not half-open or has an infinite bound; 40001 in REPEATABLE READ, a neighbour added '
'since the snapshot: retry; 55000 no constraint, or a trigger or rule that prevents merging.';

-- As in veritable.chains: one row for each table, and no trigger arguments, even hand-written ones, make the view fail.
CREATE VIEW veritable.packings AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       (veritable.trigger_argument(t.tgargs, 'period'))[1]::pg_catalog.name AS period,
       veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
       veritable.trigger_argument(t.tgargs, 'value')::pg_catalog.name[] AS value,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_trigger t
-- The trigger that packs after an INSERT: bit 2 of tgtype.
WHERE t.tgfoid = 'veritable.pack'::pg_catalog.regproc AND t.tgtype & 4 = 4
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.packings TO PUBLIC;
COMMENT ON VIEW veritable.packings IS 'packed tables of this database, and the columns of each packing';
COMMENT ON COLUMN veritable.packings.target IS 'table';
COMMENT ON COLUMN veritable.packings.period IS 'column that says when a row is valid';
COMMENT ON COLUMN veritable.packings.key IS 'columns that say what a row is about; none: the table is one timeline';
COMMENT ON COLUMN veritable.packings.value IS 'columns that say what is valid';
COMMENT ON COLUMN veritable.packings.trigger IS 'trigger that packs after an INSERT';
COMMENT ON COLUMN veritable.packings.enabled IS 'whether that trigger fires';

-- The text that an exclusion constraint compares if no operator of its own can distinguish a row's values.

CREATE FUNCTION veritable.value_key(VARIADIC "any") RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_value_key';

COMMENT ON FUNCTION veritable.value_key(VARIADIC "any") IS
'Returns a text that is equal exactly if all values are pairwise IS NOT DISTINCT FROM each other, by the default B-tree '
'equality of their types. It is a JSON array, as in [5.5,"EUR",null]. A text longer than 120 bytes is cut off, and ends with '
'128 bits of the SHA-256 of the whole.
The result never changes between versions, so it can be used in an index.
Errors: 0A000 a type without equality, or whose equal values can have different texts; a VARIADIC array.';
