-- requires: log

-- Checkpoints: the Merkle tree over the events of a log, its signed states, and the proofs from it.

-- Whoever drops a log drops its tree (src/log/trees.rs): each row belongs to one of veritable.trees, without a foreign key, since
-- pg_restore with several jobs loads these tables in any order. The hashes and roots prove themselves; what
-- else is here is trusted as far as the owner of the extension's tables.
CREATE TABLE veritable.tiles (
    target regclass NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    hashes bytea NOT NULL,
    first bigint,
    last bigint,
    places bytea,
    pruned bytea,
    PRIMARY KEY (target, level, number)
);
-- Hashes cannot be compressed.
ALTER TABLE veritable.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE INDEX ON veritable.tiles (target, last) WHERE level = 0;
SELECT pg_catalog.pg_extension_config_dump('veritable.tiles', '');

-- A role dumps the rows of the tables that it may read, and sees no others.
GRANT SELECT ON veritable.tiles TO PUBLIC;
ALTER TABLE veritable.tiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_tiles ON veritable.tiles FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
          AND NOT pg_catalog.row_security_active(c.oid)
    )
);
COMMENT ON POLICY veritable_tiles ON veritable.tiles IS
'shows the tree of a log to those who may read all rows of its table';
CREATE TRIGGER veritable_keep_own BEFORE INSERT OR UPDATE OR DELETE ON veritable.tiles
    FOR EACH ROW EXECUTE FUNCTION veritable.keep_own();
ALTER TABLE veritable.tiles ENABLE REPLICA TRIGGER veritable_keep_own;
COMMENT ON TRIGGER veritable_keep_own ON veritable.tiles IS 'keeps out what a subscription brings';
COMMENT ON TABLE veritable.tiles IS 'hashes of the trees of logs, as in c2sp.org/tlog-tiles; a tile with fewer than 256 hashes is partial';
COMMENT ON COLUMN veritable.tiles.target IS 'table';
COMMENT ON COLUMN veritable.tiles.level IS 'level in the tree, 0 for the hashes of events';
COMMENT ON COLUMN veritable.tiles.number IS 'place within the level, from 0';
COMMENT ON COLUMN veritable.tiles.hashes IS 'up to 256 hashes of 32 bytes';
COMMENT ON COLUMN veritable.tiles.first IS 'least position of the events, at level 0';
COMMENT ON COLUMN veritable.tiles.last IS 'greatest position of the events, at level 0';
COMMENT ON COLUMN veritable.tiles.places IS
'positions of the events, and which are the first of their entities, at level 0: a hint for naming faults, which nothing proves';

COMMENT ON COLUMN veritable.tiles.pruned IS
'which of the events were pruned from the table, at level 0: a bit for each, the lowest first; null for none. Nothing proves it: '
'verify_log() counts the bits against veritable.prunings';

CREATE TABLE veritable.notes (
    target regclass NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    note text COLLATE "C" NOT NULL,
    PRIMARY KEY (target, size)
);
SELECT pg_catalog.pg_extension_config_dump('veritable.notes', '');

GRANT SELECT ON veritable.notes TO PUBLIC;
ALTER TABLE veritable.notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_notes ON veritable.notes FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    )
);
COMMENT ON POLICY veritable_notes ON veritable.notes IS 'shows the checkpoints of a log to those who may read its table';
CREATE TRIGGER veritable_keep_own BEFORE INSERT OR UPDATE OR DELETE ON veritable.notes
    FOR EACH ROW EXECUTE FUNCTION veritable.keep_own();
ALTER TABLE veritable.notes ENABLE REPLICA TRIGGER veritable_keep_own;
COMMENT ON TRIGGER veritable_keep_own ON veritable.notes IS 'keeps out what a subscription brings';
COMMENT ON TABLE veritable.notes IS 'checkpoints of logs; veritable.checkpoints shows them';
COMMENT ON COLUMN veritable.notes.target IS 'table';
COMMENT ON COLUMN veritable.notes.size IS 'number of events';
COMMENT ON COLUMN veritable.notes.root IS 'root of the tree over these events';
COMMENT ON COLUMN veritable.notes.position IS 'greatest position of these events';
COMMENT ON COLUMN veritable.notes.at IS 'time at which the checkpoint was made';
COMMENT ON COLUMN veritable.notes.note IS 'text of the checkpoint, with its signatures if it has any';

CREATE TABLE veritable.log_keys (
    target regclass NOT NULL,
    vkey text COLLATE "C" NOT NULL,
    signs boolean NOT NULL,
    PRIMARY KEY (target, vkey)
);
SELECT pg_catalog.pg_extension_config_dump('veritable.log_keys', '');

GRANT SELECT ON veritable.log_keys TO PUBLIC;
ALTER TABLE veritable.log_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY veritable_log_keys ON veritable.log_keys FOR SELECT USING (
    EXISTS (
        SELECT FROM pg_catalog.pg_class c
        WHERE c.oid OPERATOR(pg_catalog.=) target
          AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
          AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
    )
);
COMMENT ON POLICY veritable_log_keys ON veritable.log_keys IS 'shows the trusted keys of a log to those who may read its table';
CREATE TRIGGER veritable_keep_own BEFORE INSERT OR UPDATE OR DELETE ON veritable.log_keys
    FOR EACH ROW EXECUTE FUNCTION veritable.keep_own();
