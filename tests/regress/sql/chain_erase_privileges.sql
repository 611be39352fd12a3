-- Who may erase, and what the owner's own functions can do meanwhile.
\pset null (null)
CREATE ROLE regress_erase_owner;
CREATE ROLE regress_erase_member;
GRANT regress_erase_owner TO regress_erase_member;
CREATE ROLE regress_erase_writer;
CREATE SCHEMA AUTHORIZATION regress_erase_owner;
GRANT USAGE ON SCHEMA regress_erase_owner TO regress_erase_writer;
SET search_path = regress_erase_owner, public;
-- Who ran what: everybody may write it down.
CREATE TABLE ran (who name, session name, what text);
GRANT ALL ON ran TO PUBLIC;
SET ROLE regress_erase_owner;
CREATE TABLE person (id text NOT NULL, name text, seen int);
SELECT add_chain('person', '{id}', erasable => '{name}', exclude => '{seen}');
INSERT INTO person VALUES ('a', 'Ada'), ('a', 'Ada'), ('b', 'Bob');
GRANT ALL ON person TO regress_erase_writer;
-- Only the owner; a member of it, and a superuser.
RESET ROLE;
SET ROLE regress_erase_writer;
SELECT erase('person', '{a}', '{name}');
\echo :LAST_ERROR_SQLSTATE
UPDATE person SET name = NULL, name_salt = NULL;
RESET ROLE;
SET ROLE regress_erase_member;
SELECT erase('person', '{a}', '{name}', '{1}');
RESET ROLE;
SELECT erase('person', '{a}', '{name}', '{2}');
SELECT event_seq, acting FROM veritable.erasures WHERE target = 'person'::regclass ORDER BY seq;
-- Who may read the table sees the records, and nobody writes any.
SET ROLE regress_erase_writer;
SELECT about, event_seq FROM veritable.erasures WHERE target = 'person'::regclass ORDER BY seq;
INSERT INTO veritable.erasures SELECT * FROM veritable.erasures;
\echo :LAST_ERROR_SQLSTATE
SET client_min_messages = warning;
SELECT * FROM verify_chain('veritable.erasures');
RESET client_min_messages;
RESET ROLE;
REVOKE ALL ON person FROM regress_erase_writer;
SET ROLE regress_erase_writer;
SELECT about, event_seq FROM veritable.erasures WHERE target = 'person'::regclass ORDER BY seq;
RESET ROLE;

-- The owner's triggers run as the owner, whoever erases.
SET ROLE regress_erase_owner;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO regress_erase_owner.ran VALUES (current_user, session_user, tg_name);
    BEGIN
        RESET ROLE;
        SET LOCAL ROLE NONE;
        INSERT INTO regress_erase_owner.ran VALUES (current_user, session_user, 'escaped');
    EXCEPTION WHEN others THEN NULL;
    END;
    RETURN NEW;
