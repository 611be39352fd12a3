-- The third act of `make demo`: rules for the events of the first act. scripts/demo runs it after demo-packing.sql, in
-- the same session.

\set QUIET on
RESET client_min_messages;
\set QUIET off
\echo
\echo :bold'10. What an event may be is a JSON Schema, with a name. All events in the table match it; those to come must.':plain
\echo
\set ECHO queries
SELECT register_schema(:'type', :'schema', compatibility => 'BACKWARD');
SELECT add_validation('entity_events', document => 'payload', schema => :'type') AS checked;
\set ON_ERROR_STOP off
INSERT INTO entity_events (entity_id, payload, valid_from)
VALUES (gen_random_uuid(), :'malformed', now());
\set ON_ERROR_STOP on
\set ECHO none

\echo
\echo :bold'11. The schema may change as long as what was valid stays valid. A new property may come; it cannot be demanded.':plain
\echo
\set ECHO queries
SELECT register_schema(name, jsonb_set(schema, '{properties,reviewer}', '{"type": "string"}'))
FROM veritable.event_schemas;
\set ON_ERROR_STOP off
SELECT register_schema(name, jsonb_set(schema, '{required}', schema->'required' || '["reviewer"]'))
FROM veritable.event_schemas WHERE version = 2;
\set ON_ERROR_STOP on
\echo
\echo '-- No event could have had a reviewer before. Where other properties are not refused, it could, and any kind of one:'
SELECT backward, lost->'properties' AS what_would_be_lost
FROM schema_compatibility('{"type": "object"}', '{"type": "object", "properties": {"reviewer": {"type": "string"}}}');
\set ECHO none

\echo :bold'12. The registry is a chained table itself: it tells who changed a schema behind its back.':plain
\echo
\set ECHO queries
ALTER TABLE veritable.event_schemas DISABLE TRIGGER zz_veritable_chain_guard;
UPDATE veritable.event_schemas SET schema = 'true' WHERE version = 2;   -- from now on, anything goes
ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
\echo
SELECT * FROM verify_chain();
\set ECHO none

-- The demo is also a test: the three faults of the first act, and this one.
\set QUIET on
SET client_min_messages = warning;
INSERT INTO expected VALUES (ARRAY[:'type'], 2, 'altered');
SELECT bool_and(found.fault IS NOT NULL AND expected.fault IS NOT NULL)
       AND (SELECT count(*) = 2 FROM veritable.event_schemas)
       AND (SELECT count(*) = :events - 1 FROM entity_events) AS exactly
FROM verify_chain() AS found
FULL JOIN expected ON (found.entity, found.seq, found.fault) = (expected.entity, expected.seq, expected.fault) \gset
\if :exactly
  \echo :bold'The three events of before, and the schema.':plain
\else
  DO $$ BEGIN RAISE 'the registry or the events are not as they should be'; END $$;
\endif
