-- requires: log

-- Reading a log in the order of its positions, and consumers, whose progress is kept here.

CREATE FUNCTION @extschema@.read_events(source anyelement, after bigint DEFAULT 0, max integer DEFAULT 1000)
    RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_read_events';

COMMENT ON FUNCTION @extschema@.read_events(anyelement, bigint, integer) IS
'Returns events of a log in the order of their positions: those after a position, at most so many. Only settled events are '
'returned, so whoever goes on after the last position misses nothing. Each call sees what is committed now, at any isolation level. '
'On a standby: events up to the newest checkpoint.
Arguments: source, a null of the row type of the table, as in NULL::entity_events; after, a position, 0 for the beginning; max, '
'the greatest number of events.
The caller needs to be able to read the whole table. It is read as its owner, so that no function of the owner runs as the caller.
Errors: 22023 after is negative, max is less than 1, or one of them is null; 42501 no SELECT privilege, or row-level security hides '
'rows; 55000 no log; 42809 not a row of a table, or of a partition.';

-- A row for each member, moved by each consume() that gives or examines events. The columns that move are in no index, and most
-- of a page is left free, so that each move is a HOT update in the same page.
CREATE TABLE veritable.consumer_members (
    target regclass NOT NULL,
    consumer name NOT NULL,
    member integer NOT NULL,
    members integer NOT NULL,
    role name NOT NULL,
    "position" bigint NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (target, consumer, member)
) WITH (fillfactor = 20);
SELECT pg_catalog.pg_extension_config_dump('veritable.consumer_members', '');

-- A role dumps the consumers of the tables that it may read, and sees no others.
GRANT SELECT ON veritable.consumer_members TO PUBLIC;
ALTER TABLE veritable.consumer_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_consumer_members ON veritable.consumer_members FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    )
);
COMMENT ON POLICY veritable_consumer_members ON veritable.consumer_members IS
'shows the consumers of a log to those who may read its table';
CREATE TRIGGER veritable_keep_own BEFORE INSERT OR UPDATE OR DELETE ON veritable.consumer_members
    FOR EACH ROW EXECUTE FUNCTION veritable.keep_own();
ALTER TABLE veritable.consumer_members ENABLE REPLICA TRIGGER veritable_keep_own;
COMMENT ON TRIGGER veritable_keep_own ON veritable.consumer_members IS 'keeps out what a subscription brings';

COMMENT ON TABLE veritable.consumer_members IS 'members of consumers, and how far each has come';
COMMENT ON COLUMN veritable.consumer_members.target IS 'table of the log';
COMMENT ON COLUMN veritable.consumer_members.consumer IS 'name of the consumer';
COMMENT ON COLUMN veritable.consumer_members.member IS 'number of the member, from 0';
COMMENT ON COLUMN veritable.consumer_members.members IS 'number of members of the consumer';
COMMENT ON COLUMN veritable.consumer_members.role IS 'role whose members may consume';
COMMENT ON COLUMN veritable.consumer_members."position" IS 'last position that the member has examined';
COMMENT ON COLUMN veritable.consumer_members.moved_at IS 'time of the last change of the position';

CREATE FUNCTION @extschema@.add_consumer(
    target regclass,
    consumer name,
    members integer DEFAULT 1,
    after bigint DEFAULT 0,
    role name DEFAULT CURRENT_ROLE
) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_consumer';

COMMENT ON FUNCTION @extschema@.add_consumer(regclass, name, integer, bigint, name) IS
'Adds a consumer to a log: a reader whose progress is kept in the database. Several members share the entities by hash, so that the '
'events of an entity stay in order.
Arguments: target, a table of yours with a log; consumer, the name, of this log; members, 1 to 1024; after, the position after which '
'the consumer begins, 0 for all events, null for what is settled now; role, the role whose members may consume, besides the owner of '
'the table, by default you. The role is kept by its name.
Errors: 42501 not the owner; 55000 no log, or its triggers name another origin than before; 42710 the consumer exists; 42704 no such '
'role; 22023 members out of range, after negative or beyond the log, or an argument that is null or empty; 0A000 several members where '
'an entity is named by an enum or an oid, whose hashes a restore would change; 42809 a partition.';

CREATE FUNCTION @extschema@.consume(
    source anyelement,
    consumer name,
    member integer DEFAULT 0,
    max integer DEFAULT 1000,
    wait boolean DEFAULT true
) RETURNS SETOF anyelement
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_consume';

