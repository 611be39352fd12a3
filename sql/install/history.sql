-- requires: table, chain, packing

-- Histories: the public functions, the trigger functions, and the view of tables with a history.

CREATE FUNCTION @extschema@.add_history(
    target regclass,
    history name DEFAULT NULL,
    schema name DEFAULT NULL,
    ignore name[] DEFAULT '{}',
    valid name DEFAULT NULL,
    as_of name DEFAULT NULL,
    operation name DEFAULT 'operation',
    recorded name DEFAULT 'recorded',
    recorded_by name DEFAULT 'recorded_by',
    seq name DEFAULT 'seq',
    previous name DEFAULT 'previous_hash',
    hash name DEFAULT 'hash',
    existing boolean DEFAULT false
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_history';

COMMENT ON FUNCTION @extschema@.add_history(
    regclass, name, name, name[], name, name, name, name, name, name, name, name, boolean) IS
'Records every change of a table. Each change of a row becomes an event in a chained table beside it, whose owner is that of the '
'table: the columns of the row, what was done, when it was recorded, and by which session user. A function returns the table as '
'it was known at a moment. Existing rows are recorded once, as inserted now.
Arguments: target, a table of yours with a primary key; history and schema, the name of the new table, by default the name of '
'the table followed by _history, in the same schema; ignore, columns whose changes alone are no event; valid, a column of a '
'range type that says when a row is valid, by default the period of the packing; as_of, the name of the function, by default '
'that of the table followed by _as_of; operation, recorded, recorded_by, seq, previous, hash, the names of the columns that '
'the history has beside those of the table; existing, whether a history that was dropped goes on: what differs is recorded now.
Returns the number of events recorded. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table; 42710 the table has a history; 42P07 the name of the history is taken; 42723 the '
'name of the function is taken; 42703 no such column; 42701 a column specified more than once, or a column with the name of one '
'of the history; 42804 valid is not a range; 0A000 a type that cannot be hashed, a partition, a table that is temporary, '
'unlogged, chained or inherited from, or a virtual generated column; 55000 no primary key, a deferrable one, or an existing '
'history that does not fit.';

CREATE FUNCTION @extschema@.drop_history(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_history';

COMMENT ON FUNCTION @extschema@.drop_history(regclass) IS
'Ends the history of a table. The triggers and the generated function are dropped; the events stay, in a chained table like any.
Errors: 42501 not the owner; 55000 no history; 42809 a partition, whose history is that of the partitioned table.';

CREATE FUNCTION @extschema@.verify_history(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], seq bigint, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_history';

COMMENT ON FUNCTION @extschema@.verify_history(regclass) IS
'Verifies the history of a table, or every history. Returns a row for each fault, and no row if the chain of the events is '
'intact and the newest event of each key says what the table holds. A NOTICE says how much was verified.
Argument: target, the table, by default all.
Faults: diverged, the row is not what the newest event says, or is gone; unrecorded, a row that no event says; unguarded, the '
'triggers of the history are missing, disabled, changed or bypassed; unread, the table or the history cannot be read; and those '
'of verify_chain(), about the history.
Errors: 55000 no history; 42501 no SELECT privilege, or row-level security hides rows; 42809 a partition.';

-- The trigger functions. The arguments of the triggers hold the configuration as key=value: format, key (once for each column),
-- ignore (likewise), valid, operation, recorded, by, seq; and column with as, for each column that has another name in the
-- history.

CREATE FUNCTION veritable.history() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_history';

COMMENT ON FUNCTION veritable.history() IS
'Names the history of a table: a constraint trigger AFTER DELETE … FROM the history FOR EACH ROW WHEN (false), with the arguments '
'of veritable.record(). It never fires.
Errors: 39P01 if it does.';

CREATE FUNCTION veritable.record() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_record';

COMMENT ON FUNCTION veritable.record() IS
'Records the changes of a statement: AFTER INSERT REFERENCING NEW TABLE, AFTER UPDATE REFERENCING OLD TABLE and NEW TABLE, AFTER '
'DELETE REFERENCING OLD TABLE, and BEFORE TRUNCATE, FOR EACH STATEMENT. Arguments: format=1, key=column (repeated), '
'ignore=column (repeated), valid=column, operation=column, recorded=column, by=column, seq=column; column=name and as=name '
'(repeated).
Errors: 40001 another transaction has recorded the same key since the snapshot of a REPEATABLE READ transaction: retry; 55000 the '
'history does not fit the table.';

-- The tables with a history, read from the triggers. Any user may have written the arguments, so the view must not fail on them.
CREATE VIEW veritable.histories AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       t.tgconstrrelid::pg_catalog.regclass AS history,
       veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
       veritable.trigger_argument(t.tgargs, 'ignore')::pg_catalog.name[] AS ignore,
       (veritable.trigger_argument(t.tgargs, 'valid'))[1]::pg_catalog.name AS valid,
       (veritable.trigger_argument(t.tgargs, 'recorded'))[1]::pg_catalog.name AS recorded,
       NOT EXISTS (
           SELECT FROM pg_catalog.pg_trigger other
           WHERE other.tgrelid = t.tgrelid AND other.tgfoid = 'veritable.record'::pg_catalog.regproc
             AND other.tgenabled NOT IN ('O', 'A')) AS enabled
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgfoid = 'veritable.history'::pg_catalog.regproc AND t.tgconstrrelid <> 0 AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.histories TO PUBLIC;
COMMENT ON VIEW veritable.histories IS 'tables of this database whose changes are recorded';
COMMENT ON COLUMN veritable.histories.target IS 'table';
COMMENT ON COLUMN veritable.histories.history IS 'chained table of the events';
COMMENT ON COLUMN veritable.histories.key IS 'columns of the primary key: an event is about the row of a key';
COMMENT ON COLUMN veritable.histories.ignore IS 'columns whose changes alone are no event';
COMMENT ON COLUMN veritable.histories.valid IS 'column of the period that as-of queries ask for, if any';
COMMENT ON COLUMN veritable.histories.recorded IS 'column of the history with the time of recording';
COMMENT ON COLUMN veritable.histories.enabled IS 'whether all recording triggers fire';
