-- Every insert is sealed: seq, previous hash and hash are filled in, by whatever way a row comes; supplied values are
-- checked.
\pset null (null)
CREATE ROLE regress_seal;
CREATE SCHEMA AUTHORIZATION regress_seal;
SET ROLE regress_seal;

CREATE TABLE account (id text NOT NULL, amount numeric(12,2), note text);
SELECT add_chain('account', '{id}');
-- rows that do not hash to their hash, or do not link to the row before
CREATE VIEW unsound AS
SELECT a.id, a.seq
FROM (SELECT a.*, sha256(convert_to(chain_line(a), 'UTF8')) AS computed,
             lag(a.event_hash) OVER chain AS before, row_number() OVER chain AS place
      FROM account a WINDOW chain AS (PARTITION BY a.id ORDER BY a.seq)) AS a
WHERE a.event_hash IS DISTINCT FROM a.computed OR a.seq <> a.place
   OR a.previous_event_hash IS DISTINCT FROM coalesce(a.before, (SELECT genesis FROM veritable.chains WHERE target = 'account'::regclass));

-- every entity has a chain of its own, which begins at 1 and links to the configuration
INSERT INTO account (id, amount, note) VALUES ('a', 1, 'first'), ('b', 2, NULL), ('a', 3, 'second');
INSERT INTO account (id, amount, note) VALUES ('a', 4, '"quoted", é and 🙂');
SELECT * FROM account ORDER BY id, seq;
SELECT chain_line(a) FROM account a ORDER BY id, seq;
-- the hash is the SHA-256 of the line, by core functions alone
SELECT id, seq, sha256(convert_to(chain_line(a), 'UTF8')) = event_hash AS sealed FROM account a ORDER BY id, seq;
SELECT * FROM unsound;

-- RETURNING shows what was filled in
INSERT INTO account (id, amount) VALUES ('c', 1), ('c', 2)
RETURNING seq, previous_event_hash = (SELECT genesis FROM veritable.chains WHERE target = 'account'::regclass) AS first, sha256(convert_to(chain_line(account), 'UTF8')) = event_hash AS sealed;

-- INSERT … SELECT, also from the table itself
INSERT INTO account (id, amount) SELECT id, -amount FROM account WHERE id = 'a' ORDER BY seq;
INSERT INTO account (id, amount) SELECT 'e' || i % 10, i FROM generate_series(1, 1000) AS i;
-- data-modifying WITH: two inserts into one entity in one statement
WITH one AS (INSERT INTO account (id, amount) VALUES ('w', 1) RETURNING seq),
     two AS (INSERT INTO account (id, amount) VALUES ('w', 2) RETURNING seq)
SELECT seq FROM one UNION ALL SELECT seq FROM two ORDER BY seq;
-- a prepared statement, a view, a function
PREPARE add (text, numeric) AS INSERT INTO account (id, amount) VALUES ($1, $2) RETURNING seq;
EXECUTE add('p', 1);
EXECUTE add('p', 2);
CREATE VIEW account_view AS SELECT id, amount FROM account;
INSERT INTO account_view VALUES ('p', 3);
CREATE FUNCTION add_in_function(entity text) RETURNS bigint LANGUAGE sql
BEGIN ATOMIC INSERT INTO account (id, amount) VALUES (entity, 4) RETURNING seq; END;
SELECT add_in_function('p');
-- COPY
COPY account (id, amount, note) FROM stdin;
copied	1	\N
copied	2	a\tb
b	3	after an INSERT
\.
COPY account (note, id) FROM stdin (FORMAT csv);
"one, two",copied
\.
SELECT id, seq, amount, note FROM account WHERE id IN ('copied', 'b') ORDER BY id, seq;
-- MERGE
MERGE INTO account USING (VALUES ('m', 1), ('m', 2), ('a', 3)) AS s (id, amount) ON account.id = s.id AND account.seq = s.amount
WHEN NOT MATCHED THEN INSERT (id, amount) VALUES (s.id, s.amount)
WHEN MATCHED THEN DO NOTHING;
SELECT id, seq, amount FROM account WHERE id = 'm' ORDER BY seq;
MERGE INTO account USING (VALUES ('m', 1)) AS s (id, amount) ON account.id = s.id AND account.seq = s.amount
WHEN MATCHED THEN UPDATE SET amount = 0;
MERGE INTO account USING (VALUES ('m', 1)) AS s (id, amount) ON account.id = s.id AND account.seq = s.amount
WHEN MATCHED THEN DELETE;
SELECT * FROM unsound;
SELECT * FROM verify_chain('account');

