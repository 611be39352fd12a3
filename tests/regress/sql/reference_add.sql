-- add_reference() checks what is there, or refuses and leaves all as it was; drop_reference() takes nothing with it.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE ROLE regress_reference_other;
CREATE SCHEMA AUTHORIZATION regress_reference;
GRANT ALL ON SCHEMA regress_reference TO regress_reference_other;
SET search_path = regress_reference, public;
SET ROLE regress_reference;

CREATE TABLE tariff (place int NOT NULL, price numeric, since daterange NOT NULL);
INSERT INTO tariff VALUES (1, 5, '[2020-01-01,2021-01-01)'), (1, 6, '[2021-01-01,2022-01-01)'), (2, 5, '[2020-01-01,)');
CREATE TABLE contract (id int, place int, during daterange);
INSERT INTO contract VALUES (1, 1, '[2020-06-01,2021-06-01)'), (2, NULL, '[2000-01-01,)'), (3, 9, NULL);
-- the rows that refer to something are counted
SELECT add_reference('contract', '{place}', 'during', 'tariff');
SELECT * FROM veritable.references;
\d contract
\d tariff
SELECT add_reference('contract', '{place}', 'during', 'tariff', name => 'contract_place_during_fkey');
SELECT drop_reference('contract', 'no_such');
SELECT drop_reference('contract', 'contract_place_during_fkey');
\d contract
\d tariff
-- existing rows that are not covered
INSERT INTO contract VALUES (4, 2, '[2019-01-01,2020-06-01)');
SELECT add_reference('contract', '{place}', 'during', 'tariff');
DELETE FROM contract WHERE id = 4;
-- arguments
SELECT add_reference(NULL, '{place}', 'during', 'tariff');
SELECT add_reference('contract', NULL, 'during', 'tariff');
SELECT add_reference('contract', '{}', 'during', 'tariff');
SELECT add_reference('contract', '{place}', NULL, 'tariff');
SELECT add_reference('contract', '{place}', 'during', NULL);
SELECT add_reference('contract', '{place}', 'during', 'tariff', "deferrable" => NULL);
SELECT add_reference('contract', '{place}', 'during', 'tariff', name => '');
SELECT add_reference('contract', '{place,id}', 'during', 'tariff', '{place}');
SELECT add_reference('contract', '{place,place}', 'during', 'tariff');
SELECT add_reference('contract', '{nowhere}', 'during', 'tariff');
SELECT add_reference('contract', '{place}', 'during', 'tariff', '{nowhere}');
SELECT add_reference('contract', '{place}', 'during', 'tariff', '{price}');
SELECT add_reference('contract', '{place}', 'id', 'tariff');
SELECT add_reference('contract', '{place}', 'during', 'tariff', referenced_period => 'price');
-- the period of the table that is referred to: of its packing, or the only one of the type
CREATE TABLE two (place int, early daterange, late daterange);
SELECT add_reference('contract', '{place}', 'during', 'two');
CREATE TABLE none (place int, since int4range);
SELECT add_reference('contract', '{place}', 'during', 'none');
DELETE FROM two;
CREATE TABLE packed (place int NOT NULL, price int NOT NULL, other daterange, since daterange NOT NULL);
SELECT add_packing('packed', 'since', '{place}', '{price}');
INSERT INTO packed VALUES (1, 1, NULL, '[2000-01-01,)');
SELECT add_reference('contract', '{place}', 'during', 'packed', name => 'to packed');
SELECT name, referenced, referenced_period FROM veritable.references;
SELECT drop_reference('contract', 'to packed');
-- kinds of tables
CREATE VIEW a_view AS SELECT * FROM tariff;
SELECT add_reference('a_view', '{place}', 'since', 'tariff');
SELECT add_reference('contract', '{place}', 'during', 'a_view');
SELECT add_reference('contract', '{place}', 'during', 'pg_class');
CREATE TABLE parted (place int, during daterange) PARTITION BY LIST (place);
CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
SELECT add_reference('parted', '{place}', 'during', 'tariff');
SELECT add_reference('contract', '{place}', 'during', 'parted');
SELECT add_reference('parted_1', '{place}', 'during', 'tariff');
CREATE TABLE inherits () INHERITS (tariff);
SELECT add_reference('contract', '{place}', 'during', 'tariff');
DROP TABLE inherits;
CREATE TEMP TABLE temporary (place int, during daterange);
SELECT add_reference('temporary', '{place}', 'during', 'tariff');
SELECT add_reference('contract', '{place}', 'during', 'temporary');
CREATE UNLOGGED TABLE unlogged (place int, during daterange);
SELECT add_reference('contract', '{place}', 'during', 'unlogged');
SELECT add_reference('unlogged', '{place}', 'during', 'tariff');
SELECT drop_reference('unlogged', 'unlogged_place_during_fkey');
CREATE TEMP TABLE temporary_two (place int, during daterange);
SELECT add_reference('temporary', '{place}', 'during', 'temporary_two');
INSERT INTO temporary VALUES (1, '[2020-01-01,2021-01-01)');
CREATE RULE nothing AS ON DELETE TO two DO INSTEAD NOTHING;
SELECT add_reference('contract', '{place}', 'during', 'two', referenced_period => 'early');
-- types and collations
CREATE TABLE texts (place text, word text COLLATE "C", since daterange, many datemultirange);
CREATE TABLE others (place varchar, word text COLLATE "POSIX", since daterange, many datemultirange);
SELECT add_reference('texts', '{place}', 'since', 'others');
SELECT add_reference('texts', '{word}', 'since', 'others');
SELECT add_reference('texts', '{place}', 'since', 'others', '{word}');
SELECT add_reference('texts', '{place}', 'since', 'others', '{place}', 'many');
CREATE TABLE jsons (place json, since daterange);
SELECT add_reference('jsons', '{place}', 'since', 'jsons');
-- multiranges, and a domain over a type
CREATE DOMAIN spot AS int;
CREATE TABLE leases (place spot, days datemultirange);
CREATE TABLE houses (place int, days datemultirange);
INSERT INTO houses VALUES (1, '{[2020-01-01,2021-01-01),[2022-01-01,2023-01-01)}'), (1, '{[2021-01-01,2021-06-01)}');
SELECT add_reference('leases', '{place}', 'days', 'houses');
INSERT INTO leases VALUES (1, '{[2020-01-01,2021-06-01),[2022-02-01,2022-03-01)}');
INSERT INTO leases VALUES (1, '{[2020-01-01,2021-06-01),[2021-12-01,2022-03-01)}');
INSERT INTO leases VALUES (1, '{}');
DELETE FROM houses WHERE days @> date '2021-02-01';
-- several references of one table, to two tables and to itself
CREATE TABLE staff (id int, boss int, place int, during daterange);
SELECT add_reference('staff', '{boss}', 'during', 'staff', '{id}');
SELECT add_reference('staff', '{place}', 'during', 'tariff');
INSERT INTO staff VALUES (1, NULL, 1, '[2020-01-01,2021-01-01)'), (2, 1, 2, '[2020-06-01,2021-01-01)');
INSERT INTO staff VALUES (3, 2, 1, '[2020-01-01,2021-01-01)');
INSERT INTO staff VALUES (3, 2, 1, '[2021-01-01,2023-01-01)');
DELETE FROM staff WHERE id = 1;
TRUNCATE staff;
SELECT target, name, referenced FROM veritable.references ORDER BY target::text COLLATE "C", name COLLATE "C";
SELECT * FROM verify_references();
-- a long name
CREATE TABLE a_table_with_a_name_that_is_as_long_as_a_name_can_be_in_postgres (place int, during daterange);
SELECT add_reference('a_table_with_a_name_that_is_as_long_as_a_name_can_be_in_postgres', '{place}', 'during', 'tariff');
SELECT add_reference('a_table_with_a_name_that_is_as_long_as_a_name_can_be_in_postgres', '{place}', 'during', 'tariff');
SELECT name FROM veritable.references WHERE target::text LIKE 'a_table%' ORDER BY 1;
INSERT INTO a_table_with_a_name_that_is_as_long_as_a_name_can_be_in_postgres VALUES (3, '[2020-01-01,2021-01-01)');

-- the journal has both tables
RESET ROLE;
SELECT about, action, detail FROM veritable.journal
WHERE about LIKE 'regress_reference.%' AND action LIKE '%reference' AND detail::text LIKE '%contract_place%' ORDER BY at, about;
SET client_min_messages = warning;
DROP TABLE temporary, temporary_two;
DROP SCHEMA regress_reference CASCADE;
DROP ROLE regress_reference, regress_reference_other;
