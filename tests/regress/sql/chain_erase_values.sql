-- Erasing values: they are gone, and the chain still verifies.
\pset null (null)
CREATE ROLE regress_erase;
CREATE SCHEMA AUTHORIZATION regress_erase;
SET search_path = regress_erase, public;
SET ROLE regress_erase;

CREATE TABLE person (id text NOT NULL, name text, payload jsonb, note text);
SELECT add_chain('person', '{id}', erasable => '{name,payload}', exclude => '{note}');
\d person
SELECT entity, exclude, erasable FROM veritable.chains WHERE target = 'person'::regclass;
SELECT veritable.chain_genesis('person');
INSERT INTO person VALUES ('A-1', 'Ada', '{"born": 1815}'), ('A-1', NULL, '{"died": 1852}'), ('A-1', 'Ada', NULL), ('B-1', 'Bob', '[]');
-- Each value has a salt of its own, and a NULL has one, too.
SELECT id, seq, length(name_salt), length(name_commitment), length(payload_salt), length(payload_commitment) FROM person ORDER BY id, seq;
SELECT count(DISTINCT s) FROM person, LATERAL (VALUES (name_salt), (payload_salt)) AS v (s);
-- The line holds the commitments, and the commitments are what they should be.
CREATE FUNCTION committed(value text, salt bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256('\x02' || salt || coalesce(convert_to(value, 'UTF8'), '')) $$;
SELECT bool_and(name_commitment = committed(to_json(name)::text, name_salt) AND payload_commitment = committed(payload::text, payload_salt)) FROM person;
SELECT bool_and(chain_line(p)::jsonb ->> 'name' = name_commitment::text AND chain_line(p)::jsonb ->> 'payload' = payload_commitment::text
                AND NOT chain_line(p)::jsonb ? 'name_salt' AND event_hash = sha256(convert_to(chain_line(p), 'UTF8'))) FROM person AS p;
SELECT * FROM verify_chain('person');

-- One column of one entity; again, there is nothing left.
CREATE TABLE before AS SELECT id, seq, chain_line(p) AS line, event_hash, name_commitment FROM person AS p;
SELECT erase('person', '{A-1}', '{payload}', seqs => '{1,3}');
SELECT erase('person', '{A-1}', '{payload}', seqs => '{1,3}');
SELECT id, seq, name, payload, payload_salt IS NULL AS no_salt, payload_commitment IS NULL AS no_commitment FROM person ORDER BY id, seq;
SELECT * FROM verify_chain('person');
-- all of an entity
SELECT erase('person', '{A-1}', '{name,payload}');
SELECT id, seq, name, payload, num_nulls(name_salt, payload_salt) FROM person ORDER BY id, seq;
SELECT * FROM verify_chain('person');
SELECT * FROM verify_chain('person', '{A-1}');
SELECT * FROM verify_chain('person', '{B-1}');
-- No line has changed, and the chain goes on.
SELECT bool_and(b.line = chain_line(p) AND (b.event_hash, b.name_commitment) = (p.event_hash, p.name_commitment)) FROM before AS b JOIN person AS p USING (id, seq);
INSERT INTO person (id, name) VALUES ('A-1', 'Eve') RETURNING seq;
UPDATE person SET note = 'read';
SELECT * FROM verify_chain('person');
-- What was erased, when and by whom.
SELECT target, about, seq, event_seq, columns, altered, acting, event = (SELECT event_hash FROM person WHERE id = 'A-1' AND person.seq = event_seq) AS of_event
FROM veritable.erasures WHERE target = 'person'::regclass ORDER BY seq;
SELECT action, detail - 'records' AS detail, detail #>> '{records,hash}' = (SELECT encode(event_hash, 'hex') FROM veritable.erasures AS e WHERE e.about = j.about AND e.series = detail #>> '{records,series}' AND e.seq::text = detail #>> '{records,seq}') AS pins
FROM veritable.journal AS j WHERE about = 'regress_erase.person' AND action = 'erase' ORDER BY seq;
SET client_min_messages = warning;
SELECT * FROM verify_chain('veritable.erasures');
RESET client_min_messages;
-- An entity that is not there, and wrong calls.
SELECT erase('person', '{C-1}', '{name}');
SELECT erase('person', '{A-1}', '{name}', seqs => '{99}');
SELECT erase('person', '{A-1}', '{name}', seqs => '{NULL}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{A-1,B-1}', '{name}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{NULL}', '{name}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{A-1}', '{}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{A-1}', '{note}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{A-1}', '{nothing}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', NULL, '{name}');
\echo :LAST_ERROR_SQLSTATE
SELECT erase('person', '{A-1}', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT erase('before', '{A-1}', '{name}');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE plain (id text NOT NULL, name text);
SELECT add_chain('plain', '{id}');
SELECT erase('plain', '{A-1}', '{name}');
\echo :LAST_ERROR_SQLSTATE

-- A value that must not be null cannot be erased, whether the column says so or a domain.
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE DOMAIN filled AS text CONSTRAINT filled_not_null NOT NULL;
CREATE DOMAIN filled_more AS filled CHECK (VALUE <> '');
CREATE TABLE domains (id text NOT NULL, name filled, note filled_more, code code, rest text);
SELECT add_chain('domains', '{id}', erasable => '{name}');
SELECT add_chain('domains', '{id}', erasable => '{note}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('domains', '{id}', erasable => '{code,rest}');
\set VERBOSITY terse
ALTER TABLE domains ALTER rest TYPE filled;
\echo :LAST_ERROR_SQLSTATE
ALTER DOMAIN code SET NOT NULL;
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
CREATE DOMAIN shown AS text CHECK (VALUE IS NOT NULL);
ALTER TABLE domains ALTER rest TYPE shown;
INSERT INTO domains VALUES ('a', 'n', 'n', 'c', 'r');
SELECT erase('domains', '{a}', '{code}');
\set VERBOSITY terse
SELECT erase('domains', '{a}', '{rest}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default

-- Nobody else changes the three columns.
UPDATE person SET name = NULL WHERE id = 'B-1';
\echo :LAST_ERROR_SQLSTATE
UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'B-1';
UPDATE person SET name_salt = NULL WHERE id = 'B-1';
UPDATE person SET name_commitment = NULL WHERE id = 'B-1';
UPDATE person SET name = name WHERE id = 'B-1';

-- A log is of hashes: it does not see an erasure.
CREATE TABLE logged (id text NOT NULL, name text);
SELECT add_chain('logged', '{id}', erasable => '{name}');
SELECT add_log('logged', origin => 'example.com/erased');
INSERT INTO logged (id, name) VALUES ('A-1', 'Ada'), ('B-1', 'Bob');
SELECT checkpoint('logged') IS NOT NULL AS noted;
SELECT erase('logged', '{A-1}', '{name}');
SELECT * FROM verify_log('logged');
SELECT * FROM verify_chain('logged');

-- Kinds of values and of entities, in any order of columns; values that are stored elsewhere.
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds (big text, amount numeric, part pair, pairs pair[], day date, n numeric NOT NULL, c code NOT NULL, at timestamptz);
ALTER TABLE kinds ALTER big SET STORAGE EXTERNAL;
SELECT add_chain('kinds', '{n,c}', recorded => 'at', erasable => '{part,big,amount,day,pairs}');
INSERT INTO kinds (n, c, big, amount, part, pairs, day) SELECT n, 'x', repeat('y', 10000), 12.50, ROW(1, NULL)::pair, ARRAY[(1, 'a')::pair, NULL], '2024-01-01' FROM unnest('{1,1.0,1.00,2}'::numeric[]) AS n;
INSERT INTO kinds (n, c, part) VALUES (1, 'x', ROW(NULL, NULL));
SELECT * FROM verify_chain('kinds');
SELECT erase('kinds', '{1.000,x}', '{big,part,pairs,amount}', '{1,2,4}');
SELECT n, seq, length(big), amount, part, pairs, day FROM kinds ORDER BY n, seq;
SELECT * FROM verify_chain('kinds');
-- Entities that are equal without being the same text: each event of them is erased.
RESET ROLE;
SET client_min_messages = warning;
CREATE EXTENSION citext SCHEMA public;
RESET client_min_messages;
SET ROLE regress_erase;
CREATE TABLE equals (who citext NOT NULL, at name NOT NULL, padded char(4) NOT NULL, name text);
SELECT add_chain('equals', '{who,at,padded}', erasable => '{name}');
INSERT INTO equals VALUES ('Ada', 'x', 'a', 'one'), ('ADA', 'x', 'a ', 'two'), ('Adi', 'x', 'a', 'three');
SELECT erase('equals', '{ada,x,a}', '{name}');
SELECT who, seq, name FROM equals ORDER BY seq, who;
SELECT * FROM verify_chain('equals');
-- the table is one chain
CREATE TABLE one (v int);
SELECT add_chain('one', erasable => '{v}');
INSERT INTO one VALUES (1), (2);
SELECT erase('one', '{}', '{v}', '{2}');
SELECT v, seq FROM one ORDER BY seq;
SELECT * FROM verify_chain('one');

-- Renamed columns.
ALTER TABLE person RENAME payload_salt TO salted;
ALTER TABLE person RENAME payload_commitment TO "Committed";
SELECT erase('person', '{B-1}', '{payload}');
SELECT * FROM verify_chain('person');
-- what is sealed is under this name
\set VERBOSITY terse
ALTER TABLE person RENAME name TO full_name;
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
ALTER TABLE person DROP salted;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE person DROP "Committed";
ALTER TABLE person DROP name;
ALTER TABLE person ALTER salted SET DEFAULT '';
ALTER TABLE plain RENAME TO empty;
SELECT drop_chain('empty');
SELECT add_chain('empty', '{id}', erasable => '{name}');
ALTER TABLE empty RENAME name TO full_name;
ALTER TABLE empty ALTER full_name SET NOT NULL;
\echo :LAST_ERROR_SQLSTATE
SELECT erasable FROM veritable.chains WHERE target = 'empty'::regclass;
SELECT veritable.trigger_argument(tgargs, 'salt') FROM pg_trigger WHERE tgrelid = 'empty'::regclass LIMIT 1;
ALTER TABLE person ALTER salted TYPE text USING salted::text;
SELECT alter_chain('person', exclude => '{note,salted}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY terse
SELECT alter_chain('person', exclude => '{}');
\set VERBOSITY default
ALTER TABLE person RENAME TO human;
SELECT erase('human', '{B-1}', '{name}');
SELECT * FROM verify_chain('human');

SELECT drop_chain('human');
SELECT attname FROM pg_attribute WHERE attrelid = 'human'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
RESET ROLE;
DROP SCHEMA regress_erase CASCADE;
DROP EXTENSION citext;
DROP ROLE regress_erase;
