-- A deferrable reference is checked when SET CONSTRAINTS says so, or at the end of the transaction: the rows as they are then.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE SCHEMA AUTHORIZATION regress_reference;
SET search_path = regress_reference, public;
SET ROLE regress_reference;
CREATE TABLE tariff (place int NOT NULL, price int, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}');
CREATE TABLE contract (id int, place int, during int4range);
SELECT add_reference('contract', '{place}', 'during', 'tariff', "deferrable" => true, name => 'held');
CREATE TABLE note (place int, during int4range);
SELECT add_reference('note', '{place}', 'during', 'tariff', initially_deferred => true, name => 'noted');
SELECT name, "deferrable", initially_deferred FROM veritable.references ORDER BY 1;
\d contract
\d tariff
INSERT INTO contract VALUES (1, 1, '[1,5)');
BEGIN;
SET CONSTRAINTS held DEFERRED;
INSERT INTO contract VALUES (1, 1, '[1,5)');
INSERT INTO tariff VALUES (1, 5, '[1,9)');
COMMIT;
BEGIN;
SET CONSTRAINTS held DEFERRED;
DELETE FROM tariff;
SET CONSTRAINTS held IMMEDIATE;
ROLLBACK;
BEGIN;
SET CONSTRAINTS held DEFERRED;
DELETE FROM tariff;
COMMIT;
BEGIN;
SET CONSTRAINTS held DEFERRED;
DELETE FROM tariff;
INSERT INTO tariff VALUES (1, 6, '[0,20)');
COMMIT;
-- rows that are gone, or have changed, by then
BEGIN;
INSERT INTO note VALUES (7, '[1,2)');
DELETE FROM note;
COMMIT;
BEGIN;
INSERT INTO note VALUES (7, '[1,2)');
UPDATE note SET place = 1;
COMMIT;
BEGIN;
INSERT INTO note VALUES (7, '[1,2)');
COMMIT;
BEGIN;
UPDATE note SET during = '[1,50)';
SELECT * FROM note;
COMMIT;
UPDATE note SET during = '[1,20)';
-- both are immediate, unless told otherwise
UPDATE tariff SET since = '[0,4)';
UPDATE tariff SET since = '[0,10)';
-- packing and set_period() take part
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 7, "since": "[2,4)"}');
SELECT * FROM clear_period(NULL::tariff, '{"place": 1, "since": "[2,4)"}');
UPDATE tariff SET price = 6;
TRUNCATE tariff;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
TRUNCATE tariff;
ROLLBACK;
SELECT * FROM tariff;
SELECT * FROM verify_references('contract');
SELECT * FROM verify_references('note');
SELECT * FROM verify_packing('tariff');
ALTER TABLE contract RENAME place TO spot;
ALTER TABLE tariff RENAME place TO spot;
SELECT name, columns, referenced_columns, "deferrable", initially_deferred FROM veritable.references ORDER BY 1;
SELECT * FROM verify_references();
-- a table that refers to itself has both triggers
CREATE TABLE staff (id int, boss int, during int4range);
SELECT add_reference('staff', '{boss}', 'during', 'staff', '{id}', "deferrable" => true, name => 'led');
BEGIN;
SET CONSTRAINTS led DEFERRED;
INSERT INTO staff VALUES (2, 1, '[1,3)');
INSERT INTO staff VALUES (1, NULL, '[1,3)');
COMMIT;
DELETE FROM staff WHERE id = 1;
SELECT drop_reference('staff', 'led');
SELECT drop_reference('contract', 'held');
SELECT drop_reference('note', 'noted');
SELECT count(*) FROM pg_trigger WHERE tgfoid IN ('veritable.refer'::regproc, 'veritable.guard_referenced'::regproc);
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_reference CASCADE;
DROP ROLE regress_reference;
