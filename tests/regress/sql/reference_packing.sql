-- Packing, set_period(), update_period() and clear_period() work on both tables: what they change together is checked together.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE SCHEMA AUTHORIZATION regress_reference;
SET search_path = regress_reference, public;
SET ROLE regress_reference;
CREATE TABLE tariff (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, place int NOT NULL, price int, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}');
CREATE TABLE contract (place int NOT NULL, state text, during int4range NOT NULL);
SELECT add_packing('contract', 'during', '{place}');
SELECT add_reference('contract', '{place}', 'during', 'tariff');
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[1,10)'), (1, 6, '[10,20)'), (2, 5, '[1,20)');
INSERT INTO contract VALUES (1, 'new', '[2,8)'), (1, 'new', '[8,15)');
SELECT * FROM contract;

-- merging removes one row and then widens another
UPDATE tariff SET price = 5 WHERE place = 1;
SELECT place, price, since FROM tariff WHERE place = 1;
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[20,30)'), (1, 5, '[25,40)'), (1, 5, '[1,3)');
SELECT place, price, since FROM tariff WHERE place = 1;
-- a part of the timeline is replaced
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 7, "since": "[5,12)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 8, "since": "[0,50)"}');
SELECT place, price, since FROM update_period(NULL::tariff, '{"place": 1, "price": 9, "since": "[6,7)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "[15,20)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "[14,16)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "[0,2)"}');
SELECT place, price, since FROM tariff WHERE place = 1 ORDER BY since;
-- on the table that refers
SELECT * FROM set_period(NULL::contract, '{"place": 1, "state": "old", "during": "[3,5)"}');
SELECT * FROM set_period(NULL::contract, '{"place": 1, "state": "old", "during": "[13,17)"}');
SELECT * FROM set_period(NULL::contract, '{"place": 3, "state": "old", "during": "[3,5)"}');
SELECT * FROM update_period(NULL::contract, '{"place": 1, "state": "older", "during": "[4,7)"}');
SELECT * FROM clear_period(NULL::contract, '{"place": 1, "during": "[6,7)"}');
SELECT * FROM contract ORDER BY place, during;
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "[6,7)"}');
-- a failure that is caught leaves no check behind
DO $$ BEGIN
    PERFORM clear_period(NULL::tariff, '{"place": 1, "since": "[7,9)"}');
EXCEPTION WHEN foreign_key_violation THEN RAISE NOTICE 'caught %', SQLERRM;
END $$;
DELETE FROM tariff WHERE place = 1 AND since @> 8;
-- packing what came in while the triggers were off
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO regress_reference.tariff (place, price, since) VALUES (2, 5, '[20,25)');
RESET session_replication_role;
SET ROLE regress_reference;
INSERT INTO contract VALUES (2, 'new', '[10,25)');
SELECT pack('tariff');
SELECT drop_packing('tariff');
INSERT INTO tariff (place, price, since) VALUES (2, 5, '[25,30)');
INSERT INTO contract VALUES (2, 'new', '[25,30)');
SELECT add_packing('tariff', 'since', '{place}');
SELECT * FROM verify_references('contract');
SELECT * FROM verify_packing('tariff');
SELECT * FROM verify_packing('contract');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_reference CASCADE;
DROP ROLE regress_reference;
