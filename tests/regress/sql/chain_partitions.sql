-- A partitioned table is one set of chains: an entity's events may lie in any of its partitions.
\pset null (null)
CREATE ROLE regress_partitions;
CREATE SCHEMA AUTHORIZATION regress_partitions;
SET search_path = regress_partitions, public;
SET ROLE regress_partitions;

-- By range of a time: the partition key is not the entity, so that the index cannot be unique.
CREATE TABLE event (id text NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE event_2024_a PARTITION OF event_2024 FOR VALUES IN ('a');
CREATE TABLE event_2024_other PARTITION OF event_2024 DEFAULT;
SELECT add_chain('event', '{id}');
\d event
\d event_2024_a
SELECT target, entity FROM veritable.chains;
-- the head is found wherever it is
INSERT INTO event (id, at, note) VALUES
    ('a', '2024-06-01', 'one'), ('a', '2023-06-01', 'two'), ('b', '2024-06-01', 'one'), ('a', '2024-07-01', 'three'), ('b', '2023-07-01', 'two'), ('a', '2023-06-01', 'four');
COPY event (id, at, note) FROM stdin;
a	2024-08-01	five
b	2024-08-01	three
\.
-- also by an insert into a partition itself
INSERT INTO event_2023 (id, at, note) VALUES ('a', '2023-01-01', 'six') RETURNING seq;
INSERT INTO event_2024 (id, at, note) VALUES ('a', '2024-01-01', 'seven') RETURNING seq;
INSERT INTO event_2024_a (id, at, note) VALUES ('a', '2024-01-01', 'eight') RETURNING seq;
INSERT INTO event_2023 (id, at, note, seq) VALUES ('a', '2023-01-01', 'late', 8);
SELECT tableoid::regclass AS partition, id, seq, note, previous_event_hash = lag(event_hash) OVER chain AS linked,
       event_hash = sha256(convert_to(chain_line(event), 'UTF8')) AS sealed
FROM event WINDOW chain AS (PARTITION BY id ORDER BY seq) ORDER BY id, seq;
-- the line of a partition's row, too
SELECT chain_line(e) FROM event_2023 AS e ORDER BY seq LIMIT 1;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{a}');
SELECT * FROM verify_chain();

-- A part of a chain is not verified by itself.
SELECT * FROM verify_chain('event_2023');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain('event_2024');
SELECT drop_chain('event_2023');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event_2023', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event_2024', '{id}');

-- Guards are on every partition.
UPDATE event SET note = 'changed' WHERE id = 'a';
UPDATE event SET at = '2023-12-01' WHERE id = 'b' AND seq = 1;
UPDATE event_2024_a SET note = 'changed';
DELETE FROM event WHERE seq = 1;
DELETE FROM event_2024_other;
TRUNCATE event;
TRUNCATE event_2023;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE event_2024;
ALTER TABLE event RENAME COLUMN note TO remark;
ALTER TABLE event DROP COLUMN note;
ALTER TABLE event ADD COLUMN kind text DEFAULT 'plain';
ALTER TABLE event_2023 ADD COLUMN kind text;
ALTER TABLE event_2023 ALTER COLUMN id DROP NOT NULL;
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'changed'; RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zzz BEFORE INSERT ON event_2023 FOR EACH ROW EXECUTE FUNCTION change();
DROP TRIGGER zz_veritable_chain ON event;
DROP TRIGGER zz_veritable_chain ON event_2023;
DROP TRIGGER zz_veritable_chain_truncate ON event_2023;
DROP INDEX event_id_seq_idx;
DROP INDEX event_2023_id_seq_idx;
-- what is harmless is allowed
ALTER TABLE event ADD COLUMN kind text;
CREATE INDEX ON event (note);
CREATE INDEX ON event_2023 (note);
INSERT INTO event (id, at, note, kind) VALUES ('a', '2024-09-01', 'nine', 'new') RETURNING seq;
SELECT * FROM verify_chain('event');

