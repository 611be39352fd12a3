-- Signatures say who states a checkpoint: by a key outside of the database, by witnesses, or by the key of the server.
CREATE SCHEMA log_signatures;
SET search_path = log_signatures, public;
\pset null '(null)'
\set SHOW_CONTEXT never
-- The keys are published test keys.
\set vkey 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
\set skey 'PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg'
\set witness 'witness.example/w1+c03ad8d4+BOHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx'
\set neumann 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'

CREATE TABLE payment (account text NOT NULL, amount int);
SELECT add_chain('payment', '{account}');
SELECT add_log('payment', origin => 'example.com/log/testdata');
INSERT INTO payment VALUES ('a', 1), ('b', 2), ('a', 3);
SELECT checkpoint('payment') AS body \gset
\echo :body

-- Keys: the log's own has the origin as its name, a witness any.
SELECT trust_key('payment', :'neumann');
SELECT trust_key('payment', 'nonsense');
SELECT trust_key('payment', 'PeterNeumann+c74f20a3+' || repeat('AAAA', 4000000));
SELECT trust_key('payment', replace(:'vkey', '33d7b496', '33d7b497'));
SELECT trust_key('payment', :'skey');
SELECT trust_key('payment', :'witness', signs => true);
SELECT trust_key('payment', NULL);
SELECT trust_key('payment', :'vkey');
SELECT trust_key('payment', :'witness');
SELECT vkey, signs FROM veritable.log_keys WHERE target = 'payment'::regclass ORDER BY vkey;
SELECT action, detail FROM veritable.journal WHERE about = 'log_signatures.payment' AND action LIKE '%key' ORDER BY series, seq;

-- Once keys are trusted, a checkpoint without their signature is not.
SELECT fault, detail FROM verify_log('payment');
SELECT fault, detail FROM verify_log('payment', :'body');

-- The key of the server.
SELECT current_setting('data_directory') || '/regress_log_key' AS file \gset
SET veritable.signing_key_file = :'file';
-- It signs nothing that a superuser has not chosen.
SELECT checkpoint('payment') = :'body' AS unsigned;
SELECT trust_key('payment', :'vkey', signs => true);
SELECT checkpoint('payment');
-- Others must not be able to read the file,
COPY (SELECT :'skey') TO PROGRAM 'umask 022; cat > regress_log_key';
SELECT checkpoint('payment');
-- which has to hold a key, of which no error says anything,
COPY (SELECT 'PRIVATE+KEY+secret') TO PROGRAM 'rm regress_log_key; umask 077; cat > regress_log_key';
SELECT checkpoint('payment');
-- and its path must be absolute.
SET veritable.signing_key_file = 'regress_log_key';
SELECT checkpoint('payment');
SET veritable.signing_key_file = '';
SELECT checkpoint('payment') = :'body' AS unsigned;
SET veritable.signing_key_file = :'file';
COPY (SELECT :'skey') TO PROGRAM 'cat > regress_log_key';
-- A signature made in a transaction that is rolled back is one from outside.
BEGIN;
SELECT checkpoint('payment') AS note \gset
ROLLBACK;
\echo :note
SELECT fault, detail FROM verify_log('payment', :'note');
SELECT fault, detail FROM verify_log('payment');

SELECT trust_key('payment', :'vkey');
SELECT checkpoint('payment') = :'body' AS unsigned;
SELECT add_signature('payment', :'note') = :'note' AS signed;
SELECT checkpoint('payment') = :'note' AS signed;
SELECT fault, detail FROM verify_log('payment');
-- The same again changes nothing.
SELECT add_signature('payment', :'note') = :'note' AS signed;
-- What it refuses: no signature, a wrong one, none by a trusted key, another text, another log, a text that is no note.
SELECT add_signature('payment', :'body');
SELECT add_signature('payment', replace(:'note', E'\n3\n', E'\n4\n'));
SELECT add_signature('payment', regexp_replace(:'note', 'M9e0l.', 'M9e0lm'));
SELECT add_signature('payment', :'body' || E'\nnonsense\n');
SELECT add_signature('payment', :'body' || E'\n\u2014 somebody AAAAAAAAAAAA\n');
SELECT add_signature('payment', :'body' || repeat(E'a\n', 8000000));
SELECT add_signature('payment', NULL);
-- A signature by a key that nobody trusts is not kept.
SELECT add_signature('payment', :'note' || E'\u2014 somebody AAAAAAAAAAAA\n') = :'note' AS without_it;

-- A wrong signature is a fault, and no row of the table.
SELECT "position", fault, detail FROM verify_log('payment', regexp_replace(:'note', 'M9e0l.{4}', 'M9e0lmAAA'));
-- Events behind the signed checkpoint: the newest signed one counts.
INSERT INTO payment VALUES ('c', 4);
SELECT split_part(checkpoint('payment'), E'\n', 2) AS size;
SELECT fault, detail FROM verify_log('payment');
-- The server signs what is there already, if it may.
SELECT trust_key('payment', :'vkey', signs => true);
SELECT count(*) AS signatures FROM regexp_matches(checkpoint('payment'), '\u2014', 'g');
SELECT split_part(note, E'\n\n', 2) <> '' AS signed FROM veritable.checkpoints WHERE target = 'payment'::regclass ORDER BY size;

-- Another log has another key, and the key of the server does not sign for it.
CREATE TABLE other (id int NOT NULL);
SELECT add_chain('other', '{id}');
SELECT add_log('other', origin => 'PeterNeumann');
SELECT trust_key('other', :'vkey');
SELECT trust_key('other', :'neumann', signs => true);
SELECT checkpoint('other');

SELECT distrust_key('payment', :'vkey');
SELECT distrust_key('payment', :'vkey');
SELECT distrust_key('payment', :'witness');
SELECT fault FROM verify_log('payment');
COPY (SELECT '') TO PROGRAM 'rm regress_log_key';

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA log_signatures CASCADE;
