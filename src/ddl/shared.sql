-- For each feature on some tables: the triggers, the rows, and the partitions. This part follows the feature's own
-- query. $1: the tables; $2: the functions of the feature.
UNION ALL
SELECT 'trigger', t.oid, 0, t.tgrelid, pg_catalog.format('trigger "%s"', t.tgname),
       pg_catalog.format('%s %s %s %s %s %s %s', t.tgname, t.tgfoid, t.tgtype, t.tgattr, t.tgqual, t.tgargs, t.tgnewtable),
       '', '', false, t.tgconstrrelid
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ANY ($2) AND (t.tgparentid = 0 OR NOT c.relispartition)
UNION ALL
SELECT 'rows', c.oid, 0, c.oid, pg_catalog.format('rows of "%s"', c.relname), '', '', '', false, 0
FROM pg_catalog.pg_class c
WHERE c.oid = ANY ($1) AND c.relkind = 'r'
UNION ALL
-- The partitions that have triggers from another table, and that table.
SELECT DISTINCT 'partition', parent.tgrelid, 0, t.tgrelid, pg_catalog.format('partition "%s"', c.relname), '', '', '', false,
       root.relowner
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_trigger parent ON parent.oid = t.tgparentid
JOIN pg_catalog.pg_class root ON root.oid = parent.tgrelid
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND c.relispartition
