-- Rows that are sealed already are verified and kept, or refused; only reseal seals them anew.
\pset null (null)
CREATE ROLE regress_again;
CREATE SCHEMA AUTHORIZATION regress_again;
SET search_path = regress_again, public;
SET ROLE regress_again;

CREATE TABLE event (id int NOT NULL, note text);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES (1, 'one'), (1, 'two'), (2, 'one');
CREATE TABLE before AS SELECT id, seq, note, event_hash FROM event;
SELECT drop_chain('event');
-- kept: no row is written, and the chain goes on
CREATE TABLE place AS SELECT ctid AS old, id, seq FROM event;
SELECT add_chain('event', '{id}');
SELECT count(*) FROM event JOIN place USING (id, seq) WHERE event.ctid = place.old;
INSERT INTO event VALUES (1, 'three') RETURNING seq;
SELECT * FROM verify_chain('event');

-- Altered rows are not sealed over.
SELECT drop_chain('event');
UPDATE event SET note = 'changed' WHERE id = 1 AND seq = 2;
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', order_by => '{seq}');
-- nor is a gap, nor a row without hashes
UPDATE event SET note = 'two' WHERE id = 1 AND seq = 2;
INSERT INTO event (id, note, seq, event_hash) VALUES (1, 'five', 5, '\x00');
SELECT add_chain('event', '{id}');
DELETE FROM event WHERE seq = 5;
ALTER TABLE event ALTER COLUMN seq DROP NOT NULL, ALTER COLUMN event_hash DROP NOT NULL;
INSERT INTO event (id, note) VALUES (2, 'two');
SELECT add_chain('event', '{id}');
DELETE FROM event WHERE seq IS NULL;
-- another configuration is another chain
SELECT add_chain('event', '{id}', exclude => '{note}');
SELECT add_chain('event', '{}');
-- and so is another name
ALTER TABLE event RENAME TO happening;
SELECT add_chain('happening', '{id}');
SELECT add_chain('happening', '{id}', identity => 'regress_again.event');
SELECT drop_chain('happening');
ALTER TABLE happening RENAME TO event;

-- Sealed anew, on demand.
UPDATE event SET note = 'changed' WHERE id = 1 AND seq = 2;
SELECT add_chain('event', '{id}', reseal => true);
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', order_by => '{seq}', reseal => true);
SELECT id, seq, note, e.event_hash <> b.event_hash AS other FROM event e JOIN before b USING (id, seq, note) ORDER BY id, seq;
SELECT * FROM verify_chain('event');
SELECT action, detail FROM veritable.journal WHERE about = 'regress_again.event' AND action IN ('add_chain', 'drop_chain', 'reseal') ORDER BY seq;
SELECT drop_chain('event');
DROP TABLE event;

-- Columns of these names with other content were never a chain.
CREATE TABLE event (id int NOT NULL, seq bigint);
INSERT INTO event VALUES (1, 700), (1, 800);
SELECT add_chain('event', '{id}', order_by => '{seq}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}', order_by => '{seq}', reseal => true);
SELECT * FROM event;
SELECT drop_chain('event');
DROP TABLE event;
-- without content they are like missing ones
CREATE TABLE event (id int NOT NULL, at int, seq bigint, previous_event_hash text, event_hash text);
INSERT INTO event VALUES (1, 1), (1, 2);
SELECT add_chain('event', '{id}', order_by => '{at}');
SELECT drop_chain('event');
DROP TABLE event;

-- An altered chain goes on, too: the journal tells how it began.
CREATE TABLE event (id int NOT NULL, note text, remark text);
SELECT add_chain('event', '{id}', exclude => '{remark}');
INSERT INTO event VALUES (1, 'one', 'r');
ALTER TABLE event RENAME COLUMN remark TO comment;
SELECT drop_chain('event');
SELECT add_chain('event', '{id}', exclude => '{comment}');
INSERT INTO event VALUES (1, 'two', 'r') RETURNING seq;
SELECT * FROM verify_chain('event');
SELECT drop_chain('event');
DROP TABLE event;

-- All partitions are looked at.
CREATE TABLE event (id int NOT NULL, note text) PARTITION BY LIST (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES (1, 'one'), (2, 'one');
SELECT drop_chain('event');
SELECT add_chain('event', '{id}');
SELECT indexname FROM pg_indexes WHERE schemaname = 'regress_again' AND tablename LIKE 'event%' ORDER BY indexname COLLATE "C";
SELECT drop_chain('event');
UPDATE event_2 SET note = 'changed';
SELECT add_chain('event', '{id}');
DROP TABLE event;

RESET ROLE;
DROP OWNED BY regress_again;
DROP ROLE regress_again;
