-- Where the newest event of an entity is, in a table with partitions: veritable.heads, a cache of which nobody notices anything.
\pset null (null)
CREATE ROLE regress_heads;
CREATE SCHEMA AUTHORIZATION regress_heads;
SET search_path = regress_heads, public;
SET ROLE regress_heads;
CREATE TABLE event (id numeric NOT NULL, at int NOT NULL, note text) PARTITION BY LIST (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2);
CREATE TABLE event_3 PARTITION OF event DEFAULT PARTITION BY LIST (at);
CREATE TABLE event_3_3 PARTITION OF event_3 FOR VALUES IN (3);
SELECT add_chain('event', '{id}');
SELECT * FROM veritable.heads;
DELETE FROM veritable.heads;
RESET ROLE;
CREATE VIEW pointer AS SELECT seq, leaves::regclass[] FROM veritable.heads WHERE chain = 'event'::regclass ORDER BY seq, leaves;
SET ROLE regress_heads;

-- One entity in two spellings, also within one transaction: each is found after the other.
INSERT INTO event VALUES (1, 1), (1.0, 2), (1, 2), (1.00, 1) RETURNING id, at, seq;
INSERT INTO event VALUES (1.0, 3) RETURNING seq;
INSERT INTO event VALUES (1, 1) RETURNING seq;
BEGIN;
INSERT INTO event VALUES (1, 1) RETURNING seq;
INSERT INTO event VALUES (1.0, 2) RETURNING seq;
SAVEPOINT here;
INSERT INTO event VALUES (1, 3) RETURNING seq;
ROLLBACK TO here;
INSERT INTO event VALUES (1, 1) RETURNING seq;
COMMIT;
INSERT INTO event VALUES (1.0, 3) RETURNING seq;
SELECT * FROM verify_chain('event');

-- Rows of one statement in two partitions, and more partitions than a pointer names.
SELECT format('CREATE TABLE event_%s PARTITION OF event FOR VALUES IN (%1$s)', n) FROM generate_series(11, 22) AS n \gexec
INSERT INTO event SELECT 2, 11 + n % 2 FROM generate_series(1, 5) AS n;
INSERT INTO event SELECT 3, 11 + n % 12 FROM generate_series(1, 50) AS n;
RESET ROLE;
SELECT * FROM pointer;
SET ROLE regress_heads;
INSERT INTO event VALUES (2, 13), (3, 13), (3, 14) RETURNING seq;
SELECT * FROM verify_chain('event');

-- What brings rows without pointers. An event as another database has sealed it, in a partition of that database:
INSERT INTO event VALUES (4, 1), (5, 1) RETURNING seq;
BEGIN;
CREATE TABLE event_4 PARTITION OF event FOR VALUES IN (4);
INSERT INTO event VALUES (4, 4) RETURNING seq, previous_event_hash AS previous, event_hash AS hash \gset
ROLLBACK;
CREATE TABLE event_4 (note text, id numeric NOT NULL, at int NOT NULL, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL);
INSERT INTO event_4 (id, at, seq, previous_event_hash, event_hash) VALUES (4, 4, :seq, :'previous', :'hash');
ALTER TABLE event ATTACH PARTITION event_4 FOR VALUES IN (4);
RESET ROLE;
SELECT count(*) FROM veritable.heads WHERE chain = 'event'::regclass AND seq = 0;
INSERT INTO event (id, at) VALUES (4, 1) RETURNING seq;
INSERT INTO event (id, at) VALUES (6, 1) RETURNING seq;
SELECT * FROM verify_chain('event');
SELECT seq, cardinality(leaves) FROM pointer;
-- by a session that changes sealed rows in a test
SET veritable.guard = off;
UPDATE event SET note = 'changed' WHERE id = 6;
RESET veritable.guard;
SELECT count(*) FROM veritable.heads WHERE chain = 'event'::regclass AND seq = 0;
INSERT INTO event (id, at) VALUES (6, 2) RETURNING seq;
-- another configuration; another type of the entity
SELECT count(DISTINCT generation) FROM veritable.heads WHERE chain = 'event'::regclass AND seq = 0;
SELECT drop_chain('event');
SELECT count(*) FROM veritable.heads WHERE chain = 'event'::regclass;
SELECT add_chain('event', '{id}', reseal => true, order_by => '{seq}');
INSERT INTO event (id, at) VALUES (6, 1) RETURNING seq;
SELECT * FROM verify_chain('event');

-- A pointer whose leaf is gone: the event is found elsewhere.
INSERT INTO event (id, at) VALUES (7, 1), (7, 22) RETURNING seq;
SET veritable.guard = off;
TRUNCATE event_22;
RESET veritable.guard;
ALTER TABLE event DETACH PARTITION event_22;
DROP TABLE event_22;
INSERT INTO event (id, at) VALUES (7, 2) RETURNING seq;

-- A superuser can empty the cache at any time.
TRUNCATE veritable.heads;
INSERT INTO event (id, at) VALUES (7, 1), (8, 1) RETURNING seq;
SELECT cardinality(leaves) FROM veritable.heads WHERE chain = 'event'::regclass AND seq = 0;
DROP TABLE event CASCADE;
SELECT count(*) FROM veritable.heads;

-- Types whose functions can be replaced: there are no pointers.
CREATE TYPE pair AS (a int, b int);
CREATE TABLE event (id pair NOT NULL, at int NOT NULL) PARTITION BY LIST (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES ('(1,1)', 1), ('(1,2)', 2), ('(1,1)', 2) RETURNING seq;
INSERT INTO event VALUES ('(1,1)', 1), ('(1,2)', 2), ('(1,1)', 2) RETURNING seq;
SELECT count(*) FROM veritable.heads;
SELECT * FROM verify_chain('event');
DROP SCHEMA regress_heads CASCADE;
DROP ROLE regress_heads;
