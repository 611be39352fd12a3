-- Who may refer to what, as whom the checks run, and what errors show.
\pset null (null)
\set SHOW_CONTEXT never
CREATE ROLE regress_reference;
CREATE ROLE regress_reference_other;
CREATE ROLE regress_reference_clerk;
CREATE SCHEMA AUTHORIZATION regress_reference;
SET search_path = regress_reference, public;
SET ROLE regress_reference;
CREATE TABLE tariff (place int, price int, since int4range);
INSERT INTO tariff VALUES (1, 5, '[1,10)');
CREATE TABLE contract (id int, place int, during int4range);
SET ROLE regress_reference_other;
SELECT add_reference('regress_reference.contract', '{place}', 'during', 'regress_reference.tariff');
RESET ROLE;
CREATE SCHEMA AUTHORIZATION regress_reference_other CREATE TABLE contract (id int, place int, during int4range);
SET ROLE regress_reference_other;
SELECT add_reference('regress_reference_other.contract', '{place}', 'during', 'regress_reference.tariff');
SET ROLE regress_reference;
GRANT USAGE ON SCHEMA regress_reference TO regress_reference_other, regress_reference_clerk;
SET ROLE regress_reference_other;
SELECT add_reference('regress_reference_other.contract', '{place}', 'during', 'regress_reference.tariff');
SET ROLE regress_reference;
GRANT REFERENCES (place) ON tariff TO regress_reference_other;
SET ROLE regress_reference_other;
SELECT add_reference('regress_reference_other.contract', '{place}', 'during', 'regress_reference.tariff');
SET ROLE regress_reference;
GRANT REFERENCES (since) ON tariff TO regress_reference_other;
SET ROLE regress_reference_other;
SELECT add_reference('regress_reference_other.contract', '{place}', 'during', 'regress_reference.tariff', name => 'held');
-- the owner of the table that refers may not read the other, and sees nothing of it
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[2,4)');
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[5,12)');
-- nor the owner of the other
SET ROLE regress_reference;
DELETE FROM tariff;
UPDATE tariff SET since = '[1,3)';
TRUNCATE tariff;
-- who may write, and not read
SET ROLE regress_reference_other;
GRANT USAGE ON SCHEMA regress_reference_other TO regress_reference_clerk;
GRANT INSERT ON regress_reference_other.contract TO regress_reference_clerk;
SET ROLE regress_reference_clerk;
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[2,4)');
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[5,12)');
SET ROLE regress_reference_other;
GRANT SELECT (place, during) ON regress_reference_other.contract TO regress_reference_clerk;
SET ROLE regress_reference_clerk;
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[5,12)');
SET ROLE regress_reference;
GRANT SELECT ON tariff TO regress_reference_clerk;
SET ROLE regress_reference_clerk;
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[5,12)');
-- row-level security hides no row from a check
SET ROLE regress_reference;
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY;
ALTER TABLE tariff FORCE ROW LEVEL SECURITY;
SET ROLE regress_reference_other;
ALTER TABLE regress_reference_other.contract ENABLE ROW LEVEL SECURITY;
ALTER TABLE regress_reference_other.contract FORCE ROW LEVEL SECURITY;
CREATE POLICY writes ON regress_reference_other.contract FOR INSERT WITH CHECK (true);
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[2,4)');
SET ROLE regress_reference_clerk;
INSERT INTO regress_reference_other.contract VALUES (1, 1, '[5,12)');
SELECT * FROM verify_references('regress_reference_other.contract');
SET ROLE regress_reference;
CREATE POLICY all_rows ON tariff USING (true);
DELETE FROM tariff;
-- verification is for who may read the table that refers
SELECT * FROM verify_references('regress_reference_other.contract');
RESET ROLE;
ALTER TABLE regress_reference_other.contract NO FORCE ROW LEVEL SECURITY;
SET ROLE regress_reference_other;
SELECT * FROM verify_references('regress_reference_other.contract');
-- the owner drops the reference, on both tables; the other owner does not
SET ROLE regress_reference;
SELECT drop_reference('regress_reference_other.contract', 'held');
SET ROLE regress_reference_other;
SELECT drop_reference('regress_reference_other.contract', 'held');
SET ROLE regress_reference;
\d tariff
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_reference, regress_reference_other CASCADE;
DROP ROLE regress_reference, regress_reference_other, regress_reference_clerk;
