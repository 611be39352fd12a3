-- A chain may be made by hand: add_chain is a convenience, what makes a chain is its triggers.
\pset null (null)
CREATE ROLE regress_by_hand;
CREATE SCHEMA AUTHORIZATION regress_by_hand;
SET ROLE regress_by_hand;
CREATE TABLE event (id int NOT NULL, note text, seq bigint NOT NULL, before bytea, hash bytea NOT NULL, UNIQUE (id, seq));
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=before', 'hash=hash');

-- With the seal alone: rows are sealed, and verification says what is missing.
INSERT INTO event (id, note) VALUES (1, 'one'), (1, 'two');
SELECT seq, chain_line(event), sha256(convert_to(chain_line(event), 'UTF8')) = hash AS sealed FROM event ORDER BY seq;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain();
UPDATE event SET note = note;
-- With all three, under any names: nothing is missing.
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=before', 'hash=hash');
SELECT * FROM verify_chain('event');
CREATE TRIGGER guard_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=before', 'hash=hash');
INSERT INTO event (id, note) VALUES (1, 'three');
UPDATE event SET note = 'changed';
DELETE FROM event;
TRUNCATE event;
SELECT * FROM verify_chain('event');
SELECT target, entity, seq, previous, hash, recorded, exclude, format, trigger, enabled FROM veritable.chains;
ALTER TABLE event RENAME COLUMN note TO remark;
SELECT add_chain('event', '{id}');
-- drop_chain finds them
SELECT drop_chain('event');
UPDATE event SET note = note;
-- Without the seal: guarded, but not sealed
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=before', 'hash=hash');
SELECT * FROM verify_chain('event');
SELECT drop_chain('event');

-- Arguments that say nothing, or something else than the table
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal();
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('id');
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before');
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'seq=seq');
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'sequence=seq');
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'entity=');
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'format=2');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'entity=absent');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=note', 'previous=before', 'hash=hash');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION veritable.guard('nonsense');

-- No column has two roles: an excluded one could be changed, and with it what the chain says. Nor is one of the chain
-- computed by PostgreSQL, which it would be after the row is sealed. So by hand, as by add_chain,
CREATE TABLE odd (
    id int NOT NULL, note text, at timestamptz, seq bigint, before bytea, hash bytea,
    id_twice int GENERATED ALWAYS AS (id) STORED NOT NULL, seq_twice bigint GENERATED ALWAYS AS (id) STORED, bytes bytea GENERATED ALWAYS AS ('\x00') STORED,
    at_twice timestamptz GENERATED ALWAYS AS (at) STORED, UNIQUE (id, seq), UNIQUE (seq));
CREATE TABLE mistake (number int GENERATED ALWAYS AS IDENTITY, arguments text[]);
INSERT INTO mistake (arguments) VALUES
    ('{entity=id,seq=seq,previous=before,hash=hash,exclude=before,exclude=id,exclude=seq}'),
    ('{entity=id,seq=seq,previous=before,hash=hash,exclude=seq}'), ('{entity=id,seq=seq,previous=before,hash=hash,exclude=before}'),
    ('{entity=id,seq=seq,previous=before,hash=hash,exclude=hash}'), ('{entity=id,seq=seq,previous=before,hash=hash,exclude=id}'),
    ('{entity=id,seq=seq,previous=before,hash=hash,recorded=at,exclude=at}'), ('{entity=id,seq=seq,previous=before,hash=hash,exclude=note,exclude=note}'),
    ('{entity=id,entity=id,seq=seq,previous=before,hash=hash}'), ('{entity=seq,seq=seq,previous=before,hash=hash}'),
    ('{entity=id,seq=seq,previous=hash,hash=hash}'), ('{entity=before,seq=seq,previous=before,hash=hash}'), ('{entity=at,seq=seq,previous=before,hash=hash,recorded=at}'),
    ('{entity=id_twice,seq=seq,previous=before,hash=hash}'), ('{entity=id,seq=seq_twice,previous=before,hash=hash}'),
    ('{entity=id,seq=seq,previous=bytes,hash=hash}'), ('{entity=id,seq=seq,previous=before,hash=bytes}'), ('{entity=id,seq=seq,previous=before,hash=hash,recorded=at_twice}');
