-- As of a moment before a pruning, nothing is answered; a history is no less what its events say.
CREATE SCHEMA verify_prunings_as_of;
SET search_path = verify_prunings_as_of, public;
\set VERBOSITY terse
CREATE TABLE trades (trade int NOT NULL, day int NOT NULL, price numeric, known timestamptz) PARTITION BY RANGE (day);
CREATE TABLE day1 PARTITION OF trades FOR VALUES FROM (1) TO (2);
CREATE TABLE day2 PARTITION OF trades FOR VALUES FROM (2) TO (3);
SELECT add_chain('trades', entity => '{trade}', recorded => 'known');
SELECT add_as_of('trades');
INSERT INTO trades VALUES (1, 1, 10), (2, 1, 20);
CREATE TABLE moments AS SELECT clock_timestamp() AS before;
SELECT before FROM moments \gset
INSERT INTO trades VALUES (1, 2, 11);
PREPARE state(timestamptz) AS SELECT trade, price FROM trades_as_of(known_at => $1) ORDER BY trade;
EXECUTE state('infinity');
ALTER TABLE trades DETACH PARTITION day1;
EXECUTE state('infinity');
EXECUTE state(:'before');
SELECT price FROM trades_as_of(1, known_at => '2000-01-01Z');
SELECT price FROM trades_as_of(1);
SELECT price FROM moments, trades_as_of(known_at => before);
EXPLAIN (COSTS off) SELECT price FROM trades_as_of(1);
-- From the pruning on, the answer is what the table knows.
SELECT trade, price FROM trades_as_of(known_at => clock_timestamp());
ALTER TABLE trades RENAME TO deals;
SELECT price FROM trades_as_of(known_at => '2000-01-01Z');
-- A partition that is attached again brings back what was known.
ALTER TABLE deals ATTACH PARTITION day1 FOR VALUES FROM (1) TO (2);
EXECUTE state(:'before');
ALTER TABLE deals DETACH PARTITION day1;
EXECUTE state(:'before');
-- Functions that are added after a pruning know of it.
SELECT drop_as_of('deals');
SELECT add_as_of('deals');
SELECT price FROM deals_as_of(known_at => '2000-01-01Z');

CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL);
SELECT add_history('customers');
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cy');
UPDATE customers SET name = 'Ada Lovelace' WHERE id = 1;
DELETE FROM customers WHERE id = 3;
SELECT prune('customers_history', before => 'infinity');
SELECT id, name, operation, seq FROM customers_history ORDER BY id, seq;
SELECT * FROM verify_history('customers');
SELECT name FROM customers_as_of() ORDER BY name;
SELECT name FROM customers_as_of('2000-01-01Z');
-- Histories go on.
INSERT INTO customers VALUES (3, 'Cyd');
UPDATE customers SET name = 'Lovelace' WHERE id = 1;
SELECT id, name, operation, seq FROM customers_history ORDER BY id, seq;
SELECT * FROM verify_history('customers');
-- What happens behind the triggers shows as before.
ALTER TABLE customers DISABLE TRIGGER USER;
UPDATE customers SET name = 'Eve' WHERE id = 2;
INSERT INTO customers VALUES (4, 'Dan');
ALTER TABLE customers ENABLE TRIGGER USER;
SELECT key, fault FROM verify_history('customers') ORDER BY key;
SET client_min_messages = error;
SET veritable.guard = off;
BEGIN; DELETE FROM customers_history WHERE id = 1 AND seq = 2; SELECT target, key, seq, fault FROM verify_history('customers') WHERE seq IS NOT NULL ORDER BY 2, 3; ROLLBACK;
DROP SCHEMA verify_prunings_as_of CASCADE;
