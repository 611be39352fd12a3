-- Erasable columns of new and of old rows, and rows that bring their salts.
\pset null (null)
CREATE ROLE regress_erase_seal;
CREATE SCHEMA AUTHORIZATION regress_erase_seal;
SET search_path = regress_erase_seal, public;
SET ROLE regress_erase_seal;

-- What cannot be erasable.
CREATE TABLE t (id int NOT NULL, v int, n int NOT NULL, g int GENERATED ALWAYS AS (v + 1) STORED, at timestamptz, r regclass, seq bigint,
    a_name_that_is_too_long_for_two_columns_named_after_it text);
SELECT add_chain('t', '{id}', erasable => '{nothing}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', erasable => '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', erasable => '{seq}');
SELECT add_chain('t', '{id}', erasable => '{event_hash}');
SELECT add_chain('t', '{id}', recorded => 'at', erasable => '{at}');
SELECT add_chain('t', '{id}', exclude => '{v}', erasable => '{v}');
SELECT add_chain('t', '{id}', erasable => '{v,v}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', erasable => '{g}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', exclude => '{r}', erasable => '{n}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', erasable => '{r}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('t', '{id}', erasable => '{a_name_that_is_too_long_for_two_columns_named_after_it}');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE by_value (id int NOT NULL, v int) PARTITION BY LIST (v);
SELECT add_chain('by_value', '{id}', erasable => '{v}');
\echo :LAST_ERROR_SQLSTATE
-- The columns beside it exist in another form, with a default, or with values.
ALTER TABLE t DROP r, ADD v_salt text;
SELECT add_chain('t', '{id}', erasable => '{v}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE t DROP v_salt, ADD v_salt bytea DEFAULT '';
SELECT add_chain('t', '{id}', erasable => '{v}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE t ALTER v_salt DROP DEFAULT;
INSERT INTO t (id, v, n, v_salt) VALUES (1, 2, 3, 'x');
SELECT add_chain('t', '{id}', order_by => '{id}', erasable => '{v}');
\echo :LAST_ERROR_SQLSTATE
-- as they should be
UPDATE t SET v_salt = NULL;
SELECT add_chain('t', '{id}', order_by => '{id}', erasable => '{v}');
SELECT length(v_salt), length(v_commitment) FROM t;
SELECT * FROM verify_chain('t');

-- A client brings no salt.
INSERT INTO t (id, v, n, v_salt) VALUES (1, 2, 3, sha256('known'));
\echo :LAST_ERROR_SQLSTATE
INSERT INTO t (id, v, n, v_commitment) VALUES (1, 2, 3, sha256('known'));
-- Sealed rows bring theirs: they were exported and erased in between.
CREATE TABLE copy (LIKE t INCLUDING ALL);
SELECT add_chain('copy', '{id}', erasable => '{v}', identity => 'regress_erase_seal.t');
INSERT INTO t (id, v, n) VALUES (1, NULL, 4), (1, 5, 5), (2, 6, 6);
SELECT erase('t', '{1}', '{v}', '{3}');
CREATE FUNCTION copied(column_name text, expression text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE list text := (SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
BEGIN
    EXECUTE format('INSERT INTO copy (%s) SELECT %s FROM t ORDER BY id, seq', list, replace(list, column_name || ',', expression || ','));
END $$;
\set SHOW_CONTEXT never
SELECT copied('v', 'v + 1');
\echo :LAST_ERROR_SQLSTATE
SELECT copied('v_salt', $$'\x00'$$);
SELECT copied('v_salt', 'sha256(v_salt)');
SELECT copied('v_salt', 'NULL');
SELECT copied('v', 'NULL');
SELECT copied('v', 'v');
SELECT id, seq, v, v_salt IS NULL AS no_salt FROM copy ORDER BY id, seq;
-- A record counts for its own table: whoever can copy an event could say anything of it.
SELECT * FROM verify_chain('copy');

-- A chain ends and goes on, with its erasures; sealed anew, its values are what they are now.
SELECT drop_chain('t');
\set VERBOSITY terse
SELECT add_chain('t', '{id}');
\set VERBOSITY default
SELECT add_chain('t', '{id}', erasable => '{v}');
SELECT * FROM verify_chain('t');
SELECT drop_chain('t');
SELECT add_chain('t', '{id}', order_by => '{id,n}', erasable => '{v}', reseal => true);
SELECT id, seq, v, length(v_salt) FROM t ORDER BY id, seq;
SELECT * FROM verify_chain('t');

-- COPY, and an upsert that skips.
COPY t (id, v, n) FROM stdin;
3	\N	1
3	8	2
\.
CREATE UNIQUE INDEX ON t (id, n);
INSERT INTO t (id, v, n) VALUES (3, 9, 2) ON CONFLICT DO NOTHING;
INSERT INTO t (id, v, n) VALUES (3, 9, 3) RETURNING seq;
SELECT * FROM verify_chain('t');

-- A chain has the erasable columns that it began with.
CREATE TABLE half (id int NOT NULL, v text, v_salt bytea, v_commitment bytea, seq bigint, previous_event_hash bytea, event_hash bytea);
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON half FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'erasable=v', 'salt=v_salt', 'commitment=v_commitment',
    'founded={"entity":["id"],"format":1,"hash":"event_hash","previous":"previous_event_hash","seq":"seq"}');
\echo :LAST_ERROR_SQLSTATE
-- triggers by hand with half of a column
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON half FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'erasable=v', 'salt=v_salt');
\echo :LAST_ERROR_SQLSTATE

-- The golden lines of crates/core, which Python has made: email is NULL and name is Ada, under the salt 00 01 02 … 1f.
CREATE TABLE person (name text, email text, id int NOT NULL, name_salt bytea, name_commitment bytea, email_salt bytea, email_commitment bytea,
    seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL, UNIQUE (id, seq));
DO $$
DECLARE
    arguments text := $args$'format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'identity=public.person', 'founded={"entity":["id"],"erasable":["email","name"],"exclude":["name_salt"],"format":1,"hash":"event_hash","identity":"public.person","previous":"previous_event_hash","seq":"seq"}', 'erasable=name', 'salt=name_salt', 'commitment=name_commitment', 'erasable=email', 'salt=email_salt', 'commitment=email_commitment'$args$;
BEGIN
    EXECUTE format('CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION veritable.seal(%s)', arguments);
END $$;
\set salt '\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
INSERT INTO person VALUES ('Ada', NULL, 7, :'salt', '\xb618fb0434f665dc9dcdb54fbe329d9db31ab70a1cc8357d93c21f093645add1', :'salt', '\x121e01fd47d8c2ecdb10fa6f0a51a97a48cebd0de5231f274f5076a03e371868',
    1, NULL, '\x48a11fb6258a816213a99644f8e58e566119ae07a8cd9eed95b4575710e4d808');
INSERT INTO person VALUES (NULL, NULL, 7, NULL, NULL, NULL, NULL, 2, NULL, '\xa9dae6fa5ccd288f40e4361c87f6c983470f7836bc66dd78f02f2c3b8cad74da');
\pset format unaligned
\pset tuples_only on
SELECT encode(sha256(convert_to(line, 'UTF8')), 'hex'), line FROM (SELECT veritable.chain_genesis('person') AS line UNION ALL (SELECT chain_line(p) FROM person AS p ORDER BY seq)) AS l;
\pset tuples_only off
\pset format aligned
RESET ROLE;
DROP SCHEMA regress_erase_seal CASCADE;
DROP ROLE regress_erase_seal;
