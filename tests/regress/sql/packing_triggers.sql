-- A packed table's other triggers, rules, constraints and foreign keys do what they do in any table.
\pset null (null)
CREATE ROLE regress_packing_triggers;
CREATE SCHEMA regress_packing_triggers AUTHORIZATION regress_packing_triggers;
SET search_path = regress_packing_triggers, public;
SET ROLE regress_packing_triggers;
CREATE TABLE tariff (id int PRIMARY KEY, place int NOT NULL, price numeric, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}');
\set look 'SELECT * FROM tariff ORDER BY place, since;'

-- Triggers see rows as they are inserted; then BEFORE triggers see the rows that are absorbed and those that are widened.
-- AFTER triggers see these when those of the statement itself have fired: they fire for the same statement, and as its role.
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        RAISE NOTICE '% %: % -> %', TG_WHEN, TG_OP, OLD, NEW;
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE NOTICE '% %: %', TG_WHEN, TG_OP, (SELECT string_agg(tariff::text, ' ' ORDER BY id) FROM tariff);
    RETURN NULL;
END
$$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE OR DELETE ON tariff FOR EACH STATEMENT EXECUTE FUNCTION say();
INSERT INTO tariff VALUES (1, 1, 5, '[10,20)'), (2, 1, 5, '[20,30)');
INSERT INTO tariff VALUES (3, 1, 5, '[1,10)'), (4, 1, 6, '[30,40)');
UPDATE tariff SET price = 5 WHERE id = 4;
DROP TRIGGER before_row ON tariff;
DROP TRIGGER after_row ON tariff;
DROP TRIGGER after_statement ON tariff;

-- A BEFORE trigger that changes the row: what it made of it is packed, also where it comes after ours.
CREATE FUNCTION round_price() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.price := round(NEW.price); RETURN NEW; END';
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.place := 2; RETURN NEW; END';
CREATE TRIGGER round_price BEFORE INSERT OR UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION round_price();
INSERT INTO tariff VALUES (5, 1, 5.4, '[40,50)');
UPDATE tariff SET price = 5.1;
:look
DROP TRIGGER round_price ON tariff;
CREATE TRIGGER zzz_move BEFORE INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION move();
INSERT INTO tariff VALUES (6, 1, 5, '[50,60)'), (7, 3, 5, '[60,70)');
INSERT INTO tariff VALUES (8, 1, 5, '[70,80)');
DROP TRIGGER zzz_move ON tariff;
:look

-- A trigger that suppresses the row: nothing has happened, to no row.
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE INSERT ON tariff FOR EACH ROW WHEN (NEW.price = 5) EXECUTE FUNCTION suppress();
INSERT INTO tariff VALUES (9, 2, 5, '[80,90)');
INSERT INTO tariff VALUES (9, 2, 5, '[80,90)'), (10, 2, 6, '[80,90)');
DROP TRIGGER suppress ON tariff;
CREATE TRIGGER zzz_suppress BEFORE INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
INSERT INTO tariff VALUES (9, 2, 6, '[90,99)');
DROP TRIGGER zzz_suppress ON tariff;
:look

-- A trigger that keeps rows from being merged: an error, since both outcomes would be wrong.
CREATE TRIGGER suppress BEFORE DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
INSERT INTO tariff VALUES (11, 2, 6, '[90,99)');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER suppress ON tariff;
CREATE TRIGGER suppress BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
INSERT INTO tariff VALUES (11, 2, 6, '[90,99)');
DROP TRIGGER suppress ON tariff;
-- nor may it bend the survivor's new period
CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.since := OLD.since; RETURN NEW; END';
CREATE TRIGGER bend BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION bend();
INSERT INTO tariff VALUES (11, 2, 6, '[90,99)');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER bend ON tariff;
:look
SELECT * FROM verify_packing('tariff');

-- A trigger that inserts in its turn
CREATE FUNCTION next() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF upper(NEW.since) < 50 THEN
        INSERT INTO tariff VALUES (NEW.id + 1, NEW.place, NEW.price, int4range(upper(NEW.since), upper(NEW.since) + 10));
    END IF;
    RETURN NEW;
END
$$;
TRUNCATE tariff;
CREATE TRIGGER next AFTER INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION next();
INSERT INTO tariff VALUES (20, 1, 5, '[1,10)'), (30, 2, 5, '[1,10)');
:look
DROP TRIGGER next ON tariff;
TRUNCATE tariff;
CREATE TRIGGER next BEFORE INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION next();
INSERT INTO tariff VALUES (20, 1, 5, '[1,10)'), (30, 2, 5, '[1,10)');
:look
DROP TRIGGER next ON tariff;
-- and one that deletes what was just inserted
CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM tariff WHERE id = NEW.id; RETURN NULL; END';
CREATE TRIGGER undo AFTER INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION undo();
INSERT INTO tariff VALUES (40, 1, 5, '[60,70)'), (41, 1, 5, '[50,60)');
:look
DROP TRIGGER undo ON tariff;

