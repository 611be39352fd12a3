\set entity random(1, :entities)
\set minute random(1, :minutes)
SELECT payload FROM events
WHERE entity_id = :entity AND valid_from <= timestamptz '2026-01-01 UTC' + :minute * interval '1 minute' AND recorded <= 'infinity'
ORDER BY valid_from DESC, seq DESC LIMIT 1;
