-- The origin of a log that had a checkpoint is never that of another one, whoever names it.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_alice;
DROP ROLE IF EXISTS regress_mallory;
CREATE ROLE regress_alice;
CREATE ROLE regress_mallory;
RESET client_min_messages;
CREATE SCHEMA log_origins;
GRANT ALL ON SCHEMA log_origins TO regress_alice, regress_mallory;
SET search_path = log_origins, public;
\set SHOW_CONTEXT never
SET ROLE regress_alice;
CREATE TABLE ledger (id int NOT NULL);
SELECT add_chain('ledger', '{id}');
SELECT add_log('ledger', origin => 'regress/origin');
INSERT INTO ledger (id) VALUES (1), (2);
SELECT split_part(checkpoint('ledger'), E'\n', 2) AS size;
SELECT drop_log('ledger');
SELECT add_log('ledger', origin => 'regress/origin');
-- Whoever writes it into a trigger has all that is local.
SET ROLE regress_mallory;
CREATE TABLE hand (id int, seq bigint, previous_event_hash bytea, event_hash bytea, position bigint, UNIQUE (seq));
CREATE SEQUENCE hand_positions OWNED BY hand.position;
CREATE TRIGGER zz_seal BEFORE INSERT ON hand FOR EACH ROW EXECUTE FUNCTION veritable.seal(
  'format=1', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'position=position', 'origin=regress/origin');
INSERT INTO hand VALUES (1), (2);
SELECT "position" FROM read_events(NULL::hand);
SELECT checkpoint('hand');
SELECT add_consumer('hand', 'c');
SELECT trust_key('hand', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
SELECT count(*) FROM veritable.trees WHERE target = 'hand'::regclass;
-- A superuser says that it is the same log: of a table that was dropped, and restored from a dump.
RESET ROLE;
SELECT checkpoint('hand');
BEGIN;
INSERT INTO veritable.trees (target, origin) VALUES ('hand', 'regress/origin');
SET LOCAL ROLE regress_mallory;
SELECT split_part(checkpoint('hand'), E'\n', 1) AS origin;
ROLLBACK;
-- The journal knows the origin of a log also if its triggers were dropped past the guard.
SET ROLE regress_mallory;
CREATE TABLE mine (id int, seq bigint, previous_event_hash bytea, event_hash bytea, position bigint, UNIQUE (seq));
CREATE SEQUENCE mine_positions OWNED BY mine.position;
CREATE TRIGGER zz_seal BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION veritable.seal(
  'format=1', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'position=position', 'origin=regress/mine');
INSERT INTO mine VALUES (1);
SELECT split_part(checkpoint('mine'), E'\n', 1) AS origin;
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
ALTER EVENT TRIGGER veritable_note_dropped DISABLE;
SET client_min_messages = error;
DROP TRIGGER zz_seal ON mine;
ALTER TABLE mine DROP COLUMN position;
CREATE TRIGGER zz_seal BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION veritable.seal(
  'format=1', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
RESET client_min_messages;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
ALTER EVENT TRIGGER veritable_note_dropped ENABLE;
SELECT origin, size FROM veritable.trees WHERE target = 'mine'::regclass;
SET ROLE regress_mallory;
SELECT add_log('mine', origin => 'regress/another');
SELECT drop_log('mine');
RESET ROLE;
SELECT action, detail FROM veritable.journal WHERE about = 'log_origins.mine' AND action LIKE '%log' ORDER BY series, seq;
SET ROLE regress_alice;
SELECT add_log('ledger', origin => 'regress/mine');
SELECT add_log('ledger', origin => 'regress/another');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA log_origins CASCADE;
DROP ROLE regress_alice;
DROP ROLE regress_mallory;