-- What is rolled back leaves no gap.
CREATE TABLE step (id int NOT NULL, note text);
SELECT add_chain('step', '{id}');
BEGIN;
INSERT INTO step (id, note) VALUES (1, 'kept');
SAVEPOINT s;
INSERT INTO step (id, note) VALUES (1, 'rolled back'), (1, 'rolled back'), (2, 'rolled back');
ROLLBACK TO s;
INSERT INTO step (id, note) VALUES (1, 'kept');
RELEASE s;
SAVEPOINT s;
INSERT INTO step (id, note) VALUES (1, 'kept'), (2, 'kept');
RELEASE s;
COMMIT;
BEGIN;
INSERT INTO step (id, note) VALUES (1, 'rolled back');
ROLLBACK;
DO $$
BEGIN
    FOR i IN 1..4 LOOP
        BEGIN
            INSERT INTO step (id, note) VALUES (1, CASE WHEN i % 2 = 0 THEN 'kept' ELSE 'rolled back' END);
            IF i % 2 = 1 THEN RAISE EXCEPTION 'no'; END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END $$;
-- a statement that fails half-way
INSERT INTO step (id, note) SELECT 1, (1 / (3 - i))::text FROM generate_series(1, 3) AS i;
INSERT INTO step (id, note) VALUES (1, 'kept');
SELECT id, seq, note FROM step ORDER BY id, seq;
SELECT * FROM verify_chain('step');

-- A client that supplies the seq or the previous hash says which event it believes to be the newest.
CREATE TABLE expected (id text NOT NULL, note text);
SELECT add_chain('expected', '{id}');
INSERT INTO expected (id, note, seq) VALUES ('x', 'one', 1) RETURNING seq;
INSERT INTO expected (id, note, seq) VALUES ('x', 'two', 2) RETURNING seq;
INSERT INTO expected (id, note, seq) VALUES ('x', 'late', 2);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO expected (id, note, seq) VALUES ('x', 'early', 4);
INSERT INTO expected (id, note, seq) VALUES ('y', 'of a new entity', 2);
INSERT INTO expected (id, note, seq) VALUES ('y', 'of a new entity', 0);
INSERT INTO expected (id, note, seq) VALUES ('y', 'of a new entity', -9223372036854775808);
INSERT INTO expected (id, note, previous_event_hash) SELECT id, 'three', event_hash FROM expected WHERE seq = 2 RETURNING seq;
INSERT INTO expected (id, note, previous_event_hash) SELECT id, 'stale', event_hash FROM expected WHERE seq = 2;
\echo :LAST_ERROR_SQLSTATE
INSERT INTO expected (id, note, previous_event_hash) SELECT 'y', 'no event before', event_hash FROM expected WHERE seq = 2;
INSERT INTO expected (id, note, previous_event_hash) VALUES ('x', 'not a hash', '\x00');
INSERT INTO expected (id, note, previous_event_hash) VALUES ('x', 'not a hash', '');
-- who expects an entity without events supplies the hash of the configuration
SELECT genesis FROM veritable.chains WHERE target = 'expected'::regclass \gset
INSERT INTO expected (id, note, previous_event_hash) VALUES ('v', 'one', :'genesis') RETURNING seq;
INSERT INTO expected (id, note, previous_event_hash) VALUES ('v', 'one', :'genesis');
-- the second row of one statement may name the first
INSERT INTO expected (id, note, seq) VALUES ('z', 'one', 1), ('z', 'two', 2), ('z', 'three', 3);

