-- Many events of the same entities in one transaction: whatever becomes of a row between its sealing and its place in
-- the table, the next one continues the chain that is there.
CREATE ROLE regress_one;
CREATE SCHEMA regress_one AUTHORIZATION regress_one;
SET ROLE regress_one;
SET search_path = regress_one, public;

CREATE TABLE event (id text NOT NULL, dedup int UNIQUE, note text);
SELECT add_chain('event', '{id}');

-- rows that are skipped, between rows that are not
BEGIN;
INSERT INTO event (id, dedup) VALUES ('a', 1), ('a', 1), ('a', 2), ('b', 2), ('a', 3), ('b', 4), ('a', 3), ('a', 5)
ON CONFLICT DO NOTHING;
INSERT INTO event (id, dedup) VALUES ('a', 1) ON CONFLICT DO NOTHING;
INSERT INTO event (id, dedup) VALUES ('a', 6) ON CONFLICT DO NOTHING;
COMMIT;
SELECT id, seq, dedup FROM event ORDER BY id, seq;
SELECT * FROM verify_chain('event');

-- savepoints, released and rolled back
BEGIN;
INSERT INTO event (id) VALUES ('a');
SAVEPOINT one;
INSERT INTO event (id) VALUES ('a'), ('a');
ROLLBACK TO one;
INSERT INTO event (id) VALUES ('a'), ('b');
SAVEPOINT two;
INSERT INTO event (id) VALUES ('b'), ('a');
RELEASE two;
INSERT INTO event (id) VALUES ('b'), ('a');
SAVEPOINT three;
INSERT INTO event (id) VALUES ('b');
SAVEPOINT four;
INSERT INTO event (id) VALUES ('b');
RELEASE four;
ROLLBACK TO three;
INSERT INTO event (id) VALUES ('b') RETURNING id, seq;
COMMIT;
SELECT id, count(*), max(seq) FROM event GROUP BY id ORDER BY id;
SELECT * FROM verify_chain('event');

-- exceptions in a function, each a subtransaction
DO $$
BEGIN
    FOR i IN 1..20 LOOP
        BEGIN
            INSERT INTO event (id, note) VALUES ('c', i), ('c', i);
            IF i % 3 = 0 THEN RAISE EXCEPTION 'no'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
        INSERT INTO event (id, note) VALUES ('c', i);
    END LOOP;
END $$;
SELECT count(*), max(seq) FROM event WHERE id = 'c';
SELECT * FROM verify_chain('event');

-- a row whose check inserts another one: sealed in between, for another entity and for its own
CREATE FUNCTION also(id text, note text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF note LIKE 'also %' THEN INSERT INTO regress_one.event (id, note) VALUES (substr(note, 6), 'inner'); END IF;
    RETURN true;
END $$;
ALTER TABLE event ADD CHECK (also(id, note));
INSERT INTO event (id, note) VALUES ('d', 'one'), ('d', 'also e'), ('d', 'two'), ('e', 'three'), ('d', 'also e'), ('d', 'four');
SELECT id, seq, note FROM event WHERE id IN ('d', 'e') ORDER BY id, seq;
INSERT INTO event (id, note) VALUES ('f', 'one'), ('f', 'also f');
SELECT * FROM verify_chain('event');

-- the same without the counters of rows, by which a row is known to have landed
RESET ROLE;
SET track_counts = off;
INSERT INTO event (id, dedup) VALUES ('a', 1), ('a', 7), ('a', 7), ('a', 8) ON CONFLICT DO NOTHING;
INSERT INTO event (id) SELECT 'g' FROM generate_series(1, 100);
RESET track_counts;
SELECT * FROM verify_chain('event');

-- and behind the trigger's back: rows that are removed, or come otherwise, within the transaction
BEGIN;
INSERT INTO event (id) VALUES ('h'), ('h'), ('h');
SET LOCAL session_replication_role = replica;
ALTER TABLE event ENABLE TRIGGER zz_veritable_chain_guard;
DELETE FROM event WHERE id = 'h' AND seq = 3;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
SET LOCAL session_replication_role = origin;
INSERT INTO event (id) VALUES ('h') RETURNING id, seq;
COMMIT;
SELECT * FROM verify_chain('event');

SET client_min_messages = warning;
DROP SCHEMA regress_one CASCADE;
DROP ROLE regress_one;
