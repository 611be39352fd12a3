\set after random(0, :last)
SELECT * FROM read_events(NULL::entity_events, after => :after, max => :max);
