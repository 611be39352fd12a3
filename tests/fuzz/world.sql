-- What each plain role has before a program begins, with ROLE for its name: types, casts, functions, triggers that note whom they
-- run as, and tables of all kinds with chains, packings and validations.
CREATE TYPE ROLE.mood AS ENUM ('a', 'b', 'c');
CREATE FUNCTION ROLE.mood_text(ROLE.mood) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'cast to text'); RETURN 'a'; END $$;
CREATE CAST (ROLE.mood AS text) WITH FUNCTION ROLE.mood_text(ROLE.mood) AS ASSIGNMENT;
CREATE FUNCTION ROLE.text_mood(text) RETURNS ROLE.mood LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'cast from text'); RETURN enum_first(NULL::ROLE.mood); END $$;
CREATE CAST (text AS ROLE.mood) WITH FUNCTION ROLE.text_mood(text) AS ASSIGNMENT;

CREATE FUNCTION ROLE.check_value(anyelement) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'check'); RETURN true; END $$;
CREATE DOMAIN ROLE.small AS int CHECK (ROLE.check_value(VALUE));
CREATE DOMAIN ROLE.word AS text CHECK (ROLE.check_value(VALUE));
CREATE DOMAIN ROLE.days AS daterange CHECK (ROLE.check_value(lower(VALUE)));
CREATE TYPE ROLE.pair AS (a int, b ROLE.small, c jsonb);
CREATE TYPE ROLE.nest AS (p ROLE.pair, m ROLE.mood[], w ROLE.word);
CREATE FUNCTION ROLE.apart(float8, float8) RETURNS float8 LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM public.saw('ROLE', 'difference'); RETURN $1 - $2; END $$;
CREATE TYPE ROLE.span AS RANGE (subtype = float8, subtype_diff = ROLE.apart);
CREATE TYPE ROLE.moods AS RANGE (subtype = ROLE.mood);

-- Says that it is immutable, and leaves the caller's settings changed.
CREATE FUNCTION ROLE.same(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN PERFORM public.saw('ROLE', 'immutable function'); PERFORM set_config('search_path', 'ROLE, pg_catalog', false); RETURN $1; END $$;
CREATE FUNCTION ROLE.allows() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'policy'); RETURN true; END $$;
CREATE FUNCTION ROLE.given() RETURNS int LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'default'); RETURN 7; END $$;
-- What an unqualified name may find.
CREATE FUNCTION ROLE.length(text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'length in the search path'); RETURN 7; END $$;
CREATE FUNCTION ROLE.format(text, VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'format in the search path'); RETURN 'x'; END $$;

CREATE FUNCTION ROLE.before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'trigger before'); RETURN COALESCE(NEW, OLD); END $$;
CREATE FUNCTION ROLE.bends() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'bending trigger'); NEW.id := NEW.id + 1; RETURN NEW; END $$;
CREATE FUNCTION ROLE.swallows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM public.saw('ROLE', 'swallowing trigger'); RETURN NULL; END $$;
CREATE FUNCTION ROLE.audits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM public.saw('ROLE', 'trigger after');
    INSERT INTO audit_log (what) VALUES (tg_op || length('x'));
    PERFORM set_config('search_path', 'ROLE, pg_catalog', false);
    RETURN NULL;
EXCEPTION WHEN undefined_table OR undefined_column OR insufficient_privilege THEN RETURN NULL;
END $$;
-- A deferred trigger that writes again never nests: only a count ends it, since nothing times a COMMIT out in PostgreSQL.
CREATE FUNCTION ROLE.again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    written int := coalesce(nullif(current_setting('fuzz.written', true), '')::int, 0);
BEGIN
    PERFORM public.saw('ROLE', 'trigger that writes again');
    PERFORM set_config('fuzz.written', (written + 1)::text, true);
    IF pg_trigger_depth() < 4 AND written < 100 THEN
        EXECUTE format('INSERT INTO %s (id) VALUES (%s)', tg_relid::regclass, pg_trigger_depth());
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION ROLE.fails() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE 'no' USING ERRCODE = 'P0042'; END $$;

CREATE TABLE ROLE.audit_log (what text);
CREATE TRIGGER later AFTER INSERT ON ROLE.audit_log FOR EACH ROW EXECUTE FUNCTION ROLE.before();
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON ROLE.audit_log DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ROLE.before();

CREATE TABLE ROLE.ledger (id int NOT NULL, k text, v numeric, doc jsonb, a int[], at timestamptz);
SELECT public.add_chain('ROLE.ledger', '{id}', recorded => 'at');
CREATE INDEX ON ROLE.ledger (ROLE.same(1), id);
SELECT public.add_log('ROLE.ledger');
INSERT INTO ROLE.ledger (id, k, v) SELECT n % 3, n, n FROM generate_series(1, 20) AS n;

CREATE TABLE ROLE.typed_ledger (id ROLE.small NOT NULL, k ROLE.mood NOT NULL, v ROLE.nest, doc jsonb);
SELECT public.add_chain('ROLE.typed_ledger', '{id,k}', exclude => '{doc}');
INSERT INTO ROLE.typed_ledger (id, k, v) VALUES (1, 'a', '("(1,2,null)","{a,b}",x)'), (1, 'b', NULL);