-- A partition that comes later: empty, made in place or attached with other columns' order and dropped columns.
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
INSERT INTO event (id, at, note) VALUES ('a', '2025-01-01', 'ten') RETURNING tableoid::regclass, seq;
CREATE TABLE event_2026 (dropped int, event_hash bytea NOT NULL, note text, seq bigint NOT NULL, kind text, id text NOT NULL, previous_event_hash bytea, at date NOT NULL);
ALTER TABLE event_2026 DROP COLUMN dropped;
ALTER TABLE event ATTACH PARTITION event_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO event (id, at, note) VALUES ('a', '2026-01-01', 'eleven'), ('b', '2023-01-01', 'four'), ('b', '2026-01-01', 'five'), ('a', '2023-01-01', 'twelve')
RETURNING tableoid::regclass, id, seq;
INSERT INTO event_2026 (id, at, note) VALUES ('b', '2026-01-01', 'six') RETURNING seq;
SELECT chain_line(e) FROM event_2026 AS e WHERE id = 'a';
UPDATE event_2026 SET note = 'changed';
TRUNCATE event_2026;
SELECT * FROM verify_chain('event');
-- one with rows that were sealed elsewhere, as the same chain: the next event goes on from them
CREATE TABLE elsewhere (LIKE event);
SELECT add_chain('elsewhere', '{id}', identity => 'regress_partitions.event');
INSERT INTO elsewhere (id, at, note) VALUES ('c', '2027-01-01', 'one'), ('c', '2027-01-02', 'two');
SELECT drop_chain('elsewhere');
ALTER TABLE event ATTACH PARTITION elsewhere FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
INSERT INTO event (id, at, note) VALUES ('c', '2023-01-01', 'three') RETURNING seq;
SELECT * FROM verify_chain('event');
-- one with rows that are not sealed: verification tells
BEGIN;
CREATE TABLE unsealed (LIKE event);
INSERT INTO unsealed (id, at, note, seq, event_hash) VALUES ('d', '2028-01-01', 'unsealed', 1, '');
ALTER TABLE event ATTACH PARTITION unsealed FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');
SELECT entity, seq, fault FROM verify_chain('event');
ROLLBACK;
-- one that is a chain itself has to be freed first
CREATE TABLE chained (LIKE event);
SELECT add_chain('chained', '{id}');
ALTER TABLE event ATTACH PARTITION chained FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');
SELECT * FROM verify_chain('event');

-- A partition with events does not go before those with lower bounds: chain_prune_detach.sql has what goes.
ALTER TABLE event DETACH PARTITION event_2026;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_2026 CONCURRENTLY;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_2024;
ALTER TABLE event_2024 DETACH PARTITION event_2024_a;
DROP TABLE event_2026;
\echo :LAST_ERROR_SQLSTATE
DROP TABLE event_2024;
DROP TABLE event_2024_a;
DROP TABLE event_2023, event_2026 CASCADE;
DO $$ BEGIN ALTER TABLE event DETACH PARTITION event_2026; END $$;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'event_2026'::regclass ORDER BY tgname;
-- an event of an open subtransaction counts, one that is rolled back does not
BEGIN;
CREATE TABLE event_2030 PARTITION OF event FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
SAVEPOINT one;
INSERT INTO event (id, at) VALUES ('e', '2030-01-01');
SAVEPOINT two;
ALTER TABLE event DETACH PARTITION event_2030;
ROLLBACK TO one;
ALTER TABLE event DETACH PARTITION event_2030;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'event_2030'::regclass;
ROLLBACK;
-- one without events goes: detached, and dropped then, which leaves nothing of the chain behind
CREATE TABLE event_2031 PARTITION OF event FOR VALUES FROM ('2031-01-01') TO ('2032-01-01') PARTITION BY LIST (id);
CREATE TABLE event_2031_a PARTITION OF event_2031 FOR VALUES IN ('a');
CREATE TABLE event_2031_b PARTITION OF event_2031 FOR VALUES IN ('b');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('event_2031'::regclass, 'event_2031_a'::regclass, 'event_2031_b'::regclass);
DROP TABLE event_2031_a;
ALTER TABLE event_2031 DETACH PARTITION event_2031_b;
DROP TABLE event_2031_b;
ALTER TABLE event DETACH PARTITION event_2031 CONCURRENTLY;
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('event_2031'::regclass);
DROP TABLE event_2031;
-- the whole table goes as it likes
BEGIN;
DROP TABLE event;
SELECT to_regclass('event_2023');
ROLLBACK;
-- Where the guard is off, verification tells.
RESET ROLE;
BEGIN;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
ALTER TABLE event DETACH PARTITION event_2026;
SELECT entity, seq, fault, detail FROM verify_chain('event');
UPDATE event_2026 SET note = 'changed' WHERE false;
ROLLBACK;
SET ROLE regress_partitions;

