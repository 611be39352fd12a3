-- requires: chain, packing, validation

-- Every guarantee of the database at once.

CREATE FUNCTION @extschema@.verify_all(indexes boolean DEFAULT false)
    RETURNS TABLE (target regclass, guarantee text, key text[], place text, fault text, detail text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_verify_all';

COMMENT ON FUNCTION @extschema@.verify_all(boolean) IS
'Verifies every chained, packed and validated table of the database. Returns a row for each fault, and no row if every '
'guarantee holds. A NOTICE says how much was verified.
Argument: indexes, whether each valid B-tree index of these tables is also compared with its table, by bt_index_check() of the '
'extension amcheck, on which the caller needs EXECUTE.
guarantee is chain, packing, validation or index. The key is that of verify_chain(), verify_packing() or verify_validation(); '
'place is the seq, the period, the column of the document, or the name of the index.
Faults: those of these functions; index, an index does not agree with its table; unread, a table cannot be read, or an index '
'cannot be checked.
Errors: 22023 the argument is null.';
