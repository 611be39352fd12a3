-- prune(target, before): the oldest events of a table that has no partitions to detach.
\pset null (null)
-- The notices of verification say when what was pruned.
SET client_min_messages = warning;
CREATE ROLE regress_prune_before;
CREATE SCHEMA AUTHORIZATION regress_prune_before;
SET search_path = regress_prune_before, public;
SET ROLE regress_prune_before;
CREATE VIEW pruned AS
    SELECT target, action, partition, entity, first, last, faults FROM veritable.prunings WHERE about LIKE 'regress_prune_before.%' ORDER BY at;

CREATE TABLE event (id text NOT NULL, at timestamptz, note text);
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event (id, note) VALUES ('a', 'one'), ('b', 'one'), ('a', 'two'), ('c', 'all');
SELECT pg_sleep(0.01);
SELECT clock_timestamp() AS moment \gset
SELECT pg_sleep(0.01);
INSERT INTO event (id, note) VALUES ('a', 'three'), ('b', 'two'), ('a', 'four');
SELECT prune('event', before => :'moment');
SELECT * FROM pruned ORDER BY entity;
SELECT id, seq FROM event ORDER BY id, seq;
SELECT * FROM verify_chain('event');
INSERT INTO event (id, note) VALUES ('a', 'five'), ('c', 'two') RETURNING id, seq;
SELECT * FROM verify_chain('event');
-- again there is nothing to prune
SELECT prune('event', before => :'moment');
SELECT count(*) FROM pruned;
SELECT action, detail - 'first_seq' - 'last_seq' FROM veritable.journal WHERE about = 'regress_prune_before.event' ORDER BY at;
-- the guard is back
DELETE FROM event;
\echo :LAST_ERROR_SQLSTATE

-- What is no prefix stays: an event after a later one, which tampering has dated back.
RESET ROLE;
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET at = '2000-01-01' WHERE id = 'a' AND seq = 4;
ALTER TABLE event ENABLE TRIGGER USER;
SELECT prune('event', before => '2001-01-01');
ROLLBACK;
-- Faults are kept, unless forced.
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 3;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
SET ROLE regress_prune_before;
SAVEPOINT one;
\set VERBOSITY terse
SELECT prune('event', before => 'infinity');
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO one;
SELECT prune('event', before => 'infinity', force => true);
SELECT entity, first, last, faults FROM pruned WHERE faults > 0;
SELECT * FROM verify_chain('event');
ROLLBACK;
SET ROLE regress_prune_before;

-- It needs a recorded time, and the owner.
CREATE TABLE untimed (id int NOT NULL);
SELECT prune('untimed', before => 'now');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('untimed', '{id}');
SELECT prune('untimed', before => 'now');
\echo :LAST_ERROR_SQLSTATE
SELECT prune('untimed', before => NULL);
\echo :LAST_ERROR_SQLSTATE

-- Triggers of the owner cannot keep rows unnoticed, nor delete others.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER keep BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION keep();
SELECT prune('event', before => 'infinity');
\echo :LAST_ERROR_SQLSTATE
CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF pg_trigger_depth() = 1 THEN
        DELETE FROM regress_prune_before.event WHERE id = 'b';
    END IF;
    RETURN OLD; END $$;
SELECT prune('event', before => (SELECT max(at) FROM event WHERE id = 'a'));
-- one that inserts goes on behind what is pruned
CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF OLD.id = 'c' THEN
        INSERT INTO regress_prune_before.event (id, note) VALUES ('c', 'of a trigger');
    END IF;
    RETURN OLD; END $$;
SELECT prune('event', before => 'infinity');
SELECT id, seq, note FROM event ORDER BY id, seq;
SELECT * FROM verify_chain('event');
DROP TRIGGER keep ON event;

-- Also at the first pruning, in a session that has appended before, when the rows are gone.
CREATE TABLE followed (id text NOT NULL, at timestamptz, note text);
SELECT add_chain('followed', '{id}', recorded => 'at');
CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO regress_prune_before.followed (id, note) VALUES (OLD.id, 'after ' || OLD.seq);
    RETURN NULL; END $$;
CREATE TRIGGER follow AFTER DELETE ON followed FOR EACH ROW EXECUTE FUNCTION follow();
INSERT INTO followed (id) VALUES ('a'), ('a'), ('b');
SELECT prune('followed', before => 'infinity');
INSERT INTO followed (id) VALUES ('a'), ('b');
SELECT id, seq, note FROM followed ORDER BY id, seq;
SELECT * FROM verify_chain('followed');
DROP TABLE followed;

