-- Pruned is never missing, and what is deleted beside what was pruned is never pruned.
CREATE SCHEMA verify_prunings;
SET search_path = verify_prunings, public;
\set VERBOSITY terse
CREATE TABLE entries (account text NOT NULL, day int NOT NULL, amount numeric NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE day1 PARTITION OF entries FOR VALUES FROM (1) TO (2);
CREATE TABLE day2 PARTITION OF entries FOR VALUES FROM (2) TO (3);
CREATE TABLE day3 PARTITION OF entries FOR VALUES FROM (3) TO (4);
SELECT add_chain('entries', entity => '{account}');
-- Late events make two runs of A; all of C is in the first partition.
INSERT INTO entries VALUES ('A', 1, 1), ('A', 1, 2), ('B', 1, 1), ('C', 1, 1), ('A', 2, 3), ('A', 1, 4), ('A', 2, 5),
    ('B', 2, 2), ('B', 2, 3), ('A', 3, 6), ('A', 3, 7), ('B', 3, 4);
ALTER TABLE entries DETACH PARTITION day1;
SELECT entity, first, last FROM veritable.prunings WHERE target = 'entries'::regclass ORDER BY seq;
SELECT * FROM verify_chain('entries');
SELECT * FROM verify_chain('entries', '{A}');
SELECT * FROM verify_chain('entries', '{C}');
SELECT * FROM verify_chain('entries', '{D}');
-- Chains go on.
INSERT INTO entries VALUES ('C', 3, 10), ('B', 3, 10) RETURNING account, seq;
SELECT * FROM verify_chain('entries');
SET client_min_messages = warning;
SELECT fault FROM verify_all() WHERE target = 'entries'::regclass;
RESET client_min_messages;

-- What had faults when it was pruned, by force, does not leave them behind unsaid.
BEGIN;
ALTER TABLE day2 DISABLE TRIGGER USER;
UPDATE day2 SET amount = 30 WHERE account = 'B';
ALTER TABLE day2 ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
SELECT prune('entries', partition => 'day2', force => true);
SELECT * FROM verify_chain('entries');
SELECT * FROM verify_chain('entries', '{A}');
SELECT * FROM verify_chain('entries', '{B}');
ROLLBACK;

-- Deletions: of the first event that is left, beside a run, in the midst, of all that is left.
SET client_min_messages = error;
SET veritable.guard = off;
\set verify 'SELECT entity, seq, fault, regexp_replace(detail, \'[0-9a-f]{64}\', \'…\') AS detail FROM verify_chain(\'entries\')'
BEGIN; DELETE FROM entries WHERE account = 'B' AND seq = 2; :verify; ROLLBACK;
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq = 3; :verify; ROLLBACK;
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq IN (5, 6); :verify; ROLLBACK;
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq = 6; :verify; ROLLBACK;
BEGIN; DELETE FROM entries WHERE account = 'A'; :verify; SELECT fault, seq FROM verify_chain('entries', '{A}'); ROLLBACK;
-- What a chain cannot tell: the newest event, and a whole entity whose pruned events are at its end.
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq = 7; :verify; ROLLBACK;
BEGIN; DELETE FROM entries WHERE account = 'C'; :verify; ROLLBACK;
-- Edits before a run, and after one.
BEGIN;
UPDATE entries SET amount = 30 WHERE account = 'A' AND seq = 3;
:verify;
UPDATE entries AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) WHERE account = 'A' AND seq = 3;
:verify;
ROLLBACK;
BEGIN;
UPDATE entries SET previous_event_hash = sha256('another') WHERE account = 'B' AND seq = 2;
UPDATE entries AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) WHERE account = 'B' AND seq = 2;
:verify;
ROLLBACK;
-- A chain without recorded runs is as strict as before.
BEGIN; INSERT INTO entries VALUES ('D', 3, 1), ('D', 3, 2); DELETE FROM entries WHERE account = 'D' AND seq = 1; :verify; ROLLBACK;

