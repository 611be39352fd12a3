\set customer random(1, :customers)
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value)
SELECT 1, gen_random_uuid()::text, 'customer-' || (:customer::int + n) % :customers::int, 'api_call', '2026-03-01 12:00', '{"endpoint": "/v1/rates", "region": "eu"}', 1
FROM generate_series(1, :rows::int) AS n
ORDER BY 3;
