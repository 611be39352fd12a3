-- The act of `make demo` about what was known, and when. scripts/demo runs it after demo-schemas.sql, in the same session.

\set QUIET on
RESET client_min_messages;
SET timezone = 'UTC';
CREATE TEMP TABLE published (release text, zone text, utc_offset interval, during tstzrange);
\copy published FROM releases
\set QUIET off
\echo
\echo :bold'13. What will the clocks show? IANA, who keeps the rules of all time zones, said so in March 2025, release 2025b, and in':plain
\echo :bold'    October 2026, release 2026f. Meanwhile, parliaments had decided. A history keeps what was known before.':plain
\echo
\set ECHO queries
CREATE TABLE zone_rules (
    id         SERIAL PRIMARY KEY,
    zone       TEXT NOT NULL,
    utc_offset INTERVAL NOT NULL,
    during     TSTZRANGE NOT NULL
);
SELECT add_packing('zone_rules', period => 'during', key => '{zone}', value => '{utc_offset}');
SELECT add_history('zone_rules');
INSERT INTO zone_rules (zone, utc_offset, during) SELECT zone, utc_offset, during FROM published WHERE release = '2025b';
\set ECHO none
SELECT clock_timestamp() AS release_2025b \gset
\echo
\echo '-- The second release: each fact that the table has not yet takes the place of what was known.'
\set ECHO queries
SELECT DISTINCT news.zone
FROM (SELECT zone, utc_offset, during FROM published WHERE release = '2026f'
      EXCEPT SELECT zone, utc_offset, during FROM zone_rules) AS news
CROSS JOIN LATERAL set_period(NULL::zone_rules, to_jsonb(news)) ORDER BY 1;
\set ECHO none
\echo
\echo :bold'14. Two times in one question: the offsets that hold at Christmas 2026, as known after the first release, and as known':plain
\echo :bold'    today. Then: which offsets of the past were corrected?':plain
\echo
\set ECHO queries
SELECT zone, earlier.utc_offset AS known_in_2025b, today.utc_offset AS known_in_2026f
FROM zone_rules_as_of('2026-12-25 00:00Z', :'release_2025b') AS earlier
JOIN zone_rules_as_of('2026-12-25 00:00Z') AS today USING (zone) ORDER BY earlier.utc_offset = today.utc_offset, zone;

SELECT zone, earlier.utc_offset AS known_in_2025b, today.utc_offset AS known_in_2026f
FROM zone_rules_as_of('2022-03-27 00:30Z', :'release_2025b') AS earlier
JOIN zone_rules_as_of('2022-03-27 00:30Z') AS today USING (zone) WHERE earlier.utc_offset <> today.utc_offset;

SELECT * FROM verify_history();
\set ECHO none

-- The demo is also a test: at each time, what was known is what the release says.
\set QUIET on
SET client_min_messages = warning;
SELECT count(*) = 0 AND (SELECT count(*) FROM published) > 250 AS agrees
FROM published
JOIN (VALUES ('2025b', timestamptz :'release_2025b'), ('2026f', 'infinity')) AS known (release, known_at) USING (release)
CROSS JOIN LATERAL (VALUES (lower(during)), (upper(during) - interval '1 minute')) AS valid (valid_at)
WHERE ARRAY[utc_offset] IS DISTINCT FROM ARRAY(
    SELECT was.utc_offset FROM zone_rules_as_of(valid_at, known_at) AS was WHERE was.zone = published.zone
) \gset
\if :agrees
\else
  DO $$ BEGIN RAISE 'the history does not show the releases'; END $$;
\endif
SELECT id AS edited_id FROM zone_rules WHERE zone = 'America/Havana' AND during @> timestamptz '2026-12-25 00:00Z' \gset
SELECT id AS forged_id, seq AS forged_seq FROM zone_rules_history
WHERE zone = 'America/Vancouver' AND during @> timestamptz '2026-12-25 00:00Z' ORDER BY recorded LIMIT 1 \gset
RESET client_min_messages;
\set QUIET off
\echo :bold'15. A superuser changes what is known of Havana, and what was known of Vancouver. Neither is lost on the history.':plain
\echo
\set ECHO queries
ALTER TABLE zone_rules DISABLE TRIGGER USER;
UPDATE zone_rules SET utc_offset = '-05:00' WHERE id = :edited_id;
ALTER TABLE zone_rules ENABLE TRIGGER USER;

ALTER TABLE zone_rules_history DISABLE TRIGGER USER;
UPDATE zone_rules_history SET utc_offset = '-07:00' WHERE (id, seq) = (:forged_id, :forged_seq);
ALTER TABLE zone_rules_history ENABLE ALWAYS TRIGGER zz_veritable_chain,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
\echo
SELECT * FROM verify_history();
\set ECHO none

-- Exactly these two.
\set QUIET on
SET client_min_messages = warning;
SELECT array_agg(ARRAY[target::text, key[1], fault] ORDER BY fault)
       = ARRAY[ARRAY['zone_rules_history', :'forged_id', 'altered'], ARRAY['zone_rules', :'edited_id', 'diverged']] AS exactly
FROM verify_history() \gset
\if :exactly
  \echo :bold'Exactly these two.':plain
\else
  DO $$ BEGIN RAISE 'verify_history() did not name exactly what was done'; END $$;
\endif
