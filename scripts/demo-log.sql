-- The last act of `make demo`: what no chain can show. scripts/demo runs it after demo-history.sql, in the same session.

\set QUIET on
RESET client_min_messages;
\set QUIET off
\echo
\echo :bold'16. The events of the first act, as they should be, in a log: one order of all, and a Merkle tree over them. Its root is':plain
\echo :bold'    signed or just kept, by somebody else: here in a file.':plain
\echo
\set ECHO queries
CREATE TABLE changes (name TEXT NOT NULL, payload JSONB NOT NULL);
SELECT add_chain('changes', entity => '{name}');
SELECT add_log('changes', origin => 'example.com/changes');
INSERT INTO changes SELECT name, payload FROM event ORDER BY n;
SELECT checkpoint('changes') \g (format=unaligned tuples_only) checkpoint
\! cat checkpoint
\set ECHO none

-- Seals a chain anew, from its first event on, as veritable does.
\set QUIET on
CREATE FUNCTION pg_temp.seal_anew(sealed text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    last bytea;
BEGIN
    FOR place IN SELECT seq FROM changes WHERE name = sealed ORDER BY seq LOOP
        UPDATE changes SET previous_event_hash = last WHERE name = sealed AND seq = place AND place > 1;
        UPDATE changes AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8')) WHERE name = sealed AND seq = place
        RETURNING event_hash INTO last;
    END LOOP;
    RETURN place;
END $$;
SELECT position AS edited_position FROM changes WHERE name = :'edited_name' AND seq = :edited_seq \gset
SELECT position AS gone_position FROM changes WHERE name = :'deleted_name' AND seq = 1 \gset
SELECT count(*) AS edited_count FROM changes WHERE name = :'edited_name' AND seq >= :edited_seq \gset
SELECT count(*) AS gone_count FROM changes WHERE name = :'deleted_name' \gset
\set QUIET off
\echo
\echo :bold'17. This time the superuser knows how chains work. An event is edited, and all of its chain sealed anew. Another chain':plain
\echo :bold'    goes as a whole. Every hash is right.':plain
\echo
\set ECHO queries
ALTER TABLE changes DISABLE TRIGGER USER;
UPDATE changes SET payload = payload || :'edit' WHERE name = :'edited_name' AND seq = :edited_seq;
SELECT pg_temp.seal_anew(:'edited_name') AS sealed_anew;
DELETE FROM changes WHERE name = :'deleted_name';
ALTER TABLE changes ENABLE ALWAYS TRIGGER zz_veritable_chain,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;

SELECT * FROM verify_chain('changes');
\set ECHO none
\echo
\echo :bold'18. The chain says nothing. The file does.':plain
\echo
\set ECHO queries
\set checkpoint `cat checkpoint`
SELECT fault, count(*) AS events, min(position) AS first, max(position) AS last, min(entity::text) AS entity
FROM verify_log('changes', :'checkpoint') GROUP BY fault ORDER BY first;
\set ECHO none

-- Every event from the edited one on, and every one of the chain that is gone, and no others.
\set QUIET on
SET client_min_messages = warning;
SELECT count(*) FILTER (WHERE fault = 'rewritten') = :edited_count AND min(position) FILTER (WHERE fault = 'rewritten') = :edited_position
       AND count(*) FILTER (WHERE fault IN ('cut', 'vanished')) = :gone_count
       AND min(position) FILTER (WHERE fault = 'vanished') = :gone_position AND count(*) = :edited_count + :gone_count AS exactly
FROM verify_log('changes', :'checkpoint') \gset
\if :exactly
  \echo :bold'The rewritten events from the edited one on, the vanished chain, and no others.':plain 'The database is still there to look around in: make psql'
\else
  DO $$ BEGIN RAISE 'verify_log() did not name exactly what was done'; END $$;
\endif