CREATE TABLE ROLE.parts (id int NOT NULL, k int, v text) PARTITION BY RANGE (ROLE.same(id));
CREATE TABLE ROLE.parts_1 PARTITION OF ROLE.parts FOR VALUES FROM (0) TO (10) PARTITION BY LIST (k);
CREATE TABLE ROLE.parts_1a PARTITION OF ROLE.parts_1 FOR VALUES IN (1, 2);
CREATE TABLE ROLE.parts_1b PARTITION OF ROLE.parts_1 DEFAULT;
CREATE TABLE ROLE.parts_2 PARTITION OF ROLE.parts DEFAULT;
SELECT public.add_chain('ROLE.parts', '{id}');
SELECT public.add_log('ROLE.parts', arrival => true);
INSERT INTO ROLE.parts (id, k, v) SELECT n, n % 3, n FROM generate_series(1, 15) AS n;

CREATE TABLE ROLE.tariffs (n serial PRIMARY KEY, id int NOT NULL, k text, v ROLE.small, period daterange, doc jsonb);
SELECT public.add_packing('ROLE.tariffs', 'period', '{id}', '{k,v}');
INSERT INTO ROLE.tariffs (id, k, v, period) VALUES (1, 'x', 1, '[2026-01-01,2026-02-01)'), (1, 'y', 2, '[2026-02-01,2026-03-01)'),
    (2, 'x', 1, '[2026-01-01,2026-02-01)');
CREATE TRIGGER audits AFTER UPDATE OR DELETE ON ROLE.tariffs FOR EACH ROW EXECUTE FUNCTION ROLE.audits();
CREATE TABLE ROLE.refers (id int REFERENCES ROLE.tariffs ON DELETE CASCADE, k text);
CREATE TRIGGER audits AFTER DELETE ON ROLE.refers FOR EACH ROW EXECUTE FUNCTION ROLE.audits();

CREATE TABLE ROLE.typed_tariffs (id ROLE.mood NOT NULL, v ROLE.nest, k text, period ROLE.span);
SELECT public.add_packing('ROLE.typed_tariffs', 'period', '{id}', '{k}');
INSERT INTO ROLE.typed_tariffs (id, k, period) VALUES ('a', 'x', '[1,2)'), ('a', 'x', '[3,4)'), ('b', 'y', '[1,2)');

CREATE TABLE ROLE.docs (id int, k text, v int, doc jsonb);
SELECT public.add_validation('ROLE.docs', 'doc', type => 'k', version => 'v', unknown => 'allow');
INSERT INTO ROLE.docs (id, k, doc) VALUES (1, 'order', '{"id": 1}'), (2, 'none', '[1]'), (3, NULL, NULL);

-- Kinds of relations that none of the features is for.
CREATE TABLE ROLE.plain (id int, k text, v ROLE.small, period daterange, doc jsonb, at timestamptz,
    seq bigint, previous_event_hash bytea, event_hash bytea);
CREATE INDEX ON ROLE.plain (id, seq);
CREATE INDEX ON ROLE.plain USING gist (id, period);
CREATE UNLOGGED TABLE ROLE.unlogged (LIKE ROLE.plain INCLUDING ALL);
CREATE TABLE ROLE.child () INHERITS (ROLE.plain);
CREATE TABLE ROLE.split (LIKE ROLE.plain INCLUDING ALL) PARTITION BY LIST (id);
CREATE TABLE ROLE.split_1 PARTITION OF ROLE.split DEFAULT;
CREATE INDEX ON ROLE.split USING gist (id, period);
CREATE TYPE ROLE.row_type AS (id int, k text, v int, period daterange, doc jsonb, seq bigint, previous_event_hash bytea, event_hash bytea);
CREATE TABLE ROLE.of_type OF ROLE.row_type;
CREATE TABLE ROLE.other_heap (LIKE ROLE.plain INCLUDING ALL) USING another_heap;
CREATE VIEW ROLE.seen AS SELECT * FROM ROLE.plain;
CREATE MATERIALIZED VIEW ROLE.kept AS SELECT * FROM ROLE.plain;
CREATE FOREIGN TABLE ROLE.far (id int, k text, v int, period daterange, doc jsonb, seq bigint, previous_event_hash bytea,
    event_hash bytea) SERVER nowhere;
CREATE TABLE ROLE.hidden (id int NOT NULL, k text, v int);
SELECT public.add_chain('ROLE.hidden', '{id}');
INSERT INTO ROLE.hidden (id, k) VALUES (1, 'x'), (1, 'y');
CREATE POLICY hides ON ROLE.hidden USING (ROLE.allows());
ALTER TABLE ROLE.hidden ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA ROLE TO PUBLIC;
-- Not TRIGGER, with which a role has its own functions run as whoever writes.
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES ON ALL TABLES IN SCHEMA ROLE TO PUBLIC;
GRANT ALL ON ALL SEQUENCES IN SCHEMA ROLE TO PUBLIC;
