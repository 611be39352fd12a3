-- requires: extension

-- The functions that the features share, for the tables that they are attached to.

CREATE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_arguments';
COMMENT ON FUNCTION veritable.trigger_arguments(bytea) IS 'Returns the arguments of a trigger, from pg_trigger.tgargs.';

CREATE FUNCTION veritable.trigger_argument(arguments bytea, key text) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_argument';
COMMENT ON FUNCTION veritable.trigger_argument(bytea, text) IS
'Returns the values of a key among the key=value arguments of a trigger, in their order; an empty array if there is none.
Arguments: arguments, pg_trigger.tgargs; key, the key.';

CREATE FUNCTION veritable.generated_value(source text, key text) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_generated_value';
COMMENT ON FUNCTION veritable.generated_value(text, text) IS
'Returns the values of a key in the first line of a generated function, in their order; an empty array if there is none.
Arguments: source, pg_proc.prosrc; key, the key.';

CREATE FUNCTION veritable.is_known(is_since boolean, name text, at text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_is_known';
COMMENT ON FUNCTION veritable.is_known(boolean, text, text) IS
'Returns true for a moment since the last pruning of a table: generated functions ask it, because events that were pruned were known '
'before.
Arguments: is_since, whether the moment is not before the pruning; name, the name of the table, and at, the time of the pruning, for '
'the error.
Errors: 22023 an earlier moment.';
