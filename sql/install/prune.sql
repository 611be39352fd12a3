-- requires: journal

-- Prunings: the runs of events that left a chained table as its partitions were detached or its oldest events deleted, and that
-- came back with a partition. The table is chained, and the extension alone writes it.

CREATE TABLE veritable.prunings (
    target regclass NOT NULL,
    key bigint NOT NULL,
    about text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    action text COLLATE "C" NOT NULL CHECK (action IN ('detach', 'delete', 'attach', 'drop')),
    partition text COLLATE "C",
    genesis bytea NOT NULL,
    log text COLLATE "C",
    entity text[] COLLATE "C" NOT NULL,
    first bigint NOT NULL,
    last bigint NOT NULL,
    before bytea NOT NULL,
    through bytea NOT NULL,
    faults bigint NOT NULL DEFAULT 0,
    at timestamptz NOT NULL,
    by name NOT NULL,
    acting name NOT NULL,
    previous_event_hash bytea,
    event_hash bytea NOT NULL,
    PRIMARY KEY (about, series, seq)
);
-- A series belongs to one database, as in the journal. The table that a row is about follows renames and restores, and the key is
-- only a hash by which the entity is found: no line holds them.
SELECT @extschema@.add_chain('veritable.prunings'::regclass, entity => '{about,series}'::name[], recorded => 'at'::name,
    exclude => '{target,key}'::name[]);
-- The newest run of an entity, and all runs of a table.
CREATE INDEX ON veritable.prunings (target, key, last);
-- Rows can be inserted again in this order: a dump restores each row with its hash, after the row before it.
SELECT pg_catalog.pg_extension_config_dump('veritable.prunings', 'ORDER BY about, series, seq');

-- A run names an entity of its table: that is for those who may read all rows of the table.
GRANT SELECT ON veritable.prunings TO PUBLIC;
ALTER TABLE veritable.prunings ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_prunings ON veritable.prunings FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
          AND NOT pg_catalog.row_security_active(c.oid)
    )
);
COMMENT ON POLICY veritable_prunings ON veritable.prunings IS
'shows the prunings of a table to those who may read all its rows';

CREATE TRIGGER a_veritable_records BEFORE INSERT ON veritable.prunings
    FOR EACH ROW EXECUTE FUNCTION veritable.refuse_records();
ALTER TABLE veritable.prunings ENABLE ALWAYS TRIGGER a_veritable_records;
COMMENT ON TRIGGER a_veritable_records ON veritable.prunings IS 'keeps out rows that others than the extension write';

COMMENT ON TABLE veritable.prunings IS
'runs of events that were pruned from chained tables, and of those that came back: a chained table, written by the extension alone';
COMMENT ON COLUMN veritable.prunings.target IS 'table that the events were pruned from; a number if the table is gone';
COMMENT ON COLUMN veritable.prunings.key IS 'hash of the entity, by which its runs are found';
COMMENT ON COLUMN veritable.prunings.about IS 'qualified and quoted name of the table at that time; with series the entity of the chain';
COMMENT ON COLUMN veritable.prunings.series IS 'database that recorded the row: system identifier/oid; with #n for transactions that prune parts of a table at the same time';
COMMENT ON COLUMN veritable.prunings.seq IS 'place among the rows of a series about the same table, from 1';
COMMENT ON COLUMN veritable.prunings.action IS
'detach, the run left with a partition; delete, prune() deleted the run; attach, the run came back with a partition; drop, '
'add_chain() began the chain anew, which owes the run no more';
COMMENT ON COLUMN veritable.prunings.partition IS 'qualified and quoted name of the partition; null for delete and drop';
COMMENT ON COLUMN veritable.prunings.genesis IS 'hash of the configuration of the chain: veritable.chains.genesis';
COMMENT ON COLUMN veritable.prunings.log IS
'origin of the log in whose tree the events of the run are; null if the table had no log';
COMMENT ON COLUMN veritable.prunings.entity IS 'values of the entity columns in their order, as text';
COMMENT ON COLUMN veritable.prunings.first IS 'seq of the first event of the run';
COMMENT ON COLUMN veritable.prunings.last IS 'seq of the last event of the run';
COMMENT ON COLUMN veritable.prunings.before IS 'previous hash of the first event: the hash of the event before, or the genesis';
COMMENT ON COLUMN veritable.prunings.through IS 'hash of the last event, which all events of the run lead to';
COMMENT ON COLUMN veritable.prunings.faults IS 'number of faults that the events of the run had';
COMMENT ON COLUMN veritable.prunings.at IS 'time of recording';
COMMENT ON COLUMN veritable.prunings.by IS 'role that had logged in: session_user';
COMMENT ON COLUMN veritable.prunings.acting IS 'role whose privileges the command used: current_user';
COMMENT ON COLUMN veritable.prunings.previous_event_hash IS 'hash of the row before';
COMMENT ON COLUMN veritable.prunings.event_hash IS 'hash of the line of this row';

CREATE FUNCTION veritable.guard_pruned() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_guard_pruned';
COMMENT ON FUNCTION veritable.guard_pruned() IS
'Keeps the rows of a detached partition as they were pruned: BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW, and BEFORE TRUNCATE FOR '
'EACH STATEMENT. The owner of the table can drop the triggers.
Errors: 23001 for every change.';

CREATE FUNCTION @extschema@.prune(target regclass, partition regclass, force boolean DEFAULT false) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_prune_partition';
COMMENT ON FUNCTION @extschema@.prune(regclass, regclass, boolean) IS
'Detaches a partition from a chained table, as ALTER TABLE … DETACH PARTITION does, and keeps it as a table of its own. A row in '
'veritable.prunings for each run of its events keeps what remains verifiable. Also ends a DETACH PARTITION … CONCURRENTLY that is '
'still pending.
Arguments: target, a chained table of yours; partition, a partition of it, at any level; force, whether also a partition is '
'detached that has faults in its own part of the chains, which are noted, or while one with lower bounds has events.
Returns the number of events that were pruned.
Errors: 42501 not the owner; 42809 not a partition of the table; 55000 not chained, faults, or a partition with lower bounds that '
'has events; 55006 the table has a log, and events of the partition are not settled: retry.';

CREATE FUNCTION @extschema@.prune(target regclass, before timestamptz, force boolean DEFAULT false) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_prune_before';
COMMENT ON FUNCTION @extschema@.prune(regclass, timestamptz, boolean) IS
'Deletes the oldest events of a chained table: of each chain, the events from its start that were recorded before a moment, up to the '
'first that was not. A row in veritable.prunings for each run keeps what remains verifiable. Of a history, the newest event of each '
'row that exists is kept.
Arguments: target, a chained table of yours with a recorded time; before, the moment; force, whether also events are deleted that '
'have faults, which are noted.
Returns the number of events that were deleted. Takes a SHARE ROW EXCLUSIVE lock on the table: nobody writes to it meanwhile.
Errors: 42501 not the owner; 42809 a partition; 55000 not chained, no recorded time, faults, or triggers that keep rows; 55006 the '
'table has a log, and events to delete are not settled: retry.';
