-- Entity columns of another type, after events were pruned: the chains go on, and what was pruned can come back.
\pset null (null)
\set VERBOSITY terse
-- The notices of verification say when what was pruned.
SET client_min_messages = warning;
CREATE ROLE regress_prune_types;
CREATE SCHEMA AUTHORIZATION regress_prune_types;
SET search_path = regress_prune_types, public;
SET ROLE regress_prune_types;
CREATE TYPE letter AS ENUM ('p', 'q', 'r');

-- Whatever the type was before and is after: seq 3, and not 1; and the partition comes back with the same type.
CREATE PROCEDURE changed(former text, value text, present text) LANGUAGE plpgsql AS $$
DECLARE next bigint; faults bigint; back text := 'comes back';
BEGIN
    EXECUTE format('CREATE TABLE event (customer %s NOT NULL, at date NOT NULL) PARTITION BY RANGE (at)', former);
    CREATE TABLE event_24 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE event_25 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    PERFORM add_chain('event', '{customer}');
    EXECUTE format('INSERT INTO event VALUES (%1$L, ''2024-01-02''), (%1$L, ''2024-01-03'')', value);
    ALTER TABLE event DETACH PARTITION event_24;
    EXECUTE format('ALTER TABLE event ALTER customer TYPE %s', present);
    EXECUTE format('INSERT INTO event VALUES (%L, ''2025-01-02'') RETURNING seq', value) INTO next;
    SELECT count(*) INTO faults FROM verify_chain('event');
    SELECT faults + count(*) INTO faults FROM verify_chain('event', ARRAY[value]);
    BEGIN
        ALTER TABLE event_24 DISABLE TRIGGER USER;
        EXECUTE format('ALTER TABLE event_24 ALTER customer TYPE %s', present);
        ALTER TABLE event ATTACH PARTITION event_24 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        SELECT faults + count(*) INTO faults FROM verify_chain('event');
    EXCEPTION WHEN OTHERS THEN back := SQLSTATE; END;
    RAISE WARNING '% to %: seq %, % faults, %', former, present, next, faults, back;
    DROP TABLE event;
    DROP TABLE IF EXISTS event_24;
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING '% to %: % %', former, present, SQLSTATE, SQLERRM;
END $$;
CALL changed('letter', 'p', 'text');
CALL changed('varchar(10)', 'p', 'text');
CALL changed('text', 'p', 'text COLLATE "C"');
CALL changed('int', '1', 'bigint');
CALL changed('int', '1', 'numeric');
CALL changed('numeric', '1', 'int USING customer::int');
CALL changed('uuid', '00000000-0000-0000-0000-00000000000a', 'text');
-- not if the entities would have other names
CALL changed('numeric', '1.5', 'int USING customer::int');
CALL changed('date', '2024-01-01', 'timestamp');
CALL changed('numeric', '1.50', 'float8');

-- Events that follow what was pruned.
CREATE TABLE event (customer letter NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_24 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_25 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT add_chain('event', '{customer}');
INSERT INTO event VALUES ('p', '2024-01-02'), ('q', '2024-01-02'), ('p', '2025-01-02');
ALTER TABLE event DETACH PARTITION event_24;
ALTER TABLE event ALTER customer TYPE text;
SELECT * FROM verify_chain('event');
INSERT INTO event VALUES ('p', '2025-01-03'), ('q', '2025-01-03') RETURNING customer, seq;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{q}');
-- and back
ALTER TABLE event ALTER customer TYPE letter USING customer::letter;
INSERT INTO event VALUES ('p', '2025-01-03'), ('q', '2025-01-03') RETURNING customer, seq;
SELECT * FROM verify_chain('event');
ALTER TABLE event ATTACH PARTITION event_24 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT * FROM verify_chain('event');
DROP TABLE event;

-- A label that only pruned events have is not renamed; others are.
CREATE TABLE event (customer letter NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_24 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_25 PARTITION OF event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
SELECT add_chain('event', '{customer}');
INSERT INTO event VALUES ('p', '2024-01-02');
ALTER TABLE event DETACH PARTITION event_24;
\set VERBOSITY default
ALTER TYPE letter RENAME VALUE 'p' TO 'pp';
\set VERBOSITY terse
\echo :LAST_ERROR_SQLSTATE
ALTER TYPE letter RENAME VALUE 'r' TO 'rr';
INSERT INTO event VALUES ('p', '2025-01-02') RETURNING seq;
SELECT * FROM verify_chain('event');

-- Verification asks for no stored key, which is in no line.
RESET ROLE;
BEGIN;
UPDATE veritable.prunings SET key = key + 1 WHERE target = 'event'::regclass;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{p}');
-- an entity that seems to begin anew
ALTER TABLE event_25 DISABLE TRIGGER USER;
DELETE FROM event;
ALTER TABLE event_25 ENABLE TRIGGER USER;
ALTER TABLE event_25 ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
INSERT INTO event VALUES ('p', '2025-01-02') RETURNING seq;
SELECT entity, seq, fault FROM verify_chain('event');
ROLLBACK;
-- a run that came back, and whose taking back is to be overlooked
BEGIN;
ALTER TABLE event ATTACH PARTITION event_24 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
UPDATE veritable.prunings SET key = key + 1 WHERE target = 'event'::regclass AND action = 'attach';
ALTER TABLE event_24 DISABLE TRIGGER USER;
DELETE FROM event_24;
SELECT entity, seq, fault FROM verify_chain('event') WHERE entity IS NOT NULL;
ROLLBACK;
SET ROLE regress_prune_types;
DROP TABLE event, event_24;
RESET ROLE;
DROP SCHEMA regress_prune_types CASCADE;
DROP ROLE regress_prune_types;
