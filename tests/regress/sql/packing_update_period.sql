-- update_period() changes columns of the facts in a part of a timeline; primary keys without a default.
\pset null (null)
CREATE ROLE regress_update_period;
CREATE ROLE regress_update_period_other;
CREATE SCHEMA AUTHORIZATION regress_update_period;
SET search_path = regress_update_period, public;
SET ROLE regress_update_period;
SET datestyle = ISO;
CREATE TABLE tariff (id serial PRIMARY KEY, place int NOT NULL, price numeric, unit text DEFAULT 'hour', note text, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}', exclude => '{note}');
\set look 'SELECT * FROM tariff ORDER BY place, since;'
INSERT INTO tariff (place, price, unit, note, since) VALUES (1, 5, 'day', 'a', '[1,10)'), (1, 6, 'week', 'b', '[10,20)'), (1, 7, 'month', 'c', '[30,40)'), (2, 5, 'day', 'd', '(,)');

-- What the fact leaves out stays, unlike with set_period(). The parts of a row: the first keeps the id.
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 8, "since": "[3,6)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 2, "price": 8, "since": "[3,6)"}');
-- Several facts, and a gap, in which nothing is made; a row that lies in the period is updated in place.
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 9, "since": "[8,35)"}');
:look
-- From the start of a row, and to its end
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "unit": "year", "since": "[10,12)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "unit": null, "since": "[18,20)"}');
-- Parts that become equal to their neighbours are merged.
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5, "unit": "day", "since": "(,)"}');
-- What is there already changes nothing, and takes no number of the sequence.
SELECT last_value FROM tariff_id_seq;
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5.0, "since": "[3,6)"}');
SELECT last_value FROM tariff_id_seq;
-- An excluded column is changed in rows that the period covers; a part with the same values is merged again.
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "note": "noted", "since": "[25,60)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "note": "lost", "since": "[33,35)"}');
-- Nothing there
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5, "since": "[22,25)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 7, "price": 5, "since": "(,)"}');
-- Unbounded
SELECT * FROM update_period(NULL::tariff, '{"place": 2, "price": 1, "since": "[50,)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 2, "price": 2, "since": "(,0)"}');
-- What refers to a row in the period keeps referring to it.
CREATE TABLE sale (tariff int REFERENCES tariff, item text);
INSERT INTO sale SELECT id, 'ticket' FROM tariff WHERE place = 1 AND lower(since) = 30;
SELECT id IN (SELECT tariff FROM sale) AS same, price, since FROM update_period(NULL::tariff, '{"place": 1, "price": 11, "since": "[30,40)"}');
DROP TABLE sale;
-- Triggers see one UPDATE, and one INSERT of copies; generated columns follow.
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% %', TG_OP, NEW; RETURN NEW; END $$;
CREATE TABLE counted (number int GENERATED ALWAYS AS IDENTITY, place int NOT NULL, price int, gross int GENERATED ALWAYS AS (price * 2) STORED, since int4range, PRIMARY KEY (place, since));
SELECT add_packing('counted', 'since', '{place}', '{gross}');
INSERT INTO counted (place, price, since) VALUES (1, 5, '[1,10)'), (1, 6, '[10,20)');
CREATE TRIGGER say BEFORE INSERT OR UPDATE ON counted FOR EACH ROW EXECUTE FUNCTION say();
SELECT * FROM update_period(NULL::counted, '{"place": 1, "price": 7, "since": "[5,15)"}');
CREATE TABLE rate (rate numeric, t text, since int4range);
SELECT add_packing('rate', 'since', '{}');
INSERT INTO rate VALUES (5, 'a', '(,)');
SELECT * FROM update_period(NULL::rate, '{"rate": 6, "since": "[1,5)"}');
SELECT * FROM update_period(NULL::rate, '{"t": "b", "since": "[3,9)"}');
-- columns with the names that the statement uses
CREATE TABLE part (t int NOT NULL, part text, updated text, period int4range, tid int, ctid_ int);
SELECT add_packing('part', 'period', '{t}');
INSERT INTO part VALUES (1, 'a', 'u', '[1,10)', 3, 4);
SELECT * FROM update_period(NULL::part, '{"t": 1, "updated": "v", "tid": 5, "period": "[3,4)"}');
SELECT * FROM verify_packing();
-- In REPEATABLE READ
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM update_period(NULL::rate, '{"rate": 7, "since": "[4,6)"}');
SELECT * FROM update_period(NULL::rate, '{"rate": 8, "since": "[5,7)"}');
ROLLBACK;

