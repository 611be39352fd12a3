-- Rows of a default partition can be moved into a partition of their own, as maintenance does: the same rows, with the same hashes.
\pset null (null)
\set VERBOSITY default
CREATE ROLE regress_moves;
CREATE SCHEMA AUTHORIZATION regress_moves;
SET search_path = regress_moves, public;
SET lock_timeout = '10 s';
SET ROLE regress_moves;
CREATE TABLE event (id text NOT NULL, at date NOT NULL, note text, seen boolean, recorded_at timestamptz NOT NULL, doubled text GENERATED ALWAYS AS (note || note) STORED) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_default PARTITION OF event DEFAULT;
SELECT add_chain('event', '{id}', recorded => 'recorded_at', exclude => '{seen}');
SELECT add_log('event');
INSERT INTO event (id, at, note) VALUES
    ('a', '2023-06-01', 'one'), ('a', '2024-06-01', 'two'), ('b', '2024-02-01', 'one'), ('a', '2024-07-01', 'three'), ('b', '2023-03-01', 'two'), ('c', '2025-01-01', 'one');
SELECT length(checkpoint('event')) > 0 AS checkpoint;
CREATE TABLE before AS SELECT * FROM event;
CREATE VIEW changed AS (SELECT * FROM event EXCEPT SELECT * FROM before) UNION ALL (SELECT * FROM before EXCEPT SELECT * FROM event);

-- The whole move is one transaction: out of the way, a partition, and in again.
BEGIN;
CREATE TEMP TABLE moving ON COMMIT DROP AS
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM event_default WHERE false;
WITH gone AS (DELETE FROM event_default WHERE at < '2025-01-01' RETURNING *)
    INSERT INTO moving SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM gone;
CREATE TABLE event_2024 (position bigint NOT NULL, seen boolean, id text NOT NULL, at date NOT NULL, note text, seq bigint NOT NULL, previous_event_hash bytea NOT NULL, event_hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL, doubled text GENERATED ALWAYS AS (note || note) STORED);
ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position) SELECT * FROM moving;
-- all are back, so appending goes on
INSERT INTO event (id, at, note) VALUES ('a', '2024-08-01', 'four') RETURNING seq;
COMMIT;
SELECT tableoid::regclass AS partition, id, seq, note, doubled, position FROM event ORDER BY id, seq;
SELECT note FROM changed;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_log('event');
INSERT INTO event (id, at, note) VALUES ('b', '2023-08-01', 'three'), ('a', '2026-01-01', 'five') RETURNING id, seq;

-- Nothing but that.
BEGIN;
DELETE FROM event_default WHERE id = 'c';
-- no append while the head cannot be found
SAVEPOINT one;
INSERT INTO event (id, at, note) VALUES ('c', '2025-01-02', 'two');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO one;
COMMIT;
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM event_default;
-- also in a prepared transaction, and in a function that catches errors
BEGIN;
DELETE FROM event_default WHERE id = 'c';
PREPARE TRANSACTION 'gone';
\echo :LAST_ERROR_SQLSTATE
DO $$ BEGIN DELETE FROM event_default; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END $$;
-- from any other partition at once
DELETE FROM event_2023;
\echo :LAST_ERROR_SQLSTATE
DELETE FROM event WHERE at < '2024-01-01';
TRUNCATE event_default;
-- an UPDATE that moves a row
UPDATE event SET at = '2023-01-01' WHERE id = 'c';
\echo :LAST_ERROR_SQLSTATE

-- Not the same rows: another value, hashed anew or not, an excluded one, another position, twice, somebody else's.
CREATE PROCEDURE move(change text, how text DEFAULT 'INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position) SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving')
LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE moving AS SELECT * FROM event_default;
    DELETE FROM event_default;
    EXECUTE change;
    EXECUTE how;
    SET CONSTRAINTS ALL IMMEDIATE;
    DROP TABLE moving;
END $$;
CALL move('');
SELECT note FROM changed WHERE note NOT IN ('three', 'four', 'five');
\set VERBOSITY terse
CALL move('UPDATE moving SET note = ''other''');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
CALL move('UPDATE moving SET seen = true');
\echo :LAST_ERROR_SQLSTATE
CALL move('UPDATE moving SET position = position + 100');
CALL move('UPDATE moving SET recorded_at = recorded_at + interval ''1 s'', event_hash = null');
\set VERBOSITY terse
CALL move('UPDATE moving SET seq = 77');
\set VERBOSITY default
CALL move('DELETE FROM moving WHERE id = ''c''');
CALL move('INSERT INTO moving SELECT * FROM moving LIMIT 1');
CALL move('DELETE FROM moving WHERE id = ''c''; INSERT INTO moving SELECT * FROM event_2023 LIMIT 1');
CALL move('DELETE FROM moving WHERE id = ''c''; INSERT INTO moving SELECT * FROM moving');
SELECT * FROM verify_chain('event');

