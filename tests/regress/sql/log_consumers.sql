-- Consumers read each event once: progress is moved in the transaction that reads.
CREATE SCHEMA log_consumers;
SET search_path = log_consumers, public;
\set VERBOSITY default
CREATE TABLE event (id int NOT NULL, note text, at timestamptz);
SELECT add_chain('event', '{id}', recorded => 'at');
SELECT add_log('event', origin => 'regress/log_consumers');
INSERT INTO event (id, note) VALUES (1, 'a'), (2, 'b'), (1, 'c');
SELECT add_consumer('event', 'billing');
SELECT "position", id, note FROM consume(NULL::event, 'billing', max => 2);
SELECT "position", id, note FROM consume(NULL::event, 'billing', max => 2);
SELECT "position", id, note FROM consume(NULL::event, 'billing', max => 2);
SELECT target, consumer, member, members, role = current_user AS own, "position", lag, lag_time FROM veritable.consumers WHERE target = 'event'::regclass;

-- A rollback takes events back, also to a savepoint; two calls go on.
INSERT INTO event (id, note) VALUES (1, 'd'), (2, 'e'), (3, 'f');
BEGIN;
SELECT note FROM consume(NULL::event, 'billing', max => 1);
SAVEPOINT s;
SELECT note FROM consume(NULL::event, 'billing', max => 1);
ROLLBACK TO s;
SELECT note FROM consume(NULL::event, 'billing', max => 1);
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT note FROM consume(NULL::event, 'billing', max => 1);
SELECT note FROM consume(NULL::event, 'billing', max => 1);
COMMIT;
-- What the transaction has appended itself comes after its commit.
BEGIN;
INSERT INTO event (id, note) VALUES (1, 'own');
SELECT note FROM consume(NULL::event, 'billing');
COMMIT;
SELECT note FROM consume(NULL::event, 'billing');
SELECT "position", lag FROM veritable.consumers WHERE target = 'event'::regclass;
-- Without events, nothing is written: no transaction id is taken.
BEGIN;
SELECT note FROM consume(NULL::event, 'billing');
SELECT pg_current_xact_id_if_assigned();
COMMIT;
-- A gap moves the member on.
BEGIN;
INSERT INTO event (id, note) VALUES (1, 'rolled back');
ROLLBACK;
SELECT lag, lag_time FROM veritable.consumers WHERE target = 'event'::regclass;
SELECT note FROM consume(NULL::event, 'billing');
SELECT "position", lag FROM veritable.consumers WHERE target = 'event'::regclass;

-- Consumers do not know of each other. One begins after a position, another at what is settled now.
SELECT add_consumer('event', 'later', after => 3);
SELECT add_consumer('event', 'now', after => NULL);
SELECT note FROM consume(NULL::event, 'later', max => 2);
SELECT note FROM consume(NULL::event, 'now');
INSERT INTO event (id, note) VALUES (4, 'g');
SELECT note FROM consume(NULL::event, 'now');
SELECT consumer, "position", lag, lag_time > '0' AS is_behind FROM veritable.consumers WHERE target = 'event'::regclass ORDER BY 1;
SELECT seek_consumer('event', 'later', 0);
SELECT note FROM consume(NULL::event, 'later', max => 1);
SELECT seek_consumer('event', 'later', NULL);
SELECT count(*) FROM consume(NULL::event, 'later');
SELECT drop_consumer('event', 'now');
SELECT drop_consumer('event', 'later');

-- Members share the entities. Each event comes to one of them, and the events of an entity to the same, in order.
SELECT add_consumer('event', 'shared', members => 3);
CREATE TABLE got (member int, id int, seq bigint, "position" bigint, n serial);
INSERT INTO event (id, note) SELECT 1 + i % 20, i::text FROM generate_series(1, 400) AS i;
INSERT INTO got SELECT 0, id, seq, "position" FROM consume(NULL::event, 'shared', 0, 7);
INSERT INTO got SELECT 1, id, seq, "position" FROM consume(NULL::event, 'shared', 1, 1);
DO $$
BEGIN
  FOR round IN 1..200 LOOP
    FOR which IN 0..2 LOOP
      INSERT INTO got (member, id, seq, "position") SELECT which, id, seq, "position" FROM consume(NULL::event, 'shared', which, 1 + round % 5);
    END LOOP;
  END LOOP;
