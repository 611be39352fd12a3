-- What the features share over the tables that they are attached to.

CREATE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_arguments';
COMMENT ON FUNCTION veritable.trigger_arguments(bytea) IS
'The arguments of a trigger, from pg_trigger.tgargs.';

CREATE FUNCTION veritable.trigger_argument(arguments bytea, key text) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_argument';
COMMENT ON FUNCTION veritable.trigger_argument(bytea, text) IS
'The values of a key among the arguments of a trigger, which are key=value, in their order; an empty array where there is none.
Arguments: arguments, pg_trigger.tgargs; key, the key.';
