-- The definitions that deduplicated tables depend on. $1: the tables; $2: the function deduplicate; $3: indexes to leave out.
WITH dedups AS MATERIALIZED (
    -- Of several triggers, the first to fire counts.
    SELECT DISTINCT ON (t.tgrelid)
           t.tgrelid AS target,
           veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
           (veritable.trigger_argument(t.tgargs, 'by'))[1]::pg_catalog.name AS by
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND (t.tgparentid = 0 OR NOT c.relispartition)
    ORDER BY t.tgrelid, t.tgname
)
-- A deduplication knows its columns by their names, and follows a renamed one.
SELECT 'column' AS kind, d.target AS object, a.attnum::pg_catalog.int4 AS number, d.target,
       pg_catalog.format('column "%s"', a.attname) AS name,
       CASE WHEN named THEN pg_catalog.format('%s %s %s', a.atttypid, a.atttypmod, a.attcollation) ELSE '' END AS definition,
       CASE WHEN named THEN 'named' ELSE 'other' END AS role, a.attname::pg_catalog.text AS "column",
       false AS filled, (SELECT typowner FROM pg_catalog.pg_type WHERE oid = a.atttypid) AS owner
FROM dedups d
JOIN pg_catalog.pg_attribute a ON a.attrelid = d.target
CROSS JOIN LATERAL (SELECT a.attname = ANY (d.key) OR COALESCE(a.attname = d.by, false) AS named) AS n
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', d.target, 0, d.target, 'the last index on the key', 'present', '', '', false, 0
FROM dedups d
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = r.relam
    WHERE i.indrelid = d.target AND i.indexrelid <> ALL ($3) AND m.amname = 'btree' AND i.indpred IS NULL AND i.indisvalid
      AND i.indnkeyatts >= pg_catalog.cardinality(d.key)
      AND (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attname)
           FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = d.target AND a.attnum = k.attnum
           WHERE k.place <= pg_catalog.cardinality(d.key))
          IS NOT DISTINCT FROM (SELECT pg_catalog.array_agg(e ORDER BY e) FROM pg_catalog.unnest(d.key) AS e)
      -- With the equality of the columns: under their collations, or others that are deterministic as theirs.
      AND NOT EXISTS (
          SELECT FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
          JOIN pg_catalog.pg_attribute a ON a.attrelid = d.target AND a.attnum = k.attnum
          JOIN pg_catalog.pg_collation c ON c.oid IN (i.indcollation[k.place - 1], a.attcollation)
          WHERE k.place <= pg_catalog.cardinality(d.key) AND i.indcollation[k.place - 1] <> a.attcollation
            AND NOT c.collisdeterministic)
)
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', target, 0, target, 'configuration', CASE WHEN key IS NOT NULL THEN '' END, '', '', false, 0
FROM dedups
