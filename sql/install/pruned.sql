-- requires: chain, prune

-- Verification of chains that events were pruned from.

CREATE FUNCTION veritable.entity_key(event record) RETURNS bigint
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_entity_key';
COMMENT ON FUNCTION veritable.entity_key(record) IS
'Returns the key under which veritable.prunings has the entity of an event of a chained table.';

CREATE FUNCTION veritable.entity_key(target regclass, entity text[]) RETURNS bigint
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_entity_key_of';
COMMENT ON FUNCTION veritable.entity_key(regclass, text[]) IS
'Returns the key that veritable.entity_key(record) gives for an event of a chained table whose entity columns have these values, '
'as texts in the order of the columns of the chain. Errors: 42501 without the privilege to read them, those of verify_chain() '
'without such a chained table, and those of the types if a text is no value.';

-- This function runs in the leader only, where verify_chain() runs.
CREATE FUNCTION veritable.is_sought_key(key bigint, number bigint) RETURNS boolean
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'veritable_is_sought_key';
COMMENT ON FUNCTION veritable.is_sought_key(bigint, bigint) IS
'Returns whether verify_chain() currently seeks the entity with a key; false outside of verify_chain().';

CREATE FUNCTION veritable.balance_add_pruned(internal, record, bytea, bigint, bigint, bytea, bytea, bytea) RETURNS internal
    LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'veritable_balance_add_pruned';
COMMENT ON FUNCTION veritable.balance_add_pruned(internal, record, bytea, bigint, bigint, bytea, bytea, bytea) IS
'Transition function of veritable.intact_pruned().';

CREATE AGGREGATE veritable.intact_pruned(
    event record, key bytea, first bigint, last bigint, before bytea, through bytea, genesis bytea
) (
    SFUNC = veritable.balance_add_pruned,
    STYPE = internal,
    SSPACE = 128,
    FINALFUNC = veritable.balance_events,
    COMBINEFUNC = veritable.balance_merge,
    SERIALFUNC = veritable.balance_save,
    DESERIALFUNC = veritable.balance_load,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE veritable.intact_pruned(record, bytea, bigint, bigint, bytea, bytea, bytea) IS
'Returns the number of events of one chain from which events were pruned, as veritable.intact() does. Arguments: those of '
'veritable.intact(); or no event, and a run of veritable.prunings with the genesis of the chain.';
