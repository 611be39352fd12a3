-- The event triggers that refuse a command which would silently break a chain, a packing or a validation, and the view that
-- they compare from before to after a command.

CREATE VIEW veritable.definitions AS
WITH RECURSIVE
chains AS MATERIALIZED (
    SELECT * FROM veritable.chains
),
-- With the index of each packing: on the key, the period, and the value if there is one (a column, or 0 for an
-- expression), which may stand before the period as well.
packings AS MATERIALIZED (
    SELECT p.packing::pg_catalog.oid AS packing, p.period, p.key, p.value, i.relname AS index, i.indisexclusion, i.indkey
    FROM veritable.packings p
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
        WHERE i.indrelid = p.packing AND m.amname = 'gist' AND i.indpred IS NULL AND i.indisvalid
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
    SELECT 'chain' AS feature, c.chain::pg_catalog.oid AS target, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
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
       filled AS fixed
FROM covered
UNION ALL
SELECT 'chain', 'excluded column', c.chain, a.attnum, c.chain, pg_catalog.format('column "%s"', a.attname), a.attname, false
FROM chains c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain
WHERE a.attname = ANY (c.exclude)
UNION ALL
SELECT 'packing', 'not null', packing, attnum, packing, pg_catalog.format('NOT NULL of column "%s"', attname), '', false
FROM packed
WHERE attnotnull AND (role = 'key' OR role = 'value' AND indexed)
UNION ALL
SELECT 'packing', 'other column', packing, attnum, packing, pg_catalog.format('column "%s"', attname), '', false
FROM packed
WHERE role IS NULL AND attgenerated = ''
UNION ALL
SELECT t.feature, 'type', e.oid, 0, t.target,
       pg_catalog.format('value "%s" of type %s', e.enumlabel, pg_catalog.format_type(t.type, NULL)), e.enumlabel, false
FROM types t JOIN pg_catalog.pg_enum e ON e.enumtypid = t.type
UNION ALL
-- A line has the names of attributes, and of all of them; a packing writes them in order, without nulls at the end.
SELECT t.feature, 'type', a.attrelid, a.attnum, t.target,
       pg_catalog.format('attribute "%s" of type %s', a.attname, pg_catalog.format_type(t.type, NULL)),
       pg_catalog.concat_ws(' ', CASE t.feature WHEN 'chain' THEN a.attname END, a.atttypid, a.atttypmod), t.feature = 'chain'
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'validation', CASE WHEN a.attname = ANY (v.columns) THEN 'column' ELSE 'other column' END,
       v.target, a.attnum, v.target, pg_catalog.format('column "%s"', a.attname),
       CASE WHEN a.attname = ANY (v.columns) THEN pg_catalog.format('%s %s', a.attname, a.atttypid) ELSE '' END, false
FROM (
    SELECT v.target::pg_catalog.oid, pg_catalog.array_agg(c.name) AS columns
    FROM veritable.validations v
    CROSS JOIN LATERAL (VALUES (v.document), (v.type), (v.version)) AS c (name)
    WHERE c.name IS NOT NULL
    GROUP BY v.target
) AS v
JOIN pg_catalog.pg_attribute a ON a.attrelid = v.target
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'chain', 'index', c.chain, 0, c.chain, 'the last index on (entity, seq)', 'present', false
FROM chains c
WHERE EXISTS (
    SELECT FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class r ON r.oid = i.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = r.relam
    WHERE i.indrelid = c.chain AND m.amname = 'btree' AND i.indpred IS NULL AND i.indisvalid
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
       pg_catalog.format('%s "%s"', CASE WHEN indisexclusion THEN 'constraint' ELSE 'index' END, index), 'present', false
FROM packings
WHERE index IS NOT NULL
UNION ALL
SELECT f.feature, 'trigger', t.oid, 0, t.tgrelid, pg_catalog.format('trigger "%s"', t.tgname),
       pg_catalog.format('%s %s %s %s %s %s %s', t.tgname, t.tgfoid, t.tgtype, t.tgattr, t.tgqual, t.tgargs, t.tgnewtable), false
FROM pg_catalog.pg_trigger t
JOIN (VALUES ('chain', 'veritable.seal'::pg_catalog.regproc), ('chain', 'veritable.guard'),
             ('packing', 'veritable.pack'), ('packing', 'veritable.pack_early'),
             ('validation', 'veritable.validate')) AS f (feature, function) ON t.tgfoid = f.function
WHERE t.tgparentid = 0
UNION ALL
-- BEFORE INSERT FOR EACH ROW (bits 0, 1, 2 of tgtype), in the order of names that PostgreSQL fires triggers in.
SELECT 'chain', 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false
FROM pg_catalog.pg_trigger seal
JOIN pg_catalog.pg_trigger late ON late.tgrelid = seal.tgrelid AND late.tgname > seal.tgname
WHERE seal.tgfoid = 'veritable.seal'::pg_catalog.regproc
  AND late.tgtype & 7 = 7 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal
  AND late.tgfoid NOT IN ('veritable.seal'::pg_catalog.regproc, 'veritable.guard'::pg_catalog.regproc)
UNION ALL
-- BEFORE INSERT OR UPDATE FOR EACH ROW (bits 0, 1, 2, 4 of tgtype).
SELECT 'validation', 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false
FROM pg_catalog.pg_trigger validate
JOIN pg_catalog.pg_trigger late ON late.tgrelid = validate.tgrelid AND late.tgname > validate.tgname
WHERE validate.tgfoid = 'veritable.validate'::pg_catalog.regproc
  AND late.tgtype & 3 = 3 AND late.tgtype & 20 <> 0 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal
  AND late.tgfoid NOT IN ('veritable.validate'::pg_catalog.regproc, 'veritable.seal'::pg_catalog.regproc,
                          'veritable.guard'::pg_catalog.regproc, 'veritable.pack_early'::pg_catalog.regproc)
UNION ALL
SELECT 'chain', 'partition', t.tgrelid, 0, t.tgrelid, 'partition', '', false
FROM pg_catalog.pg_trigger t
WHERE t.tgfoid = 'veritable.seal'::pg_catalog.regproc AND t.tgparentid <> 0;

GRANT SELECT ON veritable.definitions TO PUBLIC;
COMMENT ON VIEW veritable.definitions IS
'what chained, packed and validated tables depend on: a command that breaks one of these rows is refused';

-- Without JIT: the planner expects so much of the recursion that compiling would take longer than all the rest.
CREATE FUNCTION veritable.before_ddl() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'veritable_before_ddl';
CREATE FUNCTION veritable.after_ddl() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET jit = off
    AS 'MODULE_PATHNAME', 'veritable_after_ddl';
CREATE FUNCTION veritable.after_create_table() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_after_create_table';

CREATE EVENT TRIGGER veritable_before_ddl ON ddl_command_start
    WHEN TAG IN ('ALTER TABLE', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'ALTER TYPE',
                 'ALTER TRIGGER', 'CREATE TRIGGER',
                 'DROP TRIGGER', 'DROP INDEX', 'DROP TABLE', 'DROP VIEW', 'DROP MATERIALIZED VIEW', 'DROP FOREIGN TABLE',
                 'DROP SERVER', 'DROP FOREIGN DATA WRAPPER', 'DROP TYPE', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR',
                 'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP FUNCTION', 'DROP ROUTINE', 'DROP LANGUAGE',
                 'DROP SCHEMA', 'DROP EXTENSION', 'DROP OWNED')
    EXECUTE FUNCTION veritable.before_ddl();
CREATE EVENT TRIGGER veritable_after_ddl ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'ALTER VIEW', 'ALTER MATERIALIZED VIEW', 'ALTER FOREIGN TABLE', 'ALTER TYPE',
                 'ALTER TRIGGER', 'CREATE TRIGGER',
                 'DROP TRIGGER', 'DROP INDEX', 'DROP TABLE', 'DROP VIEW', 'DROP MATERIALIZED VIEW', 'DROP FOREIGN TABLE',
                 'DROP SERVER', 'DROP FOREIGN DATA WRAPPER', 'DROP TYPE', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR',
                 'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP FUNCTION', 'DROP ROUTINE', 'DROP LANGUAGE',
                 'DROP SCHEMA', 'DROP EXTENSION', 'DROP OWNED')
    EXECUTE FUNCTION veritable.after_ddl();
CREATE EVENT TRIGGER veritable_after_create_table ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE FOREIGN TABLE', 'CREATE SCHEMA')
    EXECUTE FUNCTION veritable.after_create_table();
COMMENT ON EVENT TRIGGER veritable_before_ddl IS 'notes what chained, packed and validated tables depend on';
COMMENT ON EVENT TRIGGER veritable_after_ddl IS 'refuses a command that would break a chain, a packing or a validation';
COMMENT ON EVENT TRIGGER veritable_after_create_table IS 'refuses children of chained, packed and validated tables, and guards new partitions against TRUNCATE';
