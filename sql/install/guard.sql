-- The event triggers that refuse a command which would silently break a chain, and the view that they compare from
-- before to after a command.

CREATE VIEW veritable.definitions AS
WITH RECURSIVE
chains AS MATERIALIZED (
    SELECT * FROM veritable.chains
),
-- The columns that lines cover.
covered AS MATERIALIZED (
    SELECT c.chain::pg_catalog.oid AS chain, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation,
           a.attnotnull AND a.attname = ANY (c.entity) AS entity,
           a.atthasdef OR a.attidentity <> '' AS filled
    FROM chains c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND a.attname <> ALL (c.exclude)
),
-- Their types, with the types that those are made of. Most are base types, which are made of none.
types AS (
    SELECT c.chain, c.atttypid AS type
    FROM covered c
    JOIN pg_catalog.pg_type y ON y.oid = c.atttypid
    WHERE y.typtype <> 'b' OR y.typelem <> 0
    UNION
    SELECT t.chain, part.type
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
SELECT 'column' AS kind, chain AS object, attnum::pg_catalog.int4 AS number, chain,
       pg_catalog.format('column "%s"', attname) AS name,
       pg_catalog.format('%s %s %s %s %s', attname, atttypid, atttypmod, attcollation, entity) AS definition,
       filled AS fixed
FROM covered
UNION ALL
SELECT 'excluded column', c.chain, a.attnum, c.chain, pg_catalog.format('column "%s"', a.attname), a.attname, false
FROM chains c
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.chain
WHERE a.attname = ANY (c.exclude)
UNION ALL
SELECT 'type', e.oid, 0, t.chain, pg_catalog.format('value "%s" of type %s', e.enumlabel, pg_catalog.format_type(t.type, NULL)),
       e.enumlabel, false
FROM types t JOIN pg_catalog.pg_enum e ON e.enumtypid = t.type
UNION ALL
SELECT 'type', a.attrelid, a.attnum, t.chain,
       pg_catalog.format('attribute "%s" of type %s', a.attname, pg_catalog.format_type(t.type, NULL)),
       pg_catalog.format('%s %s %s', a.attname, a.atttypid, a.atttypmod), true
FROM types t
JOIN pg_catalog.pg_type y ON y.oid = t.type
JOIN pg_catalog.pg_attribute a ON a.attrelid = y.typrelid
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', c.chain, 0, c.chain, 'the last index on (entity, seq)', 'present', false
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
SELECT 'trigger', t.oid, 0, t.tgrelid, pg_catalog.format('trigger "%s"', t.tgname),
       pg_catalog.format('%s %s %s %s %s %s', t.tgname, t.tgfoid, t.tgtype, t.tgattr, t.tgqual, t.tgargs), false
FROM pg_catalog.pg_trigger t
WHERE t.tgfoid IN ('veritable.seal'::pg_catalog.regproc, 'veritable.guard'::pg_catalog.regproc) AND t.tgparentid = 0
UNION ALL
-- BEFORE INSERT FOR EACH ROW (bits 0, 1, 2 of tgtype), in the order of names that PostgreSQL fires triggers in.
SELECT 'late trigger', late.oid, 0, late.tgrelid, late.tgname, '', false
FROM pg_catalog.pg_trigger seal
JOIN pg_catalog.pg_trigger late ON late.tgrelid = seal.tgrelid AND late.tgname > seal.tgname
WHERE seal.tgfoid = 'veritable.seal'::pg_catalog.regproc
  AND late.tgtype & 7 = 7 AND late.tgtype & 64 = 0 AND NOT late.tgisinternal
  AND late.tgfoid NOT IN ('veritable.seal'::pg_catalog.regproc, 'veritable.guard'::pg_catalog.regproc)
UNION ALL
SELECT 'partition', t.tgrelid, 0, t.tgrelid, 'partition', '', false
FROM pg_catalog.pg_trigger t
WHERE t.tgfoid = 'veritable.seal'::pg_catalog.regproc AND t.tgparentid <> 0;

GRANT SELECT ON veritable.definitions TO PUBLIC;
COMMENT ON VIEW veritable.definitions IS
'what the hashes of chained tables depend on: a command that changes one of these rows is refused';

CREATE FUNCTION veritable.before_ddl() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_before_ddl';
CREATE FUNCTION veritable.after_ddl() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_after_ddl';
CREATE FUNCTION veritable.after_create_table() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_after_create_table';

CREATE EVENT TRIGGER veritable_before_ddl ON ddl_command_start
    WHEN TAG IN ('ALTER TABLE', 'ALTER TYPE', 'ALTER TRIGGER', 'CREATE TRIGGER',
                 'DROP TRIGGER', 'DROP INDEX', 'DROP TABLE', 'DROP VIEW', 'DROP MATERIALIZED VIEW', 'DROP FOREIGN TABLE',
                 'DROP TYPE', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP FUNCTION',
                 'DROP SCHEMA', 'DROP EXTENSION', 'DROP OWNED')
    EXECUTE FUNCTION veritable.before_ddl();
CREATE EVENT TRIGGER veritable_after_ddl ON ddl_command_end
    WHEN TAG IN ('ALTER TABLE', 'ALTER TYPE', 'ALTER TRIGGER', 'CREATE TRIGGER',
                 'DROP TRIGGER', 'DROP INDEX', 'DROP TABLE', 'DROP VIEW', 'DROP MATERIALIZED VIEW', 'DROP FOREIGN TABLE',
                 'DROP TYPE', 'DROP DOMAIN', 'DROP COLLATION', 'DROP OPERATOR CLASS', 'DROP OPERATOR FAMILY', 'DROP FUNCTION',
                 'DROP SCHEMA', 'DROP EXTENSION', 'DROP OWNED')
    EXECUTE FUNCTION veritable.after_ddl();
CREATE EVENT TRIGGER veritable_after_create_table ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE')
    EXECUTE FUNCTION veritable.after_create_table();
COMMENT ON EVENT TRIGGER veritable_before_ddl IS 'notes what the hashes of chained tables depend on';
COMMENT ON EVENT TRIGGER veritable_after_ddl IS 'refuses a command that would break a chain';
COMMENT ON EVENT TRIGGER veritable_after_create_table IS 'guards new partitions of chained tables against TRUNCATE';
