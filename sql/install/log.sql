-- requires: chain, journal, validation

-- Logs: the events of a chained table in one order. The triggers of the chain have the configuration, and give the positions.

CREATE FUNCTION @extschema@.add_log(
    target regclass,
    "position" name DEFAULT 'position',
    origin text DEFAULT NULL,
    arrival boolean DEFAULT false
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_log';

COMMENT ON FUNCTION @extschema@.add_log(regclass, name, text, boolean) IS
'Adds a log to a chained table: each event gets a position in one order of the whole table, so that readers miss nothing, and '
'checkpoints can prove what was recorded. Existing events get positions in the order of their recorded times, seqs and entities.
Arguments: target, a chained table of yours; position, the name of a new column (bigint); origin, the name of the log in its '
'checkpoints, such as example.com/ledger (by default the database and the table); arrival, whether rows that a subscription '
'applies get positions of this database instead of those that they bring.
Positions have gaps: a transaction that is rolled back leaves one. No line contains the position, so the chain stays as it is. '
'Returns the number of existing events. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner, or no CREATE privilege on the schema; 55000 not chained; 42710 the table has a log, or the origin is '
'that of another log; 42809 a partition; 42701 the column exists; 22023 an invalid origin.';

CREATE FUNCTION @extschema@.drop_log(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_log';

COMMENT ON FUNCTION @extschema@.drop_log(regclass) IS
'Ends the log of a table: drops its column, sequence and index, and all that is kept for it (checkpoints, tiles, keys, consumers). '
'The chain stays. Keep the newest checkpoint elsewhere if the log has to be proved later.
Errors: 42501 not the owner; 55000 no log, or that of a table of the extension; 42809 a partition; 2BP01 other objects '
'depend on the column.';

CREATE FUNCTION @extschema@.settled(target regclass) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL RESTRICTED
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_settled';

COMMENT ON FUNCTION @extschema@.settled(regclass) IS
'Returns the greatest position at and below which nobody can add an event any more. Every statement that begins later, with a '
'snapshot of its own, sees all events there. Open transactions that have appended to this log hold the answer back, each from '
'its own first position on; nothing else does. Does not wait. On a standby: the position of the newest checkpoint.
Argument: target, a table with a log.
While an open transaction brings positions (a restore, a replica), the answer is what the newest checkpoint covers, or 0. Not '
'covered: events that are brought at a position below an earlier answer, and a sequence that its owner sets back with setval().
Errors: 42501 no SELECT privilege; 55000 no log, or a sequence behind the newest checkpoint; 42809 not a table, or a partition.';

-- The origin that belongs to each log, and what its newest checkpoint covers. All that is kept for a log refers to this.
CREATE TABLE veritable.trees (
    target regclass PRIMARY KEY,
    origin text COLLATE "C" NOT NULL UNIQUE,
    size bigint NOT NULL DEFAULT 0,
    position bigint NOT NULL DEFAULT 0
);
SELECT pg_catalog.pg_extension_config_dump('veritable.trees', '');

-- A role dumps the rows of the tables that it may read, and sees no others.
GRANT SELECT ON veritable.trees TO PUBLIC;
ALTER TABLE veritable.trees ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_trees ON veritable.trees FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    )
);
COMMENT ON POLICY veritable_trees ON veritable.trees IS 'shows a log to those who may read its table';

CREATE FUNCTION veritable.keep_own() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_keep_own';
COMMENT ON FUNCTION veritable.keep_own() IS
'Skips a row that a subscription applies: BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW, ENABLE REPLICA. A publication of all '
'tables would bring what another database knows of its logs, and stop where this one knows its own.';
CREATE TRIGGER veritable_keep_own BEFORE INSERT OR UPDATE OR DELETE ON veritable.trees
    FOR EACH ROW EXECUTE FUNCTION veritable.keep_own();
ALTER TABLE veritable.trees ENABLE REPLICA TRIGGER veritable_keep_own;
COMMENT ON TRIGGER veritable_keep_own ON veritable.trees IS 'keeps out what a subscription brings';

COMMENT ON TABLE veritable.trees IS 'logs, with the origin under which each is known';
COMMENT ON COLUMN veritable.trees.target IS 'table';
COMMENT ON COLUMN veritable.trees.origin IS 'name of the log in its checkpoints';
COMMENT ON COLUMN veritable.trees.size IS 'number of events that the newest checkpoint covers';
COMMENT ON COLUMN veritable.trees.position IS 'greatest position that the newest checkpoint covers';

CREATE VIEW veritable.logs AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       a."position"::pg_catalog.name AS "position",
       COALESCE(e.origin, (veritable.trigger_argument(t.tgargs, 'origin'))[1]) AS origin,
       s.oid::pg_catalog.regclass AS sequence,
       'own' = ANY (veritable.trigger_argument(t.tgargs, 'arrival')) AS arrival
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (SELECT (veritable.trigger_argument(t.tgargs, 'position'))[1] AS "position") AS a
LEFT JOIN pg_catalog.pg_attribute p ON p.attrelid = c.oid AND p.attname = a."position" AND NOT p.attisdropped
LEFT JOIN pg_catalog.pg_depend d
  ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.oid AND d.refobjsubid = p.attnum
 AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'
LEFT JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
-- The triggers of the extension's tables are not dumped with the origin.
LEFT JOIN veritable.trees e ON e.target = t.tgrelid::pg_catalog.regclass AND c.relnamespace = 'veritable'::pg_catalog.regnamespace
WHERE t.tgfoid = 'veritable.seal'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
  AND a."position" IS NOT NULL
ORDER BY t.tgrelid, t.tgname, s.oid;

GRANT SELECT ON veritable.logs TO PUBLIC;
COMMENT ON VIEW veritable.logs IS 'logs of this database: chained tables whose events have positions';
COMMENT ON COLUMN veritable.logs.target IS 'table';
COMMENT ON COLUMN veritable.logs."position" IS 'column of the position';
COMMENT ON COLUMN veritable.logs.origin IS 'name of the log in its checkpoints';
COMMENT ON COLUMN veritable.logs.sequence IS 'sequence that gives the positions';
COMMENT ON COLUMN veritable.logs.arrival IS 'whether rows that a subscription applies get positions of this database';

-- The logs of the extension's own tables. Their entries get positions of the database that they are in, also those that a
-- subscription applies; a dump keeps the positions. A restore by several jobs brings them in any order, also after the first
-- entries of the new database. So the positions of each database begin at the time at which it got the extension, in microseconds.
SELECT @extschema@.add_log('veritable.event_schemas'::regclass, arrival => true);
SELECT @extschema@.add_log('veritable.journal'::regclass, arrival => true);
SELECT pg_catalog.setval(sequence, (EXTRACT(epoch FROM pg_catalog.clock_timestamp()) OPERATOR(pg_catalog.*) 1000000)::bigint)
FROM veritable.logs WHERE target IN ('veritable.event_schemas'::regclass, 'veritable.journal'::regclass);
COMMENT ON COLUMN veritable.event_schemas."position" IS 'place of the version in the log of all event schemas';
COMMENT ON COLUMN veritable.journal."position" IS 'place of the entry in the log of the journal';
COMMENT ON SEQUENCE veritable.event_schemas_position_seq IS 'positions of the log of all event schemas';
COMMENT ON SEQUENCE veritable.journal_position_seq IS 'positions of the log of the journal';
