-- Commands on either table: columns and tables that are renamed are followed; what a reference needs is not dropped.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE ROLE regress_reference_other;
CREATE SCHEMA AUTHORIZATION regress_reference;
GRANT ALL ON SCHEMA regress_reference TO regress_reference_other;
SET search_path = regress_reference, public;
SET ROLE regress_reference;
CREATE TABLE tariff (place int NOT NULL, price int, since int4range NOT NULL);
CREATE TABLE contract (id int, place int, during int4range);
SELECT add_reference('contract', '{place}', 'during', 'tariff', name => 'held');
INSERT INTO tariff VALUES (1, 5, '[1,10)');
INSERT INTO contract VALUES (1, 1, '[2,4)');
-- renamed
ALTER TABLE contract RENAME place TO spot;
ALTER TABLE contract RENAME during TO days;
ALTER TABLE tariff RENAME place TO location;
ALTER TABLE tariff RENAME since TO days;
ALTER TABLE tariff RENAME TO price_list;
RESET ROLE;
CREATE SCHEMA regress_reference_elsewhere AUTHORIZATION regress_reference;
GRANT CREATE ON DATABASE regression TO regress_reference;
SET ROLE regress_reference;
ALTER TABLE price_list SET SCHEMA regress_reference_elsewhere;
SELECT * FROM veritable.references;
INSERT INTO contract VALUES (2, 1, '[5,12)');
DELETE FROM regress_reference_elsewhere.price_list;
SELECT * FROM verify_references();
ALTER SCHEMA regress_reference_elsewhere RENAME TO regress_reference_somewhere;
INSERT INTO contract VALUES (2, 1, '[5,12)');
DELETE FROM regress_reference_somewhere.price_list;
ALTER TABLE regress_reference_somewhere.price_list SET SCHEMA regress_reference;
ALTER TABLE price_list RENAME TO tariff;
-- needed
ALTER TABLE contract DROP COLUMN spot;
ALTER TABLE contract DROP COLUMN id;
ALTER TABLE tariff DROP COLUMN days;
ALTER TABLE tariff DROP COLUMN price;
ALTER TABLE tariff ALTER location TYPE bigint;
ALTER TABLE tariff ALTER days TYPE int8range USING '(,)';
ALTER TABLE tariff ALTER days TYPE int4range USING '[3,4)';
ALTER TABLE tariff ALTER days TYPE int4range USING '[0,20)';
ALTER TABLE contract ALTER spot TYPE int USING spot + 1;
ALTER TABLE contract ALTER spot TYPE int USING NULL;
UPDATE contract SET spot = 1;
DROP TRIGGER veritable_reference_held ON contract;
DROP TRIGGER veritable_referenced_held_delete ON tariff;
ALTER TRIGGER veritable_referenced_held_delete ON tariff RENAME TO other;
CREATE TABLE child () INHERITS (tariff);
CREATE RULE nothing AS ON UPDATE TO tariff DO INSTEAD NOTHING;
ALTER TABLE tariff SET UNLOGGED;
-- disabled is told of
ALTER TABLE tariff DISABLE TRIGGER ALL;
DELETE FROM tariff;
SELECT * FROM verify_references();
ALTER TABLE tariff ENABLE TRIGGER ALL;
SELECT enabled FROM veritable.references;
INSERT INTO tariff VALUES (1, '[0,20)');
ALTER TABLE contract DISABLE TRIGGER USER;
SELECT enabled FROM veritable.references;
SELECT * FROM verify_references();
ALTER TABLE contract ENABLE TRIGGER USER;
SELECT * FROM verify_references();
-- dropped
DROP TABLE tariff;
DROP TABLE tariff CASCADE;
SELECT * FROM veritable.references;
\d contract
CREATE TABLE tariff (place int NOT NULL, since int4range NOT NULL);
INSERT INTO tariff VALUES (1, '[0,20)');
SELECT add_reference('contract', '{spot}', 'days', 'tariff', '{place}', name => 'held');
DROP TABLE contract;
\d tariff
CREATE TABLE contract (place int, during int4range);
SELECT add_reference('contract', '{place}', 'during', 'tariff', name => 'held');
DROP TABLE contract, tariff;
-- of another role, which has the privilege REFERENCES
CREATE TABLE tariff (place int NOT NULL, since int4range NOT NULL);
GRANT SELECT, REFERENCES ON tariff TO regress_reference_other;
SET ROLE regress_reference_other;
CREATE TABLE contract (place int, during int4range);
SELECT add_reference('contract', '{place}', 'during', 'tariff', name => 'held');
ALTER TABLE contract RENAME place TO spot;
SET ROLE regress_reference;
ALTER TABLE tariff RENAME place TO spot;
SELECT name, columns, referenced_columns FROM veritable.references;
-- who grants REFERENCES agrees to that
DROP TABLE tariff;
DROP TABLE tariff CASCADE;
SELECT * FROM veritable.references;
SET ROLE regress_reference_other;
\d contract
DROP TABLE contract;
-- triggers made by hand
SET ROLE regress_reference;
CREATE TABLE tariff (place int NOT NULL, since int4range NOT NULL);
CREATE TABLE contract (place int, during int4range);
CREATE TRIGGER held AFTER INSERT ON contract REFERENCING NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION veritable.refer('name=held', 'column=place', 'period=during', 'referenced_column=place', 'referenced_period=since');
CREATE CONSTRAINT TRIGGER held_by AFTER DELETE ON contract FROM tariff FOR EACH ROW WHEN (false)
    EXECUTE FUNCTION veritable.refer('name=held', 'column=place', 'period=during', 'referenced_column=place', 'referenced_period=since');
CREATE TRIGGER held_insert AFTER INSERT ON contract REFERENCING NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION veritable.refer('name=held', 'column=place', 'period=during', 'referenced_column=place', 'referenced_period=since');
INSERT INTO contract VALUES (1, '[1,2)');
SELECT * FROM verify_references();
CREATE TRIGGER early BEFORE INSERT ON contract FOR EACH ROW EXECUTE FUNCTION veritable.refer('name=held', 'period=x', 'referenced_period=y');
CREATE TRIGGER strange AFTER INSERT ON contract EXECUTE FUNCTION veritable.refer('name=other', 'unknown=x');
SELECT drop_reference('contract', 'held');
SELECT * FROM verify_references('contract');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_reference, regress_reference_somewhere CASCADE;
REVOKE CREATE ON DATABASE regression FROM regress_reference;
DROP ROLE regress_reference, regress_reference_other;
