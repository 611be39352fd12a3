\set customer random(1, :customers)
\set organization :customer % 10
\set day random(0, :days - 1)
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value)
VALUES (:organization::int, gen_random_uuid()::text, 'customer-' || :customer::int, 'api_call', timestamptz '2026-03-01' + :day::int * interval '1 day', '{"endpoint": "/v1/rates", "region": "eu"}', 1);
