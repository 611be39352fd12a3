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
'The number of events of one chain, in any order, or NULL where the chain has a fault. Arguments: the events, and 16 random bytes drawn for this run. verify_chain() calls it once for each entity.';

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
'The hash of the entity of a chain that has a fault, or NULL where it is intact. Arguments: those of veritable.intact().';

-- In the leader alone, where verify_chain() runs.
CREATE FUNCTION veritable.is_sought(event record, number bigint) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'veritable_is_sought';
COMMENT ON FUNCTION veritable.is_sought(record, bigint) IS
'Whether verify_chain() seeks the entity of an event; false outside of it.';
