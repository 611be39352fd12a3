-- A chain says which chain it is, and how it is configured: the first event of each entity links to line 0, which says so.
\pset null (null)
CREATE ROLE regress_identity;
CREATE ROLE regress_identity_nobody;
CREATE SCHEMA AUTHORIZATION regress_identity;
CREATE SCHEMA "Other schema" AUTHORIZATION regress_identity;
SET search_path = regress_identity, public;
SET ROLE regress_identity;
CREATE FUNCTION genesis(regclass) RETURNS bytea LANGUAGE sql AS $$ SELECT sha256(convert_to(veritable.chain_genesis($1), 'UTF8')) $$;

-- Line 0, and its hash in the view and in the first events.
CREATE TABLE sandbox (id int NOT NULL, kind text NOT NULL, amount int NOT NULL, cancelled_by text, seen boolean);
SELECT add_chain('sandbox', '{kind,id}', exclude => '{seen}');
SELECT veritable.chain_genesis('sandbox');
INSERT INTO sandbox (id, kind, amount) VALUES (1, 'a', 10), (1, 'a', 20), (2, 'a', 30), (2, 'a', 40);
SELECT identity, genesis = genesis(target) AS same FROM veritable.chains WHERE target = 'sandbox'::regclass;
SELECT id, seq, previous_event_hash = genesis('sandbox') AS begins FROM sandbox ORDER BY id, seq;
SELECT * FROM verify_chain('sandbox');

-- Rows of another chain of the same shape do not go on in this one: not row by row,
CREATE TABLE bank (LIKE sandbox);
SELECT add_chain('bank', '{kind,id}', exclude => '{seen}');
INSERT INTO bank SELECT * FROM sandbox ORDER BY id, seq;
\echo :LAST_ERROR_SQLSTATE
-- nor with their triggers off,
BEGIN;
ALTER TABLE bank DISABLE TRIGGER USER;
INSERT INTO bank SELECT * FROM sandbox;
ALTER TABLE bank ENABLE TRIGGER USER;
SELECT entity, seq, fault, detail FROM verify_chain('bank');
SELECT entity, seq, fault, detail FROM verify_chain('bank', '{a,2}');
ROLLBACK;
-- nor one entity among others.
INSERT INTO bank (id, kind, amount) VALUES (1, 'a', 1), (3, 'a', 3);
BEGIN;
ALTER TABLE bank DISABLE TRIGGER USER;
INSERT INTO bank SELECT * FROM sandbox WHERE id = 2;
ALTER TABLE bank ENABLE TRIGGER USER;
SELECT entity, seq, fault, detail FROM verify_chain('bank');
ROLLBACK;
-- The same chain may be somewhere else: then it has the name of the first.
CREATE TABLE copy_of_sandbox (LIKE sandbox);
SELECT add_chain('copy_of_sandbox', '{kind,id}', exclude => '{seen}', identity => 'regress_identity.sandbox');
INSERT INTO copy_of_sandbox SELECT * FROM sandbox ORDER BY id, seq;
SELECT * FROM verify_chain('copy_of_sandbox');

-- Tables that change names are intact, and a notice says what they were called.
BEGIN;
ALTER TABLE sandbox RENAME TO sandbox_2;
ALTER TABLE bank RENAME TO sandbox;
ALTER TABLE sandbox_2 RENAME TO bank;
SELECT * FROM verify_chain('bank');
SELECT * FROM verify_chain('sandbox', '{a,1}');
SELECT target, identity FROM veritable.chains WHERE identity ~ 'bank|sandbox' ORDER BY target::text;
INSERT INTO sandbox (id, kind, amount) VALUES (1, 'a', 1), (4, 'a', 3) RETURNING id, seq;
ALTER TABLE sandbox SET SCHEMA "Other schema";
SELECT * FROM verify_chain('"Other schema".sandbox');
ROLLBACK;

