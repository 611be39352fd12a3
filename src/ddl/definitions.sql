-- What chained, packed and validated tables depend on: a command that breaks one of these rows is refused. $1: the tables;
-- $2 to $6: the functions seal, guard, pack, pack_early, validate; $7: indexes that are left out. All of it is read from the catalogs with one snapshot, of
-- before or after a command; so no function that looks into the catalog caches, which know the present alone.
WITH RECURSIVE
-- The configuration of each table: of several triggers, the one that fires first. What is a partition has its triggers from
-- another table.
configured AS MATERIALIZED (
    SELECT DISTINCT ON (t.tgrelid, t.tgfoid, a.document)
           t.tgfoid, t.tgrelid AS target, a.*
    FROM pg_catalog.pg_trigger t
    JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
    CROSS JOIN LATERAL (
        SELECT COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'entity'), '{}') AS entity,
               pg_catalog.max(value) FILTER (WHERE key = 'seq')::pg_catalog.name AS seq,
               COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'exclude'), '{}') AS exclude,
               pg_catalog.max(value) FILTER (WHERE key = 'period')::pg_catalog.name AS period,
               COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'key'), '{}') AS key,
               COALESCE(pg_catalog.array_agg(value::pg_catalog.name ORDER BY place) FILTER (WHERE key = 'value'), '{}') AS value,
               -- Only validations of one table are told apart by it.
               pg_catalog.max(value) FILTER (WHERE key = 'document')::pg_catalog.name AS document,
               pg_catalog.max(value) FILTER (WHERE key = 'type')::pg_catalog.name AS type,
               pg_catalog.max(value) FILTER (WHERE key = 'version')::pg_catalog.name AS version
        FROM pg_catalog.unnest(veritable.trigger_arguments(t.tgargs)) WITH ORDINALITY AS argument (text, place)
        CROSS JOIN LATERAL (
            SELECT pg_catalog.split_part(argument.text, '=', 1) AS key,
                   pg_catalog.substr(argument.text, pg_catalog.strpos(argument.text, '=') + 1) AS value
        ) AS pair
    ) AS a
    WHERE t.tgrelid = ANY ($1)
      -- Of the triggers that pack, the one after an INSERT: bit 2 of tgtype.
      AND (t.tgfoid IN ($2, $6) OR t.tgfoid = $4 AND t.tgtype & 4 = 4)
      AND (t.tgparentid = 0 OR NOT c.relispartition)
    ORDER BY t.tgrelid, t.tgfoid, a.document, t.tgname
),
chains AS MATERIALIZED (
    SELECT target AS chain, entity, seq, exclude FROM configured WHERE tgfoid = $2
),
-- With the index of each packing: on the key, the period, and the value if there is one (a column, or 0 for an
-- expression), which may stand before the period as well.
packings AS MATERIALIZED (
    SELECT p.packing, p.period, p.key, p.value, i.relname AS index, i.indisexclusion, i.indkey
    FROM (SELECT target AS packing, period, key, value FROM configured WHERE tgfoid = $4) AS p
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(a.attnum::pg_catalog.text, ' ' ORDER BY pg_catalog.array_position(p.key, a.attname))
                   FILTER (WHERE a.attname = ANY (p.key)) AS key,
               pg_catalog.max(a.attnum) FILTER (WHERE a.attname = ANY (p.value)) AS value,
               pg_catalog.max(a.attnum) FILTER (WHERE a.attname = p.period) AS period
        FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = p.packing
    ) AS place
    LEFT JOIN LATERAL (
        SELECT r.relname, i.indisexclusion, i.indkey
        FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
        JOIN pg_catalog.pg_am m ON m.oid = r.relam
        WHERE i.indrelid = p.packing AND i.indexrelid <> ALL ($7) AND m.amname = 'gist' AND i.indpred IS NULL AND i.indisvalid
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
-- The columns of packed tables, and what for.
packed AS MATERIALIZED (
    SELECT p.packing, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.attgenerated,
           CASE WHEN a.attname = ANY (p.key) THEN 'key'
                WHEN a.attname = ANY (p.value) THEN 'value'
                WHEN a.attname = p.period THEN 'period' END AS role,
           COALESCE(a.attnum = ANY (p.indkey), false) AS indexed
    FROM packings p
    JOIN pg_catalog.pg_attribute a ON a.attrelid = p.packing
    WHERE a.attnum > 0 AND NOT a.attisdropped
),
-- The columns that lines cover, and those that packings are made of. Whatever writes a value depends on its type.
covered AS MATERIALIZED (
    SELECT 'chain' AS feature, c.chain AS target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
           a.attnotnull AND a.attname = ANY (c.entity) AS entity,
           a.atthasdef OR a.attidentity <> '' AS filled,
           true AS written
    FROM chains c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> ALL (c.exclude)
    UNION ALL
    SELECT 'packing', packing, attnum, attname, atttypid, atttypmod, attcollation, false, false, role = 'value' AND NOT indexed
    FROM packed
    WHERE role IS NOT NULL
),
-- The types of what is written, with the types that those are made of. Most are base types, which are made of none.
types AS (
    SELECT c.feature, c.target, c.atttypid AS type
    FROM covered c
    JOIN pg_catalog.pg_type y ON y.oid = c.atttypid
    WHERE c.written AND (y.typtype <> 'b' OR y.typelem <> 0)
    UNION
    SELECT t.feature, t.target, part.type
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
SELECT feature, 'column' AS kind, target AS object, attnum::pg_catalog.int4 AS number, target,
       pg_catalog.format('column "%s"', attname) AS name,
       pg_catalog.format('%s %s %s %s %s', attname, atttypid, atttypmod, attcollation, entity) AS definition,
       filled AS fixed, 0::pg_catalog.oid AS owner
FROM covered
UNION ALL
SELECT 'chain', 'excluded column', c.chain, a.attnum, c.chain, pg_catalog.format('column "%s"', a.attname), a.attname, false, 0
FROM chains c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain
WHERE a.attname = ANY (c.exclude)
UNION ALL
SELECT 'packing', 'not null', packing, attnum, packing, pg_catalog.format('NOT NULL of column "%s"', attname), '', false, 0
FROM packed
WHERE attnotnull AND (role = 'key' OR role = 'value' AND indexed)
UNION ALL
SELECT 'packing', 'other column', packing, attnum, packing, pg_catalog.format('column "%s"', attname), '', false, 0
FROM packed
WHERE role IS NULL AND attgenerated = ''
UNION ALL
SELECT t.feature, 'type', e.oid, 0, t.target,
       pg_catalog.format('value "%s" of type %I.%I', e.enumlabel, n.nspname, y.typname), e.enumlabel, false, y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_enum e ON e.enumtypid = t.type
UNION ALL
-- A line has the names of attributes, and of all of them; a packing writes them in order, without nulls at the end.
SELECT t.feature, 'type', a.attrelid, a.attnum, t.target,
       pg_catalog.format('attribute "%s" of type %I.%I', a.attname, n.nspname, y.typname),
       pg_catalog.concat_ws(' ', CASE t.feature WHEN 'chain' THEN a.attname END, a.atttypid, a.atttypmod), t.feature = 'chain',
       y.typowner
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_namespace n ON n.oid = y.typnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'validation', CASE WHEN a.attname = ANY (v.columns) THEN 'column' ELSE 'other column' END,
       v.target, a.attnum, v.target, pg_catalog.format('column "%s"', a.attname),
       CASE WHEN a.attname = ANY (v.columns) THEN pg_catalog.format('%s %s', a.attname, a.atttypid) ELSE '' END, false, 0
FROM (
    SELECT v.target, pg_catalog.array_agg(c.name) AS columns
    FROM configured v
    CROSS JOIN LATERAL (VALUES (v.document), (v.type), (v.version)) AS c (name)
    WHERE v.tgfoid = $6 AND c.name IS NOT NULL
    GROUP BY v.target
) AS v
JOIN pg_catalog.pg_attribute a ON a.attrelid = v.target
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'chain', 'index', c.chain, 0, c.chain, 'the last index on (entity, seq)', 'present', false, 0
FROM chains c
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = r.relam
    WHERE i.indrelid = c.chain AND i.indexrelid <> ALL ($7) AND m.amname = 'btree' AND i.indpred IS NULL AND i.indisvalid
      AND i.indnkeyatts > pg_catalog.cardinality(c.entity)
      AND (SELECT pg_catalog.array_agg(a.attname ORDER BY a.attname)
           FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
           JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain AND a.attnum = k.attnum
           WHERE k.place <= pg_catalog.cardinality(c.entity))
          IS NOT DISTINCT FROM (SELECT pg_catalog.array_agg(e ORDER BY e) FROM pg_catalog.unnest(c.entity) AS e)
      AND i.indkey[pg_catalog.cardinality(c.entity)]
          = (SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.chain AND a.attname = c.seq)
)
UNION ALL
SELECT 'packing', 'index', packing, 0, packing,
       pg_catalog.format('%s "%s"', CASE WHEN indisexclusion THEN 'constraint' ELSE 'index' END, index), 'present', false, 0
FROM packings
WHERE index IS NOT NULL
UNION ALL
SELECT f.feature, 'trigger', t.oid, 0, t.tgrelid, pg_catalog.format('trigger "%s"', t.tgname),
       pg_catalog.format('%s %s %s %s %s %s %s', t.tgname, t.tgfoid, t.tgtype, t.tgattr, t.tgqual, t.tgargs, t.tgnewtable), false, 0
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN (VALUES ('chain', $2), ('chain', $3), ('packing', $4), ('packing', $5), ('validation', $6)) AS f (feature, function)
  ON t.tgfoid = f.function
WHERE t.tgrelid = ANY ($1) AND (t.tgparentid = 0 OR NOT c.relispartition)
UNION ALL
-- BEFORE INSERT FOR EACH ROW (bits 0, 1, 2 of tgtype), in the order of names that PostgreSQL fires triggers in.
SELECT 'chain', 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false, 0
FROM pg_catalog.pg_trigger late
WHERE late.tgrelid = ANY ($1)
  AND late.tgtype & 7 = 7 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal AND late.tgfoid NOT IN ($2, $3)
  AND EXISTS (SELECT FROM pg_catalog.pg_trigger seal
              WHERE seal.tgrelid = late.tgrelid AND seal.tgfoid = $2 AND seal.tgname < late.tgname)
UNION ALL
-- BEFORE INSERT OR UPDATE FOR EACH ROW (bits 0, 1, 2, 4 of tgtype).
SELECT 'validation', 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false, 0
FROM pg_catalog.pg_trigger late
WHERE late.tgrelid = ANY ($1)
  AND late.tgtype & 3 = 3 AND late.tgtype & 20 <> 0 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal
  AND late.tgfoid NOT IN ($2, $3, $5, $6)
  AND EXISTS (SELECT FROM pg_catalog.pg_trigger validate
              WHERE validate.tgrelid = late.tgrelid AND validate.tgfoid = $6 AND validate.tgname < late.tgname)
UNION ALL
-- A partition of a chain, and the table of which it is one.
SELECT 'chain', 'partition', parent.tgrelid, 0, t.tgrelid, pg_catalog.format('partition "%s"', c.relname), '', false, root.relowner
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_trigger parent ON parent.oid = t.tgparentid
JOIN pg_catalog.pg_class root ON root.oid = parent.tgrelid
WHERE t.tgrelid = ANY ($1) AND t.tgfoid = $2 AND c.relispartition
