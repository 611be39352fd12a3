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

-- The same with the work that supa_audit does for each row: it looks up the columns of the primary key, and names the row
-- before and the row after by a uuid that is made of the table and the key. Its table has four indexes.
CREATE TABLE IF NOT EXISTS audit_versions (
    id bigserial PRIMARY KEY,
    record_id uuid,
    old_record_id uuid,
    op text NOT NULL,
    ts timestamptz NOT NULL DEFAULT now(),
    table_oid oid NOT NULL,
    table_schema name NOT NULL,
    table_name name NOT NULL,
    record jsonb,
    old_record jsonb
);
CREATE INDEX IF NOT EXISTS audit_versions_record ON audit_versions (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_versions_old_record ON audit_versions (old_record_id) WHERE old_record_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_versions_ts ON audit_versions USING brin (ts);
CREATE INDEX IF NOT EXISTS audit_versions_table ON audit_versions (table_oid);

CREATE OR REPLACE FUNCTION audit_key_columns(entity oid) RETURNS text[] STABLE SECURITY DEFINER SET search_path = '' LANGUAGE sql AS $$
    SELECT coalesce(pg_catalog.array_agg(a.attname::text ORDER BY a.attname), '{}')
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = $1 AND i.indisprimary
$$;

CREATE OR REPLACE FUNCTION audit_record_id(entity oid, key text[], record jsonb) RETURNS uuid STABLE LANGUAGE sql AS $$
    SELECT CASE WHEN record IS NULL THEN NULL WHEN key = '{}' THEN pg_catalog.gen_random_uuid()
        ELSE (SELECT pg_catalog.md5((pg_catalog.jsonb_build_array(entity::int8) || pg_catalog.jsonb_agg(record -> name))::text)::uuid
              FROM pg_catalog.unnest(key) AS name) END
$$;

CREATE OR REPLACE FUNCTION audit_as_supa_audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
DECLARE
    key_columns text[] = public.audit_key_columns(TG_RELID);
    record_jsonb jsonb = to_jsonb(NEW);
    record_id uuid = public.audit_record_id(TG_RELID, key_columns, record_jsonb);
    old_record_jsonb jsonb = to_jsonb(OLD);
    old_record_id uuid = public.audit_record_id(TG_RELID, key_columns, old_record_jsonb);
BEGIN
    INSERT INTO public.audit_versions (record_id, old_record_id, op, table_oid, table_schema, table_name, record, old_record)
    VALUES (record_id, old_record_id, TG_OP, TG_RELID, TG_TABLE_SCHEMA, TG_TABLE_NAME, record_jsonb, old_record_jsonb);
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
