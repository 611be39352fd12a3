-- Who may do what with a history.
CREATE SCHEMA history_privileges;
SET search_path = history_privileges, public;
SET datestyle = ISO;
CREATE ROLE regress_alice;
CREATE ROLE regress_bob;
CREATE SCHEMA app AUTHORIZATION regress_alice;
GRANT USAGE ON SCHEMA app TO regress_bob;
GRANT USAGE ON SCHEMA history_privileges TO PUBLIC;
SET ROLE regress_alice;
CREATE TABLE app.accounts (id int PRIMARY KEY, owner name DEFAULT current_user, amount int);
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON app.accounts TO regress_bob;
SELECT add_history('app.accounts');
SET ROLE regress_bob;
SELECT add_history('app.accounts');
SELECT drop_history('app.accounts');
-- Whoever may change the table needs nothing on the history, and gets nothing.
INSERT INTO app.accounts VALUES (1, 'regress_bob', 5);
UPDATE app.accounts SET amount = 6;
SELECT * FROM app.accounts_history;
SELECT * FROM app.accounts_as_of();
INSERT INTO app.accounts_history (id, operation) VALUES (1, 'delete');
SELECT * FROM verify_history('app.accounts');
RESET ROLE;
SELECT id, owner, amount, operation FROM app.accounts_history ORDER BY seq;
-- A reader of the history can use the function.
GRANT SELECT ON app.accounts_history TO regress_bob;
SET ROLE regress_bob;
SELECT * FROM app.accounts_as_of();
SELECT * FROM verify_history('app.accounts');
-- Row-level security of the table hides the events as well, since no policy of the table applies to them.
SET ROLE regress_alice;
ALTER TABLE app.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON app.accounts USING (owner = current_user);
INSERT INTO app.accounts VALUES (2, 'regress_alice', 1);
SET ROLE regress_bob;
SELECT * FROM app.accounts_as_of();
SELECT * FROM verify_history('app.accounts');
UPDATE app.accounts SET amount = 7;
SET ROLE regress_alice;
CREATE POLICY own ON app.accounts_history TO regress_bob USING (owner = current_user);
SET ROLE regress_bob;
SELECT * FROM app.accounts_as_of();
-- A hostile writer: names that are found first, defaults and triggers of its own.
RESET ROLE;
CREATE SCHEMA evil AUTHORIZATION regress_bob;
SET ROLE regress_bob;
CREATE FUNCTION evil.unnest(anyarray) RETURNS SETOF anyelement LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught %', current_user; END $$;
CREATE FUNCTION evil.refuse(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.refuse);
CREATE TABLE evil.accounts_history (id int);
SET search_path = evil, app, pg_catalog;
UPDATE app.accounts SET amount = 8;
SET search_path = history_privileges, public;
-- Nobody makes another's table record, nor records into another's history.
CREATE TABLE evil.mine (id int PRIMARY KEY);
CREATE CONSTRAINT TRIGGER x AFTER DELETE ON evil.mine FROM app.accounts_history FOR EACH ROW WHEN (false)
    EXECUTE FUNCTION veritable.history('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=recorded_by', 'seq=seq');
RESET ROLE;
GRANT TRIGGER ON app.accounts_history, app.accounts TO regress_bob;
SET ROLE regress_bob;
CREATE CONSTRAINT TRIGGER x AFTER DELETE ON evil.mine FROM app.accounts_history FOR EACH ROW WHEN (false)
    EXECUTE FUNCTION veritable.history('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=recorded_by', 'seq=seq');
CREATE TRIGGER x AFTER INSERT ON app.accounts REFERENCING NEW TABLE AS n FOR EACH STATEMENT
    EXECUTE FUNCTION veritable.record('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=recorded_by', 'seq=seq');
-- Past the event triggers, too.
RESET ROLE;
CREATE SCHEMA trick AUTHORIZATION regress_bob
    CREATE TABLE mine (id int PRIMARY KEY)
    CREATE TRIGGER x AFTER INSERT ON mine REFERENCING NEW TABLE AS n FOR EACH STATEMENT
        EXECUTE FUNCTION veritable.record('format=1', 'key=id', 'operation=operation', 'recorded=recorded', 'by=recorded_by', 'seq=seq');
-- Code of the owner's history runs as the owner, and the writer sees no values of it.
SET ROLE regress_alice;
CREATE FUNCTION app.who() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'as %', current_user; RETURN NEW; END $$;
CREATE TRIGGER a_who BEFORE INSERT ON app.accounts_history FOR EACH ROW EXECUTE FUNCTION app.who();
SET ROLE regress_bob;
UPDATE app.accounts SET amount = 9;
RESET ROLE;
SELECT * FROM verify_history('app.accounts');
-- A superuser who goes on with the history of another runs no code of that role: the check of a domain, in a column that the
-- history gets, runs as the owner.
SET ROLE regress_bob;
CREATE TABLE evil.grows (id int PRIMARY KEY);
SELECT add_history('evil.grows');
INSERT INTO evil.grows VALUES (1);
SELECT drop_history('evil.grows');
CREATE FUNCTION evil.spy(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'spies as %', current_user; RETURN true; END $$;
CREATE DOMAIN evil.spied AS int CHECK (evil.spy(VALUE));
ALTER TABLE evil.grows ADD COLUMN c evil.spied;
RESET ROLE;
SELECT add_history('evil.grows', existing => true);
DROP SCHEMA app, evil CASCADE;
DROP SCHEMA IF EXISTS trick CASCADE;
DROP ROLE regress_alice, regress_bob;

SET client_min_messages = warning;
DROP SCHEMA history_privileges CASCADE;