-- Runs: widened, narrowed, removed, moved, forged.
BEGIN;
ALTER TABLE veritable.prunings DISABLE TRIGGER USER;
SAVEPOINT s;
DELETE FROM entries WHERE account = 'B' AND seq = 2; UPDATE veritable.prunings SET last = 2 WHERE entity = '{B}' AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
UPDATE veritable.prunings SET first = 2 WHERE entity = '{A}' AND first = 1 AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
DELETE FROM veritable.prunings WHERE entity = '{A}' AND first = 4 AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
-- The newest row of all: its run is missing.
DELETE FROM veritable.prunings WHERE entity = '{C}' AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
UPDATE veritable.prunings SET key = 1 WHERE entity = '{B}' AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
UPDATE veritable.prunings SET target = 'pg_class' WHERE entity = '{B}' AND target = 'entries'::regclass; :verify;
ROLLBACK TO s;
-- A row that says what nobody pruned, under a hash of its own.
DELETE FROM entries WHERE account = 'A' AND seq = 5;
INSERT INTO veritable.prunings (target, key, about, series, seq, action, partition, genesis, entity, first, last, before, through,
    at, by, acting, previous_event_hash, event_hash)
SELECT target, key, about, series, seq + 10, action, partition, genesis, entity, 5, 5, through,
       (SELECT previous_event_hash FROM entries WHERE account = 'A' AND seq = 6), at, by, acting, previous_event_hash, sha256('forged')
FROM veritable.prunings WHERE entity = '{A}' AND first = 4 AND target = 'entries'::regclass;
:verify;
ROLLBACK;

-- Events that are back in the table, behind the triggers, count if the run vouches for them.
BEGIN;
CREATE TABLE kept AS SELECT * FROM day1;
SET LOCAL session_replication_role = replica;
ALTER TABLE entries DISABLE TRIGGER USER;
CREATE TABLE day1a PARTITION OF entries FOR VALUES FROM (1) TO (2);
ALTER TABLE day1a DISABLE TRIGGER USER;
INSERT INTO day1a SELECT * FROM kept;
SET LOCAL session_replication_role = origin;
:verify WHERE fault <> 'unguarded';
DELETE FROM day1a WHERE account = 'A' AND seq = 1;
:verify WHERE fault <> 'unguarded';
DELETE FROM day1a WHERE account = 'A' AND seq = 2;
UPDATE day1a SET amount = 40 WHERE account = 'A' AND seq = 4;
:verify WHERE fault <> 'unguarded';
UPDATE day1a AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) WHERE account = 'A' AND seq = 4;
:verify WHERE fault <> 'unguarded';
ROLLBACK;

-- Attached again, the events are expected again.
RESET veritable.guard;
ALTER TABLE entries ATTACH PARTITION day1 FOR VALUES FROM (1) TO (2);
RESET client_min_messages;
SELECT * FROM verify_chain('entries');
SET client_min_messages = error;
SET veritable.guard = off;
BEGIN; DELETE FROM entries WHERE account = 'A' AND seq = 4; :verify; ROLLBACK;
RESET veritable.guard;
ALTER TABLE entries DETACH PARTITION day1;
SELECT drop_chain('entries');
SELECT add_chain('entries', entity => '{account}', order_by => '{seq}', reseal => true);
:verify;
-- A whole table as one chain; entities of several columns, and values that are equal in several texts.
CREATE TABLE single (at timestamptz, note text);
SELECT add_chain('single', recorded => 'at');
INSERT INTO single (note) VALUES ('a'), ('b');
SELECT prune('single', before => 'infinity');
SELECT fault FROM verify_chain('single');
INSERT INTO single (note) VALUES ('c') RETURNING seq;
SELECT fault FROM verify_chain('single');
CREATE TABLE several (a numeric NOT NULL, b text COLLATE "C" NOT NULL, at timestamptz);
SELECT add_chain('several', entity => '{a,b}', recorded => 'at');
INSERT INTO several VALUES (1.0, 'x'), (1.00, 'x'), (1, 'x'), (2, 'x');
SELECT prune('several', before => 'infinity');
INSERT INTO several VALUES (1.000, 'x') RETURNING seq;
SELECT fault FROM verify_chain('several');
SELECT fault FROM verify_chain('several', '{1.0000,x}');
BEGIN; SET LOCAL veritable.guard = off; INSERT INTO several VALUES (1.000, 'x'); DELETE FROM several WHERE seq = 4; SELECT entity, seq, fault FROM verify_chain('several'); ROLLBACK;
DROP SCHEMA verify_prunings CASCADE;
