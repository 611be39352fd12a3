-- requires: chain, checkpoint, dedup, history, journal, packing, reference, validation

-- Every guarantee of the database at once.

CREATE FUNCTION @extschema@.verify_all(indexes boolean DEFAULT false)
    RETURNS TABLE (target regclass, guarantee text, key text[], place text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_all';

COMMENT ON FUNCTION @extschema@.verify_all(boolean) IS
'Verifies every chained, deduplicated, packed, linked and validated table of the database. Returns a row for each fault, and no row if every '
'guarantee holds. A NOTICE says how much was verified.
Argument: indexes, whether each valid B-tree index of these tables is also compared with its table, by bt_index_check() of the '
'extension amcheck, on which the caller needs EXECUTE.
guarantee is chain, dedup, packing, history, reference, validation, log or index. The key is that of verify_chain(), verify_packing(), '
'verify_references(), verify_validation() or verify_log(); '
'place is the seq, the period, the column of the document, the position, or the name of the index. Each log that has a checkpoint '
'is compared with its newest one.
Faults: those of these functions; index, an index does not agree with its table; unread, a table cannot be read, or an index '
'cannot be checked.
Errors: 22023 the argument is null.';

-- The last verification of each guarantee comes from the journal, which the caller reads with the caller's privileges: the
-- view shows nobody an entry that the journal does not show. The arguments of the triggers are any user's, and what the
-- journal holds is the extension's.
CREATE VIEW veritable.status WITH (security_invoker = true) AS
SELECT g.target,
       g.guarantee,
       e.rows_estimated,
       v.at AS last_verified,
       v.by AS verified_by,
       (v.detail OPERATOR(pg_catalog.->>) 'rows')::pg_catalog.int8 AS rows_verified,
       (v.detail OPERATOR(pg_catalog.->>) 'faults')::pg_catalog.int8 AS faults
FROM (SELECT target, 'chain' AS guarantee FROM veritable.chains
      UNION ALL
      SELECT target, 'packing' FROM veritable.packings
      UNION ALL
      SELECT target, 'dedup' FROM veritable.dedups
      UNION ALL
      SELECT target, 'history' FROM veritable.histories
      UNION ALL
      SELECT DISTINCT target, 'reference' FROM veritable.references
      UNION
      SELECT target, 'validation' FROM veritable.validations
      UNION ALL
      SELECT target, 'log' FROM veritable.logs AS l
      WHERE EXISTS (SELECT FROM veritable.checkpoints AS k WHERE k.target OPERATOR(pg_catalog.=) l.target)) AS g
JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) g.target
JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN LATERAL (
    SELECT CASE WHEN pg_catalog.bool_and(l.reltuples OPERATOR(pg_catalog.>=) 0)
                THEN pg_catalog.sum(l.reltuples)::pg_catalog.int8 END AS rows_estimated
    FROM pg_catalog.pg_class l
    WHERE l.oid OPERATOR(pg_catalog.=) c.oid AND c.relkind OPERATOR(pg_catalog.<>) 'p'
       OR c.relkind OPERATOR(pg_catalog.=) 'p'
          AND l.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid) WHERE isleaf)
) AS e
LEFT JOIN LATERAL (
    SELECT j.at, j.by, j.detail
    FROM veritable.journal j
    WHERE j.about OPERATOR(pg_catalog.=) pg_catalog.format('%I.%I', n.nspname, c.relname)
      AND j.action IN ('verify_chain', 'verify_dedup', 'verify_packing', 'verify_history', 'verify_references', 'verify_validation',
                       'verify_log', 'verify_all')
      AND (j.detail OPERATOR(pg_catalog.->>) 'guarantee') OPERATOR(pg_catalog.=) g.guarantee
    ORDER BY j.at DESC
    LIMIT 1
) AS v ON true
ORDER BY g.target, g.guarantee;

GRANT SELECT ON veritable.status TO PUBLIC;
COMMENT ON VIEW veritable.status IS
'guarantees of this database, and when each was last verified, as far as the journal shows this to the caller';
COMMENT ON COLUMN veritable.status.target IS 'table';
COMMENT ON COLUMN veritable.status.guarantee IS 'chain, dedup, packing, history, reference, validation or log';
COMMENT ON COLUMN veritable.status.rows_estimated IS
'number of rows by the last VACUUM or ANALYZE; null if the table or one of its partitions has had none';
COMMENT ON COLUMN veritable.status.last_verified IS
'time of the last verification of the whole table; null if there was none since the table has had its name';
COMMENT ON COLUMN veritable.status.verified_by IS 'role that had logged in to verify';
COMMENT ON COLUMN veritable.status.rows_verified IS 'number of events, periods, references or documents that were verified then';
COMMENT ON COLUMN veritable.status.faults IS 'number of faults that were found then';