END $$;
SELECT count(*) = (SELECT count(*) FROM event) AS complete, count(DISTINCT "position") = count(*) AS once, count(DISTINCT member) FROM got;
SELECT max(members) FROM (SELECT id, count(DISTINCT member) AS members FROM got GROUP BY id) AS g;
SELECT bool_and("position" > before) FROM (SELECT "position", lag("position", 1, 0::bigint) OVER (PARTITION BY member ORDER BY n) AS before FROM got) AS g;
SELECT member, lag FROM veritable.consumers WHERE target = 'event'::regclass AND consumer = 'shared' ORDER BY 1;
-- With another number, all members go on from the lowest position.
INSERT INTO event (id, note) SELECT i, 'more' FROM generate_series(1, 20) AS i;
SELECT count(*) > 0 FROM consume(NULL::event, 'shared', 2);
SELECT alter_consumer('event', 'shared', 2);
SELECT member, members, lag FROM veritable.consumers WHERE target = 'event'::regclass AND consumer = 'shared' ORDER BY 1;
SELECT sum(n) FROM (SELECT count(*) AS n FROM consume(NULL::event, 'shared', 0) UNION ALL SELECT count(*) FROM consume(NULL::event, 'shared', 1)) AS c;
SELECT alter_consumer('event', 'shared', 4);
SELECT alter_consumer('event', 'shared', 4);
SELECT member, members, lag FROM veritable.consumers WHERE target = 'event'::regclass AND consumer = 'shared' ORDER BY 1;
SELECT * FROM consume(NULL::event, 'shared', 4);
-- The journal tells of each change, but not of each move.
SELECT action, detail FROM veritable.journal WHERE about = 'log_consumers.event' AND action LIKE '%consumer' ORDER BY seq;
SELECT drop_consumer('event', 'shared');

-- An entity of several columns, a whole table as one chain, a partitioned table, and one with dropped columns.
CREATE TABLE whole (gone int, note text);
ALTER TABLE whole DROP COLUMN gone;
SELECT add_chain('whole', '{}');
SELECT add_log('whole');
INSERT INTO whole (note) VALUES ('a'), ('b');
SELECT add_consumer('whole', 'c', 2);
SELECT note FROM consume(NULL::whole, 'c', 0);
SELECT note FROM consume(NULL::whole, 'c', 1);
SELECT member, "position", lag, lag_time FROM veritable.consumers WHERE target = 'whole'::regclass ORDER BY 1;
CREATE TABLE parted (a text NOT NULL, b int NOT NULL, note text) PARTITION BY LIST (b);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (note text, b int NOT NULL, a text NOT NULL);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
SELECT add_chain('parted', '{a, b}');
SELECT add_log('parted');
INSERT INTO parted (a, b, note) SELECT 'a' || i % 7, 1 + i % 2, i FROM generate_series(1, 50) AS i;
SELECT add_consumer('parted', 'c', 2);
CREATE TEMP TABLE of_parted AS
SELECT 0 AS member, a, b, note, "position" FROM consume(NULL::parted, 'c', 0) UNION ALL SELECT 1, a, b, note, "position" FROM consume(NULL::parted, 'c', 1);
SELECT count(*), count(DISTINCT note), count(DISTINCT member) FROM of_parted;
SELECT count(*) FROM (SELECT a, b FROM of_parted GROUP BY a, b HAVING count(DISTINCT member) > 1) AS torn;
SELECT * FROM consume(NULL::parted_1, 'c');
SELECT add_consumer('parted_1', 'c');

