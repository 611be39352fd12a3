-- set_period() puts a value over a part of a timeline, whatever was there; clear_period() clears a part.
\pset null (null)
CREATE ROLE regress_set_period;
CREATE ROLE regress_set_period_other;
CREATE SCHEMA AUTHORIZATION regress_set_period;
SET search_path = regress_set_period, public;
SET ROLE regress_set_period;
SET datestyle = ISO;
CREATE TABLE tariff (id serial PRIMARY KEY, place int NOT NULL, price numeric, note text DEFAULT 'default', since daterange NOT NULL);
SELECT add_packing('tariff', 'since', '{place}', exclude => '{note}');
\set look 'SELECT * FROM tariff ORDER BY place, since;'

-- An empty timeline
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "[2024-01-01,2025-01-01)"}');
UPDATE tariff SET note = 'first';
-- Splitting: the first half keeps its id; the second takes over all that is not made anew for each row.
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 6, "since": "[2024-03-01,2024-04-01)", "note": "second"}');
-- Trimming, on either side
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 7, "since": "[2024-12-01,2025-02-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 8, "since": "[2023-12-01,2024-02-01)"}');
:look
-- Replacing a whole row, and several
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 9, "since": "[2024-03-01,2024-04-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "[2024-01-15,2024-12-15)"}');
:look
-- That of the neighbours: all become one, and the earliest survives.
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 8, "since": "[2024-01-15,2024-12-15)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 8, "since": "[2024-12-15,2025-03-01)"}');
:look
-- Unbounded
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 6, "since": "[2024-06-01,)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "(,2024-01-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": null, "since": "[2024-02-01,2024-03-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "since": "[2024-03-01,2024-04-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 2, "price": 5, "since": "(,)"}');
:look
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 1, "since": "(,)"}');
:look
-- The value that is there already, over a part, all, and more of it
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 1.0, "since": "[2024-03-01,2024-04-01)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 1, "since": "(,)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "[2025-01-01,)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 1, "since": "[2024-01-01,2026-01-01)"}');
DELETE FROM tariff WHERE place = 1;
-- as jsonb_build_object() writes them
SELECT place, price, since FROM set_period(NULL::tariff, jsonb_build_object('place', 3, 'price', 5.50, 'since', daterange('2024-01-01', '2024-02-01')));

-- Clearing: nothing, a part in the middle, an end, over several rows, all
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 4, "since": "[2024-01-01,2024-02-01)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 3, "since": "[2025-01-01,2026-01-01)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 3, "since": "[2024-01-10,2024-01-20)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 3, "since": "[2024-01-25,2024-01-30)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 3, "since": "[2024-01-05,2024-01-30)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 2, "since": "[2024-01-01,2024-01-02)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 1, "price": 1, "since": "[2024-01-01,)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 1, "since": "(,)"}');
SELECT place, price, since FROM tariff ORDER BY place, since;
SELECT * FROM verify_packing('tariff');

-- In a transaction that goes on, and is rolled back
BEGIN;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[2023-01-01,2025-01-01)"}');
SAVEPOINT s;
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 2, "since": "(,)"}');
ROLLBACK TO s;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 7, "since": "[2024-01-01,2024-02-01)"}');
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[2024-01-01,2024-01-02)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 5, "since": "[2024-01-01,2024-01-02)"}');
COMMIT;
SELECT place, price, since FROM tariff ORDER BY place, since;
-- several at once, in a statement and in a function
SELECT place, price, since FROM generate_series(1, 3) AS month,
    LATERAL set_period(NULL::tariff, jsonb_build_object('place', 5, 'price', month / 2, 'since', daterange(make_date(2024, month, 1), make_date(2024, month + 1, 1)))) AS period;
CREATE FUNCTION raise_price(place int, percent numeric, since daterange) RETURNS SETOF tariff LANGUAGE sql AS $$
    SELECT changed.*
    FROM (SELECT * FROM tariff WHERE tariff.place = $1 AND tariff.since && $3) AS part,
        LATERAL set_period(NULL::tariff, jsonb_build_object('place', $1, 'price', part.price * (1 + percent / 100), 'since', part.since * $3)) AS changed
