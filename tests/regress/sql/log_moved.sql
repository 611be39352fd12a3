-- While a transaction has rows of a default partition out, its own snapshots miss events that all others see: nothing is read from the
-- log by then, and no checkpoint is made.
\pset null (null)
\set VERBOSITY terse
CREATE TABLE visit (id int NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES IN (1);
CREATE TABLE visit_d PARTITION OF visit DEFAULT;
SELECT add_chain('visit', '{id}');
SELECT add_log('visit');
SELECT add_consumer('visit', 'mail');
INSERT INTO visit SELECT n % 2, n % 3 FROM generate_series(1, 10) AS n;
CREATE TEMP TABLE moved (LIKE visit);

BEGIN;
WITH gone AS (DELETE FROM visit_d RETURNING *) INSERT INTO moved SELECT * FROM gone;
SAVEPOINT s;
SELECT checkpoint('visit');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT count(*) FROM consume(NULL::visit, 'mail');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT count(*) FROM read_events(NULL::visit, 0);
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT settled('visit');
\echo :LAST_ERROR_SQLSTATE
ROLLBACK TO s;
SELECT consumer, lag FROM veritable.consumers WHERE target = 'visit'::regclass;
INSERT INTO visit SELECT * FROM moved;
SELECT settled('visit') > 0;
COMMIT;
SELECT count(*) FROM consume(NULL::visit, 'mail');
SELECT count(*) FROM read_events(NULL::visit, 0);
SELECT checkpoint('visit') IS NOT NULL;
SELECT * FROM verify_log('visit');
DROP TABLE visit CASCADE;
