-- Verification against whoever may change the system's catalogs, and whatever goes around a chain's triggers.
\pset null '(null)'
-- Rows that are in the table and not in its index. The first pass counts them, and the second finds them.
CREATE TABLE unindexed (id int NOT NULL, v int);
SELECT add_chain('unindexed', '{id}');
INSERT INTO unindexed SELECT g % 50, g FROM generate_series(1, 5000) g;
ANALYZE unindexed;
UPDATE pg_index SET indisready = false WHERE indrelid = 'unindexed'::regclass;
ALTER TABLE unindexed DISABLE TRIGGER USER;
ALTER TABLE unindexed ALTER seq DROP NOT NULL, ALTER event_hash DROP NOT NULL;
INSERT INTO unindexed VALUES (7, 999999, 3, NULL, '\x00'), (7, 888888, 3, NULL, NULL);
ALTER TABLE unindexed ENABLE ALWAYS TRIGGER zz_veritable_chain;
ALTER TABLE unindexed ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
ALTER TABLE unindexed ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
UPDATE pg_index SET indisready = true WHERE indrelid = 'unindexed'::regclass;
SELECT entity, seq, fault FROM verify_chain('unindexed');
SELECT entity, seq, fault FROM verify_chain('unindexed', '{7}');
SET enable_seqscan = off;
SET enable_hashagg = off;
SET enable_sort = off;
SELECT entity, seq, fault FROM verify_chain('unindexed');
RESET enable_seqscan;
RESET enable_hashagg;
RESET enable_sort;
DROP TABLE unindexed;

-- An index of ours has the order of bytes, which no operating system changes.
CREATE TABLE worded (word text COLLATE "en-x-icu" NOT NULL, c text COLLATE "C" NOT NULL, n int NOT NULL);
SELECT add_chain('worded', '{word,c,n}');
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'worded'::regclass;
DROP TABLE worded;
-- One that holds other texts equal than the column does is not one to find the head by.
CREATE COLLATION regress_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE named (name text COLLATE regress_ci NOT NULL, seq bigint, v int, UNIQUE (name, seq));
CREATE UNIQUE INDEX named_c ON named (name COLLATE "C", seq);
ALTER TABLE named DROP CONSTRAINT named_name_seq_key;
SELECT add_chain('named', '{name}');
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'named'::regclass ORDER BY 1;
INSERT INTO named (name, v) VALUES ('Bob', 1), ('bob', 2) RETURNING name, seq;
SELECT * FROM verify_chain('named');
DROP TABLE named;
CREATE TYPE regress_pair AS (a int, b numeric);
CREATE TABLE paired (p regress_pair NOT NULL, seq bigint, v int);
CREATE UNIQUE INDEX paired_image ON paired (p record_image_ops, seq);
SELECT add_chain('paired', '{p}');
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'paired'::regclass ORDER BY 1;
INSERT INTO paired (p, v) VALUES ('(1,1.0)', 1), ('(1,1.00)', 2) RETURNING seq;
DROP TABLE paired;

-- Children by inheritance hold rows that the table shows and no chain has.
CREATE TABLE led (id int NOT NULL, amount int, seq bigint, previous_event_hash bytea, event_hash bytea, UNIQUE (id, seq));
CREATE TABLE led_child () INHERITS (led);
-- Past the event triggers, which refuse it.
SET session_replication_role = replica;
CREATE TRIGGER seal BEFORE INSERT ON led FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
CREATE TRIGGER zz_guard BEFORE UPDATE OR DELETE ON led FOR EACH ROW EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
CREATE TRIGGER zz_truncate BEFORE TRUNCATE ON led FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
RESET session_replication_role;
INSERT INTO led VALUES (1, 10);
INSERT INTO led_child VALUES (1, 1000000, 2, '\x00', '\x00');
SELECT fault, detail FROM verify_chain('led');
-- A child that seals, too, would make chains of its own.
SET session_replication_role = replica;
CREATE TRIGGER seal BEFORE INSERT ON led_child FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
RESET session_replication_role;
INSERT INTO led_child VALUES (1, 5);
SELECT target, fault, detail FROM verify_chain() WHERE target::text LIKE 'led%' ORDER BY target::text, detail;
DROP TABLE led_child;
DROP TABLE led;

