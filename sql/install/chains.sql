-- What is chained, and how: read from the triggers, which hold the configuration.

CREATE FUNCTION veritable.trigger_arguments(arguments bytea) RETURNS text[]
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_trigger_arguments';
COMMENT ON FUNCTION veritable.trigger_arguments(bytea) IS
'The arguments of a trigger, from pg_trigger.tgargs.';

CREATE FUNCTION veritable.configuration_line(arguments bytea) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_configuration_line';
COMMENT ON FUNCTION veritable.configuration_line(bytea) IS
'The line of a chain''s configuration, from pg_trigger.tgargs; null where those are not the arguments of a chain.';

CREATE FUNCTION veritable.chain_genesis(target regclass) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_chain_genesis';
COMMENT ON FUNCTION veritable.chain_genesis(regclass) IS
'Line 0 of a chained table, the first of an exported file: its configuration and identity as one line of JSON. Its SHA-256 is the previous hash of the first event of every entity.
Argument: target, a chained table. Takes no privilege: the configuration is in the catalogs.
Errors: 42704 no such table; 55000 not chained.';

-- A table is one chain: of several sealing triggers, the one that fires first counts, as it does for verification. Only a
-- partition has its triggers from another table. Arguments are what somebody wrote: nothing here may fail on them.
CREATE VIEW veritable.chains AS
SELECT DISTINCT ON (t.tgrelid)
       t.tgrelid::pg_catalog.regclass AS chain,
       a.entity,
       a.seq,
       a.previous,
       a.hash,
       a.recorded,
       a.exclude,
       a.format,
       t.tgname AS trigger,
       t.tgenabled IN ('O', 'A') AS enabled,
       a.identity,
       pg_catalog.sha256(pg_catalog.convert_to(veritable.configuration_line(t.tgargs), 'UTF8')) AS genesis
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
CROSS JOIN LATERAL (
    SELECT COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'entity'), '{}') AS entity,
           pg_catalog.max(value) FILTER (WHERE key = 'seq')::pg_catalog.name AS seq,
           pg_catalog.max(value) FILTER (WHERE key = 'previous')::pg_catalog.name AS previous,
           pg_catalog.max(value) FILTER (WHERE key = 'hash')::pg_catalog.name AS hash,
           pg_catalog.max(value) FILTER (WHERE key = 'recorded')::pg_catalog.name AS recorded,
           COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'exclude'), '{}') AS exclude,
           CASE WHEN pg_catalog.max(value) FILTER (WHERE key = 'format') IS NULL THEN 1
                WHEN pg_catalog.max(value) FILTER (WHERE key = 'format') ~ '^[0-9]{1,9}$'
                THEN pg_catalog.max(value) FILTER (WHERE key = 'format')::pg_catalog.int4 END AS format,
           pg_catalog.max(value) FILTER (WHERE key = 'identity') AS identity
    FROM pg_catalog.unnest(veritable.trigger_arguments(t.tgargs)) WITH ORDINALITY AS argument (text, place)
    CROSS JOIN LATERAL (
        SELECT pg_catalog.split_part(argument.text, '=', 1) AS key,
               pg_catalog.substr(argument.text, pg_catalog.strpos(argument.text, '=') + 1) AS value
    ) AS pair
) AS a
WHERE t.tgfoid = 'veritable.seal'::pg_catalog.regproc AND (t.tgparentid = 0 OR NOT c.relispartition)
ORDER BY t.tgrelid, t.tgname;

GRANT SELECT ON veritable.chains TO PUBLIC;
COMMENT ON VIEW veritable.chains IS 'the chained tables of this database, with the columns that make up each chain';
COMMENT ON COLUMN veritable.chains.chain IS 'the table';
COMMENT ON COLUMN veritable.chains.entity IS 'the columns whose values say which chain an event belongs to; none: the table is one chain';
COMMENT ON COLUMN veritable.chains.seq IS 'the column of the place in the chain';
COMMENT ON COLUMN veritable.chains.previous IS 'the column of the hash of the event before';
COMMENT ON COLUMN veritable.chains.hash IS 'the column of the hash';
COMMENT ON COLUMN veritable.chains.recorded IS 'the column of the recorded time, if any';
COMMENT ON COLUMN veritable.chains.exclude IS 'the columns that are not hashed and may change';
COMMENT ON COLUMN veritable.chains.format IS 'the number of the line format; null where that is no number';
COMMENT ON COLUMN veritable.chains.trigger IS 'the sealing trigger';
COMMENT ON COLUMN veritable.chains.identity IS 'what the chain is called under its hashes: by default the name of the table when it was chained';
COMMENT ON COLUMN veritable.chains.genesis IS 'the previous hash of the first event of every entity: the SHA-256 of veritable.chain_genesis(chain)';
COMMENT ON COLUMN veritable.chains.enabled IS 'whether the sealing trigger fires';
