-- verify_log() compares a table with a checkpoint that somebody has kept. Each kind of tampering has its fault, and nothing else
-- is accused. A superuser tampers, with triggers off.
CREATE SCHEMA log_verify;
SET search_path = log_verify, public;
\pset null '(null)'

CREATE TABLE ledger (account text NOT NULL, amount int);
SELECT add_chain('ledger', '{account}');
SELECT add_log('ledger', origin => 'example.com/ledger');
SELECT verify_log('ledger');
-- 24 events: the accounts A, B, C, D by turns.
INSERT INTO ledger SELECT chr(65 + n % 4), n FROM generate_series(0, 23) AS n;
SELECT checkpoint('ledger') AS note \gset
SELECT * FROM verify_log('ledger');
SELECT * FROM verify_log('ledger', :'note');
-- A shell takes the last line feed away.
SELECT * FROM verify_log('ledger', rtrim(:'note', E'\n'));
ALTER TABLE ledger DISABLE TRIGGER USER;
ALTER TABLE ledger ALTER position DROP NOT NULL;
CREATE PROCEDURE seal_anew(chain text) LANGUAGE plpgsql AS $$
DECLARE event record; last bytea;
BEGIN
  FOR event IN SELECT seq FROM ledger WHERE account = chain ORDER BY seq LOOP
    UPDATE ledger SET previous_event_hash = coalesce(last, previous_event_hash) WHERE account = chain AND seq = event.seq;
    UPDATE ledger AS e SET event_hash = sha256(convert_to(chain_line(e), 'UTF8'))
    WHERE account = chain AND seq = event.seq RETURNING event_hash INTO last;
  END LOOP;
END $$;
CREATE PROCEDURE begin_anew() LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM veritable.tiles WHERE target = 'ledger'::regclass;
  DELETE FROM veritable.notes WHERE target = 'ledger'::regclass;
  UPDATE veritable.trees SET size = 0, position = 0 WHERE target = 'ledger'::regclass;
  PERFORM checkpoint('ledger');
END $$;