-- A rule that does something else instead is refused, where the event triggers see it.
CREATE TABLE ruled (id int NOT NULL);
SELECT add_chain('ruled', '{id}');
INSERT INTO ruled VALUES (1);
CREATE RULE nothing AS ON INSERT TO ruled DO INSTEAD NOTHING;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
CREATE RULE nothing AS ON INSERT TO ruled DO INSTEAD NOTHING;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
INSERT INTO ruled VALUES (1);
SELECT fault, detail FROM verify_chain('ruled');
ALTER TABLE ruled DISABLE RULE nothing;
SELECT fault, detail FROM verify_chain('ruled');
DROP TABLE ruled;

-- A partition's own trigger that fires after the one that seals: refused, and shown where it came by a detour.
CREATE TABLE spread (id int NOT NULL, v int) PARTITION BY LIST (id);
CREATE TABLE spread_1 PARTITION OF spread FOR VALUES IN (1);
CREATE FUNCTION double() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.v := NEW.v * 2; RETURN NEW; END';
CREATE TRIGGER zzz_late BEFORE INSERT ON spread_1 FOR EACH ROW EXECUTE FUNCTION double();
SELECT add_chain('spread', '{id}');
ALTER TRIGGER zzz_late ON spread_1 RENAME TO early;
SELECT add_chain('spread', '{id}');
INSERT INTO spread VALUES (1, 1);
SELECT * FROM verify_chain('spread');
UPDATE pg_trigger SET tgname = 'zzz_late' WHERE tgname = 'early' AND tgrelid = 'spread_1'::regclass;
\c -
\pset null '(null)'
SELECT fault, detail FROM verify_chain('spread');
DROP TABLE spread;

-- Triggers that the catalog hides.
CREATE TABLE hid (id int NOT NULL);
SELECT add_chain('hid', '{id}');
INSERT INTO hid VALUES (1);
UPDATE pg_trigger SET tgparentid = 1 WHERE tgrelid = 'hid'::regclass;
SELECT target, fault, detail FROM verify_chain() ORDER BY detail;
UPDATE pg_trigger SET tgparentid = 0, tgisinternal = true WHERE tgrelid = 'hid'::regclass;
SELECT target, fault, detail FROM verify_chain() ORDER BY detail;
UPDATE pg_trigger SET tgisinternal = false WHERE tgrelid = 'hid'::regclass;
UPDATE pg_class SET relhastriggers = false WHERE oid = 'hid'::regclass;
SELECT target, fault, detail FROM verify_chain() ORDER BY detail;
UPDATE pg_class SET relhastriggers = true WHERE oid = 'hid'::regclass;
SELECT * FROM verify_chain('hid');
DROP TABLE hid;

-- Another access method may keep rows otherwise; one with heap's functions is a heap.
CREATE ACCESS METHOD regress_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE other (id int NOT NULL) USING regress_heap;
SELECT add_chain('other', '{id}');
INSERT INTO other VALUES (1), (1) RETURNING seq;
SELECT * FROM verify_chain('other');
DROP TABLE other;

-- A table that Citus has spread: the catalog is a stand-in.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod "char");
RESET allow_system_table_mods;
CREATE TABLE distributed (id int NOT NULL, at timestamptz DEFAULT now());
INSERT INTO pg_dist_partition VALUES ('distributed', 'h');
INSERT INTO distributed VALUES (1);
SELECT add_chain('distributed', '{id}', order_by => '{at}');
DELETE FROM distributed;
SELECT add_chain('distributed', '{id}');
SELECT drop_chain('distributed');
UPDATE pg_dist_partition SET partmethod = 'n';
SELECT add_chain('distributed', '{id}', recorded => 'at');
SELECT add_chain('distributed', '{id}');
SET allow_system_table_mods = on;
DROP TABLE pg_catalog.pg_dist_partition;
RESET allow_system_table_mods;
DROP TABLE distributed;

DROP TYPE regress_pair;
DROP COLLATION regress_ci;
