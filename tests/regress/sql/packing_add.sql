-- add_packing() packs what is there, or refuses and leaves all as it was; drop_packing() takes nothing with it; pack()
-- and verify_packing() are for what came in while the triggers were off.
\pset null (null)
CREATE ROLE regress_packing;
CREATE ROLE regress_packing_other;
CREATE SCHEMA AUTHORIZATION regress_packing;
GRANT ALL ON SCHEMA regress_packing TO regress_packing_other;
SET search_path = regress_packing, public;
SET ROLE regress_packing;

-- Existing rows are packed: the earliest of those that are merged survives.
CREATE TABLE tariff (id int PRIMARY KEY, place int NOT NULL, price numeric, note text, since int4range NOT NULL);
INSERT INTO tariff VALUES (1, 1, 5, 'a', '[5,9)'), (2, 1, 5.0, 'b', '[1,5)'), (3, 1, 6, 'c', '[9,12)'), (4, 1, 5, 'd', '[12,15)'),
    (5, 2, NULL, 'e', '[1,9)'), (6, 2, NULL, 'f', '(,3)'), (7, 2, NULL, 'g', '[8,)'), (8, 1, 5, 'h', '[2,3)');
SELECT add_packing('tariff', 'since', '{place}', exclude => '{note}');
\d tariff
SELECT * FROM tariff ORDER BY place, since;
SELECT * FROM veritable.packings;
INSERT INTO tariff VALUES (9, 1, 5, 'i', '[15,20)');
SELECT drop_packing('tariff');
\d tariff
SELECT * FROM veritable.packings;
-- as if it had never been; and once more
INSERT INTO tariff VALUES (10, 1, 5, 'j', '[20,22)'), (11, 1, 6, 'k', '[30,40)');
SELECT add_packing('tariff', 'since', '{place}', '{price}');
SELECT drop_packing('tariff');
SELECT add_packing('tariff', 'since', '{place}', '{price,note}');
INSERT INTO tariff VALUES (12, 1, 5, 'd', '[22,25)');
SELECT * FROM tariff ORDER BY place, since;
SELECT drop_packing('tariff');

