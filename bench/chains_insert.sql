\set entity random(1, :entities)
INSERT INTO entity_events (event_id, entity_id, payload, valid_from)
VALUES (gen_random_uuid(), md5(:entity::text)::uuid,
        '{"kind": "payment", "amount": 4711.08, "currency": "EUR", "customer": 123456, "reference": "0cc175b9c0f1b6a831c399e269772661"}',
        now());
