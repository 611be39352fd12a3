-- What is wrong with the usual trigger, defect by defect: a counter-example, then the same with packing. The ninth and
-- the tenth need two sessions: tests/isolation/specs/packing_by_hand.spec.
\pset null (null)
\getenv abs_srcdir PG_ABS_SRCDIR
CREATE ROLE regress_defects;
CREATE SCHEMA AUTHORIZATION regress_defects;
SET search_path = regress_defects, public;
SET ROLE regress_defects;
SET datestyle = ISO;
\set by_hand :abs_srcdir '/../../bench/packing_by_hand.sql'
\set ECHO none
\i :by_hand
\set ECHO all
CREATE TABLE tariffs (
    id serial PRIMARY KEY, location_id int NOT NULL, tariff_type text NOT NULL,
    price_per_hour numeric, price_since daterange,
    EXCLUDE USING gist (location_id WITH =, tariff_type WITH =, price_per_hour WITH <>, price_since WITH &&)
);
CREATE TRIGGER pack BEFORE INSERT OR UPDATE ON tariffs FOR EACH ROW EXECUTE FUNCTION pack_by_hand();
CREATE TABLE packed (
    id serial PRIMARY KEY, location_id int NOT NULL, tariff_type text NOT NULL, price_per_hour numeric, price_since daterange
);
SELECT add_packing('packed', 'price_since', '{location_id,tariff_type}');
\set by_hand 'SELECT * FROM tariffs ORDER BY price_since;'
\set packed 'SELECT * FROM packed ORDER BY price_since;'

-- 1. LEAST and GREATEST ignore NULL: an unbounded period becomes bounded.
INSERT INTO tariffs VALUES (1, 1, 'day', 5, '[2024-01-01,)');
INSERT INTO tariffs VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)');
:by_hand
INSERT INTO packed VALUES (1, 1, 'day', 5, '[2024-01-01,)');
INSERT INTO packed VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)');
:packed
INSERT INTO packed VALUES (3, 1, 'day', 5, '(,2024-01-01)');
:packed
TRUNCATE tariffs, packed;

-- 2. The constructor with two arguments loses inclusive bounds of continuous ranges: the last instant is gone. Packing
-- demands [), and so has none to lose.
CREATE TABLE measured (id int, place int NOT NULL, level int, since numrange,
    EXCLUDE USING gist (place WITH =, level WITH <>, since WITH &&));
CREATE FUNCTION pack_measured() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    neighbour record;
BEGIN
    FOR neighbour IN SELECT * FROM measured WHERE place = NEW.place AND level = NEW.level AND id <> NEW.id
        AND (since && NEW.since OR since -|- NEW.since)
    LOOP
        NEW.since := numrange(LEAST(lower(NEW.since), lower(neighbour.since)), GREATEST(upper(NEW.since), upper(neighbour.since)));
        DELETE FROM measured WHERE id = neighbour.id;
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER pack BEFORE INSERT OR UPDATE ON measured FOR EACH ROW EXECUTE FUNCTION pack_measured();
INSERT INTO measured VALUES (1, 1, 5, '[1,2)');
INSERT INTO measured VALUES (2, 1, 5, '[2,3]');
TABLE measured;
DROP TRIGGER pack ON measured;
TRUNCATE measured;
SELECT add_packing('measured', 'since', '{place}', '{level}');
INSERT INTO measured VALUES (1, 1, 5, '[1,2)');
INSERT INTO measured VALUES (2, 1, 5, '[2,3]');
INSERT INTO measured VALUES (2, 1, 5, '[2,3)');
TABLE measured;

-- 3. A row that is not inserted after all has taken its neighbours with it.
INSERT INTO tariffs VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (2, 1, 'day', 5, '[2024-04-01,2024-05-01)');
INSERT INTO tariffs VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)') ON CONFLICT DO NOTHING;
:by_hand
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE INSERT ON tariffs FOR EACH ROW EXECUTE FUNCTION suppress();
INSERT INTO tariffs VALUES (3, 1, 'day', 5, '[2024-05-01,2024-06-01)');
:by_hand
DROP TRIGGER suppress ON tariffs;
INSERT INTO packed VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (2, 1, 'day', 5, '[2024-04-01,2024-05-01)');
INSERT INTO packed VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)') ON CONFLICT DO NOTHING;
CREATE TRIGGER zzz_suppress BEFORE INSERT ON packed FOR EACH ROW EXECUTE FUNCTION suppress();
INSERT INTO packed VALUES (3, 1, 'day', 5, '[2024-05-01,2024-06-01)');
DROP TRIGGER zzz_suppress ON packed;
:packed
TRUNCATE tariffs, packed;