-- Partitions of other roles: what the chain has put there comes and goes with it.
RESET ROLE;
CREATE ROLE regress_partitions_other;
GRANT ALL ON SCHEMA regress_partitions TO regress_partitions_other;
SET ROLE regress_partitions;
CREATE TABLE shared (id int NOT NULL, n int NOT NULL) PARTITION BY LIST (n);
CREATE TABLE shared_1 PARTITION OF shared FOR VALUES IN (1);
CREATE TABLE shared_2 PARTITION OF shared FOR VALUES IN (2);
SELECT add_chain('shared', '{id}');
RESET ROLE;
ALTER TABLE shared_1 OWNER TO regress_partitions_other;
SET ROLE regress_partitions;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'shared_1'::regclass ORDER BY tgname;
INSERT INTO shared (id, n) VALUES (1, 1), (1, 2), (1, 1) RETURNING tableoid::regclass, seq;
TRUNCATE shared_1;
SELECT * FROM verify_chain('shared');
RESET ROLE;
CREATE TABLE shared_3 PARTITION OF shared FOR VALUES IN (3);
CREATE TABLE shared_4 (LIKE shared);
ALTER TABLE shared_3 OWNER TO regress_partitions_other;
ALTER TABLE shared_4 OWNER TO regress_partitions_other;
ALTER TABLE shared ATTACH PARTITION shared_4 FOR VALUES IN (4);
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('shared_3'::regclass, 'shared_4'::regclass) ORDER BY 1, 2;
SET ROLE regress_partitions;
ALTER TABLE shared DETACH PARTITION shared_3;
ALTER TABLE shared DETACH PARTITION shared_4 CONCURRENTLY;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN ('shared_3'::regclass, 'shared_4'::regclass) ORDER BY 1, 2;
-- the owner of a partition may not take it from its chain
SET ROLE regress_partitions_other;
DROP TABLE shared_1;
-- row-level security does not hide the rows of a partition that goes
RESET ROLE;
ALTER TABLE shared_1 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE regress_partitions;
ALTER TABLE shared DETACH PARTITION shared_1;
SELECT entity, first, last FROM veritable.prunings WHERE target = 'shared'::regclass;
SELECT drop_chain('shared');
SELECT tgname FROM pg_trigger WHERE tgrelid = 'shared_1'::regclass ORDER BY tgname;
DROP TABLE shared;
RESET ROLE;
SET client_min_messages = warning;
DROP OWNED BY regress_partitions_other;
DROP ROLE regress_partitions_other;
RESET client_min_messages;
SET ROLE regress_partitions;

-- A partition whose triggers are off is an unguarded one.
RESET ROLE;
BEGIN;
ALTER TABLE event_2023 DISABLE TRIGGER USER;
UPDATE event_2023 SET note = 'edited' WHERE id = 'b' AND seq = 2;
SELECT entity, seq, fault, regexp_replace(detail, '[0-9a-f]{64}', '<hash>') AS detail FROM verify_chain('event');
ROLLBACK;
BEGIN;
ALTER TABLE event_2024_a DISABLE TRIGGER zz_veritable_chain_guard;
SELECT entity, seq, fault, detail FROM verify_chain('event');
ROLLBACK;
-- Tampering in several partitions: edited, deleted, and moved to another as it is, which is no fault
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 2;
DELETE FROM event WHERE id = 'b' AND seq = 3;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
SELECT entity, seq, fault FROM verify_chain('event');
ROLLBACK;
SET ROLE regress_partitions;

-- drop_chain frees all partitions.
BEGIN;
SELECT drop_chain('event');
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgrelid IN (SELECT relid FROM pg_partition_tree('event')) ORDER BY tgname;
UPDATE event SET note = 'changed';
ROLLBACK;

