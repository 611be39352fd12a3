-- Every change of a row becomes an event, whatever makes it.
CREATE SCHEMA history_rows;
SET search_path = history_rows, public;
SET datestyle = ISO;
CREATE TABLE t (id int PRIMARY KEY, v int, w int, double int GENERATED ALWAYS AS (v * 2) STORED, note text);
SELECT add_history('t', ignore => '{note}');
CREATE VIEW events AS SELECT id, v, w, double, note, operation, seq FROM t_history ORDER BY id, seq;

INSERT INTO t VALUES (1, 1), (2, 1);
UPDATE t SET v = v + 1;
-- No event: nothing changes, or only what is ignored.
UPDATE t SET v = v;
UPDATE t SET note = 'x';
DELETE FROM t WHERE id = 2;
UPDATE t SET id = 10, v = 3 WHERE id = 1;
SELECT * FROM events;

-- One statement of several kinds.
INSERT INTO t VALUES (10, 7), (11, 7) ON CONFLICT (id) DO UPDATE SET v = excluded.v;
INSERT INTO t VALUES (10, 8) ON CONFLICT DO NOTHING;
WITH gone AS (DELETE FROM t WHERE id = 11 RETURNING *) INSERT INTO t (id, v) SELECT id, v + 1 FROM gone;
MERGE INTO t USING (VALUES (10, NULL), (11, 20), (12, 30)) AS given (id, v) ON t.id = given.id
WHEN MATCHED AND given.v IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET v = given.v
WHEN NOT MATCHED THEN INSERT (id, v) VALUES (given.id, given.v);
COPY t (id, v) FROM stdin;
20	1
21	2
\.
UPDATE t SET id = id + 1 WHERE id = 21;
UPDATE t SET id = id + 1 WHERE id = 20;
SELECT * FROM events WHERE id >= 10;
TRUNCATE t;
SELECT id, v, operation FROM events WHERE operation = 'delete' AND id >= 11;
SELECT count(*) FROM t_as_of();
SELECT * FROM verify_history('t');

-- What is rolled back is no event.
BEGIN;
INSERT INTO t VALUES (30, 1);
SAVEPOINT s;
UPDATE t SET v = 2;
ROLLBACK TO s;
UPDATE t SET v = 3;
COMMIT;
SELECT * FROM events WHERE id = 30;
-- A transaction has one moment; the same row again, a microsecond later.
BEGIN;
INSERT INTO t VALUES (40, 1), (41, 1);
UPDATE t SET v = 2 WHERE id = 40;
INSERT INTO t VALUES (42, 1);
COMMIT;
SELECT id, seq, recorded - min(recorded) OVER () AS later FROM t_history WHERE id >= 40 ORDER BY id, seq;

-- Triggers that change the same rows: before, after, for the row, for the statement, and back again.
CREATE TABLE a (id int PRIMARY KEY, v int, w int);
SELECT add_history('a');
CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.v IN (2, 3) THEN UPDATE a SET v = NEW.v + 1 WHERE id = NEW.id; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER twice AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION twice();
CREATE FUNCTION replace() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM a WHERE id = NEW.id; RETURN NEW; END $$;
CREATE TRIGGER replace BEFORE INSERT ON a FOR EACH ROW EXECUTE FUNCTION replace();
CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    UPDATE a SET w = OLD.w WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER back AFTER UPDATE ON a FOR EACH ROW WHEN (NEW.w = 7) EXECUTE FUNCTION back();
CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO a VALUES (OLD.*); RETURN NULL; END $$;
CREATE TRIGGER stay AFTER DELETE ON a FOR EACH ROW WHEN (OLD.v = 5) EXECUTE FUNCTION stay();
CREATE FUNCTION swept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE a SET w = 1 WHERE w IS NULL; RETURN NULL; END $$;
CREATE TRIGGER aa_swept AFTER INSERT ON a FOR EACH STATEMENT EXECUTE FUNCTION swept();
INSERT INTO a VALUES (1, 1, 0), (2, 1, 0);
UPDATE a SET v = 2;
INSERT INTO a VALUES (1, 9, 0), (5, 5, 5), (6, 6, NULL);
UPDATE a SET w = 7 WHERE id = 5;
DELETE FROM a WHERE id = 5;
CREATE FUNCTION others(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE a SET w = w + 1 WHERE id <> $1; RETURN $1; END $$;
SELECT others(1), others(2);
UPDATE a SET v = others(1) WHERE id = 1;
SELECT id, v, w, operation, seq FROM a_history ORDER BY id, seq;
SELECT * FROM a EXCEPT SELECT * FROM a_as_of();
SELECT * FROM verify_history('a');

-- Cascades to the table itself.
CREATE TABLE tree (
    id int PRIMARY KEY,
    parent int REFERENCES tree ON DELETE CASCADE ON UPDATE CASCADE,
    other int REFERENCES tree ON UPDATE CASCADE ON DELETE SET NULL
);
SELECT add_history('tree');
INSERT INTO tree VALUES (1, NULL, NULL), (2, 1, 1), (3, 2, 1), (4, 2, 3);
UPDATE tree SET id = 10 WHERE id = 1;
SELECT id, parent, other, operation, seq FROM tree_history ORDER BY id, seq;
UPDATE tree SET id = id * 2;
DELETE FROM tree WHERE id = 6;
SELECT * FROM tree EXCEPT SELECT * FROM tree_as_of();
SELECT * FROM verify_history('tree');
DELETE FROM tree;
SELECT * FROM verify_history('tree');

-- Many rows that are too large for one array.
CREATE TABLE wide (id int PRIMARY KEY, t text);
SELECT add_history('wide');
INSERT INTO wide SELECT n, repeat('x', 2000000) FROM generate_series(1, 600) AS n;
SELECT count(*), sum(length(t)) FROM wide_history;

SET client_min_messages = warning;
DROP SCHEMA history_rows CASCADE;