-- A row that does not reach the table is not back.
CREATE UNIQUE INDEX ON event_default (id, seq);
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER skips BEFORE INSERT ON event_default FOR EACH ROW WHEN (NEW.note = 'one') EXECUTE FUNCTION skip();
CALL move('');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER skips ON event_default;
INSERT INTO event (id, at, note) VALUES ('d', '2027-01-01', 'taken');
BEGIN;
CREATE TEMP TABLE moving AS SELECT * FROM event_default;
DELETE FROM event_default WHERE note = 'taken';
INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving WHERE note = 'taken';
DELETE FROM event_default WHERE note = 'one';
-- with the hash it had, and skipped
INSERT INTO event_default (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving WHERE note = 'taken'
    ON CONFLICT DO NOTHING;
INSERT INTO event_default (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving WHERE note = 'one';
ROLLBACK;
-- the guard is the last to see a row go
CREATE TRIGGER zzz BEFORE DELETE ON event_default FOR EACH ROW EXECUTE FUNCTION skip();
DELETE FROM event_default;
DROP TRIGGER zzz ON event_default;
SET track_counts = off;
RESET ROLE;
SET track_counts = off;
SET ROLE regress_moves;
CALL move('');
RESET ROLE;
RESET track_counts;
SET ROLE regress_moves;

-- Savepoints: what is rolled back was not done, in any nesting.
BEGIN;
CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM event_default;
SAVEPOINT one;
DELETE FROM event_default;
ROLLBACK TO one;
INSERT INTO event (id, at, note) VALUES ('c', '2028-01-01', 'two') RETURNING seq;
SAVEPOINT two;
DELETE FROM event_default WHERE note = 'one';
SAVEPOINT three;
INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving WHERE note = 'one';
ROLLBACK TO three;
INSERT INTO event (id, at, note) VALUES ('c', '2028-01-01', 'three');
ROLLBACK TO three;
DO $$
BEGIN
    INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
        SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM moving WHERE note = 'one';
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE '%', SQLERRM;
END $$;
RELEASE two;
COMMIT;
BEGIN;
SAVEPOINT one;
DELETE FROM event_default WHERE note = 'one';
RELEASE one;
COMMIT;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_log('event');

-- A plain writer who may delete and insert can move rows, and nothing else; positions come with the rows.
RESET ROLE;
CREATE ROLE regress_mover;
GRANT USAGE ON SCHEMA regress_moves TO regress_mover;
GRANT SELECT, INSERT, DELETE ON event, event_default TO regress_mover;
SET ROLE regress_mover;
BEGIN;
WITH gone AS (DELETE FROM event_default WHERE id = 'c' RETURNING *)
    INSERT INTO event (id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position)
    SELECT id, at, note, seen, seq, previous_event_hash, event_hash, recorded_at, position FROM gone;
COMMIT;
DELETE FROM event WHERE id = 'c';
SET ROLE regress_moves;
SELECT * FROM verify_chain('event');

-- Default partitions of lower levels, and what is below one.
CREATE TABLE deep (id int NOT NULL, year int, month int) PARTITION BY LIST (year);
CREATE TABLE deep_default PARTITION OF deep DEFAULT PARTITION BY LIST (month);
CREATE TABLE deep_default_1 PARTITION OF deep_default FOR VALUES IN (1);
CREATE TABLE deep_2024 PARTITION OF deep FOR VALUES IN (2024) PARTITION BY LIST (month);
CREATE TABLE deep_2024_default PARTITION OF deep_2024 DEFAULT;
SELECT add_chain('deep', '{id}');
INSERT INTO deep VALUES (1, 2023, 1), (1, 2024, 1), (1, 2024, 2);
BEGIN;
CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM deep;
DELETE FROM deep;
CREATE TABLE deep_2023 PARTITION OF deep FOR VALUES IN (2023);
CREATE TABLE deep_2024_1 PARTITION OF deep_2024 FOR VALUES IN (1);
INSERT INTO deep SELECT * FROM moving;
COMMIT;
SELECT tableoid::regclass, * FROM deep ORDER BY id, seq;
DELETE FROM deep WHERE year = 2023;
SELECT * FROM verify_chain('deep');
-- a table whose own chain ends where it is a partition
CREATE TABLE outer_table (id int NOT NULL, n int, seq bigint NOT NULL, previous_event_hash bytea NOT NULL, event_hash bytea NOT NULL) PARTITION BY LIST (n);
CREATE TABLE inner_default PARTITION OF outer_table DEFAULT;
SELECT add_chain('inner_default', '{id}');
INSERT INTO outer_table VALUES (1, 1);
DELETE FROM outer_table;

-- A guard made by hand, with another name: what fires after it could keep a row that it has let go.
CREATE TABLE named (id int NOT NULL, n int) PARTITION BY LIST (n);
CREATE TABLE named_default PARTITION OF named DEFAULT;
CREATE TABLE named_1 PARTITION OF named FOR VALUES IN (1);
SELECT add_chain('named', '{id}');
SELECT string_agg(replace(pg_get_triggerdef(oid), 'zz_veritable_chain_guard ', 'aa '), '; ') AS triggers
FROM pg_trigger WHERE tgrelid = 'named'::regclass \gset
SELECT drop_chain('named');
:triggers;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'named'::regclass ORDER BY tgname;
INSERT INTO named VALUES (1, 2);
CREATE FUNCTION kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER bb BEFORE DELETE ON named_default FOR EACH ROW EXECUTE FUNCTION kept();
BEGIN;
CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM named;
DELETE FROM named;
ROLLBACK;
ALTER TRIGGER bb ON named_default RENAME TO a;
DELETE FROM named;
SELECT id, n, seq FROM named;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_moves CASCADE;
DROP OWNED BY regress_moves;
DROP ROLE regress_moves, regress_mover;
