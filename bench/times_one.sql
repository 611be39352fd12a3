\set entity random(1, :entities)
\set minute random(1, :minutes)
SELECT payload FROM events_as_of(:entity, timestamptz '2026-01-01 UTC' + :minute * interval '1 minute', 'infinity');