$$;
SELECT place, round(price, 2) AS price, since FROM raise_price(5, 10, '[2024-01-15,2024-03-15)');
SELECT place, round(price, 2) AS price, since FROM tariff WHERE place = 5 ORDER BY since;

-- What refers to a row that is cut keeps referring to its first half; to one that is replaced, that foreign key says.
CREATE TABLE sale (tariff int REFERENCES tariff, item text);
SELECT * FROM set_period(NULL::tariff, '{"place": 6, "price": 5, "since": "[2024-01-01,2025-01-01)", "id": 600}');
INSERT INTO sale VALUES (600, 'ticket');
SELECT place, price, since, id = 600 AS same FROM set_period(NULL::tariff, '{"place": 6, "price": 6, "since": "[2024-03-01,2024-04-01)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 6, "price": 6, "since": "[2024-01-01,2024-03-01)"}');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE sale;
-- CHECK, NOT NULL, domains and triggers have their say
ALTER TABLE tariff ADD CONSTRAINT positive CHECK (price >= 0);
SELECT setval('tariff_id_seq', 1000);
SELECT * FROM set_period(NULL::tariff, '{"place": 6, "price": -6, "since": "[2024-01-01,2024-03-01)"}');
CREATE FUNCTION suppress() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER suppress BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM set_period(NULL::tariff, '{"place": 6, "price": 7, "since": "[2024-01-01,2024-02-01)"}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER suppress ON tariff;
CREATE TRIGGER suppress BEFORE DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM clear_period(NULL::tariff, '{"place": 6, "since": "(,)"}');
DROP TRIGGER suppress ON tariff;
-- nor may one bend what is cut, or keep the second half or the fact itself from being inserted
CREATE FUNCTION bend() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.since := OLD.since; RETURN NEW; END';
CREATE TRIGGER bend BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION bend();
SELECT * FROM clear_period(NULL::tariff, '{"place": 6, "since": "[2024-05-01,2024-06-01)"}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER bend ON tariff;
CREATE TRIGGER suppress BEFORE INSERT ON tariff FOR EACH ROW EXECUTE FUNCTION suppress();
SELECT * FROM clear_period(NULL::tariff, '{"place": 6, "since": "[2024-05-01,2024-06-01)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 6, "price": 7, "since": "[2024-01-01,2025-01-01)"}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER suppress ON tariff;
SELECT place, price, since FROM tariff WHERE place = 6 ORDER BY since;

-- A table without a primary key, with identity and generated columns, with the period in the primary key, without a key or value
CREATE TABLE plain (place int NOT NULL, price int, unit text, since int4range);
SELECT add_packing('plain', 'since', '{place}');
SELECT * FROM set_period(NULL::plain, '{"place": 1, "price": 5, "unit": "hour", "since": "[1,100)"}');
SELECT * FROM set_period(NULL::plain, '{"place": 1, "price": 5, "unit": "day", "since": "[10,20)"}');
SELECT * FROM set_period(NULL::plain, '{"place": 1, "price": 5, "since": "[15,30)"}');
CREATE TABLE counted (
    number int GENERATED ALWAYS AS IDENTITY UNIQUE, place int NOT NULL, price int, gross int GENERATED ALWAYS AS (price * 2) STORED, since int4range,
    PRIMARY KEY (place, since)
);
SELECT add_packing('counted', 'since', '{place}', '{gross}');
SELECT * FROM set_period(NULL::counted, '{"place": 1, "price": 5, "since": "[1,100)"}');
SELECT * FROM set_period(NULL::counted, '{"place": 1, "price": 6, "since": "[10,20)"}');
SELECT * FROM clear_period(NULL::counted, '{"place": 1, "since": "[40,50)"}');
SELECT * FROM counted ORDER BY since;
-- a unique column with a default, outside of the primary key, is made anew as well
CREATE TABLE numbered (id serial PRIMARY KEY, number serial UNIQUE, place int NOT NULL, price int, since int4range);
SELECT add_packing('numbered', 'since', '{place}', '{price}');
SELECT * FROM set_period(NULL::numbered, '{"place": 1, "price": 5, "since": "[1,100)"}');
SELECT * FROM set_period(NULL::numbered, '{"place": 1, "price": 6, "since": "[10,20)"}');
CREATE TABLE rate (rate numeric, since int4range);
SELECT add_packing('rate', 'since', '{}');
SELECT * FROM set_period(NULL::rate, '{"rate": 5, "since": "(,)"}');
SELECT * FROM set_period(NULL::rate, '{"rate": 6, "since": "[1,5)"}');
SELECT * FROM clear_period(NULL::rate, '{"since": "[3,9)"}');
SELECT * FROM rate ORDER BY since;
CREATE TABLE covered (since int4range);
SELECT add_packing('covered', 'since', '{}');
SELECT * FROM set_period(NULL::covered, '{"since": "[1,5)"}');
SELECT * FROM set_period(NULL::covered, '{"since": "[5,9)"}');
SELECT * FROM clear_period(NULL::covered, '{"since": "[3,4)"}');
-- a generated column in the key says which timeline; its value is made by the table
CREATE TABLE derived (name text, key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL, price int, since int4range);
SELECT add_packing('derived', 'since', '{key}', '{price}');
SELECT * FROM set_period(NULL::derived, '{"key": "a", "name": "A", "price": 5, "since": "[1,9)"}');
SELECT * FROM set_period(NULL::derived, '{"key": "a", "name": "A", "price": 6, "since": "[3,5)"}');
SELECT * FROM clear_period(NULL::derived, '{"key": "a", "since": "[7,8)"}');
-- values of all kinds come as JSON has them
CREATE TYPE size AS (width int, height int);
CREATE TABLE thing (place int NOT NULL, doc jsonb, list int[], size size, flag boolean, at timestamp, raw bytea, since tstzrange);
SELECT add_packing('thing', 'since', '{place}');
SET timezone = UTC;
SELECT * FROM set_period(NULL::thing, '{"place": 1, "doc": {"a": [1, null]}, "list": [1, 2], "size": {"width": 1, "height": 2}, "flag": true,
    "at": "2024-01-01T12:00:00", "raw": "\\x00ff", "since": "[\"2024-01-01 00:00+01\",)"}');
SELECT * FROM set_period(NULL::thing, '{"place": 1, "doc": "text", "list": "{3}", "size": "(3,4)", "flag": "off", "since": "[2024-02-01,2024-03-01)"}');
SELECT * FROM verify_packing();

-- Refused
SELECT * FROM set_period(NULL::tariff, NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, 'null');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '[{"place": 1, "price": 5, "since": "(,)"}]');
SELECT * FROM set_period(NULL::tariff, '"text"');
SELECT * FROM set_period(NULL::tariff, '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "(,)", "cost": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "(,)", "ctid": "(0,1)"}');
SELECT * FROM set_period(NULL::tariff, '{"Place": 1, "price": 5, "since": "(,)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": null, "price": 5, "since": "(,)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": null}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "empty"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "[2024-01-01,infinity)"}');
SELECT * FROM set_period(NULL::thing, '{"place": 1, "since": "[2024-02-01,2024-03-01]"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": 5, "since": "2024-01-01"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::tariff, '{"place": "one", "price": 5, "since": "(,)"}');
SELECT * FROM set_period(NULL::tariff, '{"place": 1, "price": {"amount": 5}, "since": "(,)"}');
SELECT * FROM clear_period(NULL::tariff, '{"place": 1, "price": 5, "since": "(,)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM clear_period(NULL::tariff, '{"since": "(,)"}');
SELECT * FROM clear_period(NULL::tariff, '{"place": null, "since": "(,)"}');
SELECT * FROM clear_period(NULL::tariff, '{"place": 1, "since": "empty"}');
SELECT * FROM clear_period(NULL::tariff, NULL);
SELECT * FROM set_period(NULL::int, '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM set_period(NULL::size, '{}');
SELECT * FROM set_period(NULL::text[], '{}');
SELECT set_period(ROW(1, 2), '{}');
CREATE TABLE unpacked (place int NOT NULL, since int4range);
SELECT * FROM set_period(NULL::unpacked, '{"place": 1, "since": "(,)"}');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW view AS SELECT * FROM tariff;
SELECT * FROM set_period(NULL::view, '{"place": 1, "since": "(,)"}');
CREATE DOMAIN tariffs AS tariff;
SELECT * FROM set_period(NULL::tariffs, '{"place": 9, "price": 1, "since": "[2024-01-01,2024-02-01)"}');
-- a row that is not null is as good as a null one: it only names the table
SELECT place, price, since FROM set_period((SELECT tariff FROM tariff WHERE place = 2 LIMIT 1), '{"place": 9, "price": 2, "since": "[2024-01-01,2024-02-01)"}');
-- where only reading is allowed
BEGIN READ ONLY;
SELECT * FROM set_period(NULL::tariff, '{"place": 9, "price": 3, "since": "[2024-01-01,2024-02-01)"}');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK;
-- with the triggers off there is nobody to pack
ALTER TABLE tariff DISABLE TRIGGER USER;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 9, "price": 3, "since": "[2024-01-10,2024-01-20)"}');
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 9, "price": 2, "since": "[2024-01-10,2024-01-20)"}');
ALTER TABLE tariff ENABLE TRIGGER USER;
SELECT pack('tariff');
SELECT place, price, since FROM tariff WHERE place = 9;

-- With the caller's privileges, no more; and without them nothing is locked either.
GRANT USAGE ON SCHEMA regress_set_period TO regress_set_period_other;
SET ROLE regress_set_period_other;
BEGIN;
SAVEPOINT s;
SELECT * FROM set_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[2023-01-01,2025-01-01)"}');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT * FROM clear_period(NULL::tariff, '{"place": 2, "since": "[2023-01-01,2025-01-01)"}');
ROLLBACK TO s;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;
SET ROLE regress_set_period;
GRANT SELECT ON tariff TO regress_set_period_other;
SET ROLE regress_set_period_other;
SELECT * FROM set_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[2023-01-01,2025-01-01)"}');
SELECT * FROM clear_period(NULL::tariff, '{"place": 2, "since": "[2023-01-01,2025-01-01)"}');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_set_period;
GRANT INSERT, UPDATE, DELETE ON tariff TO regress_set_period_other;
GRANT USAGE ON SEQUENCE tariff_id_seq TO regress_set_period_other;
SET ROLE regress_set_period_other;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 6, "since": "[2023-01-01,2025-01-01)"}');
-- row-level security hides rows from it: they are in the way
SET ROLE regress_set_period;
CREATE POLICY cheap ON tariff TO regress_set_period_other USING (price < 6) WITH CHECK (true);
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY;
SET ROLE regress_set_period_other;
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 4, "since": "[2024-01-01,2024-02-01)"}');
\echo :LAST_ERROR_SQLSTATE
SELECT place, price, since FROM set_period(NULL::tariff, '{"place": 2, "price": 4, "since": "[2026-01-01,2026-02-01)"}');
SELECT place, price, since FROM clear_period(NULL::tariff, '{"place": 2, "since": "[2024-01-01,2024-02-01)"}');
RESET ROLE;
SELECT place, price, since FROM tariff WHERE place = 2 ORDER BY since;
SELECT * FROM verify_packing('tariff');

SET client_min_messages = warning;
DROP SCHEMA regress_set_period CASCADE;
DROP ROLE regress_set_period;
DROP ROLE regress_set_period_other;
