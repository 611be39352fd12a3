-- A subscription copies a detached table to a replica that has its guard; nothing else passes.
CREATE SCHEMA prune_replica;
SET search_path = prune_replica, public;
\set VERBOSITY terse
CREATE TABLE event (id int NOT NULL, at int NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (2) TO (3);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES (1, 1), (1, 1), (1, 2);
ALTER TABLE event DETACH PARTITION event_1;
BEGIN;
ALTER TABLE event_1 DISABLE TRIGGER USER;
CREATE TABLE copied AS SELECT * FROM event_1;
TRUNCATE event_1;
ALTER TABLE event_1 ENABLE ALWAYS TRIGGER veritable_pruned, ENABLE ALWAYS TRIGGER veritable_pruned_truncate;
SAVEPOINT s;
INSERT INTO event_1 SELECT * FROM copied;
ROLLBACK TO s;
SET LOCAL session_replication_role = replica;
INSERT INTO event_1 SELECT * FROM copied;
SAVEPOINT s;
UPDATE event_1 SET at = 1;
ROLLBACK TO s;
DELETE FROM event_1;
ROLLBACK TO s;
SET LOCAL session_replication_role = origin;
-- What was copied comes back, and nothing that came beside it.
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM (1) TO (2);
SELECT id, seq, at FROM event ORDER BY seq;
ROLLBACK;
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO event_1 SELECT id, at, seq + 2, event_hash, event_hash FROM event_1;
SET LOCAL session_replication_role = origin;
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM (1) TO (2);
ROLLBACK;
DROP SCHEMA prune_replica CASCADE;
