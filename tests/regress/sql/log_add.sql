-- add_log() gives a chained table positions, one order of all its events; drop_log() takes them away. The lines stay as they are.
\pset null (null)
CREATE ROLE regress_log;
CREATE ROLE regress_log_other;
CREATE SCHEMA AUTHORIZATION regress_log;
SET search_path = regress_log, public;
SET ROLE regress_log;
CREATE TABLE event (id int NOT NULL, note text, at timestamptz);
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event (id, note) VALUES (2, 'first'), (1, 'second'), (2, 'third');
CREATE TEMPORARY TABLE before AS SELECT id, seq, chain_line(event) AS line, event_hash FROM event;

-- Existing events get positions in the order of their times, new ones after them. The chain is what it was.
SELECT add_log('event', origin => 'example.com/event');
SELECT position, id, seq, note FROM event ORDER BY position;
INSERT INTO event (id, note) VALUES (3, 'fourth'), (1, 'fifth') RETURNING position, id, seq;
SELECT count(*) AS unchanged FROM event NATURAL JOIN before WHERE chain_line(event) = line;
SELECT fault FROM verify_chain('event');
SELECT target, position, origin, sequence, arrival FROM veritable.logs WHERE target = 'event'::regclass;
SELECT settled('event');
\d event
-- Nobody changes a position, and one that a row brings is for restores: with its hash, and by the owner.
UPDATE event SET position = 7 WHERE id = 3;
INSERT INTO event (id, note, position) VALUES (3, 'x', 70);
INSERT INTO event (id, note, position) VALUES (3, 'x', 0);
\set VERBOSITY terse
INSERT INTO event (id, note, seq, event_hash, position) VALUES (3, 'x', 2, '\x00', 70);
\set VERBOSITY default

-- What an append takes is gone when it is rolled back, to a savepoint or as a whole.
BEGIN;
INSERT INTO event (id) VALUES (4) RETURNING position;
SAVEPOINT s;
INSERT INTO event (id) VALUES (4) RETURNING position;
ROLLBACK TO s;
INSERT INTO event (id) VALUES (4) RETURNING position;
ROLLBACK;
INSERT INTO event (id) VALUES (4) RETURNING position;
SELECT settled('event');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM event;
INSERT INTO event (id) VALUES (5) RETURNING position;
COMMIT;

-- Errors
SELECT add_log('event');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE plain (id int NOT NULL, position int);
SELECT add_log('plain');
\echo :LAST_ERROR_SQLSTATE
SELECT add_log(NULL);
SELECT add_chain('plain', '{id}');
SELECT add_log('plain');
\echo :LAST_ERROR_SQLSTATE
SELECT add_log('plain', NULL);
SELECT add_log('plain', 'seq');
SELECT add_log('plain', 'place', 'example.com/event');
\echo :LAST_ERROR_SQLSTATE
SELECT add_log('plain', 'place', 'two words');
\echo :LAST_ERROR_SQLSTATE
SELECT add_log('plain', 'place', '');
SELECT add_log('plain', 'place', E'two\nlines');
SELECT add_log('plain', 'place', 'a+b');
SELECT add_log('plain', 'place', repeat('x', 256));
SELECT add_log('plain', 'place', 'elsewhere/veritable.journal');
SELECT drop_log('plain');
\echo :LAST_ERROR_SQLSTATE
SELECT settled('plain');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW seen AS SELECT 1 AS one;
SELECT add_log('seen');
\echo :LAST_ERROR_SQLSTATE
-- A plain role that may create no table cannot make a sequence, and one that is not the owner makes no log.
RESET ROLE;
REVOKE CREATE ON SCHEMA regress_log FROM regress_log;
SET ROLE regress_log;
SELECT add_log('plain', 'place');
RESET ROLE;
GRANT CREATE ON SCHEMA regress_log TO regress_log;
GRANT USAGE ON SCHEMA regress_log TO regress_log_other;
SET ROLE regress_log_other;
SELECT add_log('plain', 'place');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_log('event');
\echo :LAST_ERROR_SQLSTATE
SELECT settled('event');
\echo :LAST_ERROR_SQLSTATE
-- An inserter gets positions without a privilege on the sequence, and cannot choose them.
RESET ROLE;
GRANT SELECT, INSERT ON event TO regress_log_other;
SET ROLE regress_log_other;
INSERT INTO event (id) VALUES (6) RETURNING position;
SELECT nextval('event_position_seq');
BEGIN;
INSERT INTO event (id) VALUES (6) RETURNING seq, previous_event_hash AS previous, event_hash AS hash, at \gset
ROLLBACK;
INSERT INTO event (id, seq, previous_event_hash, event_hash, at, position) VALUES (6, :seq, :'previous', :'hash', :'at', 100);
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_log;
INSERT INTO event (id, seq, previous_event_hash, event_hash, at, position) VALUES (6, :seq, :'previous', :'hash', :'at', 100)
RETURNING position;
-- The sequence has not given that one: its owner sets it, as a dump does.
SELECT settled('event');
RESET ROLE;
SELECT setval('event_position_seq', 100);
-- A superuser's log belongs to the owner of the table.
SELECT add_log('plain', 'place', 'example.com/plain');
SELECT relname, relowner::regrole FROM pg_class WHERE relname = 'plain_position_seq';
SELECT drop_log('plain');