ALTER TABLE veritable.log_keys ENABLE REPLICA TRIGGER veritable_keep_own;
COMMENT ON TRIGGER veritable_keep_own ON veritable.log_keys IS 'keeps out what a subscription brings';
COMMENT ON TABLE veritable.log_keys IS 'keys whose signatures of checkpoints are trusted';
COMMENT ON COLUMN veritable.log_keys.target IS 'table';
COMMENT ON COLUMN veritable.log_keys.vkey IS 'verifier key, as in c2sp.org/signed-note';
COMMENT ON COLUMN veritable.log_keys.signs IS 'whether the key of veritable.signing_key_file signs the checkpoints, if it is this one';

-- The rows of a table that the caller may not read are left out, and a table that is gone has none.
CREATE VIEW veritable.checkpoints WITH (security_barrier) AS
SELECT n.target, t.origin, n.size, n.root, n.position, n.at, n.note
FROM veritable.notes n
JOIN veritable.trees t ON t.target = n.target
JOIN pg_catalog.pg_class c ON c.oid = n.target
WHERE pg_catalog.has_table_privilege(n.target::pg_catalog.oid, 'SELECT')
  AND pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE');
GRANT SELECT ON veritable.checkpoints TO PUBLIC;
COMMENT ON VIEW veritable.checkpoints IS 'checkpoints of the logs whose tables the caller may read';
COMMENT ON COLUMN veritable.checkpoints.target IS 'table';
COMMENT ON COLUMN veritable.checkpoints.origin IS 'name of the log';
COMMENT ON COLUMN veritable.checkpoints.size IS 'number of events';
COMMENT ON COLUMN veritable.checkpoints.root IS 'root of the tree over these events';
COMMENT ON COLUMN veritable.checkpoints.position IS 'greatest position of these events';
COMMENT ON COLUMN veritable.checkpoints.at IS 'time at which the checkpoint was made';
COMMENT ON COLUMN veritable.checkpoints.note IS 'text of the checkpoint, with its signatures if it has any';

CREATE FUNCTION @extschema@.checkpoint(target regclass) RETURNS text
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_checkpoint';

COMMENT ON FUNCTION @extschema@.checkpoint(regclass) IS
'Adds the settled events of a log to its tree, and returns the checkpoint of all events in the tree: a text of three lines, '
'c2sp.org/tlog-checkpoint, with signatures if a key signs (trust_key(), veritable.signing_key_file). Without new events it is the '
'same checkpoint again. Whoever keeps it elsewhere can show later whether these events are still the same: verify_log().
Argument: target, a table of yours with a log.
One session at a time makes checkpoints of a log; another one waits, until the end of the transaction. No crash takes back an '
'event that a returned checkpoint covers.
Errors: 42501 not the owner; 55000 no log, an event without a hash, or tiles that do not give the root of the newest checkpoint; '
'42809 not a table, or a partition; 25006 a standby, or a read-only transaction; 40001 a checkpoint since the snapshot of a '
'REPEATABLE READ transaction: retry.';

CREATE FUNCTION @extschema@.trust_key(target regclass, vkey text, signs boolean DEFAULT false) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_trust_key';

COMMENT ON FUNCTION @extschema@.trust_key(regclass, text, boolean) IS
'Trusts a key: its signatures of checkpoints of a log count. Once a key of the log itself is trusted, a checkpoint without a '
'signature by one is a fault.
Arguments: target, a table of yours with a log; vkey, a verifier key as in c2sp.org/signed-note: an Ed25519 key, whose name is '
'the origin of the log, or the cosignature key of a witness; signs, whether checkpoint() signs with the key of '
'veritable.signing_key_file, if that is this key.
Errors: 42501 not the owner, or signs is given by a role that is no superuser; 22023 not such a key; 55000 no log; 54000 more '
'than 64 keys.';

