-- Erasable columns of a partitioned table, whose partitions have their columns at other places.
\pset null (null)
CREATE SCHEMA regress_erase_partitions;
SET search_path = regress_erase_partitions, public;
CREATE TABLE reading (day date NOT NULL, sensor text NOT NULL, payload jsonb, note text) PARTITION BY RANGE (day);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE reading_2 (gone int, note text, payload jsonb, sensor text NOT NULL, day date NOT NULL) PARTITION BY LIST (sensor);
ALTER TABLE reading_2 DROP gone;
CREATE TABLE reading_2_a (payload jsonb, gone int, day date NOT NULL, note text, sensor text NOT NULL);
ALTER TABLE reading_2_a DROP gone;
ALTER TABLE reading_2 ATTACH PARTITION reading_2_a FOR VALUES IN ('a');
CREATE TABLE reading_2_b PARTITION OF reading_2 DEFAULT;
ALTER TABLE reading ATTACH PARTITION reading_2 FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO reading VALUES ('2024-01-01', 'a', '{"n": 1}'), ('2024-02-01', 'a', '{"n": 2}'), ('2024-02-01', 'b', '{"n": 1}');
SELECT add_chain('reading', '{sensor}', order_by => '{day}', erasable => '{payload,note}', identity => 'reading');
INSERT INTO reading VALUES ('2024-01-02', 'a', '{"n": 3}', 'x'), ('2024-02-02', 'a', '{"n": 4}', NULL), ('2024-01-02', 'b', '{"n": 2}', NULL);
CREATE TABLE reading_3 (note_salt bytea, note text, payload jsonb, payload_salt bytea, sensor text NOT NULL, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL, day date NOT NULL, payload_commitment bytea, note_commitment bytea);
ALTER TABLE reading ATTACH PARTITION reading_3 FOR VALUES FROM ('2024-03-01') TO ('2024-04-01');
INSERT INTO reading VALUES ('2024-03-02', 'a', '{"n": 5}', 'y');
SELECT * FROM verify_chain('reading');
SELECT erase('reading', '{a}', '{payload}');
SELECT tableoid::regclass, sensor, seq, payload, note FROM reading ORDER BY sensor, seq;
SELECT * FROM verify_chain('reading');
SELECT event_seq, columns FROM veritable.erasures WHERE target = 'reading'::regclass ORDER BY seq;
-- The chain is that of the whole.
SELECT erase('reading_2_b', '{b}', '{payload}');
\echo :LAST_ERROR_SQLSTATE
UPDATE reading_2_b SET payload = NULL, payload_salt = NULL;
\echo :LAST_ERROR_SQLSTATE
-- by hand, in one partition
ALTER TABLE reading_2_b DISABLE TRIGGER USER;
UPDATE reading_2_b SET payload = NULL, payload_salt = NULL;
ALTER TABLE reading_2_b ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
SELECT * FROM verify_chain('reading');
-- A partition that lacks a column, or has it in another form.
CREATE TABLE reading_4 (LIKE reading_1);
ALTER TABLE reading_4 ALTER payload SET NOT NULL;
ALTER TABLE reading ATTACH PARTITION reading_4 FOR VALUES FROM ('2024-04-01') TO ('2024-05-01');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE reading_4 ALTER payload DROP NOT NULL, ALTER payload_salt SET DEFAULT '';
ALTER TABLE reading ATTACH PARTITION reading_4 FOR VALUES FROM ('2024-04-01') TO ('2024-05-01');
\echo :LAST_ERROR_SQLSTATE
DROP SCHEMA regress_erase_partitions CASCADE;
