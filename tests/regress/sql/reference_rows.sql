-- Rows are checked at the end of the statement, on both tables, in sets: what covers them may come with the same statement.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE SCHEMA AUTHORIZATION regress_reference;
SET search_path = regress_reference, public;
SET ROLE regress_reference;
CREATE TABLE tariff (place int, price int, since int4range);
CREATE TABLE contract (id int, place int, during int4range);
SELECT add_reference('contract', '{place}', 'during', 'tariff');
INSERT INTO tariff VALUES (1, 5, '[1,10)'), (1, 6, '[10,20)'), (2, 5, '[1,5)'), (2, 5, '[6,)'), (NULL, 1, '(,)'), (3, 1, NULL);

-- what refers
INSERT INTO contract VALUES (1, 1, '[5,15)'), (2, 2, '[6,)'), (3, 2, '[1,5)');
INSERT INTO contract VALUES (4, 2, '[1,8)');
INSERT INTO contract VALUES (4, 3, '[1,2)');
INSERT INTO contract VALUES (4, NULL, '[1,2)'), (5, 9, NULL);
INSERT INTO contract VALUES (6, 1, 'empty');
INSERT INTO contract SELECT n, 1, int4range(n, n + 2) FROM generate_series(10, 18) AS n;
INSERT INTO contract SELECT n, 1, int4range(n, n + 2) FROM generate_series(10, 30) AS n;
INSERT INTO contract SELECT n, n % 3, int4range(n, n + 2) FROM generate_series(10, 300) AS n;
UPDATE contract SET during = '[15,25)' WHERE id = 1;
UPDATE contract SET place = 2 WHERE id = 1;
UPDATE contract SET place = NULL WHERE id = 1;
UPDATE contract SET place = 1 WHERE id = 1;
UPDATE contract SET id = id;
UPDATE contract SET during = '[12,14)' WHERE place = 1;
COPY contract FROM stdin;
7	1	[1,3)
8	1	[19,21)
\.
MERGE INTO contract USING (VALUES (1, int4range(30, 40))) AS n (id, during) ON contract.id = n.id
    WHEN MATCHED THEN UPDATE SET during = n.during;
-- what is referred to
DELETE FROM tariff WHERE place = 2;
DELETE FROM tariff WHERE since @> 1000;
UPDATE tariff SET since = '[7,)' WHERE since @> 1000;
UPDATE tariff SET since = '[1,7)' WHERE place = 2 AND since @> 1;
UPDATE tariff SET place = 9 WHERE place = 2;
UPDATE tariff SET place = NULL WHERE place = 2;
UPDATE tariff SET price = 9;
-- in two steps that a statement takes together
UPDATE tariff SET since = CASE WHEN since = '[1,10)' THEN int4range '[1,13)' ELSE int4range '[13,20)' END WHERE place = 1;
SELECT * FROM tariff WHERE place = 1 ORDER BY since;
WITH gone AS (DELETE FROM tariff WHERE place = 1 RETURNING *) INSERT INTO tariff SELECT place, 7, since FROM gone;
WITH gone AS (DELETE FROM contract WHERE place = 2) DELETE FROM tariff WHERE place = 2;
WITH new AS (INSERT INTO tariff VALUES (4, 1, '[1,5)')) INSERT INTO contract VALUES (40, 4, '[2,3)');
WITH gone AS (DELETE FROM tariff WHERE place = 4) INSERT INTO contract VALUES (41, 4, '[2,3)');
DELETE FROM contract WHERE place = 4;
DELETE FROM tariff WHERE place = 4;
-- many rows at once
INSERT INTO tariff SELECT n, 1, '[1,100)' FROM generate_series(100, 1000) AS n;
INSERT INTO contract SELECT n, n, '[5,10)' FROM generate_series(100, 1000) AS n;
UPDATE tariff SET since = '[1,8)' WHERE place = 777;
DELETE FROM tariff WHERE place = 776;
DELETE FROM tariff WHERE place >= 100;
UPDATE tariff SET since = '[5,50)' WHERE place >= 100;
DELETE FROM contract WHERE place >= 100;
DELETE FROM tariff WHERE place >= 100;
-- TRUNCATE
TRUNCATE tariff;
TRUNCATE tariff, contract;
INSERT INTO contract VALUES (1, NULL, '[1,2)'), (2, 1, NULL);
TRUNCATE tariff;
TRUNCATE contract;
-- rows as they are at the end of a statement whose triggers change them
CREATE FUNCTION removes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM contract WHERE id = NEW.id; RETURN NULL; END $$;
CREATE TRIGGER aa_removes AFTER INSERT ON contract FOR EACH ROW EXECUTE FUNCTION removes();
INSERT INTO contract VALUES (1, 1, '[1,2)');
DROP TRIGGER aa_removes ON contract;
CREATE FUNCTION adds() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tariff VALUES (NEW.place, 1, NEW.during); RETURN NEW; END $$;
CREATE TRIGGER adds BEFORE INSERT ON contract FOR EACH ROW EXECUTE FUNCTION adds();
INSERT INTO contract VALUES (1, 1, '[1,2)');
DROP TRIGGER adds ON contract;
-- savepoints
BEGIN;
SAVEPOINT a;
INSERT INTO contract VALUES (2, 1, '[1,3)');
ROLLBACK TO a;
DELETE FROM tariff;
ROLLBACK TO a;
DELETE FROM contract;
DELETE FROM tariff;
ROLLBACK TO a;
DELETE FROM tariff;
ROLLBACK;
SELECT * FROM verify_references('contract');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_reference CASCADE;
DROP ROLE regress_reference;
