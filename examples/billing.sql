-- A table of billing events with everything on: daily partitions, chained by customer, deduplicated by transaction, validated by
-- code, with retention. Run it on an empty database:
--
--     createdb billing && psql -X -d billing -f examples/billing.sql
--
-- What each step answers is in billing.out. The tests run both.
\set VERBOSITY terse
\pset footer off
SET timezone = 'UTC';
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;

-- The table

CREATE TABLE events (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    organization_id uuid NOT NULL,
    transaction_id text NOT NULL,              -- the sender's number: what is sent twice counts once
    external_customer_id text NOT NULL,
    code text NOT NULL,                        -- what is billed; names the schema of the properties
    "timestamp" timestamptz NOT NULL,          -- when it happened, says the sender
    properties jsonb NOT NULL DEFAULT '{}',
    value text,
    decimal_value numeric NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL            -- when it was recorded, says the server
) PARTITION BY RANGE ("timestamp");
CREATE TABLE events_default PARTITION OF events DEFAULT;

-- Rows of a day come one after another, so a BRIN index of some kB finds them in each partition. A bill needs a B-tree.
CREATE INDEX events_timestamp ON events USING brin ("timestamp") WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX events_bill ON events (organization_id, external_customer_id, code, "timestamp");

-- The guarantees. Each makes the B-tree that it needs.
SELECT register_schema('api_call', '{
    "type": "object", "required": ["endpoint"], "additionalProperties": false,
    "properties": {"endpoint": {"type": "string", "maxLength": 200}, "region": {"enum": ["eu", "us"]}}}');
SELECT register_schema('storage', '{
    "type": "object", "required": ["gigabytes"], "additionalProperties": false,
    "properties": {"gigabytes": {"type": "number", "minimum": 0}}}');
SELECT add_validation('events', 'properties', type => 'code');
SELECT add_dedup('events', '{organization_id,transaction_id}');
SELECT add_chain('events', '{organization_id,external_customer_id}', recorded => 'created_at');

-- A partition for each day. Events of the day that came before it are in the default partition, and move: the same rows, with the
-- same hashes. pg_partman does the same.
CREATE PROCEDURE add_day(day date) LANGUAGE plpgsql AS $$
DECLARE
    partition text := format('events_%s', to_char(day, 'YYYY_MM_DD'));
BEGIN
    CREATE TEMP TABLE moving (LIKE events) ON COMMIT DROP;
    WITH gone AS (DELETE FROM events_default WHERE "timestamp" >= day AND "timestamp" < day + 1 RETURNING *)
    INSERT INTO moving SELECT * FROM gone;
    EXECUTE format('CREATE TABLE %I PARTITION OF events FOR VALUES FROM (%L) TO (%L)
                    WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_freeze_min_age = 0)', partition, day, day + 1);
    INSERT INTO events SELECT * FROM moving;
    DROP TABLE moving;
END $$;
CALL add_day('2026-03-01');
CALL add_day('2026-03-02');
CALL add_day('2026-03-03');

\set acme '\'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\''

-- Events come
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value) VALUES
    (:acme, 't1', 'ada', 'api_call', '2026-03-01 10:00', '{"endpoint": "/v1/rates", "region": "eu"}', 1),
    (:acme, 't2', 'ada', 'storage', '2026-03-01 23:59', '{"gigabytes": 12.5}', 12.5),
    (:acme, 't3', 'bob', 'api_call', '2026-03-02 08:00', '{"endpoint": "/v1/rates"}', 1),
    (:acme, 't4', 'ada', 'api_call', '2026-03-03 09:30', '{"endpoint": "/v1/usage"}', 1);

-- Sent again, in another partition even: skipped
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value) VALUES
    (:acme, 't2', 'ada', 'storage', '2026-03-02 00:00', '{"gigabytes": 12.5}', 12.5);

-- Not what its schema says, and of no schema: refused
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties) VALUES
    (:acme, 't5', 'ada', 'storage', '2026-03-03 10:00', '{"gigabytes": "many"}');
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties) VALUES
    (:acme, 't5', 'ada', 'fax', '2026-03-03 10:00', '{}');

-- Changed afterwards: refused
UPDATE events SET decimal_value = 0 WHERE transaction_id = 't2';
DELETE FROM events WHERE transaction_id = 't2';

-- Too late for the partitions, and then moved
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value) VALUES
    (:acme, 't0', 'bob', 'api_call', '2026-02-28 12:00', '{"endpoint": "/v1/rates"}', 1);
SELECT count(*) FROM events_default;
CALL add_day('2026-02-28');
SELECT count(*) FROM events_default;

-- The bill
SELECT external_customer_id, code, count(*), sum(decimal_value)
FROM events
WHERE organization_id = :acme AND "timestamp" >= '2026-03-01' AND "timestamp" < '2026-04-01'
GROUP BY 1, 2 ORDER BY 1, 2;

-- Each customer's events, in the order in which they were recorded
SELECT external_customer_id, seq, transaction_id, tableoid::regclass AS partition FROM events ORDER BY 1, 2;

-- Retention: what goes is pruned, and the chains of what stays are whole. Drop the table, or archive it.
ALTER TABLE events DETACH PARTITION events_2026_02_28;
ALTER TABLE events DETACH PARTITION events_2026_03_01;
DROP TABLE events_2026_02_28, events_2026_03_01;

-- Bob's chain goes on
INSERT INTO events (organization_id, transaction_id, external_customer_id, code, "timestamp", properties, decimal_value) VALUES
    (:acme, 't6', 'bob', 'api_call', '2026-03-03 18:00', '{"endpoint": "/v1/rates"}', 1);

-- Verification: a row for each fault
SET client_min_messages = notice;
SELECT * FROM verify_chain('events');
SELECT * FROM verify_dedup('events');
SELECT * FROM verify_validation('events');
SELECT external_customer_id, seq, transaction_id, tableoid::regclass AS partition FROM events ORDER BY 1, 2;
