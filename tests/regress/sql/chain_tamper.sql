-- What somebody does who has the power to switch the triggers off, and what verify_chain says: for each kind of
-- tampering the faults that it should give, and no others.
\pset null (null)
CREATE SCHEMA regress_tamper;
SET search_path = regress_tamper, public;

CREATE TABLE event (
    id text NOT NULL,
    payload jsonb,
    note text,
    at timestamptz,
    seen boolean
);
SELECT add_chain('event', '{id}', exclude => '{seen}');
INSERT INTO event (id, payload, note, at)
SELECT id, jsonb_build_object('n', n), CASE n WHEN 2 THEN NULL ELSE 'note ' || n END, timestamptz '2024-01-01 00:00:00+00' + n * interval '1 day'
FROM (VALUES ('a', 5), ('b', 5), ('c', 1)) AS entity (id, events), generate_series(1, events) AS n;
SELECT * FROM verify_chain('event');

CREATE PROCEDURE triggers_off(chain regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', chain);
END $$;
CREATE PROCEDURE triggers_on(chain regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_veritable_chain', chain);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_veritable_chain_guard', chain);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate', chain);
END $$;
-- Makes edits with the triggers off, switches them on again, and verifies. The caller rolls back.
CREATE FUNCTION tamper(VARIADIC edits text[] DEFAULT '{}') RETURNS TABLE (entity text[], seq bigint, fault text, detail text)
LANGUAGE plpgsql AS $$
DECLARE edit text;
BEGIN
    CALL triggers_off('event');
    FOREACH edit IN ARRAY edits LOOP EXECUTE edit; END LOOP;
    CALL triggers_on('event');
    RETURN QUERY SELECT v.entity, v.seq, v.fault, regexp_replace(v.detail, '[0-9a-f]{64}', '<hash>') FROM verify_chain('event') AS v;
END $$;
-- The hash of a row as it stands.
CREATE FUNCTION computed(event) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(convert_to(chain_line($1), 'UTF8')) $$;

-- nothing
BEGIN; SELECT * FROM tamper(); ROLLBACK;

-- Edits of one column: one fault, at that event, although the event after it links to what the hash was.
BEGIN; SELECT * FROM tamper($$UPDATE event SET payload = '{"n": 33}' WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET payload = '{"n": 11}' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET payload = '{"n": 55}' WHERE id = 'a' AND seq = 5$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET payload = NULL WHERE id = 'a' AND seq = 3$$); ROLLBACK;
-- a number that is equal, but written in another way
BEGIN; SELECT * FROM tamper($$UPDATE event SET payload = '{"n": 3.0}' WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'was null' WHERE id = 'a' AND seq = 2$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = '' WHERE id = 'a' AND seq = 2$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET at = at + interval '1 microsecond' WHERE id = 'a' AND seq = 2$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET at = 'infinity' WHERE id = 'c'$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET previous_event_hash = sha256('forged') WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET previous_event_hash = NULL WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET previous_event_hash = sha256('forged') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET event_hash = sha256('forged') WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET event_hash = '\x00' WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET event_hash = '' WHERE id = 'a' AND seq = 5$$); ROLLBACK;
-- several
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'edited' WHERE seq IN (2, 3)$$); ROLLBACK;
-- an excluded column is not covered
BEGIN; SELECT * FROM tamper($$UPDATE event SET seen = true$$); ROLLBACK;
-- the same values written anew
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = note || '', payload = payload::text::jsonb$$); ROLLBACK;

