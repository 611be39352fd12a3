-- Keys that are not in the table are not looked up, and none is taken for new that is there, however its row came.
CREATE SCHEMA dedup_filter;
SET search_path = dedup_filter, public;

CREATE TABLE event (tx int, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE event_2 (note text, at date NOT NULL, tx int) PARTITION BY LIST (tx);
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE event_2d PARTITION OF event_2 DEFAULT;
CREATE TABLE event_d PARTITION OF event DEFAULT;
INSERT INTO event SELECT n, date '2026-01-01' + n % 90, 'before' FROM generate_series(1, 5000) AS n;
SELECT add_dedup('event', '{tx}');

-- The number of looks into each partition in this transaction.
CREATE VIEW looks AS
SELECT relname AS partition, sum(pg_stat_get_xact_numscans(i.indexrelid)) AS looks
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
WHERE c.oid IN (SELECT relid FROM pg_partition_tree('dedup_filter.event') WHERE isleaf)
GROUP BY relname HAVING sum(pg_stat_get_xact_numscans(i.indexrelid)) > 0 ORDER BY relname;
-- Whether new keys need no look, after some transactions.
CREATE PROCEDURE settle() LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1..200 LOOP
        INSERT INTO dedup_filter.event VALUES (-n, '2026-01-01', 'new');
        COMMIT;
    END LOOP;
    DELETE FROM dedup_filter.event WHERE tx < 0;
    COMMIT;
END $$;

-- New keys are not looked up at all.
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event SELECT n, date '2026-01-01' + n % 90, 'new' FROM generate_series(5001, 5100) AS n;
SELECT * FROM looks;
-- Keys that are there are.
INSERT INTO event SELECT n, date '2026-01-01' + n % 70, 'again' FROM generate_series(4001, 5100) AS n;
SELECT bool_or(looks > 0) FROM looks;
COMMIT;
SELECT count(*), count(DISTINCT tx) FROM event;

-- A new partition is looked into until it is known to be covered.
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (6001, '2026-05-01', 'in a new partition');
SELECT * FROM looks;
COMMIT;
CALL settle();
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (6002, '2026-05-01', 'new');
SELECT * FROM looks;
COMMIT;
INSERT INTO event VALUES (6001, '2026-01-01', 'again'), (6002, '2026-01-01', 'again');

-- A partition with rows, also one that was there before.
CREATE TABLE event_4 (tx int, at date NOT NULL, note text);
INSERT INTO event_4 VALUES (6003, '2026-06-01', 'attached');
ALTER TABLE event ATTACH PARTITION event_4 FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
INSERT INTO event VALUES (6003, '2026-01-01', 'again');
CALL settle();
INSERT INTO event VALUES (6003, '2026-01-01', 'again');
ALTER TABLE event DETACH PARTITION event_4;
INSERT INTO event_4 VALUES (6004, '2026-06-01', 'while detached');
ALTER TABLE event ATTACH PARTITION event_4 FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
INSERT INTO event VALUES (6004, '2026-01-01', 'again');
CALL settle();
INSERT INTO event VALUES (6004, '2026-01-01', 'again');

-- Rows that the trigger does not look up.
SET session_replication_role = replica;
INSERT INTO event VALUES (6005, '2026-01-02', 'replica');
UPDATE event SET tx = 6006 WHERE tx = 6001;
RESET session_replication_role;
INSERT INTO event VALUES (6005, '2026-01-01', 'again'), (6006, '2026-01-01', 'again'), (6001, '2026-01-01', 'free again');
-- Switched off, on one partition and on all; nothing is covered before it is on again.
ALTER TABLE event_1 DISABLE TRIGGER veritable_dedup;
INSERT INTO event VALUES (6007, '2026-01-01', 'switched off'), (6011, '2026-01-01', 'switched off');
CALL settle();
INSERT INTO event VALUES (6007, '2026-05-02', 'again');
ALTER TABLE event_1 ENABLE ALWAYS TRIGGER veritable_dedup;
INSERT INTO event VALUES (6011, '2026-05-02', 'again');
CALL settle();
INSERT INTO event VALUES (6007, '2026-05-02', 'again');
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
INSERT INTO event VALUES (6008, '2026-05-01', 'switched off');
ALTER TABLE event ENABLE TRIGGER USER;
INSERT INTO event VALUES (6008, '2026-01-01', 'again');
ALTER TABLE event ENABLE ALWAYS TRIGGER veritable_dedup;
INSERT INTO event VALUES (6008, '2026-01-01', 'again');
COMMIT;
CALL settle();
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (6009, '2026-01-01', 'new');
SELECT * FROM looks;
INSERT INTO event VALUES (6008, '2026-01-01', 'again');
COMMIT;

-- What is taken back leaves its key free.
BEGIN;
SAVEPOINT s;
INSERT INTO event VALUES (6010, '2026-01-01', 'taken back');
ROLLBACK TO s;
INSERT INTO event VALUES (6010, '2026-02-01', 'free again');
COMMIT;
DELETE FROM event WHERE tx = 6010;
INSERT INTO event VALUES (6010, '2026-05-01', 'free again');
SELECT * FROM event WHERE tx > 6000 ORDER BY tx;

-- The filter is a cache: a superuser may do to it what he likes.
SELECT count(*) > 0 AS has_pages, bool_and(octet_length(page) > 8000) AS are_full FROM veritable.dedup_filters;
TRUNCATE veritable.dedup_filters;
INSERT INTO event SELECT n, '2026-01-01', 'again' FROM generate_series(1, 6010, 7) AS n WHERE n <= 5100 OR n > 6000;
CALL settle();
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (7001, '2026-01-01', 'new');
SELECT * FROM looks;
COMMIT;
INSERT INTO event SELECT n, '2026-02-01', 'again' FROM generate_series(1, 5100) AS n;
-- What is deleted or truncated while the filter takes keys in, and comes back.
TRUNCATE veritable.dedup_filters;
INSERT INTO event VALUES (7101, '2026-01-01', 'new');
BEGIN;
DELETE FROM event WHERE tx BETWEEN 100 AND 3000;
SAVEPOINT s;
TRUNCATE event_2;
INSERT INTO event SELECT n, '2026-01-01', 'taken back' FROM generate_series(9001, 9200) AS n;
ROLLBACK TO s;
INSERT INTO event SELECT n, '2026-01-01', 'taken back' FROM generate_series(9201, 9400) AS n;
ROLLBACK;
CALL settle();
INSERT INTO event SELECT n, '2026-05-01', 'again' FROM generate_series(1, 5100) AS n;
SELECT * FROM verify_dedup('event');
BEGIN;
DELETE FROM veritable.dedup_filters;
INSERT INTO event VALUES (7002, '2026-01-01', 'new');
ROLLBACK;
INSERT INTO event VALUES (7002, '2026-01-01', 'new');
INSERT INTO event VALUES (7002, '2026-02-01', 'again');
BEGIN;
DELETE FROM veritable.dedup_filters;
SAVEPOINT s;
INSERT INTO event VALUES (7003, '2026-01-01', 'new');
COMMIT;
INSERT INTO event VALUES (7003, '2026-02-01', 'again');
VACUUM veritable.dedup_filters;
CALL settle();
INSERT INTO event VALUES (7003, '2026-02-01', 'again');
UPDATE veritable.dedup_filters SET page = page;
INSERT INTO event VALUES (7004, '2026-01-01', 'new');
VACUUM veritable.dedup_filters;
CALL settle();
INSERT INTO event VALUES (7004, '2026-02-01', 'again');
VACUUM FULL veritable.dedup_filters;
INSERT INTO event VALUES (7005, '2026-01-01', 'new');
CALL settle();
INSERT INTO event VALUES (7005, '2026-02-01', 'again');
INSERT INTO veritable.dedup_filters VALUES ('no page');
ALTER TABLE veritable.dedup_filters SET LOGGED;
INSERT INTO event VALUES (7006, '2026-01-01', 'new');
ALTER TABLE veritable.dedup_filters SET UNLOGGED;
CALL settle();
INSERT INTO event VALUES (7006, '2026-02-01', 'again');
INSERT INTO event SELECT n, '2026-02-01', 'again' FROM generate_series(1, 5100) AS n;
SELECT count(*), count(DISTINCT tx), count(*) FILTER (WHERE note = 'again') AS again FROM event;

-- One that ends and begins again knows the rows that came between.
SELECT drop_dedup('event');
INSERT INTO event VALUES (8001, '2026-01-01', 'between');
SELECT add_dedup('event', '{tx}');
INSERT INTO event VALUES (8001, '2026-02-01', 'again');
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (8002, '2026-01-01', 'new');
SELECT * FROM looks;
COMMIT;

-- A row that goes from a block that was not read to one that was.
CREATE TABLE big (tx int, note text);
INSERT INTO big SELECT n, 'before' FROM generate_series(1, 12000) AS n;
SELECT add_dedup('big', '{tx}');
DELETE FROM big WHERE tx <= 300;
VACUUM big;
TRUNCATE veritable.dedup_filters;
INSERT INTO big VALUES (-1, 'begins the filter');
DO $$ BEGIN
    FOR n IN 201..233 LOOP
        INSERT INTO dedup_filter.big VALUES (-n, 'the last one reads some blocks');
        COMMIT;
    END LOOP;
END $$;
UPDATE big SET note = 'moved' WHERE tx = 9000;
SELECT (ctid::text::point)[0] < 3 AS moved FROM big WHERE tx = 9000;
VACUUM big;
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO big VALUES (-3, 'reads some blocks');
SELECT sum(pg_stat_get_xact_numscans(indexrelid)) > 0 AS looks FROM pg_index WHERE indrelid = 'big'::regclass;
COMMIT;
DO $$ BEGIN
    FOR n IN 4..100 LOOP
        INSERT INTO dedup_filter.big VALUES (-n, 'reads some blocks');
        COMMIT;
    END LOOP;
END $$;
INSERT INTO big SELECT n, 'again' FROM generate_series(-99, 12000) AS n WHERE n NOT BETWEEN 0 AND 300;
SELECT * FROM verify_dedup('big');

-- What is taken back leaves no pages behind, however many rows it had.
CREATE PROCEDURE take_back(attempts int, is_one boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..attempts LOOP
        BEGIN
            CREATE TABLE dedup_filter.taken_back (tx int);
            PERFORM add_dedup('dedup_filter.taken_back', '{tx}');
            INSERT INTO dedup_filter.taken_back SELECT generate_series(1, 20000 * (i % 2));
            RAISE EXCEPTION 'taken back';
        EXCEPTION WHEN raise_exception THEN
            NULL;
        END;
        IF NOT is_one THEN
            COMMIT;
        END IF;
    END LOOP;
END $$;
CALL settle();
CALL take_back(2, false);
SELECT pg_relation_size('veritable.dedup_filters') AS before \gset
CALL take_back(20, false);
SELECT pg_relation_size('veritable.dedup_filters') - :before AS more;
CALL take_back(20, true);
SELECT pg_relation_size('veritable.dedup_filters') - :before AS more;
-- Those of tables that are there stay.
SELECT pg_stat_force_next_flush() \gset
BEGIN;
INSERT INTO event VALUES (8003, '2026-01-01', 'new');
SELECT * FROM looks;
COMMIT;

-- It grows, and finds all.
CREATE TABLE many (tx int);
SELECT add_dedup('many', '{tx}');
INSERT INTO many SELECT generate_series(1, 100000);
INSERT INTO many SELECT generate_series(1, 150000);
SELECT count(*), count(DISTINCT tx) FROM many;
SELECT * FROM verify_dedup();

SET client_min_messages = warning;
DROP SCHEMA dedup_filter CASCADE;
TRUNCATE veritable.dedup_filters;