-- A chain does not end while there is a log, and drop_log() leaves the chain.
SET ROLE regress_log;
SELECT drop_chain('event');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW positions AS SELECT position FROM event;
SELECT drop_log('event');
\echo :LAST_ERROR_SQLSTATE
DROP VIEW positions;
SELECT drop_log('event');
SELECT count(*) FROM pg_class WHERE relname = 'event_position_seq';
SELECT fault FROM verify_chain('event');
SELECT count(*) AS unchanged FROM event NATURAL JOIN before WHERE chain_line(event) = line;
INSERT INTO event (id) VALUES (7) RETURNING seq;
-- Added again: all events get positions anew. The origin had no checkpoint, so it is free.
SELECT add_log('event', 'place in "order"', 'example.com/event');
SELECT id, seq, "place in ""order""" FROM event ORDER BY 3;
SELECT position, sequence FROM veritable.logs WHERE target = 'event'::regclass;
SELECT drop_log('event');
-- An origin that had a checkpoint is not free, whatever became of the table.
SELECT add_log('event', origin => 'example.com/known');
RESET ROLE;
UPDATE veritable.trees SET size = 3 WHERE origin = 'example.com/known';
SET ROLE regress_log;
SELECT drop_log('event');
SELECT add_log('event', origin => 'example.com/known');
SELECT add_log('event', origin => 'example.com/dropped');
RESET ROLE;
UPDATE veritable.trees SET size = 3 WHERE origin = 'example.com/dropped';
SET ROLE regress_log;
DROP TABLE event;
SELECT add_log('plain', 'place', 'example.com/dropped');
RESET ROLE;
SELECT count(*) FROM veritable.trees;
SELECT action, detail -> 'origin' AS origin, detail -> 'log' AS log FROM veritable.journal
WHERE about = 'regress_log.event' AND action LIKE ANY ('{%log,DROP%}') ORDER BY seq;
SET ROLE regress_log;

