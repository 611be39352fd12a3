-- The triggers of a feature on some tables, as definitions that the feature depends on. This part follows the feature's
-- own query. $1: the tables; $2: the functions of the feature.
UNION ALL
SELECT 'trigger', t.oid, 0, t.tgrelid, pg_catalog.format('trigger "%s"', t.tgname),
       pg_catalog.format('%s %s %s %s %s %s %s', t.tgname, t.tgfoid, t.tgtype, t.tgattr, t.tgqual, t.tgargs, t.tgnewtable),
       false, 0
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ANY ($2) AND (t.tgparentid = 0 OR NOT c.relispartition)
