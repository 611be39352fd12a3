-- Events that are pruned before a consumer has read them, or come back behind one: the owner is warned.
CREATE SCHEMA log_consumers_pruned;
SET search_path = log_consumers_pruned, public;
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE event (id int NOT NULL, day int NOT NULL, at timestamptz) PARTITION BY RANGE (day);
CREATE TABLE day0 PARTITION OF event FOR VALUES FROM (0) TO (1);
CREATE TABLE day1 PARTITION OF event FOR VALUES FROM (1) TO (2);
SELECT add_chain('event', '{id}', recorded => 'at');
SELECT add_log('event', origin => 'regress/log_consumers_pruned');
INSERT INTO event (id, day) SELECT i % 3, i % 2 FROM generate_series(1, 20) AS i;
SELECT add_consumer('event', 'behind');
SELECT add_consumer('event', 'several', 2);
SELECT add_consumer('event', 'done', after => 20);
SELECT count(*) FROM consume(NULL::event, 'behind', max => 5);
SELECT count(*) FROM consume(NULL::event, 'several', 1);
ALTER TABLE event DETACH PARTITION day0;
SELECT count(*) FROM consume(NULL::event, 'behind');
SELECT "position" FROM veritable.consumers WHERE consumer = 'behind';
-- Nobody knows what each had read when it was pruned.
ALTER TABLE event ATTACH PARTITION day0 FOR VALUES FROM (0) TO (1);
SELECT count(*) FROM consume(NULL::event, 'behind');
SELECT seek_consumer('event', 'behind', 1);
SELECT count(*) FROM consume(NULL::event, 'behind');
-- No warning where nobody misses anything: all are at the end, or at the beginning.
SELECT drop_consumer('event', 'several');
ALTER TABLE event DETACH PARTITION day0;
SELECT seek_consumer('event', 'behind', 0), seek_consumer('event', 'done', 0);
ALTER TABLE event ATTACH PARTITION day0 FOR VALUES FROM (0) TO (1);
SELECT count(*) FROM consume(NULL::event, 'behind');
-- The events that are pruned by their time, of an entity with more of them than are read at a time.
INSERT INTO event (id, day) SELECT 7, 1 FROM generate_series(1, 2500);
SELECT seek_consumer('event', 'done', NULL);
SELECT prune('event', before => 'infinity'::timestamptz);
SELECT count(*) FROM consume(NULL::event, 'behind');
SET client_min_messages = warning;
SELECT "position", fault FROM verify_log('event');
DROP SCHEMA log_consumers_pruned CASCADE;
