-- requires: table, packing, journal

-- References between tables whose rows hold for periods: the public functions, the trigger functions, and the view.

CREATE FUNCTION @extschema@.add_reference(
    target regclass,
    columns name[],
    period name,
    referenced regclass,
    referenced_columns name[] DEFAULT NULL,
    referenced_period name DEFAULT NULL,
    "deferrable" boolean DEFAULT false,
    initially_deferred boolean DEFAULT false,
    name name DEFAULT NULL
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_reference';

COMMENT ON FUNCTION @extschema@.add_reference(regclass, name[], name, regclass, name[], name, boolean, boolean, name) IS
'Lets the rows of a table refer to rows of another, or of the same, for a period. From now on, the period of each row is '
'covered by the periods of the referenced rows with the same key, taken together, whatever their values. This is checked at the '
'end of each statement on either table. A row with a null in the columns or in the period refers to nothing.
Arguments: target, a table of yours; columns, and period, a range or multirange; referenced, a table on which you have the '
'privilege REFERENCES; referenced_columns, by default the same names; referenced_period, by default that of the packing, or else '
'the only column of the same type; deferrable, whether SET CONSTRAINTS can postpone the check to the end of the transaction; '
'initially_deferred, whether it is postponed there unless told otherwise; name, by default made of table and columns.
Returns the number of existing rows that refer to something. Takes an ACCESS EXCLUSIVE lock on target, and a SHARE ROW EXCLUSIVE '
'lock on referenced.
Errors: 42501 not the owner, or no privilege REFERENCES; 42809 not a table; 42703 no such column; 42701 a column specified more '
'than once; 42804 columns of different types or collations, or a period that is neither range nor multirange; 22023 different '
'numbers of columns, or several candidates for the period; 42710 the name is taken; 0A000 a type that cannot be compared, or a '
'partitioned or inheriting table; 55000 a permanent and a temporary or unlogged table, or a rule; 23503 a row whose period is not '
'covered.';

CREATE FUNCTION @extschema@.drop_reference(target regclass, name name) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_reference';

COMMENT ON FUNCTION @extschema@.drop_reference(regclass, name) IS
'Ends a reference. Its triggers on both tables are dropped.
Arguments: target, the table that refers; name, as in the view veritable.references. Takes an ACCESS EXCLUSIVE lock on both tables.
Errors: 42501 not the owner of target; 42704 no such reference.';

CREATE FUNCTION @extschema@.verify_references(target regclass DEFAULT NULL)
    RETURNS TABLE (target regclass, key text[], period text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_references';

COMMENT ON FUNCTION @extschema@.verify_references(regclass) IS
'Verifies the references that a table makes, or all. Returns a row for each fault, and no row if all periods are covered. Reads '
'each table as its owner. A NOTICE says how much was verified.
Argument: target, the table that refers, by default all.
Faults: orphaned, the period of a row is not covered, and the detail names the part; unguarded, triggers of the reference are '
'missing, disabled or changed on either table, or a rule diverts commands; unread, the table cannot be read: only without an '
'argument, and the other tables are still verified.
Errors, with an argument: 42501 no SELECT privilege, or row-level security hides rows; 55000 the table has no reference.';

CREATE FUNCTION veritable.refer() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_refer';

COMMENT ON FUNCTION veritable.refer() IS
'Checks that the periods of new rows are covered: AFTER INSERT, REFERENCING NEW TABLE, and AFTER UPDATE, REFERENCING OLD TABLE and '
'NEW TABLE, FOR EACH STATEMENT; or a constraint trigger AFTER INSERT OR UPDATE DEFERRABLE. A constraint trigger FROM the other '
'table names it. Arguments: name=reference, column=column (repeated), period=column, referenced_column=column (repeated), '
'referenced_period=column.
Errors: 23503 a row whose period is not covered; 40001 in REPEATABLE READ, by rows that have changed since the snapshot: retry; '
'55000 the other table is not known.';

CREATE FUNCTION veritable.guard_referenced() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_guard_referenced';

COMMENT ON FUNCTION veritable.guard_referenced() IS
'Checks that the rows of another table stay covered: AFTER UPDATE, REFERENCING OLD TABLE and NEW TABLE, AFTER DELETE, REFERENCING '
'OLD TABLE, and AFTER TRUNCATE, FOR EACH STATEMENT; or a constraint trigger AFTER UPDATE OR DELETE DEFERRABLE. The arguments are '
'those of veritable.refer().
Errors: those of veritable.refer().';

-- As in veritable.chains: no trigger arguments, even hand-written ones, make the view fail.
CREATE VIEW veritable.references AS
SELECT DISTINCT ON (t.tgrelid, a.name)
       t.tgrelid::pg_catalog.regclass AS target,
       a.name,
       veritable.trigger_argument(t.tgargs, 'column')::pg_catalog.name[] AS columns,
       (veritable.trigger_argument(t.tgargs, 'period'))[1]::pg_catalog.name AS period,
       t.tgconstrrelid::pg_catalog.regclass AS referenced,
       veritable.trigger_argument(t.tgargs, 'referenced_column')::pg_catalog.name[] AS referenced_columns,
       (veritable.trigger_argument(t.tgargs, 'referenced_period'))[1]::pg_catalog.name AS referenced_period,
       t.tgdeferrable AS "deferrable",
       t.tginitdeferred AS initially_deferred,
       e.enabled
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (SELECT (veritable.trigger_argument(t.tgargs, 'name'))[1]::pg_catalog.name AS name) AS a
CROSS JOIN LATERAL (
    SELECT pg_catalog.bool_and(o.tgenabled IN ('O', 'A')) AS enabled
    FROM pg_catalog.pg_trigger o
    WHERE o.tgrelid = t.tgrelid AND o.tgfoid = t.tgfoid AND (veritable.trigger_argument(o.tgargs, 'name'))[1] = a.name
) AS e
WHERE t.tgfoid = 'veritable.refer'::pg_catalog.regproc AND t.tgconstrrelid <> 0 AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, a.name, t.tgname;

GRANT SELECT ON veritable.references TO PUBLIC;
COMMENT ON VIEW veritable.references IS 'references of this database: rows whose periods are covered by rows of another table';
COMMENT ON COLUMN veritable.references.target IS 'table that refers';
COMMENT ON COLUMN veritable.references.name IS 'name of the reference';
COMMENT ON COLUMN veritable.references.columns IS 'columns that are equal to those of the referenced rows';
COMMENT ON COLUMN veritable.references.period IS 'column of the period that is covered';
COMMENT ON COLUMN veritable.references.referenced IS 'table that is referred to';
COMMENT ON COLUMN veritable.references.referenced_columns IS 'columns of the referenced rows, in the order of columns';
COMMENT ON COLUMN veritable.references.referenced_period IS 'column of their periods';
COMMENT ON COLUMN veritable.references.deferrable IS 'whether the check can be postponed to the end of the transaction';
COMMENT ON COLUMN veritable.references.initially_deferred IS 'whether the check is postponed unless told otherwise';
COMMENT ON COLUMN veritable.references.enabled IS 'whether the triggers on the table that refers fire';
