-- The public functions. They live in the schema that CREATE EXTENSION was given; everything else in `veritable`.

CREATE FUNCTION @extschema@.add_chain(
    target regclass,
    entity name[] DEFAULT '{}',
    seq name DEFAULT 'seq',
    previous name DEFAULT 'previous_event_hash',
    hash name DEFAULT 'event_hash',
    recorded name DEFAULT NULL,
    exclude name[] DEFAULT '{}',
    order_by name[] DEFAULT '{}',
    identity text DEFAULT NULL
) RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_add_chain';

COMMENT ON FUNCTION @extschema@.add_chain(regclass, name[], name, name, name, name, name[], name[], text) IS
'Chains a table: every row that is inserted from now on gets its place in the chain of its entity (seq), the hash of the event before it (previous) and the hash of its own line (hash); existing rows are sealed in the order of order_by.
Arguments: target, a table of yours; entity, the NOT NULL columns that say which chain a row belongs to (none: the table is one chain); seq, previous, hash, the chain''s columns, added as bigint, bytea, bytea where they are missing (previous and hash may be text, for hexadecimal digits); recorded, a timestamptz column to set to the time of recording; exclude, columns that are not hashed and may change; order_by, the order of existing rows, by default that of recorded; identity, what the chain is called under its hashes, by default the qualified name of the table: it stays when the table is renamed.
The first event of each entity links to the SHA-256 of this configuration, so that rows of another table or under another configuration do not verify.
Returns the number of existing rows sealed. Takes an ACCESS EXCLUSIVE lock on the table.
Errors: 42501 not the owner; 42809 not a table; 42710 already chained; 42703 no such column; 42804 wrong column type; 0A000 a type that cannot be hashed; 22023 a column given twice, or an identity that is empty or longer than 1000 bytes; 55000 an entity column that is not NOT NULL, a chain column with a default, existing rows without an order, or a trigger that fires later.';

CREATE FUNCTION @extschema@.drop_chain(target regclass) RETURNS void
    LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_drop_chain';

COMMENT ON FUNCTION @extschema@.drop_chain(regclass) IS
'Ends the chain of a table: its triggers go, its rows, columns and indexes stay.
Errors: 42501 not the owner; 55000 not chained; 42809 a partition, whose chain is that of the partitioned table.';

CREATE FUNCTION @extschema@.chain_line(event record) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_chain_line';

COMMENT ON FUNCTION @extschema@.chain_line(record) IS
'The line of an event: exactly the bytes that are hashed, so that sha256(convert_to(chain_line(e), ''UTF8'')) is the hash of e.
Argument: a whole row of a chained table, as in SELECT chain_line(e) FROM entity_events AS e.
Errors: 42809 not a row of a table; 55000 the table is not chained; 54000 a line above 1 GB.';

CREATE FUNCTION @extschema@.verify_chain(
    target regclass DEFAULT NULL,
    entity text[] DEFAULT NULL
) RETURNS TABLE (chain regclass, entity text[], seq bigint, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_chain';

COMMENT ON FUNCTION @extschema@.verify_chain(regclass, text[]) IS
'Verifies a chained table, one entity of it, or every chained table that you may read: a row for each fault, none where the chains are intact. A NOTICE says how much was verified.
Arguments: target, the table, by default all; entity, the values of the entity columns in their order, as text, by default all.
Faults: altered, the line does not hash to the stored hash; unlinked, the previous hash is not the hash of the event before, or of the configuration; missing, a gap that begins at seq; duplicated, a second event with this seq; unsealed, seq or hash is null; backdated, the recorded time is null, infinite, or not after that of the event before; unguarded, the chain''s triggers are missing, disabled or changed.
A chain cannot show that its newest events are gone, that an entity is gone as a whole, or that everything was computed anew.
Errors: 55000 not chained; 42501 no SELECT privilege, or row-level security hides rows; 42809 a partition; 22023 an entity with another number of values.';
