-- A row whose key another row has is skipped or refused, in whichever partition, however it comes.
\pset null (null)
CREATE SCHEMA dedup_rows;
SET search_path = dedup_rows, public;

-- Three levels of partitions, whose columns have other places.
CREATE TABLE event (org text, tx int, at timestamptz NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00');
CREATE TABLE event_2 (note text, gone int, tx int, at timestamptz NOT NULL, org text) PARTITION BY LIST (org);
ALTER TABLE event_2 DROP COLUMN gone;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM ('2026-02-01 00:00+00') TO ('2026-03-01 00:00+00');
CREATE TABLE event_2a PARTITION OF event_2 FOR VALUES IN ('a');
CREATE TABLE event_2x PARTITION OF event_2 DEFAULT PARTITION BY HASH (tx);
CREATE TABLE event_2x0 PARTITION OF event_2x FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE event_2x1 PARTITION OF event_2x FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE event_d PARTITION OF event DEFAULT;
SELECT add_dedup('event', '{org,tx}');
SELECT * FROM veritable.dedups;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid::regclass::text LIKE 'event%' ORDER BY indexrelid::regclass::text;

-- The first row stays.
INSERT INTO event VALUES ('a', 1, '2026-01-05', 'first');
INSERT INTO event VALUES ('a', 1, '2026-01-06', 'same partition');
INSERT INTO event VALUES ('a', 1, '2026-02-06', 'another');
INSERT INTO event VALUES ('a', 1, '2027-02-06', 'default');
INSERT INTO event VALUES ('b', 1, '2026-02-06', 'another key') RETURNING note;
INSERT INTO event VALUES ('b', 1, '2026-01-06', 'skipped') RETURNING note;
-- several rows of one statement, and INSERT … SELECT, ON CONFLICT, MERGE, COPY
INSERT INTO event VALUES ('c', 1, '2026-02-01', 'once'), ('c', 1, '2026-01-01', 'twice'), ('c', 2, '2026-01-01', 'other');
INSERT INTO event SELECT 'd', n % 3, '2026-01-31 12:00+00'::timestamptz + n * '1 hour'::interval, n FROM generate_series(1, 30) AS n;
INSERT INTO event VALUES ('c', 1, '2026-01-01', 'conflict') ON CONFLICT DO NOTHING;
MERGE INTO event t USING (VALUES ('c', 1), ('c', 3)) AS s (org, tx) ON false
    WHEN NOT MATCHED THEN INSERT VALUES (s.org, s.tx, '2026-01-01', 'merged');
COPY event FROM stdin;
c	1	2026-01-07	copied
c	4	2026-01-07	copied
c	4	2026-02-07	copied
\.
-- into a partition
INSERT INTO event_1 VALUES ('c', 4, '2026-01-09', 'partition');
INSERT INTO event_2x (note, tx, at, org) VALUES ('partition', 4, '2026-02-09', 'c'), ('partition', 5, '2026-02-09', 'c');
SELECT tableoid::regclass, org, tx, note FROM event ORDER BY org, tx;

-- A null is no duplicate of anything.
INSERT INTO event VALUES (NULL, 1, '2026-01-01', 'null'), (NULL, 1, '2026-02-01', 'null');
SELECT count(*) FROM event WHERE org IS NULL;
DELETE FROM event WHERE org IS NULL;

-- What was rolled back, deleted or truncated is free again.
BEGIN;
INSERT INTO event VALUES ('e', 1, '2026-01-01', 'rolled back');
SAVEPOINT s;
INSERT INTO event VALUES ('e', 1, '2026-02-01', 'skipped');
INSERT INTO event VALUES ('e', 2, '2026-02-01', 'rolled back');
ROLLBACK TO s;
INSERT INTO event VALUES ('e', 2, '2026-02-01', 'stays');
ROLLBACK TO s;
INSERT INTO event VALUES ('e', 2, '2026-02-02', 'stays');
COMMIT;
DELETE FROM event WHERE org = 'e' AND tx = 1;
INSERT INTO event VALUES ('e', 1, '2026-02-01', 'again');
TRUNCATE event_1;
INSERT INTO event VALUES ('c', 2, '2026-02-01', 'after truncate');
WITH gone AS (DELETE FROM event WHERE org = 'e' AND tx = 1 RETURNING 1)
INSERT INTO event SELECT 'e', 1, '2026-02-09', 'while it is deleted' FROM gone;
SELECT tableoid::regclass, org, tx, note FROM event WHERE org IN ('c', 'e') ORDER BY org, tx;

-- UPDATE: a key that is taken is refused; a row that moves is no duplicate of itself.
UPDATE event SET tx = 1 WHERE org = 'e' AND tx = 2;
UPDATE event SET at = '2026-01-15' WHERE org = 'e' AND tx = 2;
UPDATE event SET tx = 3, at = '2026-02-15' WHERE org = 'e' AND tx = 2;
UPDATE event SET note = note || '!', tx = tx WHERE org = 'e';
SELECT tableoid::regclass, org, tx, note FROM event WHERE org = 'e' ORDER BY org, tx;

-- raise
SELECT drop_dedup('event');
INSERT INTO event VALUES ('e', 3, '2026-01-01', 'duplicate');
SELECT add_dedup('event', '{org,tx}', 'raise');
\echo :LAST_ERROR_SQLSTATE
DELETE FROM event WHERE note = 'duplicate';
SELECT add_dedup('event', '{org,tx}', 'RAISE');
INSERT INTO event VALUES ('e', 3, '2026-01-01', 'duplicate');
INSERT INTO event VALUES ('e', 4, '2026-01-01', 'one'), ('e', 4, '2026-02-01', 'two');
DO $$
DECLARE a text; b text; c text;
BEGIN
    INSERT INTO dedup_rows.event VALUES ('e', 3, '2026-01-01', 'duplicate');
EXCEPTION WHEN unique_violation THEN
    GET STACKED DIAGNOSTICS a = CONSTRAINT_NAME, b = TABLE_NAME, c = SCHEMA_NAME;
    RAISE NOTICE '% % %', a, b, c;
END $$;
SELECT key, fault, detail FROM verify_dedup('event');
SELECT target, guarantee, rows_verified, faults FROM veritable.status WHERE target::text LIKE 'event%';
-- With triggers off, anything goes in; verification tells.
SET session_replication_role = replica;
INSERT INTO event VALUES ('e', 3, '2026-01-01', 'duplicate'), ('e', 3, '2026-01-02', 'duplicate');
RESET session_replication_role;
SELECT key, fault, detail FROM verify_dedup('event');
SELECT guarantee, key, fault, detail FROM verify_all() WHERE target = 'event'::regclass;

-- A row that an UPDATE moves is refused, not lost, where the key is taken.
UPDATE event SET at = '2026-03-01' WHERE org = 'e' AND tx = 3 AND note = 'stays!';
SELECT drop_dedup('event');
DELETE FROM event WHERE note = 'duplicate' AND at = '2026-01-02';
SET session_replication_role = replica;
SELECT tableoid::regclass, note FROM event WHERE org = 'e' AND tx = 3;
RESET session_replication_role;
CREATE TABLE moved (tx int, at date, note text) PARTITION BY RANGE (at);
CREATE TABLE moved_1 PARTITION OF moved FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE moved_2 PARTITION OF moved FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT add_dedup('moved', '{tx}');
INSERT INTO moved VALUES (1, '2026-01-01', 'first');
SET session_replication_role = replica;
INSERT INTO moved VALUES (1, '2026-01-02', 'second');
RESET session_replication_role;
UPDATE moved SET at = '2026-02-02' WHERE note = 'second';
UPDATE moved SET note = 'third' WHERE note = 'second';
SELECT * FROM moved ORDER BY at;

-- Without partitions, with equal values that are written differently.
CREATE TABLE plain (n numeric, note text);
SELECT add_dedup('plain', '{n}', 'raise');
INSERT INTO plain VALUES (1.0, 'one');
INSERT INTO plain VALUES (1.00, 'two');
UPDATE plain SET n = 1.00;
INSERT INTO plain VALUES (2, 'two');
UPDATE plain SET n = 2.0 WHERE n = 1;
SELECT * FROM plain ORDER BY n;
-- Keys of all kinds of types.
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN label AS text CHECK (VALUE <> '');
CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE kinds (
    feeling mood, list int[], duo pair, label label, doc jsonb, period int4range, name text COLLATE blind, fixed char(5), id uuid,
    bytes bytea, f float8, kind "char", at timestamptz, note text);
SELECT add_dedup('kinds', '{feeling,list,duo,label,doc,period,name,fixed,id,bytes,f,kind,at}');
INSERT INTO kinds VALUES ('sad', '{1,NULL}', '(1,x)', 'l', '{"a": 1.0}', '[1,3)', 'Name', 'ab', md5('')::uuid, '\x00', 0, 'k', '2026-01-01 00:00+00', 'first');
INSERT INTO kinds VALUES ('sad', '{1,NULL}', '(1,x)', 'l', '{"a": 1}', '[1,2]', 'NAME', 'ab ', md5('')::uuid, '\x00', '-0', 'k', '2026-01-01 01:00+01', 'second');
INSERT INTO kinds VALUES ('sad', '{1,NULL}', '(1,x)', 'l', '{"a": 1}', '[1,2]', 'other', 'ab ', md5('')::uuid, '\x00', '-0', 'k', '2026-01-01 01:00+01', 'third');
INSERT INTO kinds SELECT feeling, list, duo, repeat('long ', 500), doc, period, name, fixed, id, bytes, f, kind, at, note || n FROM kinds, generate_series(1, 2) AS n;
SELECT note, length(label), name FROM kinds ORDER BY note;
SELECT * FROM verify_dedup('kinds');
SET client_min_messages = warning;
DROP SCHEMA dedup_rows CASCADE;