-- By hash of the entity: the index is unique.
CREATE TABLE hashed (id int NOT NULL, note text) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT add_chain('hashed', '{id}', exclude => '{note}');
INSERT INTO hashed (id, note) SELECT i % 10, 'note' FROM generate_series(1, 100) AS i;
SELECT indexrelid::regclass, indisunique FROM pg_index WHERE indrelid = 'hashed'::regclass;
UPDATE hashed SET note = 'changed' WHERE id = 1;
SELECT * FROM verify_chain('hashed');
-- by several columns of the entity
CREATE TABLE listed (region text NOT NULL, id int NOT NULL) PARTITION BY LIST (region);
CREATE TABLE listed_default PARTITION OF listed DEFAULT;
SELECT add_chain('listed', '{id,region}');
INSERT INTO listed (region, id) VALUES ('x', 1), ('y', 1), ('x', 1) RETURNING region, id, seq;
SELECT indexrelid::regclass, indisunique FROM pg_index WHERE indrelid = 'listed'::regclass;
SELECT * FROM verify_chain('listed');
-- by an expression, the whole table one chain
CREATE TABLE expressed (n int NOT NULL) PARTITION BY RANGE ((n % 10));
CREATE TABLE expressed_low PARTITION OF expressed FOR VALUES FROM (0) TO (5);
CREATE TABLE expressed_high PARTITION OF expressed FOR VALUES FROM (5) TO (10);
SELECT add_chain('expressed');
INSERT INTO expressed (n) SELECT generate_series(1, 20);
SELECT indexrelid::regclass, indisunique FROM pg_index WHERE indrelid = 'expressed'::regclass;
SELECT * FROM verify_chain('expressed');
-- by the recorded time: PostgreSQL chooses the partition by what the row comes with, and lets no trigger choose another
CREATE TABLE timed (id int NOT NULL, at timestamptz NOT NULL DEFAULT now()) PARTITION BY RANGE (at);
CREATE TABLE timed_past PARTITION OF timed FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE timed_present PARTITION OF timed FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
SELECT add_chain('timed', '{id}', recorded => 'at');
INSERT INTO timed (id) VALUES (1), (1) RETURNING tableoid::regclass, seq;
INSERT INTO timed (id, at) VALUES (1, '2019-01-01');
SELECT * FROM verify_chain('timed');

-- Without a partition there is no row, and no chain either.
CREATE TABLE bare (id int NOT NULL) PARTITION BY LIST (id);
SELECT add_chain('bare', '{id}');
INSERT INTO bare (id) VALUES (1);
CREATE TABLE bare_1 PARTITION OF bare FOR VALUES IN (1);
INSERT INTO bare (id) VALUES (1), (1) RETURNING seq;
SELECT * FROM verify_chain('bare');

-- Existing rows are sealed across partitions, whose triggers are as they were afterwards.
CREATE TABLE existing (id int NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE existing_2023 (note text, gone int, at date NOT NULL, id int NOT NULL);
ALTER TABLE existing_2023 DROP COLUMN gone;
ALTER TABLE existing ATTACH PARTITION existing_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE existing_2024 PARTITION OF existing FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO existing VALUES (1, '2024-01-01', 'two'), (1, '2023-01-01', 'one'), (2, '2024-01-01', 'one'), (1, '2024-01-02', 'three');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no %', TG_OP; END $$;
CREATE TRIGGER of_all BEFORE UPDATE ON existing FOR EACH ROW EXECUTE FUNCTION refuse();
CREATE TRIGGER of_one BEFORE UPDATE ON existing_2023 FOR EACH ROW EXECUTE FUNCTION refuse();
ALTER TABLE existing_2024 DISABLE TRIGGER of_all;
ALTER TABLE existing_2023 ENABLE ALWAYS TRIGGER of_one;
SELECT add_chain('existing', '{id}', order_by => '{at}');
SELECT tableoid::regclass, id, seq, note FROM existing ORDER BY id, seq;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgname LIKE 'of%' ORDER BY tgrelid::regclass::text, tgname;
SELECT * FROM verify_chain('existing');

-- A chain on one partition alone is that partition's own.
CREATE TABLE unchained (id int NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE leaf PARTITION OF unchained FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE other_leaf PARTITION OF unchained FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
ALTER TABLE unchained ADD COLUMN seq bigint, ADD COLUMN previous_event_hash bytea, ADD COLUMN event_hash bytea;
SELECT add_chain('leaf', '{id}');
INSERT INTO unchained (id, at) VALUES (1, '2023-01-01'), (1, '2024-01-01'), (1, '2023-02-01') RETURNING tableoid::regclass, seq;
SELECT * FROM verify_chain('leaf');
-- before it has the columns, its parent would have to have them
CREATE TABLE columnless (id int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE columnless_1 PARTITION OF columnless FOR VALUES IN (1);
SELECT add_chain('columnless_1', '{id}');

SELECT * FROM verify_chain();
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_partitions CASCADE;
DROP ROLE regress_partitions;