-- Refused
SELECT * FROM update_period(NULL::tariff, NULL);
SELECT * FROM update_period(NULL::tariff, '[]');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "since": "(,)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5}');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5, "id": 5, "since": "(,)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM update_period(NULL::counted, '{"place": 1, "gross": 5, "since": "(,)"}');
SELECT * FROM update_period(NULL::counted, '{"place": 1, "number": 5, "since": "(,)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "cost": 5, "since": "(,)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 5, "since": "empty"}');
SELECT * FROM update_period(NULL::tariff, '{"place": null, "price": 5, "since": "(,)"}');
SELECT * FROM update_period(NULL::int, '{}');
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 15, "since": "[2,3)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 15, "since": "(,)"}');
CREATE TRIGGER other BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION say();
SELECT * FROM update_period(NULL::tariff, '{"place": 1, "price": 15, "since": "(,)"}');
DROP TRIGGER other ON tariff;
DROP TRIGGER suppress ON tariff;

-- With the caller's privileges, no more; and without them nothing is locked either.
GRANT USAGE ON SCHEMA regress_update_period TO regress_update_period_other;
SET ROLE regress_update_period_other;
BEGIN;
SAVEPOINT s;
SELECT * FROM update_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[20,25)"}');
ROLLBACK TO s;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
SET ROLE regress_update_period;
GRANT SELECT, DELETE ON tariff TO regress_update_period_other;
GRANT INSERT ON tariff TO regress_update_period_other;
GRANT UPDATE (price) ON tariff TO regress_update_period_other;
GRANT USAGE ON SEQUENCE tariff_id_seq TO regress_update_period_other;
SET ROLE regress_update_period_other;
SELECT * FROM update_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[20,25)"}');
SET ROLE regress_update_period;
GRANT UPDATE (since) ON tariff TO regress_update_period_other;
SET ROLE regress_update_period_other;
SELECT place, price, since FROM update_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[20,25)"}');
SELECT * FROM update_period(NULL::tariff, '{"place": 2, "unit": "x", "since": "[20,25)"}');
\echo :LAST_ERROR_SQLSTATE
-- row-level security: rows that the caller does not see stay as they are, and may not be made
SET ROLE regress_update_period;
CREATE POLICY cheap ON tariff TO regress_update_period_other USING (price < 6);
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY;
SET ROLE regress_update_period_other;
SELECT place, price, since FROM update_period(NULL::tariff, '{"place": 2, "price": 4, "since": "[21,23)"}');
SELECT place, price, since FROM update_period(NULL::tariff, '{"place": 2, "price": 4, "since": "[24,26)"}');
SELECT place, price, since FROM update_period(NULL::tariff, '{"place": 2, "price": 9, "since": "[60,70)"}');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_update_period;
SELECT place, price, since FROM tariff WHERE place = 2 ORDER BY since;
SELECT * FROM verify_packing('tariff');

