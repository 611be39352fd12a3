-- within: rows with the same key are duplicates up to a distance in time, and only partitions that are so near are looked at.
CREATE SCHEMA dedup_within;
SET search_path = dedup_within, public;
SET timezone = 'UTC';
CREATE TABLE event (tx int, at timestamptz NOT NULL, note text) PARTITION BY RANGE (at);
SELECT format('CREATE TABLE event_%s PARTITION OF event FOR VALUES FROM (%L) TO (%L)', n,
    '2026-01-01'::timestamptz + (n - 1) * '1 day'::interval, '2026-01-01'::timestamptz + n * '1 day'::interval)
FROM generate_series(1, 10) AS n \gexec
CREATE TABLE event_d PARTITION OF event DEFAULT;
SELECT add_dedup('event', '{tx}', within => '36 hours');
SELECT * FROM veritable.dedups;
INSERT INTO event VALUES (1, '2026-01-04 00:00', 'first');
INSERT INTO event VALUES (1, '2026-01-05 12:00', 'the last duplicate');
INSERT INTO event VALUES (1, '2026-01-02 12:00', 'the first duplicate');
INSERT INTO event VALUES (1, '2026-01-02 11:59:59.999999', 'before');
INSERT INTO event VALUES (1, '2026-01-05 12:00:00.000001', 'after');
INSERT INTO event VALUES (1, '2026-01-03 12:00', 'between');
INSERT INTO event VALUES (1, '2025-01-01', 'in the default partition'), (1, '2025-01-02', 'near it');
INSERT INTO event VALUES (1, 'infinity', 'infinity'), (1, 'infinity', 'again'), (1, '-infinity', 'minus');
SELECT tableoid::regclass, * FROM event ORDER BY at;
-- An UPDATE of the time brings a row near to another.
UPDATE event SET at = '2026-01-06 12:00' WHERE note = 'before';
UPDATE event SET at = '2026-01-02 11:00' WHERE note = 'before';
SELECT * FROM verify_dedup('event');
-- What came while triggers were off is found.
SET session_replication_role = replica;
INSERT INTO event VALUES (1, '2026-01-06', 'near'), (1, '2026-01-08 01:00', 'far'), (1, '2026-01-09', 'near that');
RESET session_replication_role;
SELECT key, fault, detail FROM verify_dedup('event');
SELECT drop_dedup('event');
SELECT add_dedup('event', '{tx}', within => '36 hours');

-- date, and timestamp
CREATE TABLE day (tx int, at date) PARTITION BY RANGE (at);
CREATE TABLE day_1 PARTITION OF day FOR VALUES FROM (MINVALUE) TO ('2026-01-10');
CREATE TABLE day_2 PARTITION OF day FOR VALUES FROM ('2026-01-10') TO (MAXVALUE);
CREATE TABLE day_d PARTITION OF day DEFAULT;
SELECT add_dedup('day', '{tx}', 'raise', '2 days');
INSERT INTO day VALUES (1, '2026-01-10');
INSERT INTO day VALUES (1, '2026-01-08');
INSERT INTO day VALUES (1, '2026-01-07');
INSERT INTO day VALUES (1, '2026-01-12');
INSERT INTO day VALUES (1, '2026-01-13'), (1, 'infinity'), (1, '-infinity'), (1, NULL), (1, NULL);
INSERT INTO day VALUES (1, 'infinity');
INSERT INTO day VALUES (1, '-infinity');
SELECT * FROM day ORDER BY at;
CREATE TABLE moment (tx int, at timestamp) PARTITION BY RANGE (at);
CREATE TABLE moment_1 PARTITION OF moment FOR VALUES FROM ('2026-01-01') TO ('2026-01-10') PARTITION BY LIST (tx);
CREATE TABLE moment_1a PARTITION OF moment_1 DEFAULT;
SELECT add_dedup('moment', '{tx}', within => '0');
INSERT INTO moment VALUES (1, '2026-01-08'), (1, '2026-01-08'), (1, '2026-01-08 00:00:00.000001');
SELECT * FROM moment;

-- Dates reach further than a number of microseconds in 64 bits. Infinity is near to nothing but itself, however long the distance.
CREATE TABLE far (tx int, at date) PARTITION BY RANGE (at);
CREATE TABLE far_1 PARTITION OF far FOR VALUES FROM ('2026-01-01') TO ('5000000-01-01');
CREATE TABLE far_2 PARTITION OF far FOR VALUES FROM ('5000000-01-01') TO (MAXVALUE);
SELECT add_dedup('far', '{tx}', within => '2 days');
INSERT INTO far VALUES (1, '2026-01-10');
INSERT INTO far VALUES (1, '2026-01-12'), (1, '4999999-12-31'), (1, '5000000-01-02'), (1, '5000000-01-03'), (1, '5874897-12-31');
INSERT INTO far VALUES (1, 'infinity'), (1, 'infinity'), (1, '5874897-12-30');
SELECT tableoid::regclass, * FROM far ORDER BY at;
SELECT * FROM verify_dedup('far');
CREATE TABLE longest (tx int, at timestamptz) PARTITION BY RANGE (at);
CREATE TABLE longest_d PARTITION OF longest DEFAULT;
SELECT add_dedup('longest', '{tx}', within => '106751991 days 04:00:54.775807');
INSERT INTO longest VALUES (1, '-infinity'), (1, '2026-01-01'), (1, 'infinity');
INSERT INTO longest VALUES (1, '-infinity'), (1, '4713-01-01 BC'), (1, '294276-01-01'), (1, 'infinity');
SELECT * FROM longest ORDER BY at;
SELECT * FROM verify_dedup('longest');

-- What cannot be.
\set VERBOSITY sqlstate
CREATE TABLE plain (tx int, at timestamptz);
SELECT add_dedup('plain', '{tx}', within => '1 day');
CREATE TABLE listed (tx int, at timestamptz) PARTITION BY LIST (at);
SELECT add_dedup('listed', '{tx}', within => '1 day');
CREATE TABLE two (tx int, at timestamptz) PARTITION BY RANGE (at, tx);
SELECT add_dedup('two', '{tx}', within => '1 day');
CREATE TABLE expression (tx int, at timestamp) PARTITION BY RANGE ((at + '1 day'::interval));
SELECT add_dedup('expression', '{tx}', within => '1 day');
CREATE TABLE number (tx int, at int) PARTITION BY RANGE (at);
SELECT add_dedup('number', '{tx}', within => '1 day');
SELECT add_dedup('moment', '{tx}', within => '1 month');
SELECT add_dedup('two', '{tx}', within => '-1 day');
SELECT add_dedup('two', '{tx}', within => '1 month');
SELECT add_dedup('two', '{tx}', within => '100000000 days');
SET client_min_messages = warning;
DROP SCHEMA dedup_within CASCADE;
