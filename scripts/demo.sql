-- The first act of `make demo`: events are chained, tampered with and caught. scripts/demo runs it, sets the variables
-- and writes the data to files.
-- The script echoes everything that a person should read: each statement, then the server's answer.

\set ON_ERROR_STOP on
\set QUIET on
CREATE DATABASE demo;
\connect demo

-- The data as events: a number, the entity, the time, and the payload.
CREATE TEMP TABLE input (n bigint, :columns);
\copy input FROM numbered
CREATE TEMP TABLE event AS
SELECT n, :entity AS name, md5(:entity)::uuid AS entity_id, to_jsonb(input) - '{n,at}'::text[] AS payload, at AS valid_from
FROM input;
SELECT count(*) AS events, count(DISTINCT name) AS entities, count(*) / 2 AS half, count(*) / 2 - 1 AS half_less_one
FROM event \gset
\copy (SELECT entity_id, payload, valid_from FROM event WHERE n > (SELECT count(*) / 2 FROM event) ORDER BY n) TO second-half

-- The targets of the tampering: an event in the middle of each of the three longest chains.
CREATE TEMP TABLE victim AS
SELECT row_number() OVER (ORDER BY count(*) DESC, name) AS place, name, entity_id, (count(*) + 1) / 2 AS seq
FROM event GROUP BY name, entity_id ORDER BY place LIMIT 3;
SELECT name AS edited_name, entity_id AS edited_id, seq AS edited_seq FROM victim WHERE place = 1 \gset
SELECT name AS deleted_name, entity_id AS deleted_id, seq AS deleted_seq FROM victim WHERE place = 2 \gset
SELECT name AS forged_name, entity_id AS forged_id, seq AS forged_seq FROM victim WHERE place = 3 \gset

\pset null '(null)'
\set QUIET off
\echo :bold:events events of :entities entities, from :source:plain
\echo
\echo :bold'1. A table of events, as many people have it. One call makes every insert sealed.':plain
\echo
\set ECHO queries
CREATE EXTENSION veritable CASCADE;
CREATE TABLE entity_events (
    event_id            UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    entity_id           UUID NOT NULL,
    payload             JSONB NOT NULL,
    valid_from          TIMESTAMPTZ NOT NULL,
    transaction_time    TIMESTAMPTZ NOT NULL DEFAULT now(),
    event_hash          TEXT NOT NULL,
    previous_event_hash TEXT,
    CONSTRAINT unique_event_for_entity UNIQUE (entity_id, event_hash)
);
CREATE INDEX idx_latest_entity_event ON entity_events (entity_id, transaction_time DESC);
SELECT add_chain('entity_events', entity => '{entity_id}', recorded => 'transaction_time');
\set ECHO none

\echo :bold'2. The application goes on as before: plain INSERT for one half, COPY for the other.':plain
\echo
SELECT entity_id AS first_id, payload AS first_payload, valid_from AS first_valid_from FROM event WHERE n = 1 \gset
\set ECHO queries
INSERT INTO entity_events (entity_id, payload, valid_from)
VALUES (:'first_id', :'first_payload', :'first_valid_from');
\set ECHO none
\echo '-- …and' :half_less_one 'more like this one.'
\set QUIET on
SELECT format('INSERT INTO entity_events (entity_id, payload, valid_from) VALUES (%L, %L, %L)', entity_id, payload, valid_from)
FROM event WHERE n BETWEEN 2 AND :half ORDER BY n \gexec
\set QUIET off
\echo '\\copy entity_events (entity_id, payload, valid_from) FROM second-half'
\copy entity_events (entity_id, payload, valid_from) FROM second-half

\echo
\echo :bold'3. Each event holds the hash of the one before it. A hash is the SHA-256 of the row as a line of JSON.':plain
\echo
\set ECHO queries
SELECT seq, left(previous_event_hash, 16) AS previous, left(event_hash, 16) AS hash, left(payload->>:'shown', 60) AS :"shown"
FROM entity_events WHERE entity_id = :'edited_id' ORDER BY seq LIMIT 4;
\set QUIET on
\pset format unaligned
\pset tuples_only on
SELECT chain_line(e) FROM entity_events e
WHERE entity_id = :'edited_id' AND seq = 2;
\set ECHO none
\echo
\echo '-- sha256sum says of this line:'
SELECT chain_line(e) FROM entity_events e WHERE entity_id = :'edited_id' AND seq = 2 \g | tr -d '\n' | sha256sum | cut -c -64
\pset tuples_only off
\pset format aligned
\set QUIET off
\echo
\set ECHO queries
SELECT * FROM verify_chain();
\set ECHO none

\echo :bold'4. What is sealed stays, whoever asks.':plain
\echo
\set ON_ERROR_STOP off
\set ECHO queries
UPDATE entity_events SET payload = payload || :'edit'
WHERE entity_id = :'edited_id' AND seq = :edited_seq;
DELETE FROM entity_events;
\set ECHO none
\set ON_ERROR_STOP on

\echo
\echo :bold'5. A superuser can switch the triggers off, and on again.':plain
\echo
\set ECHO queries
ALTER TABLE entity_events DISABLE TRIGGER USER;
\echo
\echo '-- an event of' :edited_name 'is edited'
UPDATE entity_events SET payload = payload || :'edit'
WHERE entity_id = :'edited_id' AND seq = :edited_seq;
\echo
\echo '-- one of' :deleted_name 'is deleted'
DELETE FROM entity_events
WHERE entity_id = :'deleted_id' AND seq = :deleted_seq;
\echo
\echo '-- one of' :forged_name 'is edited, and its hash made to fit'
UPDATE entity_events SET payload = payload || :'edit'
WHERE entity_id = :'forged_id' AND seq = :forged_seq;
UPDATE entity_events AS e SET event_hash = encode(sha256(convert_to(chain_line(e), 'UTF8')), 'hex')
WHERE entity_id = :'forged_id' AND seq = :forged_seq;
\echo
ALTER TABLE entity_events ENABLE ALWAYS TRIGGER zz_veritable_chain,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
\set ECHO none

\echo
\echo :bold'6. The chains tell.':plain
\echo
\set ECHO queries
SELECT * FROM verify_chain();
\set ECHO none

-- The demo is also a test: exactly these faults, and no others.
\set QUIET on
SET client_min_messages = warning;
CREATE TEMP TABLE expected (entity text[], seq bigint, fault text);
INSERT INTO expected VALUES
  (ARRAY[:'edited_id'], :edited_seq, 'altered'),
  (ARRAY[:'deleted_id'], :deleted_seq, 'missing'),
  (ARRAY[:'forged_id'], :forged_seq + 1, 'unlinked');
SELECT bool_and(found.fault IS NOT NULL AND expected.fault IS NOT NULL) AS exactly
FROM verify_chain() AS found
FULL JOIN expected ON (found.entity, found.seq, found.fault) = (expected.entity, expected.seq, expected.fault) \gset
\if :exactly
  \echo :bold'Exactly these three.':plain
\else
  DO $$ BEGIN RAISE 'verify_chain() did not name exactly what was done'; END $$;
\endif
