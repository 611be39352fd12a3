-- checkpoint() adds the settled events to the tree of a log, and says what the tree is: the same text again until there are more.
CREATE SCHEMA log_checkpoint;
SET search_path = log_checkpoint, public;
\pset null '(null)'

CREATE TABLE payment (account text NOT NULL, amount int);
SELECT add_chain('payment', '{account}');
SELECT add_log('payment', origin => 'example.com/payments');
-- Of nothing: the empty tree.
SELECT checkpoint('payment');
SELECT * FROM verify_log('payment');
INSERT INTO payment VALUES ('a', 1), ('b', 2), ('a', 3);
SELECT checkpoint('payment');
SELECT checkpoint('payment');
-- Gaps are normal.
BEGIN;
INSERT INTO payment VALUES ('a', 4);
ROLLBACK;
INSERT INTO payment VALUES ('c', 5);
SELECT checkpoint('payment') \gset
SELECT target, origin, size, encode(root, 'base64') AS root, position, note = :'checkpoint' AS is_it
FROM veritable.checkpoints ORDER BY size;
-- Own events of the transaction are not settled.
BEGIN;
INSERT INTO payment VALUES ('d', 6);
SELECT checkpoint('payment') = :'checkpoint' AS same;
COMMIT;
-- A transaction that is rolled back takes the checkpoint back, not the events: the next one says the same.
BEGIN;
SELECT checkpoint('payment') AS other \gset
ROLLBACK;
SELECT checkpoint('payment') = :'other' AS same;

-- The leaf of an event is SHA-256(0x00 || event_hash), and the tree is that of RFC 6962. Tiles have 256 hashes.
SELECT sha256('\x00' || event_hash) = substr(t.hashes, 1, 32) AS leaf
FROM payment, veritable.tiles t WHERE position = 1 AND t.target = 'payment'::regclass;
INSERT INTO payment SELECT 'many', n FROM generate_series(1, 66000) AS n;
SELECT split_part(checkpoint('payment'), E'\n', 2) AS size;
INSERT INTO payment SELECT 'more', n FROM generate_series(1, 100) AS n;
SELECT split_part(checkpoint('payment'), E'\n', 2) AS size;
SELECT level, count(*), max(number) AS number, min(length(hashes) / 32) AS least, sum(length(hashes) / 32) AS hashes,
       min(first) AS first, max(last) AS last, max(length(places)) AS places
FROM veritable.tiles WHERE target = 'payment'::regclass GROUP BY level ORDER BY level;
-- Each hash above is over a full tile: of level 0, here computed in SQL.
CREATE FUNCTION root(hashes bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE width int := length(hashes) / 32; left_width int := 1;
BEGIN
  IF width = 1 THEN RETURN hashes; END IF;
  WHILE left_width * 2 < width LOOP left_width := left_width * 2; END LOOP;
  RETURN sha256('\x01' || root(substr(hashes, 1, left_width * 32)) || root(substr(hashes, left_width * 32 + 1)));
END $$;
SELECT count(*) AS full_tiles, bool_and(root(below.hashes) = substr(above.hashes, (below.number % 256)::int * 32 + 1, 32)) AS fits
FROM veritable.tiles below JOIN veritable.tiles above ON above.target = below.target AND above.level = 1 AND above.number = below.number / 256
WHERE below.target = 'payment'::regclass AND below.level = 0 AND length(below.hashes) = 8192;
SELECT * FROM verify_log('payment');

-- Hashes as text give the same entries, and partitions are one log.
CREATE TABLE digits (account text NOT NULL, amount int, previous_event_hash text, event_hash text) PARTITION BY LIST (account);
CREATE TABLE digits_a PARTITION OF digits FOR VALUES IN ('a');
CREATE TABLE digits_other PARTITION OF digits DEFAULT;
SELECT add_chain('digits', '{account}');
INSERT INTO digits VALUES ('a', 1), ('b', 2), ('a', 3);
SELECT add_log('digits', 'place', 'example.com/digits');
SELECT split_part(checkpoint('digits'), E'\n', 2) AS size;
SELECT bool_and(substr(t.hashes, (d.place::int - 1) * 32 + 1, 32) = sha256('\x00' || decode(d.event_hash, 'hex'))) AS leaves
FROM digits d, veritable.tiles t WHERE t.target = 'digits'::regclass;
SELECT * FROM verify_log('digits');
SELECT checkpoint('digits_a');

-- What it refuses.
\set SHOW_CONTEXT never
SELECT checkpoint(NULL);
CREATE TABLE plain (id int);
SELECT checkpoint('plain');
SELECT add_chain('plain', '{}');
SELECT checkpoint('plain');
CREATE VIEW seen AS SELECT 1;
SELECT checkpoint('seen');
BEGIN READ ONLY;
SELECT checkpoint('payment');
ROLLBACK;
-- An event without a hash is named by verify_chain(), and not put into the tree.
ALTER TABLE digits ALTER event_hash DROP NOT NULL;
ALTER TABLE digits DISABLE TRIGGER USER;
INSERT INTO digits VALUES ('a', 9, NULL, NULL, 9, 9);
ALTER TABLE digits ENABLE ALWAYS TRIGGER zz_veritable_chain;
ALTER TABLE digits ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
SELECT setval('digits_position_seq', 9) \gset
SELECT checkpoint('digits');
-- A tree that does not fit its newest checkpoint does not grow: the log would state two that are inconsistent.
UPDATE veritable.tiles SET hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256)
WHERE target = 'payment'::regclass AND level = 0 AND number = (66105 / 256);
SELECT checkpoint('payment');
UPDATE veritable.tiles SET hashes = substr(hashes, 1, 32)
WHERE target = 'payment'::regclass AND level = 0 AND number = (66105 / 256);
SELECT checkpoint('payment');

-- A log that is dropped takes all of it.
SELECT drop_log('payment');
SELECT count(*) FROM veritable.tiles WHERE target = 'payment'::regclass;
SELECT count(*) FROM veritable.checkpoints WHERE target = 'payment'::regclass;
SELECT add_log('payment', origin => 'example.com/payments');

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA log_checkpoint CASCADE;
