-- requires: chain

CREATE FUNCTION @extschema@.add_as_of(target regclass, valid name DEFAULT NULL, name name DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_as_of';

COMMENT ON FUNCTION @extschema@.add_as_of(regclass, name, name) IS
'Generates functions that return the state of a chained table as of any moment, by default table_as_of(…): of the events recorded '
'at or before known_at, the newest of each entity; with valid times, of those valid at or before valid_at the one with the '
'latest valid time, then the highest seq. An event whose valid time is null never counts. One function is for all entities, '
'and one takes the columns of the entity first. They read with the privileges of the caller. The index that they need is '
'created unless there is one.
Arguments: target, a chained table of yours with a recorded time; valid, the column of the valid time, of any type with a '
'default B-tree operator class (none: the recorded time alone counts); name, the name of the functions.
The functions are in the schema of the table, belong to its owner, and follow renamed tables, schemas and columns, and other types. '
'Takes a SHARE ROW EXCLUSIVE lock on the table.
Errors: 42501 not the owner, or no CREATE privilege on the schema; 42809 not a table, or a partition; 55000 not chained, or without '
'a recorded time; 42710 the table has as-of functions; 42723 another function has the name; 42703 no such column; 42701 a column '
'of the chain as valid; 42704 a type without an order.';

CREATE FUNCTION @extschema@.drop_as_of(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_as_of';

COMMENT ON FUNCTION @extschema@.drop_as_of(regclass) IS
'Drops the functions that add_as_of() has generated for a table. The index stays.
Errors: 42501 not the owner; 55000 no such functions; 2BP01 other objects depend on them.';

CREATE FUNCTION @extschema@.settled_at(target regclass) RETURNS timestamptz
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_settled_at';

COMMENT ON FUNCTION @extschema@.settled_at(regclass) IS
'Returns the latest time of which the record of a table is final: every event recorded then or before, and ever committed, is seen by '
'every statement that begins after this one. Use the answer in a later statement, not in the same one. Open transactions '
'that have appended to the table hold the answer back. Does not wait.
Argument: target, a chained table with a recorded time, or a table with a history, or a partition of either.
Not covered: events that arrive sealed, with their recorded time (a restore, a replica, an attached partition), and a clock that is set back.
Errors: 42501 no SELECT privilege; 42809 not a table; 55000 neither chained with a recorded time nor with a history, on a '
'standby, or in a REPEATABLE READ or SERIALIZABLE transaction.';

-- Any role can write a function that looks like a generated one: those of the table's owner count.
CREATE VIEW veritable.as_ofs AS
SELECT c.oid::pg_catalog.regclass AS target,
       p.oid::pg_catalog.regprocedure AS function,
       (veritable.generated_value(p.prosrc, 'valid'))[1]::pg_catalog.name AS valid
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_language l ON l.oid = p.prolang
JOIN pg_catalog.pg_class c ON c.reltype = p.prorettype AND c.relowner = p.proowner
WHERE p.proretset AND l.lanname = 'sql' AND pg_catalog.starts_with(p.prosrc, '-- veritable as of:');

GRANT SELECT ON veritable.as_ofs TO PUBLIC;
COMMENT ON VIEW veritable.as_ofs IS 'functions that return the state of a table as of any moment';
COMMENT ON COLUMN veritable.as_ofs.target IS 'table';
COMMENT ON COLUMN veritable.as_ofs.function IS 'generated function';
COMMENT ON COLUMN veritable.as_ofs.valid IS 'column of the valid time, if any';