-- 4. A NULL value is never packed and never conflicts; periods that are NULL or empty escape everything.
INSERT INTO tariffs VALUES (1, 1, 'day', NULL, '[2024-01-01,2024-02-01)'), (2, 1, 'day', NULL, '[2024-01-01,2024-02-01)'),
    (3, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (4, 1, 'day', 6, 'empty'), (5, 1, 'day', 7, NULL);
:by_hand
INSERT INTO packed VALUES (1, 1, 'day', NULL, '[2024-01-01,2024-02-01)'), (2, 1, 'day', NULL, '[2024-01-01,2024-02-01)');
INSERT INTO packed VALUES (3, 1, 'day', 5, '[2024-01-01,2024-02-01)');
INSERT INTO packed VALUES (4, 1, 'day', 6, 'empty');
INSERT INTO packed VALUES (5, 1, 'day', 7, NULL);
:packed
TRUNCATE tariffs, packed;

-- 5. Several WITH <> mean that all differ: rows that differ in one value may overlap.
CREATE TABLE offers (place int NOT NULL, price int, unit text, since int4range,
    EXCLUDE USING gist (place WITH =, price WITH <>, unit WITH <>, since WITH &&));
INSERT INTO offers VALUES (1, 5, 'hour', '[1,10)'), (1, 5, 'day', '[5,15)'), (1, 6, 'day', '[12,20)');
TABLE offers;
TRUNCATE offers;
ALTER TABLE offers DROP CONSTRAINT offers_place_price_unit_since_excl;
SELECT add_packing('offers', 'since', '{place}');
INSERT INTO offers VALUES (1, 5, 'hour', '[1,10)'), (1, 5, 'day', '[5,15)');
INSERT INTO offers VALUES (1, 5, 'hour', '[1,10)'), (1, 6, 'hour', '[5,15)');
INSERT INTO offers VALUES (1, 5, 'hour', '[1,10)'), (1, NULL, 'hour', '[5,15)');
TABLE offers;

-- 6. An UPDATE or MERGE that touches two neighbours fails.
INSERT INTO tariffs VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (2, 1, 'day', 5, '[2024-03-01,2024-04-01)');
UPDATE tariffs SET price_since = daterange(lower(price_since), upper(price_since) + 29);
MERGE INTO tariffs USING (VALUES (29)) AS new (days) ON true
    WHEN MATCHED THEN UPDATE SET price_since = daterange(lower(price_since), upper(price_since) + new.days);
INSERT INTO packed VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (2, 1, 'day', 5, '[2024-03-01,2024-04-01)');
UPDATE packed SET price_since = daterange(lower(price_since), upper(price_since) + 29);
:packed
TRUNCATE packed;
INSERT INTO packed VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)'), (2, 1, 'day', 5, '[2024-03-01,2024-04-01)');
MERGE INTO packed USING (VALUES (29)) AS new (days) ON true
    WHEN MATCHED THEN UPDATE SET price_since = daterange(lower(price_since), upper(price_since) + new.days);
:packed
TRUNCATE tariffs, packed;

-- 7. Stored generated columns are NULL in BEFORE triggers: nothing is found by them.
CREATE TABLE taxed (id int, place int NOT NULL, net int, gross int GENERATED ALWAYS AS (net * 2) STORED, since int4range);
CREATE FUNCTION pack_taxed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE NOTICE 'gross is %, neighbours: %', NEW.gross,
        (SELECT count(*) FROM taxed WHERE place = NEW.place AND gross = NEW.gross AND since -|- NEW.since);
    RETURN NEW;
END
$$;
CREATE TRIGGER pack BEFORE INSERT ON taxed FOR EACH ROW EXECUTE FUNCTION pack_taxed();
INSERT INTO taxed (id, place, net, since) VALUES (1, 1, 5, '[1,5)');
INSERT INTO taxed (id, place, net, since) VALUES (2, 1, 5, '[5,9)');
TABLE taxed;
DROP TRIGGER pack ON taxed;
TRUNCATE taxed;
SELECT add_packing('taxed', 'since', '{place}', '{gross}');
INSERT INTO taxed (id, place, net, since) VALUES (1, 1, 5, '[1,5)');
INSERT INTO taxed (id, place, net, since) VALUES (2, 1, 5, '[5,9)');
TABLE taxed;

-- 8. Deleting the neighbour trips foreign keys, or cascades to the children; ids churn.
CREATE TABLE sale_by_hand (tariff int REFERENCES tariffs);
INSERT INTO tariffs VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)');
INSERT INTO sale_by_hand VALUES (1);
INSERT INTO tariffs VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)');
ALTER TABLE sale_by_hand DROP CONSTRAINT sale_by_hand_tariff_fkey, ADD FOREIGN KEY (tariff) REFERENCES tariffs ON DELETE CASCADE;
INSERT INTO tariffs VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)');
:by_hand
TABLE sale_by_hand;
CREATE TABLE sale (tariff int REFERENCES packed);
INSERT INTO packed VALUES (1, 1, 'day', 5, '[2024-01-01,2024-02-01)');
INSERT INTO sale VALUES (1);
INSERT INTO packed VALUES (2, 1, 'day', 5, '[2024-02-01,2024-03-01)');
ALTER TABLE sale DROP CONSTRAINT sale_tariff_fkey, ADD FOREIGN KEY (tariff) REFERENCES packed ON DELETE CASCADE;
INSERT INTO packed VALUES (2, 1, 'day', 5, '[2023-02-01,2024-01-01)');
:packed
TABLE sale;
SELECT * FROM verify_packing();

RESET ROLE;
DROP SCHEMA regress_defects CASCADE;
DROP ROLE regress_defects;
