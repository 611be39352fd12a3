-- A table may be chained and its documents validated, in either order: what is sealed has been validated, and what is refused leaves no gap.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_validated_chain;
CREATE DATABASE regress_validated_chain;
\c regress_validated_chain
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_validated_chain;
GRANT CREATE ON SCHEMA public TO regress_validated_chain;
SET ROLE regress_validated_chain;
SELECT register_schema('opened', '{"required": ["by"], "properties": {"by": {"type": "string"}}}');
SELECT register_schema('closed', '{"maxProperties": 0}');

-- first chained, then validated
CREATE TABLE chained_first (id int NOT NULL, type text, payload jsonb, version int);
SELECT add_chain('chained_first', '{id}');
INSERT INTO chained_first (id, type, payload) VALUES (1, 'opened', '{"by": "a"}'), (1, 'closed', '{}');
SELECT add_validation('chained_first', 'payload', type => 'type', version => 'version');
-- first validated, then chained
CREATE TABLE validated_first (id int NOT NULL, type text, payload jsonb, version int);
SELECT add_validation('validated_first', 'payload', type => 'type', version => 'version');
INSERT INTO validated_first (id, type, payload) VALUES (1, 'opened', '{"by": "a"}'), (1, 'closed', '{}');
SELECT add_chain('validated_first', '{id}', order_by => '{type}');

CREATE PROCEDURE try(name text, payload jsonb, type text DEFAULT 'opened', id int DEFAULT 1) LANGUAGE plpgsql AS $$
DECLARE
    which regclass;
    added text;
BEGIN
    FOREACH which IN ARRAY '{chained_first,validated_first}'::regclass[] LOOP
        BEGIN
            EXECUTE format('INSERT INTO %s AS t (id, type, payload) VALUES ($1, $2, $3) RETURNING format(''version %%s, seq %%s'', version, seq)', which) INTO added USING id, type, payload;
            RAISE NOTICE '% %: %', which, name, added;
        EXCEPTION WHEN check_violation THEN
            RAISE NOTICE '% %: %', which, name, SQLERRM;
        END;
    END LOOP;
END $$;
CALL try('good', '{"by": "b"}');
CALL try('bad', '{"by": 1}');
CALL try('good again', '{"by": "c"}');
CALL try('bad of a new entity', '{}', id => 2);
CALL try('good of a new entity', '{"by": "d"}', id => 2);
INSERT INTO chained_first (id, type, payload) VALUES (1, 'opened', '{"by": "e"}'), (1, 'opened', '{"by": null}'), (1, 'opened', '{"by": "f"}');
COPY validated_first (id, type, payload) FROM stdin;
1	opened	{"by": "e"}
1	opened	{}
\.
CALL try('good after all', '{"by": "g"}');
SELECT * FROM verify_chain();
-- the version that is filled in is sealed with the rest
SELECT id, type, version, seq, chain_line(e)::jsonb ? 'version' AS sealed, chain_line(e)::jsonb -> 'version' AS line FROM validated_first AS e ORDER BY id, seq;
SELECT id, type, version, seq FROM chained_first ORDER BY id, seq;
-- a refused row takes no seq that the caller expects
INSERT INTO chained_first (id, type, payload, seq) VALUES (1, 'opened', '{}', 6);
INSERT INTO chained_first (id, type, payload, seq) VALUES (1, 'opened', '{"by": "h"}', 6) RETURNING seq, version;
-- which of both says no first
INSERT INTO chained_first (id, type, payload, seq) VALUES (1, 'opened', '{}', 99);
INSERT INTO chained_first (id, type, payload, seq) VALUES (1, 'opened', '{"by": "i"}', 99);
\echo :LAST_ERROR_SQLSTATE
-- sealed rows are not updated, valid or not
UPDATE chained_first SET payload = '{"by": "z"}';
\echo :LAST_ERROR_SQLSTATE
UPDATE chained_first SET payload = '{}';
SELECT * FROM verify_chain('chained_first');

