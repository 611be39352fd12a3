-- The definitions that tables with references depend on. $1: the tables; $2: the functions refer and guard_referenced; $3:
-- unused, because a reference needs no index.
WITH columns AS MATERIALIZED (
    SELECT r.target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attgenerated,
           a.attname = ANY (r.columns) AS named
    FROM (
        SELECT t.tgrelid AS target, pg_catalog.array_agg(c.name::pg_catalog.name) AS columns
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class k ON k.oid = t.tgrelid
        CROSS JOIN LATERAL (
            SELECT pg_catalog.unnest(veritable.trigger_argument(t.tgargs, 'column') || veritable.trigger_argument(t.tgargs, 'period'))
            WHERE t.tgfoid = ($2)[1]
            UNION ALL
            SELECT pg_catalog.unnest(veritable.trigger_argument(t.tgargs, 'referenced_column')
                                     || veritable.trigger_argument(t.tgargs, 'referenced_period'))
            WHERE t.tgfoid = ($2)[2]
        ) AS c (name)
        WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ANY ($2) AND t.tgconstrrelid <> 0 AND (t.tgparentid = 0 OR NOT k.relispartition)
        GROUP BY t.tgrelid
    ) AS r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.target
    WHERE a.attnum > 0 AND NOT a.attisdropped
)
-- A reference knows its columns by their names, and follows a renamed one.
SELECT 'column' AS kind, target AS object, attnum::pg_catalog.int4 AS number, target,
       pg_catalog.format('column "%s"', attname) AS name,
       CASE WHEN named THEN pg_catalog.format('%s %s %s %s', atttypid, atttypmod, attcollation, attgenerated) ELSE '' END
           AS definition,
       CASE WHEN named THEN 'named' ELSE 'other' END AS role, attname::pg_catalog.text AS "column",
       false AS filled, (SELECT typowner FROM pg_catalog.pg_type WHERE oid = atttypid) AS owner
FROM columns
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', t.tgrelid, 0, t.tgrelid, 'configuration',
       CASE WHEN veritable.trigger_argument(t.tgargs, 'column') IS NOT NULL THEN '' END, '', '', false, 0
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ANY ($2)