\echo an event is edited
BEGIN;
UPDATE ledger SET amount = 1000 WHERE account = 'B' AND seq = 2;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo only its hash is
BEGIN;
UPDATE ledger SET event_hash = sha256('other') WHERE account = 'B' AND seq = 2;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo its chain is recomputed
BEGIN;
UPDATE ledger SET amount = 1000 WHERE account = 'B' AND seq = 5;
CALL seal_anew('B');
SELECT * FROM verify_chain('ledger') WHERE fault <> 'unguarded';
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo the newest event is cut off
BEGIN;
DELETE FROM ledger WHERE position = 24;
SELECT * FROM verify_chain('ledger') WHERE fault <> 'unguarded';
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo an entity is gone
BEGIN;
DELETE FROM ledger WHERE account = 'C';
SELECT * FROM verify_chain('ledger') WHERE fault <> 'unguarded';
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo all events are gone
BEGIN;
TRUNCATE ledger;
SELECT fault, count(*) FROM verify_log('ledger', :'note') GROUP BY fault ORDER BY fault;
ROLLBACK;
\echo events are inserted, one at a covered position, one without any
BEGIN;
INSERT INTO ledger (account, amount, seq, previous_event_hash, event_hash, position)
SELECT 'E', n, n, '\x', '\x', CASE n WHEN 1 THEN 0 END FROM generate_series(1, 2) AS n;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo two events exchange their places
BEGIN;
DROP INDEX ledger_position_idx;
UPDATE ledger SET position = 43 - position WHERE position IN (21, 22);
SELECT * FROM verify_chain('ledger') WHERE fault <> 'unguarded';
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo an event is there twice
BEGIN;
DROP INDEX ledger_position_idx;
INSERT INTO ledger SELECT account, amount, 100, previous_event_hash, event_hash, position FROM ledger WHERE position = 7;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo everything is recomputed: chains, tiles, checkpoints
BEGIN;
UPDATE ledger SET amount = 1000 WHERE account = 'B' AND seq = 2;
CALL seal_anew('B');
CALL begin_anew();
SELECT * FROM verify_chain('ledger') WHERE fault <> 'unguarded';
SELECT * FROM verify_log('ledger');
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo the database is set back to an earlier state
BEGIN;
DELETE FROM ledger WHERE position > 20;
CALL begin_anew();
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
\echo tiles are edited: of the leaves, of their places, of a tile that is gone, of the size
BEGIN;
UPDATE veritable.tiles SET hashes = set_byte(hashes, 40, 1) WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
SELECT * FROM verify_log('ledger');
ROLLBACK;
BEGIN;
UPDATE veritable.tiles SET places = '\x0105', first = 2 WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
UPDATE veritable.tiles SET places = '\x0000', first = -3, last = 20 WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
UPDATE ledger SET amount = 1000 WHERE account = 'B' AND seq = 2;
SELECT fault, count(*) FROM verify_log('ledger', :'note') GROUP BY fault ORDER BY fault;
ROLLBACK;
BEGIN;
DELETE FROM veritable.tiles WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
BEGIN;
UPDATE veritable.trees SET size = 20 WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
ROLLBACK;
BEGIN;
UPDATE veritable.notes SET root = sha256('other') WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'note');
UPDATE veritable.notes SET note = 'nonsense' WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger');
ROLLBACK;
\echo a tile above the leaves is edited
BEGIN;
ALTER TABLE ledger ENABLE TRIGGER USER;
INSERT INTO ledger SELECT 'F', n FROM generate_series(1, 600) AS n;
COMMIT;
SELECT checkpoint('ledger') AS later \gset
SELECT * FROM verify_log('ledger', :'later');
-- An older checkpoint says nothing of later events.
SELECT * FROM verify_log('ledger', :'note');
ALTER TABLE ledger DISABLE TRIGGER USER;
BEGIN;
UPDATE veritable.tiles SET hashes = set_byte(hashes, 0, (get_byte(hashes, 0) + 1) % 256)
WHERE target = 'ledger'::regclass AND level = 1;
SELECT * FROM verify_log('ledger', :'later');
ROLLBACK;
BEGIN;
DELETE FROM ledger WHERE position > 30;
SELECT * FROM verify_log('ledger', :'note');
SELECT fault, count(*), min(position), max(position) FROM verify_log('ledger') GROUP BY fault;
ROLLBACK;
\echo the tree is gone, and the table is as it was
BEGIN;
DELETE FROM veritable.tiles WHERE target = 'ledger'::regclass;
DELETE FROM veritable.notes WHERE target = 'ledger'::regclass;
DELETE FROM veritable.trees WHERE target = 'ledger'::regclass;
SELECT * FROM verify_log('ledger', :'later');
SELECT * FROM verify_log('ledger');
ROLLBACK;
\echo a checkpoint of a transaction that was rolled back
BEGIN;
ALTER TABLE ledger ENABLE TRIGGER USER;
INSERT INTO ledger VALUES ('G', 1);
COMMIT;
BEGIN;
SELECT checkpoint('ledger') AS lost \gset
ROLLBACK;
SELECT * FROM verify_log('ledger', :'lost');
SELECT checkpoint('ledger') = :'lost' AS same;
\echo verify_all and the journal
-- The NOTICE counts the tables of other tests, too.
SET client_min_messages = warning;
SELECT guarantee, fault FROM verify_all() WHERE target = 'ledger'::regclass AND fault <> 'unguarded';
SELECT guarantee, faults FROM veritable.status WHERE target = 'ledger'::regclass ORDER BY guarantee;
BEGIN;
ALTER TABLE ledger DISABLE TRIGGER USER;
DELETE FROM ledger WHERE position = 600;
SELECT guarantee, key, place, fault FROM verify_all() WHERE target = 'ledger'::regclass AND fault <> 'unguarded';
ROLLBACK;
RESET client_min_messages;

\set SHOW_CONTEXT never
SELECT verify_log(NULL);
SELECT verify_log('ledger', 'nonsense');
SELECT verify_log('ledger', :'note' || repeat(E'a\n', 8000000));
SELECT verify_log('ledger', :'note' || E'\n' || repeat(E'a\n', 8000000));
SELECT verify_log('ledger', replace(:'note', 'example.com/ledger', 'example.com/other'));
SELECT verify_log('ledger', replace(:'note', '24', '024'));
CREATE TABLE plain (id int NOT NULL);
SELECT verify_log('plain');
SELECT add_chain('plain', '{id}');
SELECT verify_log('plain');

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA log_verify CASCADE;
