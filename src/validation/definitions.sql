-- The definitions that validated tables depend on. $1: the tables; $2: the function validate; $3: unused, because a
-- validation needs no index.
WITH columns AS MATERIALIZED (
    SELECT v.target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attname = ANY (v.columns) AS named
    FROM (
        -- Of several triggers for one document, the first to fire.
        SELECT v.target, pg_catalog.array_agg(c.name) AS columns
        FROM (
            SELECT DISTINCT ON (t.tgrelid, a.document) t.tgrelid AS target, a.document, a.type, a.version
            FROM pg_catalog.pg_trigger t
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
            CROSS JOIN LATERAL (
                SELECT (veritable.trigger_argument(t.tgargs, 'document'))[1]::pg_catalog.name AS document,
                       (veritable.trigger_argument(t.tgargs, 'type'))[1]::pg_catalog.name AS type,
                       (veritable.trigger_argument(t.tgargs, 'version'))[1]::pg_catalog.name AS version
            ) AS a
            WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND (t.tgparentid = 0 OR NOT c.relispartition)
            ORDER BY t.tgrelid, a.document, t.tgname
        ) AS v
        CROSS JOIN LATERAL (VALUES (v.document), (v.type), (v.version)) AS c (name)
        WHERE c.name IS NOT NULL
        GROUP BY v.target
    ) AS v
    JOIN pg_catalog.pg_attribute a ON a.attrelid = v.target
    WHERE a.attnum > 0 AND NOT a.attisdropped
)
-- A validation knows its columns by their names, and follows a renamed one.
SELECT 'column' AS kind, target AS object, attnum::pg_catalog.int4 AS number, target,
       pg_catalog.format('column "%s"', attname) AS name,
       CASE WHEN named THEN pg_catalog.format('%s %s', atttypid, atttypmod) ELSE '' END AS definition,
       CASE WHEN named THEN 'named' ELSE 'other' END AS role, attname::pg_catalog.text AS "column",
       false AS filled, (SELECT typowner FROM pg_catalog.pg_type WHERE oid = atttypid) AS owner
FROM columns
UNION ALL
-- An enum can name the schema of a document.
SELECT 'type', e.oid, 0, c.target,
       pg_catalog.format('value "%s" of type %I.%I', e.enumlabel, n.nspname, y.typname), e.enumlabel,
       '', '', false, y.typowner
FROM columns c
JOIN pg_catalog.pg_type of_column ON of_column.oid = c.atttypid
JOIN pg_catalog.pg_type y ON y.oid IN (of_column.oid, of_column.typbasetype)
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_enum e ON e.enumtypid = y.oid
WHERE c.named
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', t.tgrelid, 0, t.tgrelid, 'configuration',
       CASE WHEN veritable.trigger_argument(t.tgargs, 'document') IS NOT NULL THEN '' END, '', '', false, 0
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1]
