-- The second act of `make demo`: facts that hold for a period. scripts/demo runs it after demo.sql, in the same session.

\set QUIET on
RESET client_min_messages;
SELECT format('CREATE TYPE zone AS ENUM (%s)', string_agg(quote_literal(zone), ', ' ORDER BY place)) AS create_zone
FROM unnest(string_to_array(:'zones', ' ')) WITH ORDINALITY AS given (zone, place) \gset
:create_zone;
\set QUIET off
\echo
\echo :bold'7. A table of facts, each with the days on which it holds. One call keeps it packed.':plain
\echo
\set ECHO queries
CREATE TABLE zone_offsets (
    zone       ZONE NOT NULL,           -- an enum of thirty names
    utc_offset INTERVAL NOT NULL,
    days       DATERANGE NOT NULL
);
SELECT add_packing('zone_offsets', period => 'days', key => '{zone}', value => '{utc_offset}');
\set ECHO none

\echo :bold'8. The offset of each time zone at 00:00 UTC of each day: a row for each. What remains are the changes.':plain
\echo
\set QUIET on
\timing on
\set QUIET off
\set ECHO queries
INSERT INTO zone_offsets
SELECT zone, day AT TIME ZONE 'UTC' AT TIME ZONE zone::text - day, daterange(day::date, day::date + 1)
FROM unnest(enum_range(NULL::zone)) AS zone, generate_series(timestamp '1970-01-01', '2037-12-31', '1 day') AS day;
\set QUIET on
\timing off
\set QUIET off
\echo
SELECT count(*), range_agg(days) AS days FROM zone_offsets;
SELECT * FROM zone_offsets WHERE zone = 'Asia/Pyongyang' ORDER BY days;
\set ECHO none

-- zdump prints the last second before each transition and the first second after it. A transition shows at the next
-- 00:00 UTC, unless it is undone by then, and only if it changes the offset and not just the name of the time.
\set QUIET on
CREATE TEMP TABLE told (zone zone, instant timestamp, utc_offset interval);
\copy told FROM transitions
CREATE TEMP VIEW told_offset AS
SELECT zone, day, utc_offset
FROM (
    SELECT zone, day, utc_offset, lag(utc_offset) OVER (PARTITION BY zone ORDER BY day) AS offset_before
    FROM (
        SELECT DISTINCT ON (zone, day) zone, day, utc_offset
        FROM told CROSS JOIN LATERAL CAST(instant + interval '1 day - 1 second' AS date) AS day
        ORDER BY zone, day, instant DESC
    ) AS midnight
) AS midnight
WHERE utc_offset IS DISTINCT FROM offset_before;
SELECT count(*) > 0 AS is_told FROM told \gset
SELECT bool_and(told.zone IS NOT NULL AND packed.zone IS NOT NULL) AS agrees,
       count(*) - count(DISTINCT packed.zone) AS transitions, count(DISTINCT packed.zone) AS zones
FROM told_offset AS told
FULL JOIN zone_offsets AS packed ON (told.zone, told.day, told.utc_offset) = (packed.zone, lower(days), packed.utc_offset)
\gset
\if :is_told
  \if :agrees
    \echo '-- compared with zdump, which reads the same rules on its own:' :transitions 'transitions of' :zones 'zones: all agree'
  \else
    DO $$ BEGIN RAISE 'the packed table does not show the transitions that zdump tells'; END $$;
  \endif
\else
  \echo '-- not compared with zdump, which is not on this machine:' :transitions 'transitions of' :zones 'zones'
\endif
\set QUIET off

\echo
\echo :bold'9. Two offsets cannot hold on one day. To put one in place of another is a call: Berlin without one winter time.':plain
\echo
\set ON_ERROR_STOP off
\set ECHO queries
INSERT INTO zone_offsets VALUES ('Europe/Berlin', '02:00', '[2030-10-28,2031-03-31)');
\set ON_ERROR_STOP on
\echo
SELECT * FROM set_period(NULL::zone_offsets, '{"zone": "Europe/Berlin", "utc_offset": "02:00", "days": "[2030-10-28,2031-03-31)"}');
SELECT * FROM verify_packing();
\set ECHO none

-- The demo is also a test: three rows became one.
\set QUIET on
SET client_min_messages = warning;
SELECT (SELECT count(*) FROM verify_packing()) = 0 AND days = '[2030-04-01,2031-10-27)' AS exactly
FROM zone_offsets WHERE zone = 'Europe/Berlin' AND days @> date '2031-01-01' \gset
\if :exactly
  \echo :bold'Summer, winter and summer are one period now.':plain
\else
  DO $$ BEGIN RAISE 'set_period() did not leave what it should'; END $$;
\endif