COMMENT ON FUNCTION @extschema@.consume(anyelement, name, integer, integer, boolean) IS
'Returns the next events of a member of a consumer, in the order of their positions, and moves the member on in the same transaction. '
'So what the transaction does with the events is done exactly once; what it does outside of the database at least once. A rollback, '
'also to a savepoint, takes both back. Only a cursor that was declared before the savepoint still gives what it has not fetched, and '
'these events come again. Events of the own open transaction come after its commit. No event means that there is none '
'for this member now; nothing is written then if there is no event for others either.
Arguments: source, a null of the row type of the table, as in NULL::entity_events; consumer, the name; member, the number of the '
'member, from 0; max, the greatest number of events; wait, whether to wait for a transaction that has consumed as this member, or '
'to return nothing.
The caller needs to be able to read the whole table, and to be a member of the role of the consumer or of the owner of the table. The '
'table is read as its owner.
Errors: 42501 no such privilege, or row-level security hides rows; 42704 no such consumer or member; 55000 no log, or its positions are '
'not those of this database: a subscription fills the table, the sequence is behind the table, or the consumer is ahead of the log; '
'40001 another transaction has moved the member, in REPEATABLE READ and SERIALIZABLE; 22023 max is less than 1, or an argument is '
'null; 42809 not a row of a table, or of a partition; 25006 in a read-only transaction, or on a standby.';

CREATE FUNCTION @extschema@.seek_consumer(target regclass, consumer name, "position" bigint) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_seek_consumer';

COMMENT ON FUNCTION @extschema@.seek_consumer(regclass, name, bigint) IS
'Moves all members of a consumer to a position, forwards or backwards. Waits for transactions that have consumed.
Arguments: target, a table of yours with a log; consumer, the name; position, that after which the consumer goes on, 0 for all '
'events, null for what is settled now.
Errors: 42501 not the owner; 42704 no such consumer; 55000 no log; 22023 a position that is negative or beyond the log, or another '
'argument that is null; 42809 a partition.';

CREATE FUNCTION @extschema@.alter_consumer(target regclass, consumer name, members integer) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_alter_consumer';

COMMENT ON FUNCTION @extschema@.alter_consumer(regclass, name, integer) IS
'Changes the number of members of a consumer. Entities get other members, so all members move to the lowest position of any: nothing '
'is missed, and events after that position that members have consumed come again. A NOTICE says so. To avoid it, let all members '
'consume until they stand at one position. Waits for transactions that have consumed.
Arguments: target, a table of yours with a log; consumer, the name; members, 1 to 1024.
Errors: 42501 not the owner; 42704 no such consumer; 55000 no log; 22023 members out of range, or an argument that is null; 0A000 '
'several members where an entity is named by an enum or an oid; 42809 a partition.';

CREATE FUNCTION @extschema@.drop_consumer(target regclass, consumer name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_consumer';

COMMENT ON FUNCTION @extschema@.drop_consumer(regclass, name) IS
'Drops a consumer, with the progress of its members. The journal keeps their positions. Waits for transactions that have consumed.
Errors: 42501 not the owner; 42704 no such consumer; 55000 no log; 22023 an argument that is null; 42809 a partition.';

CREATE FUNCTION veritable.consumer_lag(target regclass, "position" bigint)
    RETURNS TABLE (lag bigint, microseconds bigint)
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_consumer_lag';

COMMENT ON FUNCTION veritable.consumer_lag(regclass, bigint) IS
'Returns how far a position is behind what is settled in a log: as positions, and as the time since the first event after it was '
'recorded. Never fails: nulls for a table that the caller may not read, that is locked, or whose log is broken.';

-- A consumer belongs to who may read its table. The barrier keeps functions in a query away from the rows of others.
CREATE VIEW veritable.consumers WITH (security_barrier) AS
SELECT m.target, m.consumer, m.member, m.members, m.role, m."position", l.lag,
       pg_catalog.make_interval(secs => l.microseconds / 1000000.0::pg_catalog.float8) AS lag_time, m.moved_at
FROM veritable.consumer_members m
JOIN pg_catalog.pg_class c ON c.oid = m.target
LEFT JOIN LATERAL veritable.consumer_lag(m.target, m."position") AS l ON true
WHERE pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
  AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (
      SELECT FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')))
  AND NOT pg_catalog.row_security_active(c.oid);

GRANT SELECT ON veritable.consumers TO PUBLIC;
COMMENT ON VIEW veritable.consumers IS
'members of the consumers of logs that you may read, and how far each has come';
COMMENT ON COLUMN veritable.consumers.target IS 'table of the log';
COMMENT ON COLUMN veritable.consumers.consumer IS 'name of the consumer';
COMMENT ON COLUMN veritable.consumers.member IS 'number of the member, from 0';
COMMENT ON COLUMN veritable.consumers.members IS 'number of members of the consumer';
COMMENT ON COLUMN veritable.consumers.role IS 'role whose members may consume';
COMMENT ON COLUMN veritable.consumers."position" IS 'last position that the member has examined';
COMMENT ON COLUMN veritable.consumers.lag IS
'number of settled positions after that, gaps included; null where it is not known now, as for a table that is locked';
COMMENT ON COLUMN veritable.consumers.lag_time IS
'time since the first settled event after the position was recorded, zero if there is none; null without recorded times';
COMMENT ON COLUMN veritable.consumers.moved_at IS 'time of the last change of the position';
