-- read_events() gives settled events in the order of their positions, from any position on.
CREATE SCHEMA log_read;
SET search_path = log_read, public;
CREATE TABLE event (id int NOT NULL, note text);
SELECT add_chain('event', '{id}');
INSERT INTO event (id, note) VALUES (1, 'a'), (2, 'b');
-- Rows that were there get positions, too.
SELECT add_log('event');
INSERT INTO event (id, note) VALUES (1, 'c'), (3, 'd');
SELECT "position", id, seq, note FROM read_events(NULL::event);
SELECT "position", note FROM read_events(NULL::event, after => 2);
SELECT "position", note FROM read_events(NULL::event, after => 1, max => 2);
SELECT "position", note FROM read_events(NULL::event, after => 4);
SELECT "position", note FROM read_events(NULL::event, after => 9223372036854775807);
-- It is a set of the row type of the table, in the select list, too.
SELECT (e).note FROM (SELECT read_events(NULL::event, max => 3) AS e) AS s;
SELECT count(*) FROM read_events(NULL::event) AS r JOIN event AS e ON r = e;
-- A rolled back append leaves a gap.
BEGIN;
INSERT INTO event (id, note) VALUES (1, 'rolled back');
ROLLBACK;
INSERT INTO event (id, note) VALUES (1, 'e');
SELECT "position", note FROM read_events(NULL::event, after => 3);

-- What the own transaction has appended is not settled, and neither is what comes after it.
BEGIN;
INSERT INTO event (id, note) VALUES (1, 'own');
SELECT "position", note FROM read_events(NULL::event, after => 3);
COMMIT;
SELECT "position", note FROM read_events(NULL::event, after => 3);
-- A read-only transaction reads.
BEGIN READ ONLY;
SELECT count(*) FROM read_events(NULL::event);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT count(*) FROM read_events(NULL::event);
COMMIT;

-- Any shape of row: dropped columns, generated ones, columns with values from before they were added, large values.
ALTER TABLE event ADD COLUMN doomed int;
CREATE TABLE shape (doomed text, id int NOT NULL, note text, other int, length int GENERATED ALWAYS AS (length(note)) STORED);
ALTER TABLE shape DROP COLUMN doomed;
SELECT add_chain('shape', '{id}', exclude => '{other}');
SELECT add_log('shape', 'the "place"');
INSERT INTO shape (id, note, other) VALUES (1, 'one', 1), (2, repeat('x', 100000), 2);
ALTER TABLE shape DROP COLUMN other;
INSERT INTO shape (id, note) VALUES (3, NULL);
SELECT id, left(note, 3) AS note, length, seq, "the ""place""" FROM read_events(NULL::shape);
CREATE TABLE kept AS SELECT * FROM read_events(NULL::shape);
SELECT count(*) FROM kept JOIN shape USING (id, seq, event_hash) WHERE kept.note IS NOT DISTINCT FROM shape.note;
ALTER TABLE shape RENAME TO "the shape";
SELECT id, "the ""place""" FROM read_events(NULL::"the shape", 1);
-- A table that has another name, and a schema that has another name, are found.
ALTER SCHEMA log_read RENAME TO log_read_2;
SELECT id FROM read_events(NULL::log_read_2."the shape", 2);
ALTER SCHEMA log_read_2 RENAME TO log_read;
DROP TABLE kept;

-- A table of many rows is read in the order of its index, also if the plan was made for a small one.
INSERT INTO event (id, note) SELECT i % 10, i::text FROM generate_series(1, 5000) AS i;
SELECT count(*), min("position"), max("position") FROM read_events(NULL::event, 2000, 1000);
SELECT bool_and("position" > before) FROM (SELECT "position", lag("position", 1, 0::bigint) OVER () AS before FROM read_events(NULL::event, 0, 100000)) AS e;
-- An answer that is larger than the memory for it.
SET work_mem = 64;
SELECT count(*), sum("position") = (SELECT sum("position") FROM event) AS complete FROM read_events(NULL::event, 0, 100000);
RESET work_mem;

-- Partitioned: one order, whatever partition a row is in, and whatever the order of the columns in it.
CREATE TABLE parted (id int NOT NULL, note text) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (note text, gone int, id int NOT NULL);
ALTER TABLE parted_2 DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
SELECT add_chain('parted', '{id}');
SELECT add_log('parted');
INSERT INTO parted (id, note) VALUES (1, 'a'), (2, 'b'), (1, 'c'), (2, 'd');
SELECT "position", id, note FROM read_events(NULL::parted, 1);
SELECT "position" FROM read_events(NULL::parted_1);

-- What is refused.
\set VERBOSITY default
SELECT * FROM read_events(NULL::event, -1);
SELECT * FROM read_events(NULL::event, NULL);
SELECT * FROM read_events(NULL::event, 0, 0);
SELECT * FROM read_events(NULL::event, 0, NULL);
SELECT * FROM read_events(NULL::int);
CREATE TABLE unlogged_event (id int NOT NULL);
SELECT * FROM read_events(NULL::unlogged_event);
SELECT add_chain('unlogged_event', '{id}');
SELECT * FROM read_events(NULL::unlogged_event);
CREATE VIEW seen AS SELECT * FROM event;
SELECT * FROM read_events(NULL::seen);
CREATE DOMAIN event_domain AS event;
SELECT * FROM read_events(NULL::event_domain);
DROP VIEW seen;
SELECT drop_log('event');
SELECT * FROM read_events(NULL::event);

SET client_min_messages = error;
DROP SCHEMA log_read CASCADE;
