-- The definitions that validated tables depend on. $1: the tables; $2: the function validate; $3: the functions whose
-- triggers may fire after the validating ones; $4: unused, because a validation needs no index.
SELECT CASE WHEN a.attname = ANY (v.columns) THEN 'column' ELSE 'other column' END AS kind,
       v.target AS object, a.attnum::pg_catalog.int4 AS number, v.target, pg_catalog.format('column "%s"', a.attname) AS name,
       CASE WHEN a.attname = ANY (v.columns) THEN pg_catalog.format('%s %s', a.attname, a.atttypid) ELSE '' END AS definition,
       false AS fixed, 0::pg_catalog.oid AS owner
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
UNION ALL
-- BEFORE INSERT OR UPDATE FOR EACH ROW (bits 0, 1, 2, 4 of tgtype).
SELECT 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false, 0
FROM pg_catalog.pg_trigger late
WHERE late.tgrelid = ANY ($1)
  AND late.tgtype & 3 = 3 AND late.tgtype & 20 <> 0 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal
  AND late.tgfoid <> ALL ($3)
  AND EXISTS (SELECT FROM pg_catalog.pg_trigger validate
              WHERE validate.tgrelid = late.tgrelid AND validate.tgfoid = ($2)[1] AND validate.tgname < late.tgname)
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', t.tgrelid, 0, t.tgrelid, 'configuration',
       CASE WHEN veritable.trigger_argument(t.tgargs, 'document') IS NOT NULL THEN '' END, false, 0
FROM pg_catalog.pg_trigger t
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1]