-- A primary key that has no default. A uuid gets a new one.
CREATE TABLE named (id uuid PRIMARY KEY, place int NOT NULL, price int, since int4range);
SELECT add_packing('named', 'since', '{place}');
SELECT id IS NOT NULL AS named, price, since FROM set_period(NULL::named, '{"place": 1, "price": 5, "since": "[1,20)"}');
SELECT id IS NOT NULL AS named, price, since FROM set_period(NULL::named, '{"place": 1, "price": 6, "since": "[3,6)", "id": "00000000-0000-0000-0000-000000000001"}');
SELECT id IS NOT NULL AS named, price, since FROM clear_period(NULL::named, '{"place": 1, "since": "[8,10)"}');
SELECT id IS NOT NULL AS named, price, since FROM clear_period(NULL::named, '{"place": 1, "since": "[12,13)", "id": "00000000-0000-0000-0000-000000000002"}');
SELECT id IS NOT NULL AS named, price, since FROM update_period(NULL::named, '{"place": 1, "price": 7, "since": "[15,16)"}');
SELECT since FROM named WHERE id = '00000000-0000-0000-0000-000000000001' OR id = '00000000-0000-0000-0000-000000000002' ORDER BY since;
-- also in a domain, and beside a column that only says where the row belongs
CREATE DOMAIN unique_name AS uuid CHECK (VALUE <> '00000000-0000-0000-0000-000000000000');
CREATE TABLE tenant (tenant int, id unique_name, place int NOT NULL, price int, since int4range, PRIMARY KEY (tenant, id));
SELECT add_packing('tenant', 'since', '{place}');
SELECT tenant, id IS NOT NULL AS named, since FROM set_period(NULL::tenant, '{"tenant": 3, "place": 1, "price": 5, "since": "[1,20)"}');
SELECT tenant, id IS NOT NULL AS named, since FROM clear_period(NULL::tenant, '{"place": 1, "since": "[5,6)"}');
SELECT * FROM set_period(NULL::tenant, '{"place": 1, "price": 5, "since": "[1,20)"}');
\echo :LAST_ERROR_SQLSTATE
-- Any other key is taken from the fact.
CREATE TABLE numbered (id int PRIMARY KEY, place int NOT NULL, price int, since int4range);
SELECT add_packing('numbered', 'since', '{place}');
SELECT * FROM set_period(NULL::numbered, '{"place": 1, "price": 5, "since": "[1,20)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::numbered, '{"id": 1, "place": 1, "price": 5, "since": "[1,20)"}');
SELECT * FROM set_period(NULL::numbered, '{"id": 2, "place": 1, "price": 6, "since": "[15,20)"}');
SELECT * FROM clear_period(NULL::numbered, '{"place": 1, "since": "[5,6)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM clear_period(NULL::numbered, '{"id": 3, "place": 1, "since": "[5,6)"}');
SELECT * FROM clear_period(NULL::numbered, '{"place": 1, "since": "[19,20)"}');
SELECT * FROM set_period(NULL::numbered, '{"id": 4, "place": 1, "price": 6, "since": "[8,10)"}');
SELECT * FROM update_period(NULL::numbered, '{"place": 1, "price": 6, "since": "[8,10)"}');
SELECT * FROM update_period(NULL::numbered, '{"place": 1, "price": 6, "since": "[1,6)"}');
-- unless a trigger gives it, or the domain does
CREATE SEQUENCE numbers START 100;
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id := COALESCE(NEW.id, nextval('numbers')); RETURN NEW; END $$;
CREATE TRIGGER number BEFORE INSERT ON numbered FOR EACH ROW EXECUTE FUNCTION number();
SELECT * FROM set_period(NULL::numbered, '{"place": 1, "price": 7, "since": "[8,10)"}');
CREATE DOMAIN counter AS int DEFAULT nextval('numbers');
CREATE TABLE domained (id counter PRIMARY KEY, place int NOT NULL, price int, since int4range);
SELECT add_packing('domained', 'since', '{place}');
SELECT * FROM set_period(NULL::domained, '{"place": 1, "price": 5, "since": "[1,20)"}');
SELECT * FROM clear_period(NULL::domained, '{"place": 1, "since": "[5,6)"}');
-- A key that holds the period needs nothing.
CREATE TABLE temporal (id uuid, since int4range, place int NOT NULL, price int, PRIMARY KEY (id, since));
SELECT add_packing('temporal', 'since', '{place}');
SELECT * FROM set_period(NULL::temporal, '{"place": 1, "price": 5, "since": "[1,20)"}');
SELECT * FROM set_period(NULL::temporal, '{"place": 1, "price": 5, "since": "[1,20)", "id": "00000000-0000-0000-0000-000000000001"}');
SELECT * FROM clear_period(NULL::temporal, '{"place": 1, "since": "[5,6)"}');
-- Two columns that could be the key: one of them needs a default.
CREATE TABLE pair (one uuid, other uuid, place int NOT NULL, price int, since int4range, PRIMARY KEY (one, other));
SELECT add_packing('pair', 'since', '{place}');
INSERT INTO pair VALUES (gen_random_uuid(), gen_random_uuid(), 1, 5, '[1,20)');
SELECT * FROM clear_period(NULL::pair, '{"place": 1, "since": "[5,6)"}');
ALTER TABLE pair ALTER COLUMN other SET DEFAULT gen_random_uuid();
SELECT count(DISTINCT one), count(DISTINCT other) FROM clear_period(NULL::pair, '{"place": 1, "since": "[5,6)"}');
SELECT * FROM verify_packing();

-- add_packing() says which defaults keep rows from merging.
CREATE TABLE noisy (
    id int PRIMARY KEY DEFAULT nextval('numbers'), place int NOT NULL, price int DEFAULT 5, by name DEFAULT current_user,
    created_at timestamptz DEFAULT now(), number int GENERATED ALWAYS AS IDENTITY, day date DEFAULT '2024-01-01', "the token" uuid DEFAULT gen_random_uuid(),
    count counter, since int4range);
SELECT add_packing('noisy', 'since', '{place}');
SELECT drop_packing('noisy');
SELECT add_packing('noisy', 'since', '{place}', exclude => '{number,"the token",count}');
SELECT drop_packing('noisy');
SELECT add_packing('noisy', 'since', '{place}', '{price,created_at}');
SELECT drop_packing('noisy');
SELECT add_packing('noisy', 'since', '{place}', exclude => '{number,"the token",count,created_at}');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_update_period CASCADE;
DROP ROLE regress_update_period;
DROP ROLE regress_update_period_other;
