-- requires: table, journal

-- Deduplication: the public functions, the trigger function, and the view of deduplicated tables.

CREATE FUNCTION @extschema@.add_dedup(
    target regclass,
    key name[],
    on_duplicate text DEFAULT 'skip',
    within interval DEFAULT NULL
) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_dedup';

COMMENT ON FUNCTION @extschema@.add_dedup(regclass, name[], text, interval) IS
'Deduplicates a table, in all its partitions. From now on, a row whose key another row has is skipped, as by ON CONFLICT DO NOTHING, or refused. '
'A key with a null in it is no duplicate. An UPDATE that would give a row the key of another one is refused.
Arguments: target, a table of yours, partitioned or not; key, the columns of the key; on_duplicate, skip or raise; within, how far '
'apart in time two rows with the same key are still duplicates, for a table that is partitioned by range of one column of type '
'timestamp, timestamptz or date: only partitions near the row are looked at. By default, all rows are.
Creates an index on the key, unless there is one that begins with it. Takes an ACCESS EXCLUSIVE lock on the table. A partition '
'that is detached takes its keys along.
Errors: 42501 not the owner; 42809 not a table; 42710 already deduplicated; 42703 no such column; 42701 a column specified more '
'than once; 22023 no key, another value of on_duplicate, or an interval that is negative or has months; 0A000 a type that cannot be '
'looked up, a generated column or one that another guarantee fills in, a foreign partition, a packed table, or within for a table '
'that is not partitioned by a time; 42804 within, and the column is of another type; 55000 a trigger that could change the key; '
'23505 rows that have the same key.';

CREATE FUNCTION @extschema@.drop_dedup(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_dedup';

COMMENT ON FUNCTION @extschema@.drop_dedup(regclass) IS
'Ends the deduplication of a table. Its trigger is dropped; the index stays.
Errors: 42501 not the owner; 55000 not deduplicated; 42809 a partition of a deduplicated table.';

CREATE FUNCTION @extschema@.verify_dedup(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], place text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_dedup';

COMMENT ON FUNCTION @extschema@.verify_dedup(regclass) IS
'Verifies a deduplicated table, or every deduplicated table. Returns a row for each fault, and no row if no key occurs twice. '
'Reads each table as its owner, so that no function of the owner runs as the caller. A NOTICE says how much was verified.
Argument: target, the table, by default all.
Faults: duplicate, several rows have the key, within the interval if there is one; unguarded, the trigger or an index is missing, '
'disabled or changed, or the table has inheritance children or partitions of a kind that cannot be deduplicated; unread, the table '
'cannot be read: only without an argument, and the other tables are still verified. The place is always null.
Errors, with an argument: 55000 not deduplicated; 42501 no SELECT privilege, or row-level security hides rows.';

CREATE FUNCTION veritable.deduplicate() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_deduplicate';

COMMENT ON FUNCTION veritable.deduplicate() IS
'Skips or refuses a row whose key another row has: BEFORE INSERT OR UPDATE FOR EACH ROW. Arguments: key=column (repeated), '
'on_duplicate=skip or raise, within=microseconds, by=column by which the table is partitioned.
Errors: 23505 the key is taken; 40001 in REPEATABLE READ, a row is to be skipped for one that was committed since the snapshot: '
'retry; 55000 no index on the key; 0A000 a kind of table that cannot be deduplicated.';

-- As in veritable.chains: one row for each table, and no trigger arguments, even hand-written ones, make the view fail.
CREATE VIEW veritable.dedups AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
       (veritable.trigger_argument(t.tgargs, 'on_duplicate'))[1] AS on_duplicate,
       CASE WHEN w.within ~ '^[0-9]{1,18}$'
            THEN pg_catalog.justify_hours(pg_catalog.make_interval(
                secs => w.within::pg_catalog.numeric::pg_catalog.float8 / 1000000)) END AS within,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (SELECT (veritable.trigger_argument(t.tgargs, 'within'))[1] AS within) AS w
WHERE t.tgfoid = 'veritable.deduplicate'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.dedups TO PUBLIC;
COMMENT ON VIEW veritable.dedups IS 'deduplicated tables of this database, without their partitions';
COMMENT ON COLUMN veritable.dedups.target IS 'table';
COMMENT ON COLUMN veritable.dedups.key IS 'columns of the key';
COMMENT ON COLUMN veritable.dedups.on_duplicate IS 'what happens to a row whose key is taken: skip or raise';
COMMENT ON COLUMN veritable.dedups.within IS 'how far apart in time rows with the same key are still duplicates; null: any two rows are';
COMMENT ON COLUMN veritable.dedups.trigger IS 'trigger that looks for duplicates';
COMMENT ON COLUMN veritable.dedups.enabled IS 'whether that trigger fires';