-- What is refused.
SELECT add_consumer('event', 'billing');
SELECT add_consumer('event', '');
SELECT add_consumer('event', NULL);
SELECT add_consumer('event', 'x', 0);
SELECT add_consumer('event', 'x', 1025);
SELECT add_consumer('event', 'x', NULL);
SELECT add_consumer('event', 'x', after => -1);
SELECT add_consumer('event', 'x', after => 1000000);
SELECT add_consumer('event', 'x', role => 'log_consumers_nobody');
SELECT add_consumer('event', 'x', role => NULL);
SELECT seek_consumer('event', 'x', 0);
SELECT seek_consumer('event', 'billing', -1);
SELECT seek_consumer('event', 'billing', 1000000);
SELECT alter_consumer('event', 'x', 2);
SELECT drop_consumer('event', 'x');
SELECT * FROM consume(NULL::event, 'x');
SELECT * FROM consume(NULL::event, 'billing', 1);
SELECT * FROM consume(NULL::event, 'billing', -1);
SELECT * FROM consume(NULL::event, 'billing', NULL);
SELECT * FROM consume(NULL::event, NULL);
SELECT * FROM consume(NULL::event, 'billing', max => 0);
SELECT * FROM consume(NULL::event, 'billing', wait => NULL);
SELECT * FROM consume(NULL::text, 'billing');
INSERT INTO event (id, note) VALUES (1, 'for nobody');
BEGIN READ ONLY;
SELECT note FROM consume(NULL::event, 'billing');
ROLLBACK;
-- A restore gives the labels of an enum other numbers, and so other members.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN moods AS mood[];
CREATE TABLE of_mood (m moods NOT NULL);
SELECT add_chain('of_mood', '{m}');
SELECT add_log('of_mood');
SELECT add_consumer('of_mood', 'c', 2);
SELECT add_consumer('of_mood', 'c');
SELECT alter_consumer('of_mood', 'c', 2);

-- The positions have to be this database's own: here a restore has left the sequence behind,
SELECT sequence AS sequence FROM veritable.logs WHERE target = 'event'::regclass \gset
SELECT last_value AS last FROM :sequence \gset
SELECT setval(:'sequence', 5);
SELECT note FROM consume(NULL::event, 'billing');
SELECT setval(:'sequence', :last);
-- and here a consumer has gone further than the log.
SELECT add_consumer('of_mood', 'ahead');
UPDATE veritable.consumer_members SET "position" = 100 WHERE consumer = 'ahead';
SELECT * FROM consume(NULL::of_mood, 'ahead');
SELECT seek_consumer('of_mood', 'ahead', NULL);
SELECT * FROM consume(NULL::of_mood, 'ahead');
-- Or a subscription has the table, or a partition of it.
SELECT count(*) FROM consume(NULL::event, 'billing');
SET client_min_messages = error;
CREATE SUBSCRIPTION regress_log_consumers CONNECTION 'dbname=none' PUBLICATION none WITH (connect = false, slot_name = NONE);
INSERT INTO pg_catalog.pg_subscription_rel SELECT oid, 'parted_2'::regclass, 'r' FROM pg_subscription WHERE subname = 'regress_log_consumers';
RESET client_min_messages;
SELECT * FROM consume(NULL::parted, 'c');
SELECT count(*) FROM read_events(NULL::parted);
DELETE FROM pg_catalog.pg_subscription_rel WHERE srrelid = 'parted_2'::regclass;
DROP SUBSCRIPTION regress_log_consumers;
SELECT count(*) FROM consume(NULL::parted, 'c');

-- Moves are HOT updates: the table does not grow, but for a page or two while autovacuum, say, has an older snapshot.
CREATE TABLE busy (id int NOT NULL);
SELECT add_chain('busy', '{id}');
SELECT add_log('busy');
SELECT add_consumer('busy', 'c');
INSERT INTO busy (id) SELECT 1 FROM generate_series(1, 2000);
SELECT pg_stat_force_next_flush();
SELECT n_tup_upd AS updates, n_tup_hot_upd AS hot_updates, pg_relation_size(relid) AS size
FROM pg_stat_all_tables WHERE relid = 'veritable.consumer_members'::regclass \gset
DO $$ BEGIN FOR i IN 1..2000 LOOP PERFORM FROM consume(NULL::log_consumers.busy, 'c', max => 1); COMMIT; END LOOP; END $$;
SELECT lag FROM veritable.consumers WHERE target = 'busy'::regclass;
SELECT pg_stat_force_next_flush();
SELECT n_tup_upd - :updates AS updates, n_tup_hot_upd - :hot_updates > 1900 AS are_hot, pg_relation_size(relid) - :size < 100000 AS is_small
FROM pg_stat_all_tables WHERE relid = 'veritable.consumer_members'::regclass;

-- The end of a log, and of a table, is that of its consumers.
SELECT drop_log('event');
SELECT count(*) FROM veritable.consumer_members WHERE target = 'event'::regclass;
SELECT * FROM consume(NULL::event, 'billing');
SET client_min_messages = error;
DROP SCHEMA log_consumers CASCADE;
