-- The definitions that chained tables depend on. $1: the tables; $2: the functions seal and guard; $3: indexes to leave
-- out.
WITH RECURSIVE
-- The configuration of each table: of several triggers, the first to fire counts. A partition has its triggers from
-- another table.
chains AS MATERIALIZED (
    SELECT DISTINCT ON (t.tgrelid)
           t.tgrelid AS target,
           veritable.trigger_argument(t.tgargs, 'entity')::pg_catalog.name[] AS entity,
           (veritable.trigger_argument(t.tgargs, 'seq'))[1]::pg_catalog.name AS seq,
           veritable.trigger_argument(t.tgargs, 'previous') || veritable.trigger_argument(t.tgargs, 'hash')
               || veritable.trigger_argument(t.tgargs, 'recorded')
               || veritable.trigger_argument(t.tgargs, 'erasable') || veritable.trigger_argument(t.tgargs, 'salt')
               || veritable.trigger_argument(t.tgargs, 'commitment') AS own,
           veritable.trigger_argument(t.tgargs, 'exclude')::pg_catalog.name[] AS exclude,
           (veritable.trigger_argument(t.tgargs, 'position'))[1]::pg_catalog.name AS place
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND (t.tgparentid = 0 OR NOT c.relispartition)
    ORDER BY t.tgrelid, t.tgname
),
-- The columns and their roles. PostgreSQL computes generated columns after the row is sealed. It keeps the value that old
-- rows have in a new column with the table, or with each partition. No line contains the position.
columns AS MATERIALIZED (
    SELECT c.target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
           a.atthasmissing OR r.relkind = 'p' AND EXISTS (
               SELECT FROM pg_catalog.pg_attribute part
               WHERE part.attrelid = ANY ($1) AND part.attname = a.attname AND part.atthasmissing) AS filled,
           CASE WHEN a.attname = ANY (c.exclude) THEN 'excluded'
                WHEN a.attgenerated <> '' THEN 'other'
                WHEN a.attname = c.place THEN 'place'
                WHEN a.attname = ANY (c.entity) OR a.attname = c.seq OR a.attname = ANY (c.own) THEN 'named'
                ELSE 'covered' END AS role
    FROM chains c
    JOIN pg_catalog.pg_class r ON r.oid = c.target
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.target
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
-- The types of these columns, with the types that they are made of. Most are base types, which have no parts.
types AS (
    SELECT c.target, c.atttypid AS type
    FROM columns c
    JOIN pg_catalog.pg_type y ON y.oid = c.atttypid
    WHERE c.role IN ('named', 'covered') AND (y.typtype <> 'b' OR y.typelem <> 0)
    UNION
    SELECT t.target, part.type
    FROM types t
    JOIN pg_catalog.pg_type y ON y.oid = t.type
    CROSS JOIN LATERAL (
        SELECT y.typelem UNION ALL
        SELECT y.typbasetype UNION ALL
        SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = y.oid OR r.rngmultitypid = y.oid UNION ALL
        SELECT a.atttypid FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = y.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS part (type)
    WHERE part.type <> 0
)
-- A line contains the values of its columns, written by their types, with their names.
SELECT CASE role WHEN 'place' THEN 'place' ELSE 'column' END AS kind, target AS object, attnum::pg_catalog.int4 AS number, target,
       pg_catalog.format('column "%s"', attname) AS name,
       CASE WHEN role IN ('named', 'covered') THEN pg_catalog.format('%s %s %s %s', attname, atttypid, atttypmod, attcollation)
            ELSE '' END AS definition,
       CASE role WHEN 'place' THEN 'named' ELSE role END AS role, attname::pg_catalog.text AS "column", filled, (SELECT typowner FROM pg_catalog.pg_type WHERE oid = atttypid) AS owner
FROM columns
UNION ALL
SELECT 'type', e.oid, 0, t.target,
       pg_catalog.format('value "%s" of type %I.%I', e.enumlabel, n.nspname, y.typname), e.enumlabel,
       '', '', false, y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_enum e ON e.enumtypid = t.type
UNION ALL
-- A line contains all attributes, with their names.
SELECT 'type', a.attrelid, a.attnum, t.target,
       pg_catalog.format('attribute "%s" of type %I.%I', a.attname, n.nspname, y.typname),
       pg_catalog.concat_ws(' ', a.attname, a.atttypid, a.atttypmod), '', '', a.atthasmissing, y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', c.target, 0, c.target, 'the last index on (entity, seq)', 'present', '', '', false, 0
FROM chains c
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = r.relam
    WHERE i.indrelid = c.target AND i.indexrelid <> ALL ($3) AND m.amname = 'btree' AND i.indpred IS NULL AND i.indisvalid
      AND i.indnkeyatts > pg_catalog.cardinality(c.entity)
      AND (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attname)
           FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.target AND a.attnum = k.attnum
           WHERE k.place <= pg_catalog.cardinality(c.entity))
          IS NOT DISTINCT FROM (SELECT pg_catalog.array_agg(e ORDER BY e) FROM pg_catalog.unnest(c.entity) AS e)
      AND i.indkey[pg_catalog.cardinality(c.entity)]
          = (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.target AND a.attname = c.seq)
)
UNION ALL
-- The sequences that belong to the column of the position: one, which gives the positions.
SELECT 'sequence', c.target, 0, c.target, pg_catalog.format('sequence "%s"', pg_catalog.min(s.relname::pg_catalog.text)),
       pg_catalog.string_agg(s.oid::pg_catalog.text, ' ' ORDER BY s.oid), '', '', false, pg_catalog.min(s.oid)
FROM columns c
JOIN pg_catalog.pg_depend d
  ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = c.target AND d.refobjsubid = c.attnum
 AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'
JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
WHERE c.role = 'place'
GROUP BY c.target
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', target, 0, target, 'configuration',
       CASE WHEN entity IS NOT NULL AND exclude IS NOT NULL AND own IS NOT NULL THEN '' END, '', '', false, 0
FROM chains
