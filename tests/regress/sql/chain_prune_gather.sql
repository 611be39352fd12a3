-- The runs of a partition are gathered in the order of its rows, and where there is too little memory for that, read in the order of
-- the chains. Both find the same.
CREATE SCHEMA prune_gather;
SET search_path = prune_gather, public;
-- The notices of verification say when what was pruned.
SET client_min_messages = warning;

CREATE TABLE event (id text NOT NULL, at int NOT NULL, n int) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (2) TO (3);
SELECT add_chain('event', '{id}');
INSERT INTO event (id, at, n) SELECT 'entity ' || n % 4000, 1 + (n % 7 = 0)::int, n FROM generate_series(1, 20000) AS n;
-- The rows of an entity are in no order.
CREATE INDEX event_1_hash ON event_1 (event_hash);
CLUSTER event_1 USING event_1_hash;
DROP INDEX event_1_hash;

CREATE FUNCTION digest(from_seq bigint) RETURNS text LANGUAGE sql AS $$
    SELECT md5(string_agg(concat_ws(' ', action, key, entity, first, last, before, through, faults), ',' ORDER BY action, entity, first))
    FROM veritable.prunings WHERE target = 'event'::regclass AND seq > from_seq
$$;

ALTER TABLE event DETACH PARTITION event_1;
SELECT count(*) AS runs, sum(last - first + 1) AS events FROM veritable.prunings WHERE target = 'event'::regclass;
SELECT digest(0) AS gathered \gset
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM (1) TO (2);
SELECT max(seq) AS seq FROM veritable.prunings WHERE target = 'event'::regclass \gset
SELECT entity, seq, fault FROM verify_chain('event');

SET maintenance_work_mem = '1MB';
ALTER TABLE event DETACH PARTITION event_1;
SELECT digest(:seq) = :'gathered' AS is_the_same;
SELECT entity, seq, fault FROM verify_chain('event');
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES FROM (1) TO (2);
SELECT entity, seq, fault FROM verify_chain('event');
SELECT action, count(*), sum(last - first + 1) FROM veritable.prunings WHERE target = 'event'::regclass GROUP BY action ORDER BY action;
RESET maintenance_work_mem;

-- What is wrong is found in either way: an event that is there twice, an unlinked one, an altered one, and one of no entity.
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
INSERT INTO event_1 SELECT * FROM event_1 WHERE id = 'entity 1' AND seq = 1;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE event DETACH PARTITION event_1;
ROLLBACK;
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event_1 SET n = -1 WHERE id = 'entity 1' AND seq = 1;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE event DETACH PARTITION event_1;
ROLLBACK;
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event_1 SET id = 'entity 2' WHERE id = 'entity 1' AND seq = 1;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE event DETACH PARTITION event_1;
ROLLBACK;
-- Each line hashes, but the second of these events does not link to the first.
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event_1 AS e SET previous_event_hash = sha256('x') WHERE id = 'entity 1' AND seq = 2;
UPDATE event_1 AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) WHERE id = 'entity 1' AND seq = 2;
ALTER TABLE event ENABLE TRIGGER USER;
ALTER TABLE event DETACH PARTITION event_1;
ROLLBACK;

DROP SCHEMA prune_gather CASCADE;