-- a document that is excluded from the hashes may change, and must match
CREATE TABLE excluded (id int NOT NULL, payload jsonb, version int);
SELECT add_validation('excluded', 'payload', schema => 'opened', version => 'version');
SELECT add_chain('excluded', '{id}', exclude => '{payload,version}');
INSERT INTO excluded (id, payload) VALUES (1, '{"by": "a"}') RETURNING id, version, seq;
UPDATE excluded SET payload = '{"by": "b"}' RETURNING id, payload, version, seq;
UPDATE excluded SET payload = '{}';
SELECT * FROM verify_chain('excluded');

-- either ends without the other
SELECT drop_validation('chained_first', 'payload');
INSERT INTO chained_first (id, type, payload) VALUES (1, 'opened', '{}') RETURNING seq;
SELECT drop_chain('validated_first');
INSERT INTO validated_first (id, type, payload) VALUES (1, 'opened', '{}');
INSERT INTO validated_first (id, type, payload) VALUES (1, 'opened', '{"by": "z"}') RETURNING version;
SELECT * FROM verify_chain();
-- validated again: a row that was not, and cannot change any more
SELECT add_validation('chained_first', 'payload', type => 'type', version => 'version');
SELECT add_validation('chained_first', 'payload', type => 'type', version => 'version', check_existing => false);

-- partitioned, and both
CREATE TABLE part (id int NOT NULL, at int NOT NULL, payload jsonb) PARTITION BY LIST (at);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
SELECT add_validation('part', 'payload', schema => 'opened');
SELECT add_chain('part', '{id}');
INSERT INTO part (id, at, payload) VALUES (1, 1, '{"by": "a"}'), (1, 2, '{"by": "b"}') RETURNING seq;
INSERT INTO part (id, at, payload) VALUES (1, 1, '{"by": "c"}'), (1, 2, '{}');
INSERT INTO part (id, at, payload) VALUES (1, 1, '{"by": "c"}') RETURNING seq;
SELECT * FROM verify_chain('part');

-- packed, and validated
CREATE TABLE packed (id int NOT NULL, payload jsonb, during int4range NOT NULL);
SELECT add_packing('packed', 'during', '{id}');
SELECT add_validation('packed', 'payload', schema => 'opened');
INSERT INTO packed VALUES (1, '{"by": "a"}', '[1,5)'), (1, '{"by": "a"}', '[5,9)');
INSERT INTO packed VALUES (1, '{"by": 1}', '[9,11)');
SELECT * FROM set_period(NULL::packed, '{"id": 1, "payload": {"by": 1}, "during": "[3,4)"}');
SELECT * FROM set_period(NULL::packed, '{"id": 1, "payload": {"by": "b"}, "during": "[3,4)"}');
-- what is packed has been validated, and is not again
SELECT register_schema('opened', 'false');
UPDATE packed SET during = '[5,8)' WHERE during = '[4,9)' RETURNING *;
SELECT * FROM clear_period(NULL::packed, '{"id": 1, "during": "[7,)"}');
SELECT * FROM packed ORDER BY during;
SELECT * FROM verify_packing();

-- A document is validated before it is sealed; after its erasure there is none.
SELECT register_schema('erased', '{"required": ["by"]}');
CREATE TABLE erasable (id int NOT NULL, payload jsonb);
SELECT add_chain('erasable', '{id}', erasable => '{payload}');
SELECT add_validation('erasable', 'payload', schema => 'erased');
INSERT INTO erasable (id, payload) VALUES (1, '{}');
INSERT INTO erasable (id, payload) VALUES (1, '{"by": "a"}');
SELECT erase('erasable', '{1}', '{payload}');
SELECT * FROM verify_validation('erasable');
SELECT * FROM verify_chain('erasable');

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_validated_chain;
DROP ROLE regress_validated_chain;
