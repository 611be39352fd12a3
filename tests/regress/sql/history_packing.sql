-- A packed table with a history: both times.
CREATE SCHEMA history_packing;
SET search_path = history_packing, public;
SET datestyle = ISO;
CREATE TABLE tariffs (location text, price int, during daterange, PRIMARY KEY (location, during));
SELECT add_packing('tariffs', 'during', '{location}');
SELECT add_history('tariffs');
INSERT INTO tariffs VALUES ('Oslo', 5, '[2026-01-01,2026-02-01)');
CREATE TABLE moments AS SELECT 1 AS number, clock_timestamp() AS at;
INSERT INTO tariffs VALUES ('Oslo', 5, '[2026-02-01,2026-03-01)');
INSERT INTO moments VALUES (2, clock_timestamp());
SELECT set_period(NULL::tariffs, '{"location": "Oslo", "price": 6, "during": "[2026-01-15,2026-02-15)"}');
INSERT INTO moments VALUES (3, clock_timestamp());
SELECT clear_period(NULL::tariffs, '{"location": "Oslo", "during": "[2026-02-01,2026-03-01)"}');
SELECT location, price, during, operation, seq FROM tariffs_history ORDER BY recorded, during, seq;
SELECT number, valid, price FROM moments, unnest('{2026-01-20,2026-02-10}'::date[]) AS valid
LEFT JOIN LATERAL tariffs_as_of(valid, at) ON true ORDER BY 1, 2;
SELECT * FROM tariffs EXCEPT SELECT tariffs.* FROM tariffs, tariffs_as_of(lower(during)) AS known WHERE known = tariffs;
SELECT * FROM verify_history('tariffs');
SELECT * FROM verify_packing('tariffs');
SELECT add_chain('tariffs');

SET client_min_messages = warning;
DROP SCHEMA history_packing CASCADE;
