-- Events that bring their positions are not settled before the transaction has ended, and no checkpoint covers them before.
CREATE SCHEMA log_brought;
SET search_path = log_brought, public;
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE TABLE event (id int NOT NULL, note text);
SELECT add_chain('event', '{id}');
SELECT add_log('event', origin => 'regress/log_brought');
INSERT INTO event (id, note) VALUES (1, 'a'), (1, 'b'), (1, 'c');
-- Sealed events that are not in the table.
CREATE TABLE sealed (LIKE event);
BEGIN;
CREATE TEMP TABLE fresh AS SELECT * FROM event WHERE false;
WITH new AS (INSERT INTO event (id, note) VALUES (2, 'A'), (3, 'B') RETURNING *) INSERT INTO fresh SELECT * FROM new;
SELECT seq, encode(previous_event_hash, 'hex') AS previous, encode(event_hash, 'hex') AS hash FROM fresh WHERE id = 2 \gset two_
SELECT seq, encode(previous_event_hash, 'hex') AS previous, encode(event_hash, 'hex') AS hash FROM fresh WHERE id = 3 \gset three_
ROLLBACK;
\set two 'INSERT INTO event VALUES (2, \'A\', :two_seq, decode(:\'two_previous\', \'hex\'), decode(:\'two_hash\', \'hex\'), 4)'
\set three 'INSERT INTO event VALUES (3, \'B\', :three_seq, decode(:\'three_previous\', \'hex\'), decode(:\'three_hash\', \'hex\'), 4)'
SELECT settled('event');
SELECT split_part(checkpoint('event'), E'\n', 2) AS size;
-- Into the gap that was left: the checkpoint of the transaction does not cover it.
BEGIN;
:two;
SELECT settled('event');
SELECT split_part(checkpoint('event'), E'\n', 2) AS size;
SELECT note FROM read_events(NULL::event);
ROLLBACK;
-- The same after the sequence was set forward.
SELECT setval('event_position_seq', 7);
BEGIN;
:two;
SELECT split_part(checkpoint('event'), E'\n', 2) AS size;
ROLLBACK;
BEGIN;
SAVEPOINT s;
:three;
ROLLBACK TO s;
:three;
SELECT split_part(checkpoint('event'), E'\n', 2) AS size;
COMMIT;
SELECT settled('event');
SELECT note FROM read_events(NULL::event);
SELECT checkpoint('event') AS note \gset
SELECT fault FROM verify_log('event', :'note');
-- Nor does it cover an event of its own transaction whose owner has set the sequence beyond what a lock can tell.
BEGIN;
INSERT INTO event (id, note) VALUES (1, 'd') RETURNING position;
SELECT setval('event_position_seq', (1::bigint << 40) + 9);
SELECT settled('event');
SELECT split_part(checkpoint('event'), E'\n', 2) AS size;
ROLLBACK;

-- Positions begin at 1, whatever the owner makes of the sequence.
CREATE TABLE below (id int NOT NULL);
SELECT add_chain('below', '{id}');
SELECT add_log('below', origin => 'regress/log_below');
ALTER SEQUENCE below_position_seq MINVALUE -5;
SELECT setval('below_position_seq', -3);
INSERT INTO below (id) VALUES (1);
SELECT setval('below_position_seq', -1);
INSERT INTO below (id) VALUES (1);
SELECT settled('below');
SELECT setval('below_position_seq', 1, false);
INSERT INTO below (id) VALUES (1);
SELECT "position" FROM read_events(NULL::below);
SET client_min_messages = warning;
DROP SCHEMA log_brought CASCADE;