-- A row that comes with its hash, as from a dump, must match it.
SELECT sha256(convert_to(format('{"id":"w","note":"by hand","previous_event_hash":"\%s","seq":1}', genesis), 'UTF8')) AS hash
FROM veritable.chains WHERE target = 'expected'::regclass \gset
INSERT INTO expected (id, note, event_hash) VALUES ('w', 'not so', :'hash');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO expected (id, note, event_hash) VALUES ('w', 'by hand', 'not a hash');
INSERT INTO expected (id, note, event_hash) VALUES ('w', 'by hand', '');
INSERT INTO expected (id, note, seq, event_hash) VALUES ('w', 'by hand', 2, :'hash');
INSERT INTO expected (id, note, event_hash) VALUES ('w', 'by hand', :'hash') RETURNING seq, previous_event_hash = :'genesis' AS first;
INSERT INTO expected (id, note, seq, event_hash) VALUES ('w', 'by hand', 1, :'hash');
INSERT INTO expected (id, note) VALUES ('w', 'two') RETURNING seq, previous_event_hash = :'hash' AS linked;
SELECT * FROM verify_chain('expected');
-- a whole table, copied row by row in its order, as the same chain
CREATE TABLE copied (LIKE expected);
SELECT add_chain('copied', '{id}', identity => 'regress_seal.expected');
INSERT INTO copied TABLE expected ORDER BY id, seq;
SELECT count(*) FROM copied JOIN expected USING (id, note, seq, event_hash);
SELECT * FROM verify_chain('copied');
-- in another order the links do not fit
CREATE TABLE backwards (LIKE expected);
SELECT add_chain('backwards', '{id}', identity => 'regress_seal.expected');
INSERT INTO backwards SELECT * FROM expected WHERE id = 'x' ORDER BY seq DESC;

-- hexadecimal text: 64 digits in lower case
CREATE TABLE hexadecimal (id text NOT NULL, event_hash text, previous_event_hash text);
SELECT add_chain('hexadecimal', '{id}');
INSERT INTO hexadecimal (id) VALUES ('a') RETURNING *;
INSERT INTO hexadecimal (id) VALUES ('a') RETURNING *;
SELECT encode(sha256(convert_to(format('{"id":"b","previous_event_hash":"%s","seq":1}', encode(genesis, 'hex')), 'UTF8')), 'hex') AS hash
FROM veritable.chains WHERE target = 'hexadecimal'::regclass \gset
INSERT INTO hexadecimal (id, event_hash) VALUES ('b', upper(:'hash'));
INSERT INTO hexadecimal (id, event_hash) VALUES ('b', '\x' || :'hash');
INSERT INTO hexadecimal (id, event_hash) VALUES ('b', :'hash') RETURNING seq;
INSERT INTO hexadecimal (id, previous_event_hash) VALUES ('b', upper(:'hash'));
INSERT INTO hexadecimal (id, previous_event_hash) VALUES ('b', :'hash') RETURNING seq;
SELECT * FROM verify_chain('hexadecimal');

-- Deduplication by a unique key: what is not inserted leaves no gap.
CREATE TABLE message (id text NOT NULL, key int UNIQUE, note text, seen boolean);
SELECT add_chain('message', '{id}', exclude => '{seen}');
INSERT INTO message (id, key, note) VALUES ('a', 1, 'one'), ('a', 2, 'two') ON CONFLICT DO NOTHING;
INSERT INTO message (id, key, note) VALUES ('a', 2, 'again'), ('a', 3, 'three'), ('a', 3, 'again'), ('b', 1, 'again'), ('a', 4, 'four')
ON CONFLICT (key) DO NOTHING RETURNING id, seq, note;
-- an event is not changed in the place of a new one
INSERT INTO message (id, key, note) VALUES ('a', 5, 'five'), ('a', 3, 'again') ON CONFLICT (key) DO UPDATE SET note = EXCLUDED.note;
-- but what is excluded may be
INSERT INTO message (id, key, note) VALUES ('a', 3, 'again'), ('a', 6, 'six') ON CONFLICT (key) DO UPDATE SET seen = true
RETURNING id, seq, note, seen;
SELECT id, key, seq, note, seen FROM message ORDER BY id, seq;
SELECT * FROM verify_chain('message');

