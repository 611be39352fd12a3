\set organization random(0, 99)
\set minute random(0, 43200 * :months - 1)
INSERT INTO usage VALUES ('organization ' || :organization, gen_random_uuid(), timestamptz '2026-01-01 UTC' + :minute * interval '1 minute', 7,
    '{"kind": "payment", "amount": 4711.08, "currency": "EUR"}');
