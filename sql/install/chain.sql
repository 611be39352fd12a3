-- requires: table

-- The public functions. They are in the schema given to CREATE EXTENSION; everything else is in `veritable`.

CREATE FUNCTION @extschema@.add_chain(
    target regclass,
    entity name[] DEFAULT '{}',
    seq name DEFAULT 'seq',
    previous name DEFAULT 'previous_event_hash',
    hash name DEFAULT 'event_hash',
    recorded name DEFAULT NULL,
    exclude name[] DEFAULT '{}',
    order_by name[] DEFAULT '{}',
    identity text DEFAULT NULL,
    reseal boolean DEFAULT false,
    erasable name[] DEFAULT NULL
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_chain';

COMMENT ON FUNCTION @extschema@.add_chain(regclass, name[], name, name, name, name, name[], name[], text, boolean, name[]) IS
'Chains a table. Each new row gets its place in the chain of its entity (seq), the hash of the event before it (previous), and '
'the hash of its own line (hash). Existing rows are sealed in the order of order_by. Rows that are sealed already are verified '
'and kept: the chain goes on.
Arguments: target, a table of yours; entity, the NOT NULL columns that say which chain a row belongs to (none: the table is one '
'chain); seq, previous, hash, the columns of the chain, which are added as bigint, bytea and bytea if they are missing '
'(previous and hash can be text, for hexadecimal digits); recorded, a timestamptz column that is set to the time of recording; '
'exclude, columns that are not hashed and can change; order_by, the order of existing rows, by default that of recorded; '
'identity, the name of the chain under its hashes, by default the qualified name of the table at this time; reseal, whether '
'rows with values in seq, previous or hash are sealed anew, as they are now; erasable, columns whose values erase() can erase: '
'a line holds a salted hash of such a value, and the columns c_salt and c_commitment of type bytea are added if they are missing.
The first event of each entity links to the SHA-256 of this configuration. So rows of another table, or under another '
'configuration, do not verify.
Returns the number of existing rows that were sealed. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table, or a partition without the columns of the chain; 42710 the table or one of its '
'partitions is already chained; 42703 no such column; 42701 a column specified more than once; 42804 wrong column type; 0A000 a '
'type that cannot be hashed, or a partition key of columns of the chain, of excluded or of erasable columns; 22023 an identity '
'that is empty or longer than 1000 bytes, or a name of an erasable column that is longer than 52 bytes; 55000 an entity column '
'that is not NOT NULL, an erasable column that is, salts or commitments that have values already, a chain column with a default, '
'a recorded column without '
'one that is a partition key, rows that are sealed in another way, existing rows without an order, or a trigger that fires '
'later.';

CREATE FUNCTION @extschema@.drop_chain(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_chain';

COMMENT ON FUNCTION @extschema@.drop_chain(regclass) IS
'Ends the chain of a table. Its triggers are dropped; its rows, columns and indexes stay.
Errors: 42501 not the owner; 55000 not chained; 42809 a partition, whose chain is that of the partitioned table.';

CREATE FUNCTION @extschema@.alter_chain(
    target regclass,
    exclude name[] DEFAULT NULL,
    recorded name DEFAULT NULL
) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_alter_chain';

COMMENT ON FUNCTION @extschema@.alter_chain(regclass, name[], name) IS
'Changes the configuration of a chain, as long as the line of every event stays the same. The rows are verified before and '
'after. The first events still link to the former configuration, which veritable.chain_genesis() returns.
Arguments: target, a chained table of yours; exclude, all columns that are not hashed from now on; recorded, the column of the '
'recorded time from now on, or an empty name for none. What is null stays as it is.
Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 55000 not chained, a chain that has faults, or an alteration that would change lines; 42809 a '
'partition, whose chain is that of the partitioned table; 42703, 42701, 42804, 0A000 as add_chain().';

CREATE FUNCTION @extschema@.chain_line(event record) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_chain_line';

COMMENT ON FUNCTION @extschema@.chain_line(record) IS
'Returns the line of an event: exactly the bytes that are hashed, so that sha256(convert_to(chain_line(e), ''UTF8'')) is the '
'hash of e.
Argument: a whole row of a chained table, as in SELECT chain_line(e) FROM entity_events AS e.
Errors: 42809 not a row of a table; 55000 the table is not chained; 54000 a line above 1 GB.';

CREATE FUNCTION @extschema@.verify_chain(
    target regclass DEFAULT NULL,
    entity text[] DEFAULT NULL
) RETURNS TABLE (target regclass, entity text[], seq bigint, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_chain';

COMMENT ON FUNCTION @extschema@.verify_chain(regclass, text[]) IS
'Verifies a chained table, one entity of it, or every chained table. Returns a row for each fault, and no row if the chains are '
'intact. A NOTICE says how much was verified.
Arguments: target, the table, by default all; entity, the values of the entity columns in their order, as text, by default all.
Faults: altered, the line does not hash to the stored hash, or an erasable value does not match its commitment; erased, a value '
'is gone of which veritable.erasures tells no erasure; unlinked, the previous hash is not the hash of the event before, '
'or, for a first event, of the configuration; missing, a gap that begins at seq; duplicated, a second event with this seq; '
'unsealed, seq or hash is null; backdated, the recorded time is null, infinite, or not after that of the event before; '
'unguarded, the triggers of the chain are missing, disabled, changed or bypassed; broken, the chain does not add up, and no '
'event can be named; unread, the table cannot be read.
A chain cannot show that its newest events were cut off, that a whole entity was removed, or that everything was recomputed.
Errors: 55000 not chained; 42501 no SELECT privilege, or row-level security hides rows; 42809 a partition; 22023 a wrong number '
'of entity values.';

-- The trigger functions. The arguments of the triggers hold a chain's configuration as key=value: format, entity (once
-- for each column), seq, previous, hash, recorded, exclude (once for each column), identity, founded (line 0 at the
-- beginning, if the chain was altered since), erasable, salt and commitment (once for each erasable column, in one order).

CREATE FUNCTION veritable.seal() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_seal';

COMMENT ON FUNCTION veritable.seal() IS
'Seals a row: BEFORE INSERT FOR EACH ROW. Arguments: format=1, entity=column (repeated), seq=column, previous=column, '
'hash=column, recorded=column, exclude=column (repeated), identity=text, founded=text; erasable=column, salt=column and '
'commitment=column (repeated).
Errors: 40001 a supplied seq or previous hash that does not continue the chain, or an append since the snapshot of a REPEATABLE '
'READ transaction: retry; 23514 a supplied hash that does not match the row, or comes with an impossible recorded time or with '
'a salt and a commitment that do not match the value; 22023 a salt or a commitment without the hash; 42501 a '
'supplied seq, previous hash or hash by a role that cannot read these columns; 22008 no recorded time is left after that of the '
'newest event; 42701 a column specified more than once; 0A000 a generated column; 23502 a null entity; 55000 no index on '
'(entity, seq).';

CREATE FUNCTION veritable.guard() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_guard';

COMMENT ON FUNCTION veritable.guard() IS
'Refuses changes of sealed rows: BEFORE UPDATE OR DELETE FOR EACH ROW, and BEFORE TRUNCATE FOR EACH STATEMENT, with the '
'arguments of veritable.seal(). An UPDATE of excluded columns alone passes, and so does that of erase().
Errors: 23001 for everything else.';

-- The order-free check of one chain (crates/core, Balance), as aggregates that run in parallel and spill to disk.

CREATE FUNCTION veritable.balance_add(internal, record, bytea) RETURNS internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_add';
CREATE FUNCTION veritable.balance_merge(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_merge';
CREATE FUNCTION veritable.balance_save(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_save';
CREATE FUNCTION veritable.balance_load(bytea, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_load';
CREATE FUNCTION veritable.balance_events(internal) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_events';

CREATE FUNCTION veritable.balance_broken(internal) RETURNS bigint
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_broken';

COMMENT ON FUNCTION veritable.balance_add(internal, record, bytea) IS
'Transition function of veritable.intact() and veritable.broken().';
COMMENT ON FUNCTION veritable.balance_merge(internal, internal) IS
'Combine function of veritable.intact() and veritable.broken().';
COMMENT ON FUNCTION veritable.balance_save(internal) IS 'Serialization function of veritable.intact() and veritable.broken().';
COMMENT ON FUNCTION veritable.balance_load(bytea, internal) IS
'Deserialization function of veritable.intact() and veritable.broken().';
COMMENT ON FUNCTION veritable.balance_events(internal) IS 'Final function of veritable.intact().';
COMMENT ON FUNCTION veritable.balance_broken(internal) IS 'Final function of veritable.broken().';

CREATE AGGREGATE veritable.intact(event record, key bytea) (
    SFUNC = veritable.balance_add,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = veritable.balance_events,
    COMBINEFUNC = veritable.balance_merge,
    SERIALFUNC = veritable.balance_save,
    DESERIALFUNC = veritable.balance_load,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE veritable.intact(record, bytea) IS
'Returns the number of events of one chain, in any order, or NULL if the chain has a fault. Arguments: the events, and 16 '
'random bytes drawn for this run. verify_chain() calls it once for each entity.';

CREATE AGGREGATE veritable.broken(event record, key bytea) (
    SFUNC = veritable.balance_add,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = veritable.balance_broken,
    COMBINEFUNC = veritable.balance_merge,
    SERIALFUNC = veritable.balance_save,
    DESERIALFUNC = veritable.balance_load,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE veritable.broken(record, bytea) IS
'Returns the hash of the entity of a chain that has a fault, or NULL if the chain is intact. Arguments: those of '
'veritable.intact().';

-- This function runs in the leader only, where verify_chain() runs.
CREATE FUNCTION veritable.is_sought(event record, number bigint) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'veritable_is_sought';
COMMENT ON FUNCTION veritable.is_sought(record, bigint) IS
'Returns whether verify_chain() currently seeks the entity of an event; false outside of verify_chain().';

-- The chained tables and their configurations, read from the triggers.

CREATE FUNCTION veritable.configuration_line(arguments bytea) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_configuration_line';
COMMENT ON FUNCTION veritable.configuration_line(bytea) IS
'Returns the line of a chain''s configuration, from pg_trigger.tgargs; null if these are not the arguments of a chain.';

CREATE FUNCTION veritable.chain_genesis(target regclass) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_chain_genesis';
COMMENT ON FUNCTION veritable.chain_genesis(regclass) IS
'Returns line 0 of a chained table, the first line of an exported file: its configuration and identity as one line of JSON. Its '
'SHA-256 is the previous hash of the first event of every entity.
Argument: target, a chained table. Needs no privilege, because the configuration is in the catalogs.
Errors: 42704 no such table; 55000 not chained.';

-- A table is one chain: of several sealing triggers, the first to fire counts, as in verification. Only a partition has
-- its triggers from another table. Any user may have written the arguments, so the view must not fail on them.
CREATE VIEW veritable.chains AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS target,
       veritable.trigger_argument(t.tgargs, 'entity')::pg_catalog.name[] AS entity,
       (veritable.trigger_argument(t.tgargs, 'seq'))[1]::pg_catalog.name AS seq,
       (veritable.trigger_argument(t.tgargs, 'previous'))[1]::pg_catalog.name AS previous,
       (veritable.trigger_argument(t.tgargs, 'hash'))[1]::pg_catalog.name AS hash,
       (veritable.trigger_argument(t.tgargs, 'recorded'))[1]::pg_catalog.name AS recorded,
       veritable.trigger_argument(t.tgargs, 'exclude')::pg_catalog.name[] AS exclude,
       CASE WHEN a.format IS NULL THEN 1 WHEN a.format ~ '^[0-9]{1,9}$' THEN a.format::pg_catalog.int4 END AS format,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled,
       (veritable.trigger_argument(t.tgargs, 'identity'))[1] AS identity,
       pg_catalog.sha256(pg_catalog.convert_to(veritable.configuration_line(t.tgargs), 'UTF8')) AS genesis,
       veritable.trigger_argument(t.tgargs, 'erasable')::pg_catalog.name[] AS erasable
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (SELECT (veritable.trigger_argument(t.tgargs, 'format'))[1] AS format) AS a
WHERE t.tgfoid = 'veritable.seal'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.chains TO PUBLIC;
COMMENT ON VIEW veritable.chains IS 'chained tables of this database, and the columns of each chain';
COMMENT ON COLUMN veritable.chains.target IS 'table';
COMMENT ON COLUMN veritable.chains.entity IS
'columns whose values say which chain an event belongs to; none: the table is one chain';
COMMENT ON COLUMN veritable.chains.seq IS 'column of the place in the chain';
COMMENT ON COLUMN veritable.chains.previous IS 'column of the hash of the event before';
COMMENT ON COLUMN veritable.chains.hash IS 'column of the hash';
COMMENT ON COLUMN veritable.chains.recorded IS 'column of the recorded time, if any';
COMMENT ON COLUMN veritable.chains.exclude IS 'columns that are not hashed and can change';
COMMENT ON COLUMN veritable.chains.erasable IS 'columns whose values erase() can erase';
COMMENT ON COLUMN veritable.chains.format IS 'number of the line format; null if it is not a number';
COMMENT ON COLUMN veritable.chains.trigger IS 'sealing trigger';
COMMENT ON COLUMN veritable.chains.identity IS
'name of the chain under its hashes: by default the name of the table when it was chained';
COMMENT ON COLUMN veritable.chains.genesis IS
'previous hash of the first event of every entity: the SHA-256 of veritable.chain_genesis(target)';
COMMENT ON COLUMN veritable.chains.enabled IS 'whether the sealing trigger fires';