-- Names with quotes, hashes as text, one chain for the whole table, no recorded time, rows that the owner's triggers would touch
CREATE TABLE "odd table" ("the id" text, previous text, hash text);
INSERT INTO "odd table" VALUES ('b'), ('a'), ('c');
SELECT add_chain('"odd table"', seq => 'the seq', previous => 'previous', hash => 'hash', order_by => '{"the id"}');
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''fired''; END';
CREATE TRIGGER never BEFORE UPDATE ON "odd table" FOR EACH ROW EXECUTE FUNCTION never();
SELECT add_log('"odd table"', 'the "position"');
SELECT "the id", "the seq", "the ""position""" FROM "odd table" ORDER BY 3;
SELECT tgenabled FROM pg_trigger WHERE tgname = 'never';
INSERT INTO "odd table" VALUES ('d') RETURNING "the ""position""";
SELECT position, origin, sequence FROM veritable.logs WHERE target = '"odd table"'::regclass;
SELECT fault FROM verify_chain('"odd table"');
-- A default origin has no spaces; with a number, it is one that no log has.
CREATE TABLE odd_table (id int);
SELECT add_chain('odd_table');
SELECT add_log('odd_table');
SELECT origin FROM veritable.logs WHERE target = 'odd_table'::regclass;

-- Partitions, of any depth, with columns in another order; a partition has no log of its own.
CREATE TABLE part (id int NOT NULL, k int NOT NULL) PARTITION BY RANGE (k);
CREATE TABLE part_low PARTITION OF part FOR VALUES FROM (0) TO (10) PARTITION BY LIST (id);
CREATE TABLE part_low_1 PARTITION OF part_low DEFAULT;
CREATE TABLE part_high (gone int, k int NOT NULL, id int NOT NULL);
ALTER TABLE part_high DROP COLUMN gone;
ALTER TABLE part ATTACH PARTITION part_high FOR VALUES FROM (10) TO (20);
SELECT add_chain('part', '{id}');
INSERT INTO part SELECT n % 2, n * 4 FROM generate_series(0, 4) AS n;
SELECT add_log('part_low');
\echo :LAST_ERROR_SQLSTATE
SELECT add_log('part');
SELECT tableoid::regclass, id, seq, k, position FROM part ORDER BY position;
INSERT INTO part VALUES (1, 15), (1, 5) RETURNING position;
INSERT INTO part_low VALUES (0, 5) RETURNING position;
SELECT settled('part');
SELECT settled('part_high');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_log('part_high');
\echo :LAST_ERROR_SQLSTATE
SELECT fault FROM verify_chain('part');
SELECT drop_log('part');
SELECT attrelid::regclass FROM pg_attribute WHERE attname = 'position' AND attrelid::regclass::text LIKE 'part%';
-- Row-level security that hides rows from the owner would leave events without a position.
ALTER TABLE part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT add_log('part');
\echo :LAST_ERROR_SQLSTATE

-- A sequence that was set back gives an error, whoever did it, and never a position that is taken.
CREATE TABLE back (id int NOT NULL);
SELECT add_chain('back', '{id}');
SELECT add_log('back');
BEGIN;
INSERT INTO back SELECT n FROM generate_series(1, 5) AS n;
SELECT setval('back_position_seq', 2);
INSERT INTO back VALUES (6);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
INSERT INTO back SELECT n FROM generate_series(1, 5) AS n;
RESET ROLE;
UPDATE veritable.trees SET size = 5, position = 1000 WHERE target = 'regress_log.back'::regclass;
SET ROLE regress_log;
SELECT settled('back');
\echo :LAST_ERROR_SQLSTATE
SELECT setval('regress_log.back_position_seq', 1000);
SELECT settled('back');

RESET ROLE;
-- The logs of the extension's own tables: nobody drops them, because dumps have positions of their rows.
SELECT target, position, sequence, arrival FROM veritable.logs WHERE target::text LIKE 'veritable.%' ORDER BY 1;
SELECT drop_log('veritable.journal');
\echo :LAST_ERROR_SQLSTATE
SELECT bool_and(later > position) AS ascending
FROM (SELECT position, lead(position) OVER (PARTITION BY about, series ORDER BY seq) AS later FROM veritable.journal) AS p;
SELECT settled('veritable.journal') = max(position) AS settled FROM veritable.journal;
DROP OWNED BY regress_log, regress_log_other;
SELECT count(*) FROM veritable.trees;
DROP ROLE regress_log;
DROP ROLE regress_log_other;