END $$;
CREATE TRIGGER noted BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER noted_after AFTER UPDATE ON person FOR EACH ROW EXECUTE FUNCTION note();
CREATE FUNCTION lowered(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN INSERT INTO regress_erase_owner.ran VALUES (current_user, session_user, 'index'); RETURN lower($1); EXCEPTION WHEN others THEN RETURN lower($1); END $$;
CREATE INDEX ON person (lowered(name));
RESET ROLE;
TRUNCATE ran;
SELECT erase('person', '{b}', '{name}');
SELECT DISTINCT who, session = session_user AS own_session, what FROM ran WHERE what <> 'index' ORDER BY what;
SET ROLE regress_erase_owner;
DROP TRIGGER noted ON person;
DROP TRIGGER noted_after ON person;
-- A trigger that keeps a value: there is no erasure.
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$;
CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name = OLD.name; NEW.name_salt = OLD.name_salt; RETURN NEW; END $$;
CREATE FUNCTION other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.id = 'z'; RETURN NEW; END $$;
INSERT INTO person VALUES ('c', 'Cyd'), ('c', 'Cyd');
CREATE TRIGGER a BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION keep();
SELECT erase('person', '{c}', '{name}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER a ON person;
CREATE TRIGGER a BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION skip();
SELECT erase('person', '{c}', '{name}');
DROP TRIGGER a ON person;
CREATE TRIGGER a BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION back();
SELECT erase('person', '{c}', '{name}');
DROP TRIGGER a ON person;
-- after the guard
CREATE TRIGGER zzz BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION back();
SELECT erase('person', '{c}', '{name}');
DROP TRIGGER zzz ON person;
-- Nothing but the values and their salts, of no other event.
CREATE TRIGGER a BEFORE UPDATE ON person FOR EACH ROW EXECUTE FUNCTION other();
SELECT erase('person', '{c}', '{name}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER a ON person;
CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE regress_erase_owner.person SET name = NULL, name_salt = NULL WHERE id = 'c' AND seq = 2; RETURN NEW; END $$;
CREATE TRIGGER a BEFORE UPDATE ON person FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION more();
SELECT erase('person', '{c}', '{name}', '{1}');
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER a ON person;
-- An erasure within an erasure, and what it leaves open.
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.erase('regress_erase_owner.person', '{c}', '{name}', '{2,3}'); RETURN NEW; END $$;
CREATE TRIGGER a AFTER UPDATE ON person FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION again();
SELECT erase('person', '{c}', '{name}', '{1}');
SELECT seq, name, name_salt IS NULL AS no_salt FROM person WHERE id = 'c' ORDER BY seq;
UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'c';
DROP TRIGGER a ON person;
CREATE TRIGGER b BEFORE UPDATE ON person FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION again();
INSERT INTO person VALUES ('c', 'Cyd');
SELECT erase('person', '{c}', '{name}', '{3}');
DROP TRIGGER b ON person;
-- A CHECK of the owner's refuses, and nothing of it stays.
INSERT INTO person VALUES ('d', 'Dan');
ALTER TABLE person ADD CHECK (id <> 'd' OR name IS NOT NULL);
\set VERBOSITY terse
SELECT erase('person', '{d}', '{name}');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY default
-- with a hint
DO $$ DECLARE hint text; BEGIN
    PERFORM erase('person', '{d}', '{name}');
EXCEPTION WHEN check_violation THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RAISE NOTICE '%', hint;
END $$;
UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'd';
\echo :LAST_ERROR_SQLSTATE
-- Row-level security, forced upon the owner, hides no row from an erasure.
INSERT INTO person VALUES ('e', 'Eve');
ALTER TABLE person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT erase('person', '{e}', '{name}');
ALTER TABLE person NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY;
SELECT * FROM verify_chain('person');
-- Values in a partition of another role, whatever that role lets others do with it. The triggers run as the owner of the table.
CREATE TABLE split (id int NOT NULL, name text) PARTITION BY LIST (id);
CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1);
CREATE TABLE split_2 PARTITION OF split FOR VALUES IN (2, 3);
CREATE TRIGGER noted BEFORE UPDATE ON split FOR EACH ROW EXECUTE FUNCTION note();
RESET ROLE;
ALTER TABLE split_2 OWNER TO regress_erase_writer;
INSERT INTO split VALUES (2, 'old');
-- Sealing what is there reaches it, too.
SELECT add_chain('split', '{id}', erasable => '{name}', order_by => '{id}');
INSERT INTO split VALUES (1, 'Ada'), (2, 'Bob'), (2, 'Bob'), (3, 'Cyd');
TRUNCATE ran;
SET ROLE regress_erase_owner;
SELECT erase('split', '{1}', '{name}'), erase('split', '{2}', '{name}', '{1,2}');
RESET ROLE;
ALTER TABLE split_2 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE regress_erase_owner;
SELECT erase('split', '{2}', '{name}');
SELECT tableoid::regclass, id, seq, name, name_salt IS NULL AS no_salt FROM split ORDER BY id, seq;
RESET ROLE;
SELECT erase('split', '{3}', '{name}');
SELECT DISTINCT who, what FROM ran ORDER BY who, what;
SELECT * FROM verify_chain('split');
SET ROLE regress_erase_owner;
-- An UPDATE to the same value tells nothing to who may not read.
GRANT UPDATE (name) ON person TO regress_erase_writer;
RESET ROLE;
SET ROLE regress_erase_writer;
UPDATE person SET name = NULL;
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP SCHEMA regress_erase_owner CASCADE;
DROP ROLE regress_erase_owner, regress_erase_member, regress_erase_writer;
