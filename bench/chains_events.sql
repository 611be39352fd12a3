-- Events in no order of their entities, the same in every run. Payload: about 120 bytes of text.
CREATE OR REPLACE FUNCTION events(rows bigint, entities bigint)
    RETURNS TABLE (event_id uuid, entity_id uuid, payload jsonb, valid_from timestamptz, transaction_time timestamptz)
    LANGUAGE sql STABLE AS $$
    SELECT md5('event' || n)::uuid,
           md5('entity' || pseudorandom % entities)::uuid,
           format('{"kind": "payment", "amount": %s.%s, "currency": "EUR", "customer": %s, "reference": "%s"}',
                  pseudorandom % 9000, 10 + pseudorandom % 90, 100000 + pseudorandom % 900000, md5(n::text))::jsonb,
           timestamptz '2018-01-01 UTC' + pseudorandom % 252460800 * interval '1 second',
           timestamptz '2026-01-01 UTC' + n * interval '1.234567 seconds'
    FROM generate_series(1, rows) AS n
    CROSS JOIN LATERAL (SELECT hashint8extended(n, 0) & 9223372036854775807) AS hash (pseudorandom)
$$;
