-- What was detached comes back as it was, and is no longer pruned.
\pset null (null)
-- The notices of verification say when what was pruned.
SET client_min_messages = warning;
CREATE ROLE regress_prune_attach;
CREATE SCHEMA AUTHORIZATION regress_prune_attach;
SET search_path = regress_prune_attach, public;
SET ROLE regress_prune_attach;

CREATE TABLE event (id numeric NOT NULL, at int NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (2) TO (3) PARTITION BY LIST (note);
CREATE TABLE event_2_rest PARTITION OF event_2 DEFAULT;
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM (3) TO (4);
SELECT add_chain('event', '{id}');
INSERT INTO event (id, at, note) VALUES (1, 1, 'one'), (1.0, 1, 'two'), (1, 2, 'three'), (1.00, 1, 'late'), (2, 2, 'one'), (1, 3, 'five');
CREATE VIEW pruned AS
    SELECT action, partition, entity, first, last FROM veritable.prunings WHERE about LIKE 'regress_prune_attach.%' ORDER BY at;
-- values that are equal by their type are one entity
ALTER TABLE event DETACH PARTITION event_1;
ALTER TABLE event DETACH PARTITION event_2;
SELECT * FROM pruned;
INSERT INTO event (id, at, note) VALUES (2.000, 3, 'two') RETURNING seq;
SELECT * FROM verify_chain('event');

-- The same table comes back, in any order, also in another place or under another name.
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (2) TO (3);
SELECT * FROM pruned OFFSET 4;
ALTER TABLE event_1 RENAME TO event_first;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
SELECT * FROM pruned OFFSET 6;
SELECT tgrelid::regclass, tgname FROM pg_trigger
WHERE tgrelid IN ('event_first'::regclass, 'event_2'::regclass, 'event_2_rest'::regclass) ORDER BY 1, 2;
SELECT * FROM verify_chain('event');
INSERT INTO event (id, at, note) VALUES (2, 1, 'three'), (1, 2, 'six') RETURNING id, seq;
SELECT * FROM verify_chain('event');
-- and goes again
SELECT prune('event', partition => 'event_first');
SELECT * FROM pruned OFFSET 8;
SELECT * FROM verify_chain('event');

-- What was changed does not come back.
DROP TRIGGER veritable_pruned ON event_first;
BEGIN;
UPDATE event_first SET note = 'changed' WHERE seq = 2;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
BEGIN;
DELETE FROM event_first WHERE seq = 2;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
ROLLBACK;
BEGIN;
INSERT INTO event_first SELECT 3, 1, note, seq, previous_event_hash, event_hash FROM event_first WHERE seq = 1;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
ROLLBACK;
BEGIN;
UPDATE event_first SET seq = seq + 1;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
ROLLBACK;
-- A copy is as good.
CREATE TABLE copied (LIKE event);
INSERT INTO copied SELECT * FROM event_first;
ALTER TABLE event ATTACH PARTITION copied FOR VALUES FROM (0) TO (2);
SELECT * FROM verify_chain('event');
-- but not beside the original
ALTER TABLE event DETACH PARTITION copied;
ALTER TABLE event ATTACH PARTITION event_first FOR VALUES FROM (0) TO (2);
ALTER TABLE event ATTACH PARTITION copied FOR VALUES FROM (-1) TO (0);
\echo :LAST_ERROR_SQLSTATE
-- Whoever does not read the table is not told what differs.
-- Rows that were never pruned come as before.
CREATE TABLE elsewhere (LIKE event);
SELECT add_chain('elsewhere', '{id}', identity => 'regress_prune_attach.event');
INSERT INTO elsewhere (id, at, note) VALUES (9, 9, 'one');
SELECT drop_chain('elsewhere');
ALTER TABLE event ATTACH PARTITION elsewhere FOR VALUES FROM (9) TO (10);
INSERT INTO event (id, at, note) VALUES (9, 3, 'two') RETURNING seq;
SELECT * FROM verify_chain('event');
-- What was pruned from another chain does not come.
CREATE TABLE other (LIKE event) PARTITION BY RANGE (at);
SELECT add_chain('other', '{id}');
ALTER TABLE other ATTACH PARTITION copied FOR VALUES FROM (0) TO (2);
\echo :LAST_ERROR_SQLSTATE

-- One that is detached with its table stays pruned when it comes back alone.
CREATE TABLE event_4 PARTITION OF event FOR VALUES FROM (4) TO (5) PARTITION BY LIST (note);
CREATE TABLE event_4_a PARTITION OF event_4 FOR VALUES IN ('a');
CREATE TABLE event_4_b PARTITION OF event_4 FOR VALUES IN ('b');
INSERT INTO event (id, at, note) VALUES (4, 4, 'a'), (4, 4, 'b'), (4, 3, 'later');
SELECT prune('event', partition => 'event_4', force => true);
ALTER TABLE event_4 DETACH PARTITION event_4_a;
ALTER TABLE event ATTACH PARTITION event_4_a FOR VALUES FROM (4) TO (5);
ALTER TABLE event_4 ATTACH PARTITION event_4_a FOR VALUES IN ('a');
ALTER TABLE event ATTACH PARTITION event_4 FOR VALUES FROM (4) TO (5);
SELECT * FROM verify_chain('event');

RESET ROLE;
DROP OWNED BY regress_prune_attach CASCADE;
DROP ROLE regress_prune_attach;
