-- verify_history(): each kind of edit behind the triggers has its fault.
CREATE SCHEMA history_verify;
SET search_path = history_verify, public;
SET datestyle = ISO;
CREATE TABLE t (id int PRIMARY KEY, a int, b text, ignored int);
SELECT add_history('t', ignore => '{ignored}');
INSERT INTO t SELECT n, n, 'row ' || n, n FROM generate_series(1, 8) AS n;
UPDATE t SET a = a + 1 WHERE id <= 4;
SELECT * FROM verify_history('t');
ALTER TABLE t DISABLE TRIGGER USER;
UPDATE t SET a = 99 WHERE id = 1;
UPDATE t SET a = 99, b = NULL WHERE id = 2;
UPDATE t SET ignored = 99 WHERE id = 3;
DELETE FROM t WHERE id = 4;
INSERT INTO t VALUES (9, 9);
UPDATE t SET id = 10 WHERE id = 5;
SELECT target, fault, detail FROM verify_history('t') WHERE fault = 'unguarded';
ALTER TABLE t ENABLE TRIGGER USER;
SELECT * FROM verify_history('t') ORDER BY key;
SELECT * FROM verify_all() ORDER BY guarantee, key;
-- An honest change of another column does not hide the edit: what was found is an event of its own.
UPDATE t SET b = 'honest' WHERE id = 1;
SELECT id, a, b, operation, seq FROM t_history WHERE id = 1 ORDER BY seq;
-- Edits of the history itself.
ALTER TABLE t_history DISABLE TRIGGER USER;
UPDATE t_history SET a = 1000 WHERE id = 6;
DELETE FROM t_history WHERE id = 7;
ALTER TABLE t_history ENABLE TRIGGER USER;
SELECT target, key, seq, fault, split_part(detail, ' to ', 1) AS detail FROM verify_history('t') WHERE key IN ('{6}', '{7}') ORDER BY key, fault;
SET session_replication_role = replica;
UPDATE t SET b = 'replica' WHERE id = 8;
RESET session_replication_role;
SELECT * FROM verify_history('t') WHERE key = '{8}';
-- All histories: what cannot be read is a row.
CREATE ROLE regress_reader;
GRANT SELECT ON t TO regress_reader;
GRANT USAGE ON SCHEMA history_verify TO regress_reader;
SET ROLE regress_reader;
SELECT fault, detail FROM verify_history() WHERE target = 't'::regclass;
SELECT * FROM verify_history('t');
RESET ROLE;
DROP OWNED BY regress_reader;
DROP ROLE regress_reader;

SET client_min_messages = warning;
DROP SCHEMA history_verify CASCADE;
