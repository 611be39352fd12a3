-- The last act of `make demo`: what was known, and when. scripts/demo runs it after demo-schemas.sql, in the same session.

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
SELECT count(set_period(NULL::zone_rules, jsonb_build_object('zone', zone, 'utc_offset', utc_offset, 'during', during)))
FROM (SELECT zone, utc_offset, during FROM published WHERE release = '2026f'
      EXCEPT SELECT zone, utc_offset, during FROM zone_rules) AS news;
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

SELECT operation, count(*), min(seq) AS first_seq, max(seq) AS last_seq FROM zone_rules_history GROUP BY operation ORDER BY 1;
SELECT * FROM verify_history();
\set ECHO none

-- The demo is also a test: at each time, the table was what the release says.
\set QUIET on
SELECT count(*) = 0 AS agrees
FROM (VALUES ('2025b', timestamptz :'release_2025b'), ('2026f', 'infinity')) AS known (release, known_at)
CROSS JOIN LATERAL (
    (SELECT zone, utc_offset, during FROM zone_rules_as_of(known_at => known.known_at)
     EXCEPT SELECT zone, utc_offset, during FROM published WHERE published.release = known.release)
    UNION ALL
    (SELECT zone, utc_offset, during FROM published WHERE published.release = known.release
     EXCEPT SELECT zone, utc_offset, during FROM zone_rules_as_of(known_at => known.known_at))
) AS differing \gset
\if :agrees
\else
  DO $$ BEGIN RAISE 'the history does not show the releases'; END $$;
\endif
SELECT id AS edited_rule FROM zone_rules WHERE zone = 'America/Havana' AND during @> timestamptz '2026-12-25 00:00Z' \gset
SELECT id AS edited_event, seq AS edited_event_seq
FROM zone_rules_history WHERE zone = 'America/Vancouver' AND during @> timestamptz '2026-12-25 00:00Z' ORDER BY recorded LIMIT 1 \gset
\set QUIET off
\echo :bold'15. A superuser edits a row behind the triggers, and another one in the history.':plain
\echo
\set ECHO queries
ALTER TABLE zone_rules DISABLE TRIGGER USER;
UPDATE zone_rules SET utc_offset = '-05:00' WHERE id = :edited_rule;             -- Havana
SET session_replication_role = replica;
ALTER TABLE zone_rules_history DISABLE TRIGGER USER;
UPDATE zone_rules_history SET utc_offset = '-07:00' WHERE (id, seq) = (:edited_event, :edited_event_seq);   -- Vancouver
\set ECHO none