CREATE FUNCTION @extschema@.distrust_key(target regclass, vkey text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_distrust_key';

COMMENT ON FUNCTION @extschema@.distrust_key(regclass, text) IS
'Ends the trust in a key of a log: its signatures no longer count.
Arguments: target, a table of yours with a log; vkey, the key.
Errors: 42501 not the owner; 42704 no such key; 55000 no log.';

CREATE FUNCTION @extschema@.add_signature(target regclass, note text) RETURNS text
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_signature';

COMMENT ON FUNCTION @extschema@.add_signature(regclass, text) IS
'Stores signatures with a checkpoint, and returns the checkpoint with all its signatures. Only those by trusted keys are kept.
Arguments: target, a table of yours with a log; note, a checkpoint that checkpoint() has returned, signed elsewhere: '
'c2sp.org/signed-note, at most 1,000,000 bytes.
Errors: 42501 not the owner; 55000 no log; 22023 not a signed checkpoint, not one of this log, a wrong signature by a trusted '
'key, or no signature by one.';

CREATE FUNCTION @extschema@.inclusion_proof(target regclass, "position" bigint) RETURNS text
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_inclusion_proof';

COMMENT ON FUNCTION @extschema@.inclusion_proof(regclass, bigint) IS
'Returns a proof that the log has an event: a text that needs no database to be checked, c2sp.org/tlog-proof. It ends with the '
'newest signed checkpoint that covers the event, or with the newest one if none is signed. The entry of the log is the 32 bytes of '
'the hash of the event.
Arguments: target, a table with a log; position, that of the event.
Errors: 42501 no SELECT privilege, or row-level security hides rows; 55000 no log, no checkpoint covers the event, or the tree '
'does not have it; 42704 no event at this position.';

CREATE FUNCTION @extschema@.inclusion_proof(target regclass, entity text[], seq bigint) RETURNS text
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_inclusion_proof_of_entity';

COMMENT ON FUNCTION @extschema@.inclusion_proof(regclass, text[], bigint) IS
'Returns a proof that the log has an event, as inclusion_proof(regclass, bigint) does.
Arguments: target, a table with a log; entity, the values of the entity columns in their order, as text; seq, the place of the '
'event in its chain.
Errors: those of inclusion_proof(regclass, bigint); 22023 a wrong number of entity values.';

CREATE FUNCTION @extschema@.consistency_proof(target regclass, old_size bigint, new_size bigint) RETURNS text
    LANGUAGE c STABLE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_consistency_proof';

COMMENT ON FUNCTION @extschema@.consistency_proof(regclass, bigint, bigint) IS
'Returns the proof that the events of an older checkpoint are the first of a newer one: a line of base64 for each hash, as '
'c2sp.org/tlog-witness sends them. Of no events, and of equal sizes, the proof is empty.
Arguments: target, a table with a log; old_size and new_size, numbers of events.
Errors: 42501 no SELECT privilege, or row-level security hides rows; 55000 no log, or no checkpoint; 22023 sizes that are '
'negative, in the wrong order or beyond the newest checkpoint.';

CREATE FUNCTION @extschema@.verify_log(target regclass, note text DEFAULT NULL)
    RETURNS TABLE ("position" bigint, entity text[], seq bigint, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_log';

COMMENT ON FUNCTION @extschema@.verify_log(regclass, text) IS
'Verifies that a table is what a checkpoint says. Returns a row for each fault, and no row if there is none. A NOTICE says how '
'much was verified. Events that the checkpoint does not cover are not judged.
Arguments: target, a table with a log; note, a checkpoint that somebody has kept, signed or not, of at most 1,000,000 '
'bytes, by default the newest one of this database, which shows nothing against whoever can write to the tables of the extension.
Faults: rewritten, the event is not the one that the checkpoint covers; cut, an event that the checkpoint covers is not there; '
'vanished, a missing event was the first of its entity; inserted, an event at a covered position that the checkpoint does not '
'cover; rolled back, the checkpoint is of more events, or of other ones, than this log; forged, what is kept of the log does not '
'fit together; untrusted, a signature is wrong or missing; broken, something differs, and no event can be named; unread, '
'something cannot be read.
Errors: 42501 no SELECT privilege, or row-level security hides rows; 55000 no log, or no checkpoint; 42809 a partition; 22023 not '
'a checkpoint, or one of another log.';

-- The order-free comparison of a table with its tree (crates/core, Tally), as an aggregate that runs in parallel.

CREATE FUNCTION veritable.tally_add(internal, record, bytea) RETURNS internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_tally_add';
CREATE FUNCTION veritable.tally_merge(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_tally_merge';
CREATE FUNCTION veritable.tally_save(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_tally_save';
CREATE FUNCTION veritable.tally_load(bytea, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_tally_load';
CREATE FUNCTION veritable.tally_bytes(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_tally_bytes';

COMMENT ON FUNCTION veritable.tally_add(internal, record, bytea) IS 'Transition function of veritable.tally().';
COMMENT ON FUNCTION veritable.tally_merge(internal, internal) IS 'Combine function of veritable.tally().';
COMMENT ON FUNCTION veritable.tally_save(internal) IS 'Serialization function of veritable.tally().';
COMMENT ON FUNCTION veritable.tally_load(bytea, internal) IS 'Deserialization function of veritable.tally().';
COMMENT ON FUNCTION veritable.tally_bytes(internal) IS 'Final function of veritable.tally().';

CREATE AGGREGATE veritable.tally(event record, key bytea) (
    SFUNC = veritable.tally_add,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = veritable.tally_bytes,
    COMBINEFUNC = veritable.tally_merge,
    SERIALFUNC = veritable.tally_save,
    DESERIALFUNC = veritable.tally_load,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE veritable.tally(record, bytea) IS
'Returns a sum over the positions and hashes of events, which is that of no other events. Arguments: the events, and 16 random '
'bytes drawn for this run. verify_log() calls it.';