-- Across partitions.
CREATE TABLE parted (id int NOT NULL, at timestamptz, kind text NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
CREATE TABLE parted_b PARTITION OF parted FOR VALUES IN ('b');
SELECT add_chain('parted', '{id}', recorded => 'at');
INSERT INTO parted (id, kind) SELECT n % 2, CASE WHEN n % 3 = 0 THEN 'a' ELSE 'b' END FROM generate_series(1, 20) AS n;
SELECT at AS moment FROM parted WHERE id = 1 AND seq = 7 \gset
SELECT prune('parted', before => :'moment');
SELECT entity, first, last FROM pruned WHERE target = 'parted'::regclass ORDER BY entity;
SELECT count(*) FROM parted;
SELECT * FROM verify_chain('parted');
SELECT prune('parted_a', before => :'moment');
\echo :LAST_ERROR_SQLSTATE
-- One chain without entities.
CREATE TABLE single (at timestamptz, n int);
SELECT add_chain('single', recorded => 'at');
INSERT INTO single (n) SELECT generate_series(1, 5);
SELECT prune('single', before => 'infinity');
INSERT INTO single (n) VALUES (6) RETURNING seq;
SELECT entity, first, last FROM pruned WHERE target = 'single'::regclass;
SELECT * FROM verify_chain('single');

-- A log: what goes is in the tree before.
CREATE TABLE logged (id int NOT NULL, at timestamptz);
SELECT add_chain('logged', '{id}', recorded => 'at');
SELECT add_log('logged', origin => 'example.com/prune');
INSERT INTO logged (id) SELECT n % 3 FROM generate_series(1, 300) AS n;
SELECT at AS moment FROM logged WHERE position = 281 \gset
SELECT prune('logged', before => :'moment');
SELECT target, size FROM veritable.checkpoints WHERE target = 'logged'::regclass;
SELECT number, pruned FROM veritable.tiles WHERE target = 'logged'::regclass AND level = 0 ORDER BY number;
SELECT * FROM verify_chain('logged');

-- A history keeps the newest event of each row that exists.
CREATE TABLE item (id int PRIMARY KEY, note text);
SELECT add_history('item');
INSERT INTO item SELECT n, 'new' FROM generate_series(1, 3) AS n;
UPDATE item SET note = 'other' WHERE id < 3;
DELETE FROM item WHERE id = 2;
SELECT prune('item_history', before => 'infinity');
SELECT id, operation, note FROM item_history ORDER BY id, seq;
SELECT entity, first, last FROM pruned WHERE target = 'item_history'::regclass ORDER BY entity;
INSERT INTO item VALUES (2, 'again');
UPDATE item SET note = 'third';
SELECT id, seq, operation FROM item_history ORDER BY id, seq;
SELECT * FROM verify_chain('item_history');

-- An erased value is no fault; another one is.
CREATE TABLE person (id int NOT NULL, at timestamptz, name text);
SELECT add_chain('person', '{id}', recorded => 'at', erasable => '{name}');
INSERT INTO person (id, name) VALUES (1, 'Ada'), (2, 'Bob'), (1, 'Ada L.');
SELECT erase('person', '{1}', '{name}');
BEGIN;
RESET ROLE;
ALTER TABLE person DISABLE TRIGGER USER;
UPDATE person SET name = 'Eve' WHERE id = 2;
ALTER TABLE person ENABLE TRIGGER USER;
SELECT prune('person', before => 'infinity');
ROLLBACK;
SET ROLE regress_prune_before;
SELECT prune('person', before => 'infinity');
SELECT entity, first, last, faults FROM pruned WHERE target = 'person'::regclass ORDER BY entity;
SELECT * FROM verify_chain('person');

-- A long run is recorded in pieces that adjoin, because its rows are deleted piece by piece.
CREATE TABLE long (at timestamptz, n int);
SELECT add_chain('long', recorded => 'at');
INSERT INTO long (n) SELECT generate_series(1, 120000);
SELECT prune('long', before => 'infinity');
SELECT first, last FROM pruned WHERE target = 'long'::regclass ORDER BY first;
INSERT INTO long (n) VALUES (0) RETURNING seq;
SELECT * FROM verify_chain('long');
SELECT * FROM verify_chain('long', '{}');

RESET ROLE;
DROP OWNED BY regress_prune_before CASCADE;
DROP ROLE regress_prune_before;
