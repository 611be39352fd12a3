-- requires: history

-- The journal: what was done to protected tables. It is chained here, and add_chain() looks for features that exclude a
-- chain; so this part requires those.

CREATE TABLE veritable.journal (
    about text COLLATE "C" NOT NULL,
    series text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    action text COLLATE "C" NOT NULL,
    by name NOT NULL,
    acting name NOT NULL,
    command text COLLATE "C",
    detail jsonb,
    previous_event_hash bytea,
    event_hash bytea NOT NULL,
    PRIMARY KEY (about, series, seq)
);
-- A series belongs to one database. So a restored dump and a subscription bring their entries along, whatever this
-- database has recorded before.
SELECT @extschema@.add_chain('veritable.journal'::regclass, entity => '{about,series}'::name[], recorded => 'at'::name);
-- Rows can be inserted again in this order: a dump restores each row with its hash, after the row before it.
SELECT pg_catalog.pg_extension_config_dump('veritable.journal', 'ORDER BY about, series, seq');
GRANT SELECT ON veritable.journal TO PUBLIC;

-- An entry may tell what only readers of its table should know.
ALTER TABLE veritable.journal ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_journal ON veritable.journal FOR SELECT USING (
    about OPERATOR(pg_catalog.~~) 'event schema %'
    OR EXISTS (
        SELECT FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
        WHERE pg_catalog.concat(pg_catalog.quote_ident(n.nspname), '.', pg_catalog.quote_ident(c.relname))
                  OPERATOR(pg_catalog.=) about
          AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    )
);
COMMENT ON POLICY veritable_journal ON veritable.journal IS
'shows an entry about a table to those who may read the table, and entries about event schemas to everybody';

COMMENT ON TABLE veritable.journal IS
'what was done to protected tables, event schemas and this table itself: a chained table, written by the extension alone';
COMMENT ON COLUMN veritable.journal.about IS
'table, as its qualified and quoted name at that time, or event schema "name"; with series the entity of the chain';
COMMENT ON COLUMN veritable.journal.series IS
'database that recorded the entry: system identifier/oid; for a verification also the role: system identifier/oid/role; with #1, #2 … where several transactions record at once';
COMMENT ON COLUMN veritable.journal.seq IS 'place among the entries of a series about the same table, from 1';
COMMENT ON COLUMN veritable.journal.at IS 'time of recording';
COMMENT ON COLUMN veritable.journal.action IS
'function, such as add_chain; or command tag, such as ALTER TABLE; or UPDATE, DELETE or TRUNCATE with veritable.guard = off';
COMMENT ON COLUMN veritable.journal.by IS 'role that had logged in: session_user';
COMMENT ON COLUMN veritable.journal.acting IS 'role whose privileges the command used: current_user';
COMMENT ON COLUMN veritable.journal.command IS
'text of the command, each string literal replaced by ''…'', without comments, up to 8 kB; null for functions';
COMMENT ON COLUMN veritable.journal.detail IS 'more about the action';
COMMENT ON COLUMN veritable.journal.previous_event_hash IS 'hash of the entry before';
COMMENT ON COLUMN veritable.journal.event_hash IS 'hash of the line of this entry';

-- What the extension alone writes.
CREATE FUNCTION veritable.refuse_records() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_refuse_records';
COMMENT ON FUNCTION veritable.refuse_records() IS
'Refuses rows that the extension does not write, unless they bring their hash, as those of a dump and of a replica do: BEFORE '
'INSERT FOR EACH ROW of a table with the column event_hash.
Errors: 42501 for all others.';