-- A column that was hashed cannot be taken out later, be it null in every row; nor can anything else be changed.
CREATE FUNCTION by_hand(target text, VARIADIC arguments text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE list text := (SELECT string_agg(quote_literal(argument), ', ') FROM unnest(arguments) AS argument);
BEGIN
    EXECUTE format('CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION veritable.seal(%s)', target, list);
    EXECUTE format('CREATE TRIGGER zz_veritable_chain_guard BEFORE UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION veritable.guard(%s)', target, list);
    EXECUTE format('CREATE TRIGGER zz_veritable_chain_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard(%s)', target, list);
END $$;
BEGIN;
SELECT drop_chain('sandbox');
UPDATE sandbox SET cancelled_by = 'bob' WHERE id = 1;
SELECT by_hand('sandbox', 'entity=kind', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=seen', 'exclude=cancelled_by', 'identity=regress_identity.sandbox');
SELECT * FROM verify_chain('sandbox');
-- events after the first go on, and do not make it better
INSERT INTO sandbox (id, kind, amount) VALUES (1, 'a', 50), (2, 'a', 60);
SELECT entity, seq, fault FROM verify_chain('sandbox');
ROLLBACK;
-- the same configuration by hand is the same chain, in whichever order
BEGIN;
SELECT drop_chain('sandbox');
SELECT by_hand('sandbox', 'identity=regress_identity.sandbox', 'exclude=seen', 'entity=id', 'entity=kind', 'hash=event_hash', 'previous=previous_event_hash', 'seq=seq');
SELECT * FROM verify_chain('sandbox');
ROLLBACK;
CREATE TABLE other (number int, arguments text[]);
INSERT INTO other VALUES
    (1, '{identity=regress_identity.sandbox}'), (2, '{exclude=seen}'), (3, '{exclude=seen,identity=regress_identity.bank}'),
    (4, '{exclude=seen,identity=regress_identity.sandbox,entity=amount}'), (5, '{exclude=amount,exclude=seen,identity=regress_identity.sandbox}');
DO $$
DECLARE o other; found text;
BEGIN
    FOR o IN SELECT * FROM other ORDER BY number LOOP
        BEGIN
            PERFORM drop_chain('sandbox');
            PERFORM by_hand('sandbox', VARIADIC ARRAY['entity=kind', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash'] || o.arguments);
            SELECT string_agg(DISTINCT fault || ' ' || coalesce(seq::text, ''), ', ') INTO found FROM verify_chain('sandbox') WHERE fault = 'unlinked';
            RAISE EXCEPTION '% %', o.number, found;
        EXCEPTION WHEN raise_exception THEN RAISE NOTICE '%', SQLERRM;
        END;
    END LOOP;
END $$;
-- a recorded time that was not one
BEGIN;
CREATE TABLE timed (id int NOT NULL, at timestamptz, hash text);
SELECT add_chain('timed', '{id}');
INSERT INTO timed (id, at) VALUES (1, '2024-01-01 00:00+00'), (1, '2024-01-02 00:00+00');
SELECT drop_chain('timed');
SELECT by_hand('timed', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'recorded=at', 'identity=regress_identity.timed');
SELECT entity, seq, fault FROM verify_chain('timed');
ROLLBACK;

-- Identities: any text, for ever; by default the name as SQL quotes it, whatever the settings.
CREATE TABLE "Other schema"."A ""table"".x" (id int NOT NULL);
SET quote_all_identifiers = on;
SELECT add_chain('"Other schema"."A ""table"".x"', '{id}');
CREATE TABLE plain (id int NOT NULL);
SELECT add_chain('plain', '{id}');
RESET quote_all_identifiers;
SELECT veritable.chain_genesis('"Other schema"."A ""table"".x"');
SELECT veritable.chain_genesis('plain');
INSERT INTO "Other schema"."A ""table"".x" VALUES (1), (1);
SELECT * FROM verify_chain('"Other schema"."A ""table"".x"');
CREATE TABLE named (id int NOT NULL, seq bigint, previous_event_hash text NOT NULL, event_hash text NOT NULL);
CREATE FUNCTION try(identity text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM add_chain('named', '{id}', identity => identity);
    INSERT INTO named VALUES (1), (1);
    IF EXISTS (SELECT FROM verify_chain('named')) THEN RETURN 'faults'; END IF;
    IF (SELECT previous_event_hash <> encode(genesis('named'), 'hex') FROM named WHERE seq = 1) THEN RETURN 'not linked'; END IF;
    IF identity IS DISTINCT FROM (SELECT c.identity FROM veritable.chains AS c WHERE target = 'named'::regclass) THEN RETURN 'another identity'; END IF;
    IF identity IS DISTINCT FROM veritable.chain_genesis('named')::json ->> 'identity' THEN RETURN 'another line'; END IF;
    PERFORM drop_chain('named');
    DELETE FROM named;
    RETURN 'as it should be';
END $$;
SELECT i, try(i) FROM unnest(ARRAY['x', ' ', 'The bank''s "ledger", \ é 🙂', E'two\nlines', 'key=value', 'identity=', '{"format":2}', '$1', '%s']) AS i;
SELECT length(i), try(i) FROM unnest(ARRAY[repeat('x', 1000), repeat('é', 500)]) AS i;
SELECT try('');
\echo :LAST_ERROR_SQLSTATE
SELECT try(repeat('x', 1001));
\echo :LAST_ERROR_SQLSTATE
SELECT try(repeat('é', 501));
DO $$ BEGIN
    PERFORM by_hand('named', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'identity=' || repeat('x', 1001));
EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', SQLSTATE, SQLERRM;
END $$;
SELECT by_hand('named', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'identity=');
SELECT by_hand('named', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'identity=one', 'identity=two');
-- by hand there may be none
CREATE UNIQUE INDEX ON named (id, seq);
SELECT by_hand('named', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash');
INSERT INTO named (id) VALUES (1), (1);
SELECT veritable.chain_genesis('named');
SELECT identity, genesis = genesis(target) AS same FROM veritable.chains WHERE target = 'named'::regclass;
SELECT * FROM verify_chain('named');

-- Existing rows, where the previous hash may not be null, as a home-made chain has it: it never is.
CREATE TABLE home_made (id int NOT NULL, n int, seq bigint NOT NULL, previous_event_hash bytea NOT NULL, event_hash bytea NOT NULL);
INSERT INTO home_made SELECT i % 2, i, i, '\x00', sha256(i::text::bytea) FROM generate_series(1, 6) AS i;
SELECT add_chain('home_made', '{id}', order_by => '{seq}', reseal => true);
INSERT INTO home_made (id, n) VALUES (1, 7), (3, 8);
SELECT id, seq, n, previous_event_hash = genesis('home_made') AS begins FROM home_made ORDER BY id, seq;
SELECT * FROM verify_chain('home_made');
ALTER TABLE plain ALTER previous_event_hash SET NOT NULL;
INSERT INTO plain (id) VALUES (1), (1) RETURNING seq;

-- Partitions are of the chain of the whole table, also where it has no entity.
CREATE TABLE parted (id int NOT NULL, n int) PARTITION BY LIST (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (n);
CREATE TABLE parted_1_1 PARTITION OF parted_1 DEFAULT;
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
SELECT add_chain('parted');
INSERT INTO parted VALUES (2, 1), (1, 1);
INSERT INTO parted_1 VALUES (1, 2);
SELECT veritable.chain_genesis('parted') = veritable.chain_genesis(leaf) AS same, veritable.chain_genesis(leaf) FROM unnest('{parted_1,parted_1_1,parted_2}'::regclass[]) AS leaf;
SELECT tableoid::regclass, seq, previous_event_hash = genesis('parted') AS begins FROM parted ORDER BY seq;
SELECT * FROM verify_chain('parted');

-- Who asks: anybody, for the configuration is in the catalogs; but of a chain.
RESET ROLE;
GRANT USAGE ON SCHEMA regress_identity TO regress_identity_nobody;
SET ROLE regress_identity_nobody;
SELECT veritable.chain_genesis('sandbox');
SELECT veritable.chain_genesis(NULL);
SELECT veritable.chain_genesis('other');
\echo :LAST_ERROR_SQLSTATE
SELECT veritable.chain_genesis('veritable.chains');
SELECT veritable.chain_genesis(4000000000);
\echo :LAST_ERROR_SQLSTATE
-- arguments that are none of a chain's
SELECT veritable.configuration_line(''), veritable.configuration_line('\x00'), veritable.configuration_line('\xff00'), veritable.configuration_line('seq=s'),
       veritable.configuration_line('\x7365713d73007365713d7300'), veritable.configuration_line(NULL);
RESET ROLE;
SELECT veritable.chain_genesis('veritable.event_schemas');

SET client_min_messages = warning;
DROP SCHEMA regress_identity, "Other schema" CASCADE;
DROP ROLE regress_identity, regress_identity_nobody;
