-- A chain as people write it by hand: a PL/pgSQL trigger with an advisory lock for each entity, and pgcrypto.
CREATE EXTENSION IF NOT EXISTS pgcrypto;

CREATE OR REPLACE FUNCTION seal_by_hand_bytea() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.entity_id::text, 0));
    SELECT seq, event_hash INTO head FROM entity_events WHERE entity_id = NEW.entity_id ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(head.seq, 0) + 1;
    NEW.previous_event_hash := head.event_hash;
    NEW.event_hash := digest(concat_ws('|', NEW.event_id, NEW.entity_id, NEW.payload, NEW.valid_from,
                                       NEW.transaction_time, NEW.seq, NEW.previous_event_hash), 'sha256');
    RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION seal_by_hand_text() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    head record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.entity_id::text, 0));
    SELECT seq, event_hash INTO head FROM entity_events WHERE entity_id = NEW.entity_id ORDER BY seq DESC LIMIT 1;
    NEW.seq := coalesce(head.seq, 0) + 1;
    NEW.previous_event_hash := head.event_hash;
    NEW.event_hash := encode(digest(concat_ws('|', NEW.event_id, NEW.entity_id, NEW.payload, NEW.valid_from,
                                              NEW.transaction_time, NEW.seq, NEW.previous_event_hash), 'sha256'), 'hex');
    RETURN NEW;
END
$$;
