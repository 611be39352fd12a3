-- The same with a chain's columns filled in: what a table without a trigger stores.
\set entity random(1, :entities)
\set seq random(1, 9000000000000000000)
INSERT INTO entity_events (event_id, entity_id, payload, valid_from, seq, previous_event_hash, event_hash)
VALUES (gen_random_uuid(), md5(:entity::text)::uuid,
        '{"kind": "payment", "amount": 4711.08, "currency": "EUR", "customer": 123456, "reference": "0cc175b9c0f1b6a831c399e269772661"}',
        now(), :seq,
        '\x9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        '\x60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752');
