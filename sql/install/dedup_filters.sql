-- requires: dedup

-- The filters of the keys of deduplicated tables: a cache, written below SQL, on pages that are changed in place. A crash empties it, a
-- dump leaves it out, and a replica has none: then the partitions are searched, and it fills again.
CREATE UNLOGGED TABLE veritable.dedup_filters (page bytea NOT NULL);
-- A page of the table is one row, stored as it is.
ALTER TABLE veritable.dedup_filters ALTER COLUMN page SET STORAGE PLAIN;

COMMENT ON TABLE veritable.dedup_filters IS
'filters of the keys of deduplicated tables: a cache, written by the extension alone. A key that is not in the filter of a table is '
'not in the table. TRUNCATE empties it at any time';
COMMENT ON COLUMN veritable.dedup_filters.page IS 'bits of keys, or a list of filters or of partitions';
