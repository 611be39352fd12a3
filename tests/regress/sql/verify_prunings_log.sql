-- A log after pruning: leaves that are marked are not expected in the table, as far as the runs account for them.
CREATE SCHEMA verify_prunings_log;
SET search_path = verify_prunings_log, public;
\set VERBOSITY terse
CREATE TABLE entries (account text NOT NULL, day int NOT NULL, amount numeric NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE day0 PARTITION OF entries FOR VALUES FROM (0) TO (1);
CREATE TABLE day1 PARTITION OF entries FOR VALUES FROM (1) TO (2);
CREATE TABLE day2 PARTITION OF entries FOR VALUES FROM (2) TO (3);
CREATE TABLE day3 PARTITION OF entries FOR VALUES FROM (3) TO (4);
SELECT add_chain('entries', entity => '{account}');
-- Pruned before the table has a log: the tree does not have these events.
INSERT INTO entries VALUES ('A', 0, 1), ('D', 0, 1), ('D', 0, 2);
ALTER TABLE entries DETACH PARTITION day0;
SELECT add_log('entries', origin => 'example.com/verify_prunings');
INSERT INTO entries VALUES ('A', 1, 1), ('A', 1, 2), ('B', 1, 1), ('C', 1, 1), ('A', 2, 3), ('A', 1, 4), ('A', 2, 5),
    ('B', 2, 2), ('B', 2, 3), ('A', 3, 6), ('A', 3, 7), ('B', 3, 4);
-- Pruned before any checkpoint.
ALTER TABLE entries DETACH PARTITION day1;
CREATE TABLE notes AS SELECT 1 AS number, checkpoint('entries') AS note;
SELECT * FROM verify_log('entries');
SELECT fault FROM verify_chain('entries');
INSERT INTO entries VALUES ('C', 3, 2), ('B', 3, 5);
INSERT INTO notes SELECT 2, checkpoint('entries');
-- Pruned between checkpoints, in the newest tile.
INSERT INTO entries VALUES ('C', 3, 3);
ALTER TABLE entries DETACH PARTITION day2;
INSERT INTO notes SELECT 3, checkpoint('entries');
SELECT number, split_part(note, E'\n', 2) AS size, v.fault FROM notes LEFT JOIN LATERAL verify_log('entries', note) AS v ON true
ORDER BY number;
SET client_min_messages = warning;
SELECT fault FROM verify_all() WHERE target = 'entries'::regclass;
RESET client_min_messages;
-- Readers go on with what is there; proofs come from the tree.
SELECT position, account, seq FROM read_events(NULL::entries, 0, 100) ORDER BY position;
SELECT split_part(inclusion_proof('entries', 1), E'\n', 2) AS pruned, split_part(inclusion_proof('entries', 10), E'\n', 2) AS kept;
SELECT inclusion_proof('entries', 99);
SELECT consistency_proof('entries', 12, 15) IS NOT NULL AS is_consistent;

SET client_min_messages = error;
SET veritable.guard = off;
\set verify 'SELECT position, seq, fault, detail FROM verify_log(\'entries\')'
BEGIN; DELETE FROM entries WHERE account = 'B' AND seq = 4; :verify; ROLLBACK;
BEGIN; UPDATE entries SET amount = 0 WHERE account = 'B' AND seq = 4; :verify; ROLLBACK;
-- A mark alone acquits nobody, and neither does one that is taken from a pruned event.
BEGIN;
DELETE FROM entries WHERE account = 'B' AND seq = 4;
UPDATE veritable.tiles SET pruned = set_bit(pruned, 11, 1) WHERE target = 'entries'::regclass;
:verify;
UPDATE veritable.tiles SET pruned = set_bit(pruned, 1, 0) WHERE target = 'entries'::regclass;
:verify;
ROLLBACK;
BEGIN; UPDATE veritable.tiles SET pruned = set_bit(pruned, 0, 0) WHERE target = 'entries'::regclass; :verify; ROLLBACK;
BEGIN;
ALTER TABLE veritable.prunings DISABLE TRIGGER USER;
DELETE FROM veritable.prunings WHERE target = 'entries'::regclass AND entity = '{B}' AND last = 1;
:verify;
ROLLBACK;
-- All tiles gone: the events that were pruned cannot be told from others.
BEGIN; DELETE FROM veritable.tiles WHERE target = 'entries'::regclass; SELECT fault FROM verify_log('entries') ORDER BY fault; ROLLBACK;
-- A checkpoint of a transaction that was rolled back: the tree is behind it, and the events with what was pruned give its root.
RESET veritable.guard;
INSERT INTO entries VALUES ('C', 3, 4);
BEGIN;
SELECT checkpoint('entries') AS note \gset
ROLLBACK;
SELECT fault FROM verify_log('entries', :'note');
-- Attached again.
ALTER TABLE entries ATTACH PARTITION day1 FOR VALUES FROM (1) TO (2);
:verify;
SELECT number, v.fault FROM notes LEFT JOIN LATERAL verify_log('entries', note) AS v ON true ORDER BY number;
SET veritable.guard = off;
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq = 2; :verify; ROLLBACK;
RESET veritable.guard;
SELECT drop_log('entries');
SELECT fault FROM verify_chain('entries');
-- A long run that is deleted has the mark of each event, however many batches were read.
CREATE TABLE long (at timestamptz, n int);
SELECT add_chain('long', recorded => 'at');
SELECT add_log('long', origin => 'example.com/verify_prunings_long');
INSERT INTO long (n) SELECT generate_series(1, 2500);
SELECT prune('long', before => 'infinity');
INSERT INTO long (n) VALUES (0) RETURNING seq;
SELECT checkpoint('long') AS note \gset
SELECT fault FROM verify_log('long', :'note');
SET client_min_messages = warning;
DROP SCHEMA verify_prunings_log CASCADE;