-- The recorded time is the clock's, not the client's, and strictly increasing.
CREATE TABLE recorded (id text NOT NULL, at timestamptz);
SELECT add_chain('recorded', '{id}', recorded => 'at');
INSERT INTO recorded (id, at) VALUES ('a', '1999-01-01') RETURNING at BETWEEN now() AND clock_timestamp() AS is_now;
BEGIN;
INSERT INTO recorded (id) SELECT 'a' FROM generate_series(1, 1000);
INSERT INTO recorded (id) VALUES ('a') RETURNING at > now() AS after_begin;
COMMIT;
SELECT count(*), count(DISTINCT at), bool_and(at > before OR before IS NULL) AS increasing
FROM (SELECT at, lag(at) OVER (ORDER BY seq) AS before FROM recorded WHERE id = 'a') AS r;
-- what else there is to say of it: recorded.sql

-- Values that are stored compressed or out of line.
CREATE TABLE big (id text NOT NULL, body text, document jsonb, bytes bytea);
ALTER TABLE big ALTER COLUMN bytes SET STORAGE EXTERNAL;
SELECT add_chain('big', '{id}');
INSERT INTO big (id, body, document, bytes)
SELECT 'a', repeat('0123456789abcdef', 65536), jsonb_build_object('text', repeat('é', 100000)),
       decode(string_agg(md5(i::text), ''), 'hex')
FROM generate_series(1, 65536) AS i;
INSERT INTO big (id, body, document, bytes) SELECT id, body, document, bytes FROM big;
SELECT seq, length(body), octet_length(document::text), length(bytes), length(chain_line(big)),
       sha256(convert_to(chain_line(big), 'UTF8')) = event_hash AS sealed
FROM big ORDER BY seq;
UPDATE big SET body = repeat('0123456789abcdef', 65536) || 'g';
-- an entity that is compressed in the index
INSERT INTO big (id) VALUES (repeat('entity', 10000)), (repeat('entity', 10000)), (repeat('entity', 10000)) RETURNING length(id), seq;
SELECT * FROM verify_chain('big');

-- Generated columns are computed after the row is sealed, and are not part of it.
CREATE TABLE generated (id int NOT NULL, price int, total int GENERATED ALWAYS AS (price * 2) STORED, number int GENERATED ALWAYS AS IDENTITY);
SELECT add_chain('generated', '{id}');
INSERT INTO generated (id, price) VALUES (1, 10), (1, 20);
SELECT total, chain_line(generated) FROM generated ORDER BY seq;
SELECT * FROM verify_chain('generated');

-- BEFORE triggers that come first are sealed with what they did; AFTER triggers see the sealed row.
CREATE TABLE triggered (id int NOT NULL, note text);
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := upper(NEW.note); RETURN NEW; END $$;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'after: % %', NEW.seq, NEW.note; RETURN NULL; END $$;
CREATE TRIGGER shout BEFORE INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION shout();
CREATE TRIGGER zzz_tell AFTER INSERT ON triggered FOR EACH ROW EXECUTE FUNCTION tell();
SELECT add_chain('triggered', '{id}');
INSERT INTO triggered (id, note) VALUES (1, 'one'), (1, 'two');
SELECT * FROM verify_chain('triggered');

-- An entity is never null.
INSERT INTO account (id, amount) VALUES (NULL, 1);
\echo :LAST_ERROR_SQLSTATE

-- As a replica: rows may come out of order, so only a row's own hash is checked. Without a hash it is sealed as ever.
CREATE TABLE replica (LIKE expected);
SELECT add_chain('replica', '{id}', identity => 'regress_seal.expected');
RESET ROLE;
SET session_replication_role = replica;
SET ROLE regress_seal;
INSERT INTO replica SELECT * FROM expected WHERE id = 'x' ORDER BY seq DESC;
INSERT INTO replica SELECT 'x', 'altered', 4, previous_event_hash, event_hash FROM expected WHERE id = 'x' AND seq = 3;
INSERT INTO replica (id, note) VALUES ('x', 'four'), ('new', 'one') RETURNING id, seq;
UPDATE replica SET note = 'altered' WHERE seq = 1;
DELETE FROM replica;
TRUNCATE replica;
RESET ROLE;
RESET session_replication_role;
SET ROLE regress_seal;
SELECT * FROM verify_chain('replica');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_seal CASCADE;
DROP ROLE regress_seal;
