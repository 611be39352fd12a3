-- Retention: a partition that is detached leaves the runs of its events behind, and what remains stays verifiable.
\pset null (null)
-- The notices of verification say when what was pruned.
SET client_min_messages = warning;
CREATE ROLE regress_prune;
CREATE SCHEMA AUTHORIZATION regress_prune;
SET search_path = regress_prune, public;
SET ROLE regress_prune;

CREATE TABLE event (id text NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
CREATE TABLE event_2023 PARTITION OF event FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_2025 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (id);
CREATE TABLE event_2025_a PARTITION OF event_2025 FOR VALUES IN ('a');
CREATE TABLE event_2025_other PARTITION OF event_2025 DEFAULT;
CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT add_chain('event', '{id}');
INSERT INTO event (id, at, note) VALUES
    ('a', '2023-01-01', 'one'), ('a', '2023-01-01', 'two'), ('b', '2023-06-01', 'one'), ('a', '2024-01-01', 'three'),
    ('a', '2023-12-01', 'late'), ('c', '2024-06-01', 'all that c has'), ('a', '2025-01-01', 'five'), ('b', '2025-01-01', 'two'),
    ('a', '2026-01-01', 'six');
CREATE VIEW pruned AS
    SELECT target, action, partition, entity, first, last, faults, about, by = session_user AS by_session, acting
    FROM veritable.prunings WHERE about ~ '^regress_prune(_other)?\.' ORDER BY at;

-- The oldest goes first.
ALTER TABLE event DETACH PARTITION event_2024;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_2024 CONCURRENTLY;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_2023;
SELECT * FROM pruned;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{b}');
-- the journal has one entry about it
SELECT about, action, command, detail FROM veritable.journal WHERE about LIKE 'regress_prune.%' AND action = 'prune' ORDER BY at;
-- what remains goes on, also where nothing is left, without a start from 1
ALTER TABLE event DETACH PARTITION event_2024 CONCURRENTLY;
SELECT * FROM pruned OFFSET 3;
INSERT INTO event (id, at, note) VALUES ('c', '2026-01-01', 'next') RETURNING id, seq;
SELECT e.previous_event_hash = p.event_hash AS linked FROM event AS e, event_2024 AS p WHERE e.id = 'c' AND p.id = 'c';
INSERT INTO event (id, at, note) VALUES ('a', '2026-01-01', 'seven'), ('d', '2026-01-01', 'new') RETURNING id, seq;
SELECT * FROM verify_chain('event');
-- not with a seq that has passed, nor with another hash
INSERT INTO event (id, at, seq) VALUES ('c', '2026-01-01', 1);
\echo :LAST_ERROR_SQLSTATE

-- What is detached keeps a guard.
\d event_2023
UPDATE event_2023 SET note = 'changed';
\echo :LAST_ERROR_SQLSTATE
DELETE FROM event_2023;
INSERT INTO event_2023 (id, at) VALUES ('a', '2023-01-01');
INSERT INTO event_2023 SELECT * FROM event_2023;
TRUNCATE event_2023;
COPY event_2023 FROM stdin;
x	2023-01-01	\N	1	\N	\\x
\.
RESET ROLE;
SET session_replication_role = replica;
DELETE FROM event_2023;
RESET session_replication_role;
SET ROLE regress_prune;
-- until it is dropped, with what it holds
DROP TABLE event_2023;
SELECT * FROM verify_chain('event');
-- or the owner drops the guard
DROP TRIGGER veritable_pruned ON event_2024;
DELETE FROM event_2024;
SELECT * FROM verify_chain('event');

-- A partition of a partition, and one that has partitions itself.
ALTER TABLE event_2025 DETACH PARTITION event_2025_other;
SELECT * FROM pruned OFFSET 5;
ALTER TABLE event DETACH PARTITION event_2025;
SELECT * FROM pruned OFFSET 6;
SELECT tgrelid::regclass, tgname FROM pg_trigger
WHERE tgrelid IN ('event_2025'::regclass, 'event_2025_a'::regclass, 'event_2025_other'::regclass) ORDER BY 1, 2;
UPDATE event_2025_a SET note = 'changed';
TRUNCATE event_2025_a;
TRUNCATE event_2025;
SELECT * FROM verify_chain('event');
DROP TABLE event_2025, event_2025_other, event_2024;

-- What belongs to a chain that stays is not dropped.
DROP TABLE event_2026;
\echo :LAST_ERROR_SQLSTATE
DROP TABLE event_2026 CASCADE;
RESET ROLE;
CREATE SCHEMA regress_prune_other AUTHORIZATION regress_prune;
SET ROLE regress_prune;
CREATE TABLE regress_prune_other.event_2027 PARTITION OF event FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
CREATE TABLE regress_prune_other.event_2028 PARTITION OF event FOR VALUES FROM ('2028-01-01') TO ('2029-01-01');
INSERT INTO event (id, at) VALUES ('a', '2027-01-01');
DROP SCHEMA regress_prune_other CASCADE;
\echo :LAST_ERROR_SQLSTATE
-- one without events is
DROP TABLE regress_prune_other.event_2028;

-- By force: out of order, or with faults, which are noted.
SELECT prune('event', partition => 'regress_prune_other.event_2027');
\echo :LAST_ERROR_SQLSTATE
SELECT prune('event', partition => 'regress_prune_other.event_2027', force => true);
SELECT partition, entity, first, last FROM pruned OFFSET 7;
SELECT * FROM verify_chain('event');
INSERT INTO event (id, at) VALUES ('a', '2026-01-02') RETURNING seq;
SELECT * FROM verify_chain('event');
RESET ROLE;
ALTER TABLE event_2026 DISABLE TRIGGER zz_veritable_chain_guard;
UPDATE event_2026 SET note = 'edited' WHERE id = 'a' AND seq = 7;
ALTER TABLE event_2026 ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
SET ROLE regress_prune;
SELECT entity, seq, fault FROM verify_chain('event');
ALTER TABLE event DETACH PARTITION event_2026;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_2026 CONCURRENTLY;
\echo :LAST_ERROR_SQLSTATE
SELECT prune('event', partition => 'event_2026');
SELECT prune('event', partition => 'event_2026', force => true);
SELECT partition, entity, first, last, faults FROM pruned OFFSET 8;
SELECT * FROM verify_chain('event');

-- prune() says what it is not for.
SELECT prune('event', partition => 'event_2026');
\echo :LAST_ERROR_SQLSTATE
SELECT prune('event_2026', partition => 'event_2026');
\echo :LAST_ERROR_SQLSTATE
SELECT prune(NULL, partition => 'event_2026');
\echo :LAST_ERROR_SQLSTATE

-- Lists, hashes and defaults have no order.
CREATE TABLE listed (id int NOT NULL, kind text NOT NULL) PARTITION BY LIST (kind);
CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a');
CREATE TABLE listed_b PARTITION OF listed FOR VALUES IN ('b');
CREATE TABLE listed_rest PARTITION OF listed DEFAULT;
SELECT add_chain('listed', '{id}');
INSERT INTO listed (id, kind) VALUES (1, 'a'), (1, 'b'), (1, 'c'), (1, 'a'), (2, 'c'), (3, 'b');
ALTER TABLE listed DETACH PARTITION listed_rest;
ALTER TABLE listed DETACH PARTITION listed_b;
SELECT partition, entity, first, last FROM pruned WHERE target = 'listed'::regclass;
INSERT INTO listed (id, kind) VALUES (1, 'a'), (2, 'a'), (3, 'a') RETURNING id, seq;
SELECT * FROM verify_chain('listed');
-- a partition without events leaves nothing
CREATE TABLE listed_d PARTITION OF listed FOR VALUES IN ('d');
ALTER TABLE listed DETACH PARTITION listed_d;
SELECT count(*) FROM pruned WHERE partition = 'regress_prune.listed_d';
INSERT INTO listed_d (id, kind, seq, event_hash) VALUES (1, 'd', 1, '');

-- Who owns a partition does not keep it, by a trigger of the guard's name, or by a privilege of its own that is missing.
RESET ROLE;
CREATE ROLE regress_prune_part;
GRANT CREATE, USAGE ON SCHEMA regress_prune TO regress_prune_part;
CREATE TABLE listed_e PARTITION OF listed FOR VALUES IN ('e');
INSERT INTO listed (id, kind) VALUES (9, 'e');
ALTER TABLE listed_e OWNER TO regress_prune_part;
SET ROLE regress_prune_part;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER veritable_pruned AFTER INSERT ON listed_e FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TRIGGER veritable_pruned_truncate AFTER INSERT ON listed_e FOR EACH ROW EXECUTE FUNCTION nothing();
REVOKE TRIGGER ON listed_e FROM regress_prune_part;
SET ROLE regress_prune;
ALTER TABLE listed DETACH PARTITION listed_e;
RESET ROLE;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'listed_e'::regclass AND tgfoid = 'veritable.guard_pruned'::regproc ORDER BY tgname;
DELETE FROM listed_e;
DROP TABLE listed_e;
DROP FUNCTION nothing();
DROP OWNED BY regress_prune_part;
DROP ROLE regress_prune_part;
SET ROLE regress_prune;

-- Names change, and the runs follow the table.
ALTER TABLE listed RENAME TO renamed;
ALTER TABLE renamed SET SCHEMA regress_prune_other;
SET search_path = regress_prune, regress_prune_other, public;
SELECT target, about, first, last FROM pruned WHERE target = 'renamed'::regclass;
INSERT INTO renamed (id, kind) VALUES (2, 'a') RETURNING seq;
ALTER TABLE renamed DETACH PARTITION listed_a;
SELECT target, about, entity, first, last FROM pruned WHERE target = 'renamed'::regclass;
SELECT * FROM verify_chain('renamed');
-- The chain can be taken up again. Sealed anew, it owes nothing to what was pruned.
CREATE TABLE listed_a2 PARTITION OF renamed FOR VALUES IN ('a');
INSERT INTO renamed (id, kind) VALUES (1, 'a'), (4, 'a') RETURNING id, seq;
SELECT drop_chain('renamed');
SELECT add_chain('renamed', '{id}', identity => 'regress_prune.listed');
SELECT * FROM verify_chain('renamed');
INSERT INTO renamed (id, kind) VALUES (1, 'a'), (2, 'a') RETURNING id, seq;
SELECT drop_chain('renamed');
SELECT add_chain('renamed', '{id}', identity => 'regress_prune.listed', order_by => '{seq}', reseal => true);
SELECT action, count(*) FROM pruned WHERE target = 'renamed'::regclass GROUP BY action ORDER BY action;
SELECT id, seq FROM renamed ORDER BY id, seq;
INSERT INTO renamed (id, kind) VALUES (1, 'a'), (3, 'a') RETURNING id, seq;
SELECT * FROM verify_chain('renamed');
-- The whole table goes as it likes, and its prunings remain on record.
DROP TABLE renamed;
SELECT count(*) FROM veritable.prunings WHERE about LIKE 'regress_prune.%';
RESET ROLE;
SELECT count(*) > 0 FROM veritable.prunings WHERE about = 'regress_prune.listed';
SELECT * FROM verify_chain('veritable.prunings');
-- Only the extension writes there.
INSERT INTO veritable.prunings SELECT * FROM veritable.prunings WHERE about = 'regress_prune.event' AND seq = 1;
INSERT INTO veritable.prunings (target, key, about, series, action, genesis, entity, first, last, before, through, by, acting)
SELECT target, key, about, series, action, genesis, entity, first, last, before, through, by, acting FROM veritable.prunings LIMIT 1;
\echo :LAST_ERROR_SQLSTATE
UPDATE veritable.prunings SET last = 10;
DELETE FROM veritable.prunings;

DROP OWNED BY regress_prune CASCADE;
DROP ROLE regress_prune;
