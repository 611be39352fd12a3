-- requires: chain

-- Where the newest events of chains in partitions are: a cache, written below SQL. A crash empties it, a dump leaves it out, and
-- a replica has none: then the partitions are searched, and it fills again.
CREATE UNLOGGED TABLE veritable.heads (
    key bigint NOT NULL,
    generation bigint NOT NULL,
    seq bigint NOT NULL,
    entity uuid NOT NULL,
    chain oid NOT NULL,
    leaves oid[]
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1);
-- A row has to stay as it is written: nothing here takes values apart that are stored elsewhere.
ALTER TABLE veritable.heads ALTER COLUMN leaves SET STORAGE PLAIN;
CREATE INDEX heads_chain_key_idx ON veritable.heads (chain, key);

COMMENT ON TABLE veritable.heads IS
'where the newest event of each entity is, for chains in partitions: a cache, written by the extension alone. '
'Every event of the entity with this seq or a later one is in one of the leaves';
COMMENT ON COLUMN veritable.heads.key IS 'hash of the values of the entity';
COMMENT ON COLUMN veritable.heads.generation IS 'generation of the pointers of the chain: a number drawn by lot';
COMMENT ON COLUMN veritable.heads.seq IS 'seq from which on leaves is right; 0 in rows about the whole chain: a generation, or that one is void';
COMMENT ON COLUMN veritable.heads.entity IS 'hash of the stored values of the entity';
COMMENT ON COLUMN veritable.heads.chain IS 'table of the chain';
COMMENT ON COLUMN veritable.heads.leaves IS 'partitions that may have these events; null: any';
