-- requires: extension

-- What the features share over the tables that they are attached to.

CREATE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_arguments';
COMMENT ON FUNCTION veritable.trigger_arguments(bytea) IS
'The arguments of a trigger, from pg_trigger.tgargs.';