-- Rows of different values that overlap: the first pair is shown, and nothing has changed.
INSERT INTO tariff VALUES (13, 1, 7, 'm', '[35,37)');
SELECT add_packing('tariff', 'since', '{place}', exclude => '{note}');
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM tariff;
SELECT * FROM veritable.packings;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'tariff'::regclass;
-- where a column is left out, they are equal
SELECT add_packing('tariff', 'since', '{place}', '{}');
SELECT id, place, since FROM tariff ORDER BY place, since;
DROP TABLE tariff;
-- So it is with periods that are none, which are not shown as there may be rows that the caller must not see.
CREATE TABLE odd (place int NOT NULL, since numrange);
INSERT INTO odd VALUES (1, '[1,2)'), (1, '[2,3]');
SELECT add_packing('odd', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
UPDATE odd SET since = CASE since WHEN '[1,2)' THEN since END;
SELECT add_packing('odd', 'since', '{place}');
UPDATE odd SET since = 'empty';
SELECT add_packing('odd', 'since', '{place}');
UPDATE odd SET since = '[1,Infinity)';
SELECT add_packing('odd', 'since', '{place}');
DELETE FROM odd;
SELECT add_packing('odd', 'since', '{place}');

-- What refers to rows, and triggers on them, have their say.
CREATE TABLE tariff (id int PRIMARY KEY, place int NOT NULL, price numeric, since int4range NOT NULL);
CREATE TABLE sale (tariff int REFERENCES tariff);
INSERT INTO tariff VALUES (1, 1, 5, '[1,5)'), (2, 1, 5, '[5,9)');
INSERT INTO sale VALUES (2);
SELECT add_packing('tariff', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
UPDATE sale SET tariff = 1;
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT add_packing('tariff', 'since', '{place}');
DROP TRIGGER suppress ON tariff;
CREATE POLICY none ON tariff USING (false);
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT add_packing('tariff', 'since', '{place}');
ALTER TABLE tariff NO FORCE ROW LEVEL SECURITY;
SELECT * FROM tariff;
SELECT drop_packing('tariff');
DROP POLICY none ON tariff;
ALTER TABLE tariff DISABLE ROW LEVEL SECURITY;

-- Value columns: all that can hold a fact, unless they are given or ignored.
CREATE TABLE defaults (
    id int GENERATED ALWAYS AS IDENTITY, code int UNIQUE, place int NOT NULL, "Key" text NOT NULL, net int, "Unit" text,
    gross int GENERATED ALWAYS AS (net * 2) STORED, note text, other int4range, since int4range NOT NULL, PRIMARY KEY (id, place)
);
ALTER TABLE defaults ADD dropped int;
ALTER TABLE defaults DROP dropped;
BEGIN;
SELECT add_packing('defaults', 'since', '{place}', exclude => '{note}');
SELECT key, value FROM veritable.packings WHERE target = 'defaults'::regclass;
ROLLBACK;
BEGIN;
SELECT add_packing('defaults', 'since', '{Key,place}', '{gross,Unit}');
SELECT key, value FROM veritable.packings WHERE target = 'defaults'::regclass;
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'defaults'::regclass AND contype = 'x';
ROLLBACK;
BEGIN;
SELECT add_packing('defaults', 'other', '{}', '{}');
SELECT period, key, value FROM veritable.packings WHERE target = 'defaults'::regclass;
ROLLBACK;

-- Names that need quotes, and are long
CREATE TABLE "A table with a ""name"" that is as long as PostgreSQL lets it b" ("the 'key'" int NOT NULL, "the ""value""" int, "the, since" int4range, "=" text);
SELECT add_packing('"A table with a ""name"" that is as long as PostgreSQL lets it b"', 'the, since', ARRAY['the ''key''']);
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES (1, 2, '[1,2)', 'x'), (1, 2, '[2,3)', 'x');
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES (1, 2, '[1,2)', 'y');
INSERT INTO "A table with a ""name"" that is as long as PostgreSQL lets it b" VALUES (1, 2, '[1,2)', NULL);
SELECT * FROM set_period(NULL::"A table with a ""name"" that is as long as PostgreSQL lets it b", '{"the ''key''": 1, "=": "z", "the, since": "[2,4)"}');
SELECT period, key, value FROM veritable.packings WHERE target::text LIKE '"A table%';
SELECT * FROM verify_packing('"A table with a ""name"" that is as long as PostgreSQL lets it b"');
SELECT drop_packing('"A table with a ""name"" that is as long as PostgreSQL lets it b"');
DROP TABLE "A table with a ""name"" that is as long as PostgreSQL lets it b";
-- names that SQL of ours might use itself
CREATE TABLE t (t int NOT NULL, n int, change int, tid int, period int4range, ctid_ int, veritable_new int);
INSERT INTO t VALUES (1, 1, 1, 1, '[1,2)', 1, 1), (1, 1, 1, 1, '[2,3)', 1, 1);
SELECT add_packing('t', 'period', '{t}');
INSERT INTO t SELECT 1, 1, 1, 1, int4range(n, n + 1), 1, 1 FROM generate_series(3, 50) AS n;
INSERT INTO t VALUES (1, 2, 2, 2, '[50,60)', 2, 2), (1, 1, 1, 1, '[51,60)', 1, 1);
SELECT * FROM set_period(NULL::t, '{"t": 1, "n": 3, "period": "[10,20)"}');
SELECT * FROM clear_period(NULL::t, '{"t": 1, "period": "[12,14)"}');
SELECT * FROM verify_packing('t');
CREATE TABLE change (n int NOT NULL, change int, tid int, ctid_ int, since int4range);
SELECT add_packing('change', 'since', '{n}');
INSERT INTO change VALUES (1, 1, 1, 1, '[1,2)'), (1, 1, 1, 1, '[2,3)');
SELECT * FROM set_period(NULL::change, '{"n": 1, "change": 1, "since": "[1,2)"}');
-- one that exists is not taken
CREATE TABLE taken (place int NOT NULL, price int, since int4range);
CREATE TABLE taken_packing ();
SELECT add_packing('taken', 'since', '{place}');
SELECT conname FROM pg_constraint WHERE conrelid = 'taken'::regclass AND contype = 'x';
INSERT INTO taken VALUES (1, 1, '[1,2)'), (1, 1, '[2,3)');
TABLE taken;

-- Temporary and unlogged tables, and ones that inherit, have partitions, are none
CREATE TEMP TABLE temporary (place int NOT NULL, price int, since int4range) ON COMMIT DELETE ROWS;
SELECT add_packing('temporary', 'since', '{place}');
BEGIN;
INSERT INTO temporary VALUES (1, 1, '[1,2)'), (1, 1, '[2,3)');
TABLE temporary;
COMMIT;
TABLE temporary;
DROP TABLE temporary;
CREATE UNLOGGED TABLE unlogged (place int NOT NULL, price int, since int4range);
SELECT add_packing('unlogged', 'since', '{place}');
CREATE TABLE parent (place int NOT NULL, price int, since int4range);
CREATE TABLE child () INHERITS (parent);
SELECT add_packing('parent', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('child', 'since', '{place}');
CREATE TABLE part (place int NOT NULL, price int, since int4range) PARTITION BY LIST (place);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
SELECT add_packing('part', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('part_1', 'since', '{place}');
CREATE VIEW view AS SELECT * FROM tariff;
SELECT add_packing('view', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
CREATE MATERIALIZED VIEW stored AS SELECT * FROM tariff;
SELECT add_packing('stored', 'since', '{place}');
SELECT add_packing('tariff_pkey', 'since', '{place}');
SELECT add_packing('nothing', 'since', '{place}');
SELECT add_packing(0, 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('pg_class', 'relname', '{oid}');
\echo :LAST_ERROR_SQLSTATE
CREATE TYPE composite AS (place int, since int4range);
SELECT add_packing('composite', 'since', '{place}');
-- a packed table has no chain, and a chained one is not packed
CREATE TABLE event (place int NOT NULL, price int, since int4range);
SELECT add_chain('event', '{place}');
SELECT add_packing('event', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('event');
SELECT add_packing('event', 'since', '{place}');
SELECT add_chain('event', '{place}');
\echo :LAST_ERROR_SQLSTATE

-- Whose table it is
SELECT add_packing('tariff', 'since', '{place}');
GRANT ALL ON tariff TO regress_packing_other;
SET ROLE regress_packing_other;
SELECT add_packing('tariff', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_packing('tariff');
\echo :LAST_ERROR_SQLSTATE
SELECT pack('tariff');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_packing;
SELECT add_packing('tariff', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_packing('tariff');
SELECT drop_packing('tariff');
\echo :LAST_ERROR_SQLSTATE
SELECT pack('tariff');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_packing('tariff');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_packing('view');
SELECT pack('view');
SELECT * FROM verify_packing('view');
SELECT * FROM verify_packing(0);
SELECT drop_packing(NULL), pack(NULL);

-- Columns
SELECT add_packing(NULL, 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', NULL, '{place}');
SELECT add_packing('tariff', 'since', NULL);
SELECT add_packing('tariff', 'since', '{place,NULL}');
SELECT add_packing('tariff', 'since', '{place}', '{NULL}');
SELECT add_packing('tariff', 'since', '{place}', exclude => NULL);
SELECT drop_packing('tariff');
SELECT add_packing('tariff', 'since', '{place}', exclude => '{NULL}');
SELECT add_packing('tariff', 'until', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{space}');
SELECT add_packing('tariff', 'since', '{place}', '{cost}');
SELECT add_packing('tariff', 'since', '{place}', exclude => '{cost}');
SELECT add_packing('tariff', 'since', '{ctid}');
SELECT add_packing('tariff', 'since', '{place,place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{place,since}');
SELECT add_packing('tariff', 'since', '{place}', '{since}');
SELECT add_packing('tariff', 'since', '{place}', '{place}');
SELECT add_packing('tariff', 'since', '{place}', '{price}', '{price}');
SELECT add_packing('tariff', 'since', '{place}', exclude => '{since}');
SELECT add_packing('tariff', 'price', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{price}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE tariff ADD spans int4multirange, ADD doc jsonb NOT NULL DEFAULT '{}', ADD at point, ADD derived int4range GENERATED ALWAYS AS (since) STORED,
    ADD list int[] NOT NULL DEFAULT '{}';
SELECT add_packing('tariff', 'spans', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'derived', '{place}', exclude => '{at}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{doc}', exclude => '{at}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{list}', exclude => '{at}');
SELECT add_packing('tariff', 'since', '{place}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_packing('tariff', 'since', '{place}', exclude => '{at}');
SELECT value FROM veritable.packings WHERE target = 'tariff'::regclass;
DROP TABLE sale, tariff CASCADE;

-- Loaded with triggers off, and faults
CREATE TABLE tariff (id int PRIMARY KEY, place int NOT NULL, price numeric, since numrange);
SELECT add_packing('tariff', 'since', '{place}');
ALTER TABLE tariff DISABLE TRIGGER USER;
SELECT enabled FROM veritable.packings WHERE target = 'tariff'::regclass;
INSERT INTO tariff VALUES (1, 1, 5, '[1,5)'), (2, 1, 5.0, '[5,9)'), (3, 1, 6, '[9,12)'), (4, 2, NULL, '[1,5)'), (5, 2, NULL, '[3,)'), (6, 3, 5, 'empty'), (7, 3, 5, NULL);
-- the constraint is on
INSERT INTO tariff VALUES (8, 1, 5, '[11,15)');
SELECT * FROM verify_packing('tariff');
ALTER TABLE tariff ENABLE TRIGGER USER;
SELECT * FROM verify_packing('tariff');
SELECT pack('tariff');
SELECT pack('tariff');
SELECT * FROM tariff ORDER BY place, since;
SELECT * FROM verify_packing('tariff');
DELETE FROM tariff WHERE place = 3;
SELECT * FROM verify_packing('tariff');
-- a superuser's replication role switches the triggers off, and the constraint not
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO tariff VALUES (9, 4, 5, '[1,2]'), (10, 4, 5, '(2,3)'), (11, 4, 5, '[5,Infinity)'), (12, 5, 1, '[1,3)'), (13, 5, 1, '[2,4)'), (14, 5, 1, '[3,5)');
RESET session_replication_role;
SET ROLE regress_packing;
SELECT * FROM verify_packing('tariff');
SELECT pack('tariff');
SELECT * FROM tariff WHERE place >= 4 ORDER BY place, since;
DELETE FROM tariff WHERE place = 4;
-- one who reads may verify, and needs no more
GRANT USAGE ON SCHEMA regress_packing TO regress_packing_other;
GRANT SELECT ON tariff TO regress_packing_other;
SET ROLE regress_packing_other;
SELECT * FROM verify_packing('tariff');
SELECT * FROM verify_packing('event');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_packing();
SET ROLE regress_packing;
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY;
SET ROLE regress_packing_other;
SELECT * FROM verify_packing('tariff');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_packing();

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_packing CASCADE;
DROP ROLE regress_packing;
DROP ROLE regress_packing_other;