CREATE FUNCTION message(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN EXECUTE command; RETURN 'accepted'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
CREATE FUNCTION triggers(target text, arguments text[]) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY[format('TRIGGER zz_veritable_chain BEFORE INSERT ON %1$s FOR EACH ROW EXECUTE FUNCTION veritable.seal(%2$s)', target, list),
                 format('TRIGGER zz_veritable_chain_guard BEFORE UPDATE OR DELETE ON %1$s FOR EACH ROW EXECUTE FUNCTION veritable.guard(%2$s)', target, list),
                 format('TRIGGER zz_veritable_chain_truncate BEFORE TRUNCATE ON %1$s FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard(%2$s)', target, list)]
    FROM (SELECT string_agg(quote_literal(a), ', ') AS list FROM unnest(arguments) AS a) AS a
$$;
SELECT number, message('CREATE ' || (triggers('odd', arguments))[1]) FROM mistake ORDER BY number;
SELECT count(DISTINCT message('CREATE ' || trigger)) FROM mistake, unnest(triggers('odd', arguments)) AS trigger WHERE number = 1;
-- and where the event triggers did not look: each insert is refused, each update of a sealed row, and verification says why
RESET ROLE;
SET search_path = regress_by_hand, public;
CREATE PROCEDURE event_triggers(state text) LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
    FOR name IN SELECT evtname FROM pg_event_trigger WHERE evtname LIKE 'veritable%' LOOP EXECUTE format('ALTER EVENT TRIGGER %I %s', name, state); END LOOP;
END $$;
CALL event_triggers('DISABLE');
INSERT INTO odd (id, seq, before, hash) VALUES (1, 1, '', '');
SET client_min_messages = warning;
DO $$
DECLARE m mistake; t text; inserted text; updated text; found text; genesis text;
BEGIN
    FOR m IN SELECT * FROM mistake ORDER BY number LOOP
        BEGIN
            FOREACH t IN ARRAY triggers('odd', m.arguments) LOOP EXECUTE 'CREATE ' || t; END LOOP;
            inserted := message('INSERT INTO odd (id, at) VALUES (1, now())');
            updated := message('UPDATE odd SET seq = 7');
            SELECT string_agg(fault || ': ' || detail, ', ') INTO found FROM verify_chain('odd');
            SELECT coalesce(encode(c.genesis, 'hex'), 'none') INTO genesis FROM veritable.chains AS c WHERE target = 'odd'::regclass;
            RAISE EXCEPTION '% | % | % | %', m.number, inserted, CASE WHEN updated = inserted THEN 'the same' ELSE updated END, found;
        EXCEPTION WHEN raise_exception THEN RAISE WARNING '%', SQLERRM;
        END;
    END LOOP;
END $$;
RESET client_min_messages;
CALL event_triggers('ENABLE');
SET ROLE regress_by_hand;
RESET search_path;

-- Where a trigger does not belong
CREATE TRIGGER seal AFTER INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'entity=id');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER seal BEFORE INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION veritable.seal('seq=seq', 'previous=before', 'hash=hash', 'entity=id');
CREATE TRIGGER guard AFTER UPDATE ON event FOR EACH ROW EXECUTE FUNCTION veritable.guard('seq=seq', 'previous=before', 'hash=hash', 'entity=id');
\echo :LAST_ERROR_SQLSTATE
SELECT veritable.seal();
SELECT veritable.guard();

-- Without an index the newest event cannot be found: said at once, not slow for ever.
CREATE TABLE unindexed (id int NOT NULL, seq bigint, previous bytea, hash bytea);
CREATE TRIGGER seal BEFORE INSERT ON unindexed FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous', 'hash=hash');
INSERT INTO unindexed (id) VALUES (1);
\echo :LAST_ERROR_SQLSTATE
-- an index of another kind does not do
CREATE INDEX ON unindexed USING hash (id);
CREATE INDEX ON unindexed (seq, id);
CREATE INDEX ON unindexed (id);
CREATE INDEX ON unindexed (id, seq) WHERE id > 0;
INSERT INTO unindexed (id) VALUES (1);
-- one of these does: in any direction, with columns that follow
CREATE INDEX unindexed_descending ON unindexed (id DESC, seq DESC, hash);
INSERT INTO unindexed (id) VALUES (1), (1), (2) RETURNING id, seq;
CREATE UNIQUE INDEX unindexed_unique ON unindexed (id, seq DESC NULLS LAST) INCLUDE (previous);
DROP INDEX unindexed_descending;
INSERT INTO unindexed (id) VALUES (1), (1), (2) RETURNING id, seq;
-- two entity columns, indexed in the other order
CREATE TABLE swapped (a int NOT NULL, b text NOT NULL, seq bigint, previous bytea, hash bytea, UNIQUE (b, a, seq));
CREATE TRIGGER seal BEFORE INSERT ON swapped FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=a', 'entity=b', 'seq=seq', 'previous=previous', 'hash=hash');
INSERT INTO swapped (a, b) VALUES (1, 'x'), (2, 'x'), (1, 'y'), (1, 'x') RETURNING a, b, seq;

-- An entity that may be null is refused, as by add_chain().
CREATE TABLE nullable (id int, seq bigint, previous bytea, hash bytea, UNIQUE (id, seq));
CREATE TRIGGER seal BEFORE INSERT ON nullable FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous', 'hash=hash');
\echo :LAST_ERROR_SQLSTATE

-- A seal that looks at some rows only leaves others unsealed, and is said to.
CREATE TABLE conditional (id int NOT NULL, note text, seq bigint, previous bytea, hash bytea, UNIQUE (id, seq));
CREATE TRIGGER seal BEFORE INSERT ON conditional FOR EACH ROW WHEN (NEW.note <> 'secret') EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous', 'hash=hash');
INSERT INTO conditional (id, note) VALUES (1, 'secret'), (1, 'open');
SELECT * FROM verify_chain('conditional');

-- The triggers can come in any order, as from a dump that is restored by several jobs: the configuration stays as it is.
CREATE TABLE reordered (id int NOT NULL, seen bool, seq bigint, previous bytea, hash bytea, UNIQUE (id, seq));
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON reordered FOR EACH ROW EXECUTE FUNCTION veritable.guard('entity=id', 'seq=seq', 'previous=previous', 'hash=hash', 'exclude=seen');
CREATE TRIGGER seal BEFORE INSERT ON reordered FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous', 'hash=hash', 'exclude=seen');
SELECT entity, exclude FROM veritable.chains WHERE target = 'reordered'::regclass;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_by_hand CASCADE;
DROP ROLE regress_by_hand;
