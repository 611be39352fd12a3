-- A history of a partitioned table, changed through the table and through its partitions.
CREATE SCHEMA history_partitions;
SET search_path = history_partitions, public;
SET datestyle = ISO;
CREATE TABLE p (id int, at date, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE p2 (v int, id int NOT NULL, at date NOT NULL);
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT add_history('p1');
SELECT add_history('p');
INSERT INTO p SELECT n, date '2026-01-15' + n, n FROM generate_series(1, 30) AS n;
UPDATE p SET v = v + 1 WHERE id = 3;
UPDATE p2 SET v = 100 WHERE id = 20;
DELETE FROM p1 WHERE id = 1;
INSERT INTO p1 VALUES (99, '2026-01-20', 1);
UPDATE p SET at = '2026-02-25' WHERE id = 2;
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('2026-03-01') TO ('2026-04-01') PARTITION BY LIST (id);
CREATE TABLE p31 PARTITION OF p3 DEFAULT;
INSERT INTO p3 VALUES (1, '2026-03-01', 1);
UPDATE p31 SET v = 2;
SELECT id, at, v, operation, seq FROM p_history WHERE id IN (1, 2, 3, 20, 99) ORDER BY id, at, seq;
TRUNCATE p2;
SELECT * FROM verify_history('p');
SELECT * FROM verify_history('p1');
SELECT drop_history('p1');
-- Rows do not come or go with a partition.
ALTER TABLE p DETACH PARTITION p3;
DROP TABLE p31;
DROP TABLE p3;
ALTER TABLE p DETACH PARTITION p2;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'p2'::regclass AND NOT tgisinternal;
INSERT INTO p2 VALUES (5, 6, '2026-02-02');
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
DELETE FROM p2;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO p2 VALUES (5, 6, '2026-02-02');
ALTER TABLE p RENAME COLUMN v TO value;
ALTER TABLE p ADD COLUMN note text;
UPDATE p1 SET note = 'x' WHERE id = 4;
UPDATE p31 SET note = 'y';
SELECT id, at, value, note FROM p_as_of() WHERE note IS NOT NULL OR id = 6 ORDER BY id, at;
-- A trigger that keeps a row from arriving in another partition.
CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER lose BEFORE INSERT ON p2 FOR EACH ROW WHEN (NEW.id = 7) EXECUTE FUNCTION lose();
UPDATE p SET at = at + 20 WHERE id IN (7, 8, 9);
SELECT id, at, operation FROM p_history WHERE id IN (7, 8, 9) ORDER BY id, at, seq;
SELECT * FROM verify_history('p');
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'p31'::regclass AND NOT tgisinternal;
TRUNCATE p;
SELECT count(*) FROM p_as_of();
SELECT * FROM verify_history('p');
SELECT drop_history('p');
SELECT count(*) FROM pg_trigger WHERE tgrelid IN ('p1'::regclass, 'p31'::regclass, 'p3'::regclass, 'p'::regclass) AND NOT tgisinternal;

-- Names that look like parts of the queries.
CREATE TABLE odd (t int, "a.t.b" int PRIMARY KEY) PARTITION BY LIST ("a.t.b");
CREATE TABLE odd_rest PARTITION OF odd DEFAULT;
SELECT add_history('odd');
INSERT INTO odd VALUES (1, 1);
WITH gone AS (DELETE FROM odd RETURNING *) INSERT INTO odd SELECT t + 1, "a.t.b" FROM gone;
SELECT t, "a.t.b", operation, seq FROM odd_history ORDER BY seq;
SELECT * FROM verify_history('odd');

SET client_min_messages = warning;
DROP SCHEMA history_partitions CASCADE;