-- NULLs where there are none
BEGIN; SELECT * FROM tamper('ALTER TABLE event ALTER event_hash DROP NOT NULL', $$UPDATE event SET event_hash = NULL WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('ALTER TABLE event ALTER event_hash DROP NOT NULL', $$UPDATE event SET event_hash = NULL WHERE id = 'a'$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('ALTER TABLE event ALTER seq DROP NOT NULL', $$UPDATE event SET seq = NULL WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('ALTER TABLE event ALTER seq DROP NOT NULL', $$UPDATE event SET seq = NULL WHERE id = 'a' AND seq = 5$$); ROLLBACK;

-- Another seq
BEGIN; SELECT * FROM tamper($$UPDATE event SET seq = 8 WHERE id = 'a' AND seq = 5$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET seq = 0 WHERE id = 'a' AND seq = 5$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET seq = -1 WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET seq = 9223372036854775807 WHERE id = 'a' AND seq = 5$$); ROLLBACK;

-- Deletions
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a' AND seq < 5$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a' AND seq IN (2, 4)$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE seq IN (2, 3)$$); ROLLBACK;

-- Two events change places: the contents only, or the rows
BEGIN; SELECT * FROM tamper($$UPDATE event e SET payload = o.payload, note = o.note, at = o.at FROM event o WHERE e.id = 'a' AND o.id = 'a' AND (e.seq, o.seq) IN ((3, 4), (4, 3))$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET seq = -seq WHERE id = 'a' AND seq IN (3, 4)$$, 'UPDATE event SET seq = 7 + seq WHERE seq < 0'); ROLLBACK;
-- Two entities change events
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'note of ' || CASE id WHEN 'a' THEN 'b' ELSE 'a' END WHERE seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET id = CASE id WHEN 'a' THEN 'was a' ELSE 'a' END WHERE seq = 3$$, $$UPDATE event SET id = 'b' WHERE id = 'was a'$$); ROLLBACK;
-- An event moves to another entity: after its newest, or between
BEGIN; SELECT * FROM tamper($$UPDATE event SET id = 'b', seq = 6 WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('CREATE INDEX ON event (id, seq)', 'DROP INDEX event_id_seq_idx', $$UPDATE event SET id = 'b' WHERE id = 'a' AND seq = 3$$); ROLLBACK;
-- to a new entity
BEGIN; SELECT * FROM tamper($$UPDATE event SET id = 'new' WHERE id = 'a' AND seq = 3$$); ROLLBACK;

-- Insertions: in the middle, the later events moved up
BEGIN;
SELECT * FROM tamper(
    $$UPDATE event SET seq = -seq WHERE id = 'a' AND seq >= 3$$, 'UPDATE event SET seq = 1 - seq WHERE seq < 0',
    $$INSERT INTO event SELECT 'a', '{}', 'forged', at, NULL, 3, event_hash, '' FROM event WHERE id = 'a' AND seq = 2$$,
    $$UPDATE event SET event_hash = computed(event) WHERE note = 'forged'$$);
ROLLBACK;
-- the same seq again: a copy, and another event
BEGIN; SELECT * FROM tamper('CREATE INDEX ON event (id, seq)', 'DROP INDEX event_id_seq_idx', $$INSERT INTO event SELECT * FROM event WHERE id = 'a' AND seq = 3$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('CREATE INDEX ON event (id, seq)', 'DROP INDEX event_id_seq_idx', $$INSERT INTO event SELECT * FROM event WHERE id = 'a' AND seq = 5$$); ROLLBACK;
BEGIN;
SELECT * FROM tamper(
    'CREATE INDEX ON event (id, seq)',
    'DROP INDEX event_id_seq_idx',
    $$INSERT INTO event SELECT 'a', '{}', 'forged', at, NULL, 3, previous_event_hash, '' FROM event WHERE id = 'a' AND seq = 3$$,
    $$UPDATE event SET event_hash = computed(event) WHERE note = 'forged'$$);
ROLLBACK;
-- at the end, with invented hashes
BEGIN; SELECT * FROM tamper($$INSERT INTO event VALUES ('a', '{}', 'forged', NULL, NULL, 6, sha256('forged'), sha256('forged too'))$$); ROLLBACK;
-- at the end, sealed but not linked
BEGIN;
SELECT * FROM tamper(
    $$INSERT INTO event VALUES ('a', '{}', 'forged', NULL, NULL, 6, sha256('forged'), '')$$,
    $$UPDATE event SET event_hash = computed(event) WHERE note = 'forged'$$);
ROLLBACK;
-- before the beginning
BEGIN;
SELECT * FROM tamper(
    $$INSERT INTO event VALUES ('a', '{}', 'forged', NULL, NULL, 0, NULL, '')$$,
    $$UPDATE event SET event_hash = computed(event) WHERE note = 'forged'$$);
ROLLBACK;
-- without a seal
BEGIN;
SELECT * FROM tamper(
    'ALTER TABLE event ALTER event_hash DROP NOT NULL, ALTER seq DROP NOT NULL',
    $$INSERT INTO event (id, note) VALUES ('a', 'unsealed'), ('new', 'unsealed')$$);
ROLLBACK;

-- An edit with the hash computed anew: the next event does not link to it any more.
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 3$$, $$UPDATE event SET event_hash = computed(event)$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 1$$, $$UPDATE event SET event_hash = computed(event)$$); ROLLBACK;

-- What no chain can show: a tail, a whole entity, or a rewritten end that nobody had a copy of.
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a' AND seq = 5$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$DELETE FROM event WHERE id = 'a'$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 5$$, $$UPDATE event SET event_hash = computed(event)$$); ROLLBACK;
BEGIN; SELECT * FROM tamper('DELETE FROM event'); ROLLBACK;

-- The result in full.
BEGIN;
CALL triggers_off('event');
UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 3;
DELETE FROM event WHERE id = 'b' AND seq IN (2, 3);
CALL triggers_on('event');
SELECT * FROM verify_chain('event');
-- one entity
SELECT seq, fault FROM verify_chain('event', '{a}');
SELECT seq, fault FROM verify_chain('event', '{b}');
SELECT seq, fault FROM verify_chain('event', '{c}');
SELECT seq, fault FROM verify_chain('event', '{nobody}');
-- all tables
SELECT target, entity, seq, fault FROM verify_chain();
ROLLBACK;

-- Triggers that are off, gone or changed. The event triggers are a guard against accidents, and can be switched off.
ALTER EVENT TRIGGER veritable_before_ddl DISABLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
BEGIN;
ALTER TABLE event DISABLE TRIGGER USER;
SELECT * FROM verify_chain('event');
ROLLBACK;
BEGIN;
ALTER TABLE event DISABLE TRIGGER zz_veritable_chain;
ALTER TABLE event ALTER event_hash DROP NOT NULL, ALTER seq DROP NOT NULL;
INSERT INTO event (id, note) VALUES ('a', 'unsealed');
SELECT * FROM verify_chain('event');
ROLLBACK;
BEGIN;
ALTER TABLE event ENABLE REPLICA TRIGGER zz_veritable_chain_guard;
UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 3;
SELECT entity, seq, fault, regexp_replace(detail, '[0-9a-f]{64}', '<hash>') AS detail FROM verify_chain('event');
ROLLBACK;
BEGIN;
DROP TRIGGER zz_veritable_chain_truncate ON event;
SELECT * FROM verify_chain('event');
ROLLBACK;
-- the sealing trigger leaves a column out
BEGIN;
DROP TRIGGER zz_veritable_chain ON event;
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW
EXECUTE FUNCTION veritable.seal('format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen', 'exclude=note');
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain;
INSERT INTO event (id, note) VALUES ('c', 'not covered');
SELECT entity, seq, fault, regexp_replace(detail, '[0-9a-f]{64}', '<hash>') AS detail FROM verify_chain('event');
ROLLBACK;
-- some rows only
BEGIN;
DROP TRIGGER zz_veritable_chain_guard ON event;
CREATE TRIGGER zz_veritable_chain_guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW WHEN (OLD.id <> 'a')
EXECUTE FUNCTION veritable.guard('format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen');
SELECT * FROM verify_chain('event');
ROLLBACK;
BEGIN;
DROP TRIGGER zz_veritable_chain_guard ON event;
CREATE TRIGGER zz_veritable_chain_guard BEFORE DELETE OR UPDATE OF note ON event FOR EACH ROW
EXECUTE FUNCTION veritable.guard('format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen');
SELECT * FROM verify_chain('event');
ROLLBACK;
-- some commands only
BEGIN;
DROP TRIGGER zz_veritable_chain_guard ON event;
CREATE TRIGGER zz_veritable_chain_guard BEFORE DELETE ON event FOR EACH ROW
EXECUTE FUNCTION veritable.guard('format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen');
SELECT * FROM verify_chain('event');
ROLLBACK;
-- a trigger of the same name that does nothing
BEGIN;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN COALESCE(NEW, OLD); END $$;
DROP TRIGGER zz_veritable_chain ON event;
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT * FROM verify_chain('event');
ROLLBACK;
-- all three with another column left out: nothing hashes to what it did
BEGIN;
SELECT drop_chain('event');
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW
EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen', 'exclude=note');
CREATE TRIGGER zz_veritable_chain_guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW
EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen', 'exclude=note');
CREATE TRIGGER zz_veritable_chain_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT
EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen', 'exclude=note');
SELECT fault, count(*) FROM verify_chain('event') GROUP BY fault;
ROLLBACK;
-- all three gone: the table is not chained, which is an error and never "no fault"
BEGIN;
DROP TRIGGER zz_veritable_chain ON event;
DROP TRIGGER zz_veritable_chain_guard ON event;
DROP TRIGGER zz_veritable_chain_truncate ON event;
SELECT * FROM verify_chain('event');
ROLLBACK;
-- an entity that is null, among others that are faulty
BEGIN;
SELECT * FROM tamper('ALTER TABLE event ALTER id DROP NOT NULL', $$UPDATE event SET id = NULL WHERE id = 'a' AND seq IN (3, 5)$$, $$DELETE FROM event WHERE id = 'b' AND seq = 1$$);
SELECT * FROM verify_chain('event', '{a}');
ROLLBACK;
-- a column that every row seems to have had, and one that lost its name
BEGIN;
ALTER TABLE event ADD COLUMN forged text DEFAULT 'forged';
SELECT fault, count(*) FROM verify_chain('event') GROUP BY fault;
ROLLBACK;
BEGIN;
ALTER TABLE event RENAME COLUMN note TO remark;
SELECT fault, count(*) FROM verify_chain('event') GROUP BY fault;
ROLLBACK;
BEGIN;
ALTER TABLE event DROP COLUMN note;
SELECT entity, seq, fault FROM verify_chain('event') WHERE entity = '{a}';
ROLLBACK;
BEGIN;
ALTER TABLE event ALTER COLUMN payload TYPE text;
SELECT fault, count(*) FROM verify_chain('event') GROUP BY fault;
ROLLBACK;
ALTER EVENT TRIGGER veritable_before_ddl ENABLE;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;

-- What comes after tampering: a chain goes on from an altered event, but not from one without a hash.
BEGIN;
CALL triggers_off('event');
UPDATE event SET note = 'edited' WHERE id = 'a' AND seq = 5;
CALL triggers_on('event');
INSERT INTO event (id, note) VALUES ('a', 'after');
SELECT entity, seq, fault FROM verify_chain('event');
ROLLBACK;
BEGIN;
CALL triggers_off('event');
UPDATE event SET event_hash = '\x00' WHERE id = 'a' AND seq = 5;
CALL triggers_on('event');
INSERT INTO event (id, note) VALUES ('a', 'after');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;

-- Hashes as text: digits in upper case are not the hash that was sealed.
CREATE TABLE hexadecimal (id int NOT NULL, note text, event_hash text, previous_event_hash text);
SELECT add_chain('hexadecimal', '{id}');
INSERT INTO hexadecimal (id, note) SELECT 1, n FROM generate_series(1, 4) AS n;
BEGIN;
CALL triggers_off('hexadecimal');
UPDATE hexadecimal SET event_hash = upper(event_hash) WHERE seq = 2;
UPDATE hexadecimal SET previous_event_hash = upper(previous_event_hash) WHERE seq = 4;
CALL triggers_on('hexadecimal');
SELECT entity, seq, fault FROM verify_chain('hexadecimal');
ROLLBACK;

-- The whole table as one chain
CREATE TABLE log (note text);
SELECT add_chain('log');
INSERT INTO log SELECT 'note ' || n FROM generate_series(1, 6) AS n;
BEGIN;
CALL triggers_off('log');
UPDATE log SET note = 'edited' WHERE seq = 2;
DELETE FROM log WHERE seq = 4;
CALL triggers_on('log');
SELECT entity, seq, fault FROM verify_chain('log');
SELECT entity, seq, fault FROM verify_chain('log', '{}');
ROLLBACK;

-- Several columns as the entity
CREATE TABLE reading (site text NOT NULL, sensor numeric NOT NULL, value float8);
SELECT add_chain('reading', '{site,sensor}');
INSERT INTO reading SELECT site, sensor, n FROM unnest('{x,"y, \"z\""}'::text[]) AS site, unnest('{1,2.5}'::numeric[]) AS sensor, generate_series(1, 3) AS n;
BEGIN;
CALL triggers_off('reading');
UPDATE reading SET value = 0 WHERE seq = 2 AND sensor = 2.5;
CALL triggers_on('reading');
SELECT entity, seq, fault FROM verify_chain('reading') ORDER BY entity;
SELECT entity, seq, fault FROM verify_chain('reading', '{x,2.50}');
SELECT entity, seq, fault FROM verify_chain('reading', ARRAY['y, "z"', '1']);
ROLLBACK;

-- Thousands of faults
BEGIN;
INSERT INTO log SELECT 'more' FROM generate_series(1, 5000);
CALL triggers_off('log');
UPDATE log SET note = 'edited' WHERE seq % 2 = 0;
DELETE FROM log WHERE seq % 5 = 0;
CALL triggers_on('log');
SELECT fault, count(*), min(seq), max(seq) FROM verify_chain('log') GROUP BY fault ORDER BY fault;
ROLLBACK;

SELECT * FROM verify_chain();
SET client_min_messages = warning;
DROP SCHEMA regress_tamper CASCADE;
