-- The definitions that packed tables depend on. $1: the tables; $2: the functions pack and pack_early; $3: indexes to
-- leave out.
WITH RECURSIVE
-- The configuration of each table, with the index of its packing: on the key, the period, and the value if there is one
-- (a column, or 0 for an expression). The value may precede the period.
packings AS MATERIALIZED (
    SELECT p.target, p.period, p.key, p.value, i.relname AS index, i.indisexclusion, i.indkey
    FROM (
        -- Of the packing triggers, the one after INSERT (bit 2 of tgtype); of several, the first to fire.
        SELECT DISTINCT ON (t.tgrelid)
               t.tgrelid AS target,
               (veritable.trigger_argument(t.tgargs, 'period'))[1]::pg_catalog.name AS period,
               veritable.trigger_argument(t.tgargs, 'key')::pg_catalog.name[] AS key,
               veritable.trigger_argument(t.tgargs, 'value')::pg_catalog.name[] AS value
        FROM pg_catalog.pg_trigger t
        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
        WHERE t.tgrelid = ANY ($1) AND t.tgfoid = ($2)[1] AND t.tgtype & 4 = 4 AND (t.tgparentid = 0 OR NOT c.relispartition)
        ORDER BY t.tgrelid, t.tgname
    ) AS p
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(a.attnum::pg_catalog.text, ' ' ORDER BY pg_catalog.array_position(p.key, a.attname))
                   FILTER (WHERE a.attname = ANY (p.key)) AS key,
               pg_catalog.max(a.attnum) FILTER (WHERE a.attname = ANY (p.value)) AS value,
               pg_catalog.max(a.attnum) FILTER (WHERE a.attname = p.period) AS period
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = p.target
    ) AS place
    LEFT JOIN LATERAL (
        SELECT r.relname, i.indisexclusion, i.indkey
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = r.relam
        WHERE i.indrelid = p.target AND i.indexrelid <> ALL ($3) AND m.amname = 'gist' AND i.indpred IS NULL AND i.indisvalid
          AND (i.indisexclusion OR p.value = '{}')
          AND i.indkey::pg_catalog.text = ANY (CASE pg_catalog.cardinality(p.value)
              WHEN 0 THEN ARRAY[pg_catalog.concat_ws(' ', place.key, place.period)]
              WHEN 1 THEN ARRAY[pg_catalog.concat_ws(' ', place.key, place.period, 0),
                                pg_catalog.concat_ws(' ', place.key, 0, place.period),
                                pg_catalog.concat_ws(' ', place.key, place.period, place.value),
                                pg_catalog.concat_ws(' ', place.key, place.value, place.period)]
              ELSE ARRAY[pg_catalog.concat_ws(' ', place.key, place.period, 0),
                         pg_catalog.concat_ws(' ', place.key, 0, place.period)] END)
        ORDER BY i.indexrelid
        LIMIT 1
    ) AS i ON true
),
-- The columns of packed tables, and their roles.
packed AS MATERIALIZED (
    SELECT p.target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.attgenerated,
           CASE WHEN a.attname = ANY (p.key) THEN 'key'
                WHEN a.attname = ANY (p.value) THEN 'value'
                WHEN a.attname = p.period THEN 'period' END AS role,
           COALESCE(a.attnum = ANY (p.indkey), false) AS indexed
    FROM packings p
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.target
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
-- The types of values that are compared as text, with the types that they are made of.
types AS (
    SELECT p.target, p.atttypid AS type
    FROM packed p
    JOIN pg_catalog.pg_type y ON y.oid = p.atttypid
    WHERE p.role = 'value' AND NOT p.indexed AND (y.typtype <> 'b' OR y.typelem <> 0)
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
-- A packing knows its columns by their names, and follows a renamed one.
SELECT 'column' AS kind, target AS object, attnum::pg_catalog.int4 AS number, target,
       pg_catalog.format('column "%s"', attname) AS name,
       CASE WHEN role IS NOT NULL THEN pg_catalog.format('%s %s %s', atttypid, atttypmod, attcollation) ELSE '' END AS definition,
       CASE WHEN role IS NULL THEN 'other' ELSE 'named' END AS role, attname::pg_catalog.text AS "column", false AS filled,
       (SELECT typowner FROM pg_catalog.pg_type WHERE oid = atttypid) AS owner
FROM packed
WHERE attgenerated = '' OR role IS NOT NULL
UNION ALL
SELECT 'type', e.oid, 0, t.target,
       pg_catalog.format('value "%s" of type %I.%I', e.enumlabel, n.nspname, y.typname), e.enumlabel, '', '', false,
       y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_enum e ON e.enumtypid = t.type
UNION ALL
-- The text of a value contains its attributes in order, without trailing nulls and without names.
SELECT 'type', a.attrelid, a.attnum, t.target,
       pg_catalog.format('attribute "%s" of type %I.%I', a.attname, n.nspname, y.typname),
       pg_catalog.concat_ws(' ', a.atttypid, a.atttypmod), '', '', a.atthasmissing, y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', target, 0, target,
       pg_catalog.format('%s "%s"', CASE WHEN indisexclusion THEN 'constraint' ELSE 'index' END, index), 'present', '', '',
       false, 0
FROM packings
WHERE index IS NOT NULL
UNION ALL
-- Only a check: if a function returns no array, the function is not the extension's.
SELECT 'configuration', target, 0, target, 'configuration', CASE WHEN key IS NOT NULL AND value IS NOT NULL THEN '' END, '', '',
       false, 0
FROM packings
