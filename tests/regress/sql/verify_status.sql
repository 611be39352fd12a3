-- veritable.status says what holds each table and when it was last verified, by whom, with how many faults; the journal has
-- these entries, and shows them to nobody who may not read the table.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_status;
CREATE ROLE regress_status_reader;
CREATE ROLE regress_status_nobody;
CREATE DATABASE regress_status;
\c regress_status
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT CREATE ON SCHEMA public TO regress_status;
GRANT EXECUTE ON FUNCTION register_schema TO regress_status;
CREATE VIEW seen AS
SELECT target, guarantee, rows_estimated AS estimated, last_verified > now() - '1 day'::interval AS lately, verified_by AS by,
       CASE WHEN target <> 'veritable.journal'::regclass THEN rows_verified END AS rows, faults
FROM veritable.status;
ALTER VIEW seen SET (security_invoker = true);
GRANT SELECT ON seen TO PUBLIC;
SET ROLE regress_status;
SELECT register_schema('event', '{"type": "object"}');
CREATE TABLE event (id int PRIMARY KEY, account int NOT NULL, payload jsonb);
SELECT add_chain('event', entity => '{account}');
SELECT add_validation('event', 'payload', schema => 'event');
INSERT INTO event VALUES (1, 7, '{}'), (2, 7, '{"a": 1}'), (3, 8, '{}');
CREATE TABLE "Tariff" (place int NOT NULL, price int NOT NULL, since int4range);
SELECT add_packing('"Tariff"', 'since', '{place}');
INSERT INTO "Tariff" VALUES (1, 5, '[1,10)'), (1, 6, '[10,12)');
CREATE TABLE log (id int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2);
SELECT add_chain('log');
INSERT INTO log VALUES (1), (2), (2);
SELECT * FROM seen;

-- Each function leaves an entry about each table that it has verified as a whole
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{7}');
SELECT * FROM verify_packing();
ANALYZE event, log, log_1;
SELECT * FROM seen;
ANALYZE log_2;
SELECT * FROM verify_all();
SELECT * FROM seen;
SELECT about, action, acting, detail - CASE WHEN about = 'veritable.journal' THEN 'rows' ELSE '' END AS detail
FROM veritable.journal WHERE action LIKE 'verify_%' ORDER BY at;

-- A fault is counted, and stays counted until the next verification
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET payload = '[]' WHERE id = 1;
ALTER TABLE event ENABLE TRIGGER USER;
SELECT guarantee, fault FROM verify_all();
SELECT * FROM seen WHERE target = 'event'::regclass;
ALTER TABLE event DISABLE TRIGGER USER;
UPDATE event SET payload = '{}' WHERE id = 1;
ALTER TABLE event ENABLE TRIGGER USER;
SELECT * FROM seen WHERE target = 'event'::regclass;
SELECT guarantee, fault FROM verify_all();
SELECT * FROM seen WHERE target = 'event'::regclass;

-- Who may read a table sees its entries, and leaves some; who may not does neither
GRANT SELECT ON event TO regress_status_reader;
SET ROLE regress_status_reader;
SELECT * FROM verify_chain('event');
SELECT guarantee, fault FROM verify_all();
SELECT * FROM seen;
SELECT DISTINCT about FROM veritable.journal;
RESET ROLE;
SELECT about, count(*) FROM veritable.journal WHERE acting = 'regress_status_reader' GROUP BY about ORDER BY about;
SET ROLE regress_status_nobody;
SELECT * FROM seen;
-- everybody may verify the journal, whatever it shows to them
SELECT * FROM verify_chain('veritable.journal') WHERE false;
SELECT target, entity, seq, fault FROM verify_chain() WHERE target = 'veritable.journal'::regclass;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
ALTER TABLE veritable.journal DISABLE TRIGGER USER;
UPDATE veritable.journal SET detail = '{"guarantee": "chain", "faults": 0, "rows": 3}'
WHERE about = 'public.event' AND (detail->>'faults')::int > 0 AND detail->>'guarantee' = 'chain';
ALTER TABLE veritable.journal ENABLE TRIGGER USER;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
SET ROLE regress_status_nobody;
SELECT target, entity[1], seq, fault FROM verify_chain() WHERE target = 'veritable.journal'::regclass;
SELECT target, key[1], fault FROM verify_all() WHERE target = 'veritable.journal'::regclass;
RESET ROLE;

-- Nothing is written where nothing can be, and what is taken back leaves nothing
SELECT count(*) AS entries FROM veritable.journal \gset
BEGIN READ ONLY;
SELECT * FROM verify_chain('event');
COMMIT;
BEGIN;
SELECT * FROM verify_chain('event');
ROLLBACK;
SELECT count(*) - :entries AS more FROM veritable.journal;

-- Histories and logs count, too
CREATE TABLE person (id int PRIMARY KEY);
SELECT add_history('person');
INSERT INTO person VALUES (1);
SELECT count(*) FROM verify_history('person');
SELECT add_log('log');
SELECT checkpoint('log') LIKE E'%\n3\n%' AS made;
SELECT count(*) FROM verify_log('log');
SELECT * FROM seen WHERE target IN ('person'::regclass, 'log'::regclass);

\c :regression
DROP DATABASE regress_status;
DROP ROLE regress_status, regress_status_reader, regress_status_nobody;
