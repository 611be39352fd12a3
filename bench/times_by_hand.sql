-- A history by hand, in the way of supa_audit: one AFTER trigger writes the rows as jsonb into one table for all tables.
CREATE TABLE IF NOT EXISTS audit (
    id bigserial PRIMARY KEY,
    table_oid oid NOT NULL,
    key jsonb NOT NULL,
    op text NOT NULL,
    recorded timestamptz NOT NULL DEFAULT clock_timestamp(),
    recorded_by name NOT NULL DEFAULT session_user,
    record jsonb,
    old_record jsonb
);
CREATE INDEX IF NOT EXISTS audit_key ON audit (table_oid, key);

CREATE OR REPLACE FUNCTION audit_by_hand() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    record_jsonb jsonb = to_jsonb(NEW);
    old_record_jsonb jsonb = to_jsonb(OLD);
BEGIN
    INSERT INTO public.audit (table_oid, key, op, record, old_record)
    VALUES (TG_RELID, coalesce(record_jsonb, old_record_jsonb)->'id', TG_OP, record_jsonb, old_record_jsonb);
    RETURN coalesce(NEW, OLD);
END $$;

-- The one table that is changed in all of the cases.
CREATE OR REPLACE FUNCTION make_orders(rows int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
    CREATE TABLE orders (
        id bigint PRIMARY KEY,
        customer int NOT NULL,
        price numeric NOT NULL,
        status text NOT NULL,
        remark text,
        ordered timestamptz NOT NULL
    );
    INSERT INTO orders
    SELECT n, hashint8(n) % 1000, n % 900 + 0.99, (ARRAY['open', 'paid', 'sent'])[1 + n % 3], 'order number ' || n,
           timestamptz '2026-01-01 UTC' + n * interval '1 minute'
    FROM generate_series(1, rows) AS n;
END $$;
