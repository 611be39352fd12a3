-- The definitions that tables with a history depend on. $1: the tables; $2: the functions history and record; $3: indexes to
-- leave out.
WITH
-- The configuration of each table, from the trigger that names the history; of several, the first counts.
histories AS MATERIALIZED (
    SELECT DISTINCT ON (t.tgrelid)
           t.tgrelid AS target,
           veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
           veritable.trigger_argument(t.tgargs, 'valid')::pg_catalog.name[] AS valid
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND (t.tgparentid = 0 OR NOT c.relispartition)
    ORDER BY t.tgrelid, t.tgname
)
-- The history follows its columns: an event keeps the name that a column had, and a column that is gone stays in the events.
SELECT 'column' AS kind, h.target AS object, a.attnum::pg_catalog.int4 AS number, h.target,
       pg_catalog.format('column "%s"', a.attname) AS name,
       pg_catalog.format('%s %s', a.attname, a.atttypid) AS definition,
       CASE WHEN a.attname = ANY (h.key || h.valid) THEN 'named' ELSE 'excluded' END AS role,
       a.attname::pg_catalog.text AS "column", false AS filled,
       (SELECT typowner FROM pg_catalog.pg_type WHERE oid = a.atttypid) AS owner
FROM histories h
JOIN pg_catalog.pg_attribute a ON a.attrelid = h.target
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', h.target, 0, h.target, 'the primary key', 'present', '', '', false, 0
FROM histories h
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_index i
    WHERE i.indrelid = h.target AND i.indisprimary AND i.indisvalid AND i.indexrelid <> ALL ($3)
)
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', target, 0, target, 'configuration', CASE WHEN key IS NOT NULL AND valid IS NOT NULL THEN '' END, '', '',
       false, 0
FROM histories