-- Rules
TRUNCATE tariff;
CREATE TABLE log (place int, since int4range);
CREATE RULE log AS ON UPDATE TO tariff DO ALSO INSERT INTO log VALUES (NEW.place, NEW.since);
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)');
INSERT INTO tariff VALUES (2, 1, 5, '[10,20)');
TABLE log;
DROP RULE log ON tariff;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
CREATE RULE never AS ON DELETE TO tariff DO INSTEAD NOTHING;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SET ROLE regress_packing_triggers;
INSERT INTO tariff VALUES (3, 1, 5, '[20,30)');
DROP RULE never ON tariff;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
CREATE RULE never AS ON UPDATE TO tariff DO INSTEAD NOTHING;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SET ROLE regress_packing_triggers;
INSERT INTO tariff VALUES (3, 1, 5, '[20,30)');
DROP RULE never ON tariff;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
CREATE RULE instead AS ON UPDATE TO tariff DO INSTEAD INSERT INTO log VALUES (NEW.place, NEW.since);
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SET ROLE regress_packing_triggers;
INSERT INTO tariff VALUES (3, 1, 5, '[20,30)');
DROP RULE instead ON tariff;
:look

-- CHECK sees rows as inserted, and the row that they have become.
ALTER TABLE tariff ADD CONSTRAINT short CHECK (upper(since) - lower(since) <= 30);
INSERT INTO tariff VALUES (4, 1, 5, '[20,31)');
INSERT INTO tariff VALUES (5, 1, 5, '[31,40)');
INSERT INTO tariff VALUES (5, 1, 6, '[40,80)');
ALTER TABLE tariff DROP CONSTRAINT short;
:look
-- a unique key may contain the period
ALTER TABLE tariff ADD UNIQUE (place, since);
INSERT INTO tariff VALUES (6, 1, 5, '[31,40)'), (7, 1, 5, '[1,40)');
INSERT INTO tariff VALUES (8, 1, 5, '[1,40)');
INSERT INTO tariff VALUES (9, 1, 5, '[1,40)') ON CONFLICT (place, since) DO NOTHING;
:look
ALTER TABLE tariff DROP CONSTRAINT tariff_place_since_key;

-- Foreign keys to the table: the survivor keeps its id, and what refers to it.
TRUNCATE tariff;
CREATE TABLE sale (tariff int REFERENCES tariff, item text);
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 1, 5, '[20,30)');
INSERT INTO sale VALUES (1, 'first'), (2, 'second');
INSERT INTO tariff VALUES (3, 1, 5, '[10,15)');
UPDATE tariff SET since = '[18,30)' WHERE id = 2;
:look
-- absorbing a row that is referred to is that foreign key's error
INSERT INTO tariff VALUES (3, 1, 5, '[15,18)');
\echo :LAST_ERROR_SQLSTATE
:look
UPDATE sale SET tariff = 1;
INSERT INTO tariff VALUES (3, 1, 5, '[15,18)');
:look
-- at the end, where it is deferred
ALTER TABLE sale ALTER CONSTRAINT sale_tariff_fkey DEFERRABLE INITIALLY DEFERRED;
INSERT INTO tariff VALUES (4, 1, 5, '[50,60)');
INSERT INTO sale VALUES (4, 'fourth');
BEGIN;
INSERT INTO tariff VALUES (5, 1, 5, '[30,50)');
COMMIT;
BEGIN;
INSERT INTO tariff VALUES (5, 1, 5, '[30,50)');
UPDATE sale SET tariff = 1 WHERE tariff = 4;
COMMIT;
:look
-- what refers to an absorbed row goes with it, if it says so
ALTER TABLE sale DROP CONSTRAINT sale_tariff_fkey, ADD FOREIGN KEY (tariff) REFERENCES tariff ON DELETE CASCADE;
INSERT INTO tariff VALUES (6, 1, 5, '[70,80)');
INSERT INTO sale VALUES (6, 'sixth');
INSERT INTO tariff VALUES (7, 1, 5, '[60,70)');
:look
TABLE sale;
ALTER TABLE sale DROP CONSTRAINT sale_tariff_fkey, ADD FOREIGN KEY (tariff) REFERENCES tariff ON DELETE SET NULL;
INSERT INTO tariff VALUES (8, 1, 5, '[90,99)');
INSERT INTO sale VALUES (8, 'eighth');
INSERT INTO tariff VALUES (9, 1, 5, '[80,90)');
TABLE sale;
DROP TABLE sale;

-- Foreign keys from the table
CREATE TABLE place (place int PRIMARY KEY);
INSERT INTO place VALUES (1), (2);
ALTER TABLE tariff ADD FOREIGN KEY (place) REFERENCES place ON UPDATE CASCADE ON DELETE CASCADE;
INSERT INTO tariff VALUES (10, 3, 5, '[1,10)');
INSERT INTO tariff VALUES (10, 2, 5, '[99,110)');
:look
-- what a cascade updates is packed, or refused
ALTER TABLE tariff DROP CONSTRAINT tariff_place_fkey;
CREATE TABLE price (price numeric, UNIQUE (price));
INSERT INTO price VALUES (5), (6), (7);
ALTER TABLE tariff ADD FOREIGN KEY (price) REFERENCES price (price) ON UPDATE CASCADE ON DELETE SET NULL;
INSERT INTO tariff VALUES (11, 2, 6, '[110,120)'), (12, 2, NULL, '[120,130)');
DELETE FROM price WHERE price = 6;
:look
UPDATE price SET price = 5.00 WHERE price = 5;
:look
SELECT * FROM verify_packing('tariff');

RESET ROLE;
DROP SCHEMA regress_packing_triggers CASCADE;
DROP ROLE regress_packing_triggers;
