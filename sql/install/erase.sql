-- requires: journal

-- Erasure of values in erasable columns, and its records: a chained table that the extension alone writes, as the journal.

CREATE FUNCTION @extschema@.erase(
    target regclass,
    entity text[],
    columns name[],
    seqs bigint[] DEFAULT NULL
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_erase';

COMMENT ON FUNCTION @extschema@.erase(regclass, text[], name[], bigint[]) IS
'Erases values of one entity for good: each becomes null, and so does its salt. The commitments, the lines and the hashes stay, '
'so that the chain still verifies. Values that were erased before are left out.
Arguments: target, a chained table of yours; entity, the values of the entity columns in their order, as text; columns, which '
'are erasable; seqs, the seqs of the events, by default all events of the entity.
Returns the number of values that were erased. Each event has a row in veritable.erasures, and the call an entry in the journal. '
'Waits for open transactions that have appended to the entity. Former copies of the values stay where PostgreSQL and others keep '
'them, until VACUUM, and in WAL, replicas and backups.
Errors: 42501 not the owner; 55000 not chained, a column that is not erasable, or a trigger that keeps a value; 23514 or 23502 a '
'constraint or a domain that does not allow null; 42703 no such column; 42809 a partition, whose chain is that of the partitioned '
'table; 22023 a wrong number of entity values, or no column; 40001 an append since the snapshot of a REPEATABLE READ '
'transaction: retry.';

CREATE TABLE veritable.erasures (
    target regclass NOT NULL,
    about text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    event_seq bigint,
    event bytea NOT NULL,
    columns text[] COLLATE "C" NOT NULL,
    altered text[] COLLATE "C" NOT NULL,
    by name NOT NULL,
    acting name NOT NULL,
    previous_event_hash bytea,
    event_hash bytea NOT NULL,
    PRIMARY KEY (about, series, seq)
);
-- A record finds its table under every name, so no line contains the table.
SELECT @extschema@.add_chain('veritable.erasures'::regclass, entity => '{about,series}'::name[], recorded => 'at'::name,
                             exclude => '{target}'::name[]);
CREATE TRIGGER a_veritable_records BEFORE INSERT ON veritable.erasures
    FOR EACH ROW EXECUTE FUNCTION veritable.refuse_records();
ALTER TABLE veritable.erasures ENABLE ALWAYS TRIGGER a_veritable_records;
COMMENT ON TRIGGER a_veritable_records ON veritable.erasures IS 'keeps out rows that others than the extension write';
CREATE INDEX ON veritable.erasures (event);
-- Rows can be inserted again in this order: a dump restores each row with its hash, after the row before it.
SELECT pg_catalog.pg_extension_config_dump('veritable.erasures', 'ORDER BY about, series, seq');

-- A record names an event of its table: that is for those who may read all rows of the table.
GRANT SELECT ON veritable.erasures TO PUBLIC;
ALTER TABLE veritable.erasures ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_erasures ON veritable.erasures FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
          AND NOT pg_catalog.row_security_active(c.oid)
    )
);
COMMENT ON POLICY veritable_erasures ON veritable.erasures IS
'shows the records about a table to those who may read all its rows';

COMMENT ON TABLE veritable.erasures IS
'erased values of chained tables, a row for each event: a chained table, written by erase() alone';
COMMENT ON COLUMN veritable.erasures.target IS 'table';
COMMENT ON COLUMN veritable.erasures.about IS
'table, as its qualified and quoted name at that time; with series the entity of the chain';
COMMENT ON COLUMN veritable.erasures.series IS
'database that recorded the erasure: system identifier/oid; with #1, #2 … where several transactions erase at once';
COMMENT ON COLUMN veritable.erasures.seq IS 'place among the records of a series about the same table, from 1';
COMMENT ON COLUMN veritable.erasures.at IS 'time of recording';
COMMENT ON COLUMN veritable.erasures.event_seq IS 'seq of the event in the table';
COMMENT ON COLUMN veritable.erasures.event IS 'hash of the event';
COMMENT ON COLUMN veritable.erasures.columns IS 'columns whose values were erased';
COMMENT ON COLUMN veritable.erasures.altered IS
'those of the columns whose values did not match their commitments any more when they were erased; all of them if the event did not '
'match its hash';
COMMENT ON COLUMN veritable.erasures.by IS 'role that had logged in: session_user';
COMMENT ON COLUMN veritable.erasures.acting IS 'role whose privileges erase() used: current_user';
COMMENT ON COLUMN veritable.erasures.previous_event_hash IS 'hash of the record before';
COMMENT ON COLUMN veritable.erasures.event_hash IS 'hash of the line of this record';
