\set after random(0, :last)
SELECT * FROM entity_events WHERE position > :after ORDER BY position LIMIT :max;
