-- Who may make, sign and verify checkpoints; and nobody's code runs as somebody else.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_mallory;
DROP ROLE IF EXISTS regress_bank;
DROP ROLE IF EXISTS regress_auditor;
CREATE ROLE regress_mallory;
CREATE ROLE regress_bank;
CREATE ROLE regress_auditor;
RESET client_min_messages;
CREATE SCHEMA log_privileges;
GRANT ALL ON SCHEMA log_privileges TO regress_mallory, regress_bank;
GRANT USAGE ON SCHEMA log_privileges TO regress_auditor;
SET search_path = log_privileges, public;
\pset null '(null)'
\set SHOW_CONTEXT never
CREATE TABLE ran (who name, what text);
GRANT INSERT ON ran TO PUBLIC;
\set vkey 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'

SET ROLE regress_bank;
CREATE TABLE bank (account text NOT NULL, amount int);
SELECT add_chain('bank', '{account}');
SELECT add_log('bank', origin => 'example.com/foo');
INSERT INTO bank VALUES ('a', 1), ('b', 2);
SELECT checkpoint('bank') AS note \gset
-- The owner trusts keys, and cannot make the key of the server sign; nor see where it is, nor write what is kept.
SELECT trust_key('bank', :'vkey', signs => true);
SELECT trust_key('bank', :'vkey');
SELECT distrust_key('bank', :'vkey');
SELECT count(*) FROM pg_settings WHERE name = 'veritable.signing_key_file';
SET veritable.signing_key_file = '/etc/passwd';
UPDATE veritable.tiles SET hashes = '';
DELETE FROM veritable.notes;
INSERT INTO veritable.log_keys SELECT * FROM veritable.log_keys;
-- Others, without and with privileges.
SET ROLE regress_auditor;
SELECT checkpoint('bank');
SELECT verify_log('bank');
SELECT inclusion_proof('bank', 1);
SELECT inclusion_proof('bank', '{a}', 1);
SELECT consistency_proof('bank', 1, 2);
SELECT count(*) FROM veritable.checkpoints WHERE target = 'bank'::regclass;
SELECT count(*) FROM veritable.tiles WHERE target = 'bank'::regclass;
RESET ROLE;
GRANT SELECT ON bank TO regress_auditor;
SET ROLE regress_auditor;
SELECT checkpoint('bank');
SELECT trust_key('bank', :'vkey');
SELECT distrust_key('bank', :'vkey');
SELECT add_signature('bank', :'note' || E'\n\u2014 somebody AAAAAAAAAAAA\n');
SELECT verify_log('bank');
SELECT inclusion_proof('bank', 1) IS NOT NULL AS proof, consistency_proof('bank', 1, 2) <> '' AS consistency;
SELECT note = :'note' AS same FROM veritable.checkpoints WHERE target = 'bank'::regclass;
-- Row-level security hides rows: nothing can be verified as a whole.
RESET ROLE;
ALTER TABLE bank ENABLE ROW LEVEL SECURITY;
SET ROLE regress_auditor;
SELECT verify_log('bank');
SELECT inclusion_proof('bank', 1);
-- The hash of a hidden event would show whether a guess of the event is right. Checkpoints are made to be handed out.
SELECT count(*) FROM veritable.tiles WHERE target = 'bank'::regclass;
SELECT count(*) FROM veritable.checkpoints WHERE target = 'bank'::regclass;
SET ROLE regress_bank;
SELECT count(*) FROM veritable.tiles WHERE target = 'bank'::regclass;
RESET ROLE;
ALTER TABLE bank DISABLE ROW LEVEL SECURITY;

-- Somebody writes another's origin into the arguments of his triggers.
SET ROLE regress_mallory;
CREATE TABLE mine (account text NOT NULL, amount int);
SELECT add_chain('mine', '{account}');
SELECT add_log('mine', origin => 'example.com/foo');
SELECT add_log('mine', origin => 'example.com/mine');
INSERT INTO mine VALUES ('a', 1);
SELECT checkpoint('mine') AS mine \gset
CREATE TABLE other (account text NOT NULL, amount int, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL,
  position bigint NOT NULL);
CREATE SEQUENCE other_positions OWNED BY other.position;
CREATE INDEX ON other (account, seq);
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION veritable.seal(
  'format=1', 'entity=account', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'position=position',
  'origin=example.com/foo');
INSERT INTO other VALUES ('a', 1);
SELECT checkpoint('other');
SELECT trust_key('other', :'vkey');
-- Against another's checkpoint, his table is what it is.
SELECT fault, detail FROM verify_log('other', :'note');
RESET ROLE;
-- Where an origin has been claimed, another one in the triggers is seen.
UPDATE pg_trigger SET tgargs = replace(encode(tgargs, 'escape'), 'example.com/mine', 'example.com/your')::bytea
WHERE tgrelid = 'mine'::regclass;
\c -
SET search_path = log_privileges, public;
\set SHOW_CONTEXT never
SELECT checkpoint('mine');
SELECT fault, detail FROM verify_log('mine', :'mine') WHERE fault <> 'unguarded';
UPDATE pg_trigger SET tgargs = replace(encode(tgargs, 'escape'), 'example.com/your', 'example.com/mine')::bytea
WHERE tgrelid = 'mine'::regclass;

\c -
SET search_path = log_privileges, public;
\set SHOW_CONTEXT never
-- His functions run as himself when a superuser verifies: here in the expressions of indexes.
SET ROLE regress_mallory;
CREATE FUNCTION note(what text) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO log_privileges.ran VALUES (current_user, what); END $$;
CREATE FUNCTION expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN $1; END $$;
INSERT INTO mine VALUES ('a', 2);
CREATE INDEX ON mine (expression(amount));
CREATE INDEX ON mine (expression(1), position);
CREATE OR REPLACE FUNCTION expression(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM log_privileges.note('index'); PERFORM set_config('search_path', 'evil', false); RETURN $1; END $$;
RESET ROLE;
TRUNCATE ran;
SELECT verify_log('mine', :'mine');
SELECT checkpoint('mine') <> :'mine' AS made;
SELECT inclusion_proof('mine', '{a}', 2) IS NOT NULL AS proof;
SELECT DISTINCT who, what FROM ran;
SHOW search_path;

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA log_privileges CASCADE;
DROP OWNED BY regress_mallory, regress_bank, regress_auditor;
DROP ROLE regress_mallory, regress_bank, regress_auditor;
