-- What runs as whom while a packing is at work: nothing of one role's acts with the rights of another.
\pset null (null)
CREATE ROLE regress_packing_alice;
CREATE ROLE regress_packing_mallory;
CREATE SCHEMA regress_packing_app AUTHORIZATION regress_packing_alice;
CREATE SCHEMA regress_packing_m AUTHORIZATION regress_packing_mallory;
GRANT USAGE ON SCHEMA regress_packing_app TO PUBLIC;
GRANT USAGE ON SCHEMA regress_packing_m TO PUBLIC;
SET search_path = regress_packing_app, public;
CREATE TABLE seen (n serial, what text, who name, path text);
GRANT INSERT, SELECT ON seen TO PUBLIC;
GRANT USAGE ON SEQUENCE seen_n_seq TO PUBLIC;
-- What is seen in functions and triggers, and by whom
CREATE FUNCTION see(what text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO regress_packing_app.seen (what, who, path) VALUES ($1, current_user, current_setting('search_path'));
    RETURN true;
END
$$;
\set look 'SELECT what, who, path, count(*) FROM seen GROUP BY what, who, path ORDER BY min(n); TRUNCATE seen;'
GRANT TRUNCATE ON seen TO PUBLIC;

-- Alice's table, with all that can hold code of hers, and code of the role that has INSERT alone.
SET ROLE regress_packing_alice;
CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see(concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL));
    RETURN COALESCE(NEW, OLD);
END
$$;
CREATE FUNCTION indexed(note text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('index');
    RETURN note;
END
$$;
CREATE FUNCTION fixed() RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('constant of an index');
    RETURN 1;
END
$$;
CREATE FUNCTION made(note text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('generated column');
    RETURN note;
END
$$;
CREATE DOMAIN price AS int CHECK (see('domain'));
CREATE TABLE tariff (
    id int PRIMARY KEY,
    place int NOT NULL,
    price price NOT NULL,
    note text CHECK (see('check')),
    since int4range NOT NULL,
    twice text GENERATED ALWAYS AS (made(note)) STORED
);
SELECT add_packing('tariff', 'since', '{place}', '{price}');
CREATE INDEX ON tariff (indexed(note));
CREATE TRIGGER fired_before_row BEFORE INSERT OR UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION fired();
CREATE TRIGGER fired_after_row AFTER INSERT OR UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION fired();
CREATE TRIGGER fired_before BEFORE INSERT OR UPDATE OR DELETE ON tariff FOR EACH STATEMENT EXECUTE FUNCTION fired();
CREATE TRIGGER fired_after AFTER INSERT OR UPDATE OR DELETE ON tariff FOR EACH STATEMENT EXECUTE FUNCTION fired();
GRANT INSERT ON tariff TO regress_packing_mallory;
INSERT INTO tariff VALUES (1, 1, 5, 'of alice', '[1,10)'), (2, 1, 5, 'of alice', '[20,30)');
TRUNCATE seen;

-- Merging by somebody who may only insert: all that runs, runs as the inserter, with the inserter's search path.
SET ROLE regress_packing_mallory;
SET search_path = regress_packing_m, regress_packing_app, public;
INSERT INTO tariff VALUES (3, 1, 5, 'of mallory', '[10,20)');
:look
-- what others do in a session of their own, when the plan is kept
SET ROLE regress_packing_alice;
INSERT INTO tariff VALUES (4, 1, 5, 'of alice', '[30,40)');
:look
SET ROLE regress_packing_mallory;
INSERT INTO tariff VALUES (5, 1, 5, 'of mallory', '[40,50)');
:look
-- by thousands, where rows are sorted
INSERT INTO tariff SELECT n, 1, 5, 'of mallory', int4range(n, n + 1) FROM generate_series(50, 249) AS n;
SELECT what, who, path FROM seen GROUP BY what, who, path ORDER BY what;
TRUNCATE seen;
RESET ROLE;
SELECT id, place, price, note, since FROM tariff;

-- An ordinary trigger of the owner's that writes to a table by its bare name: what mallory puts in front of it gets nothing
-- of alice's.
DROP TRIGGER fired_before_row ON tariff;
DROP TRIGGER fired_after_row ON tariff;
DROP TRIGGER fired_before ON tariff;
DROP TRIGGER fired_after ON tariff;
SET ROLE regress_packing_alice;
SET search_path = regress_packing_app, public;
CREATE TABLE audit_log (what text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_log (what) SELECT TG_OP WHERE length(TG_OP) > 0;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit AFTER UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION audit();
SET ROLE regress_packing_mallory;
SET search_path = regress_packing_m, regress_packing_app, public;
CREATE TEMP TABLE audit_log (what text);
GRANT INSERT ON audit_log TO PUBLIC;
CREATE FUNCTION steal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('trigger of mallory');
    RETURN NEW;
END
$$;
CREATE TRIGGER steal BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION steal();
CREATE FUNCTION length(text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('function of mallory');
    RETURN 1;
END
$$;
SET search_path = regress_packing_m, pg_catalog, regress_packing_app, public;
TRUNCATE seen;
INSERT INTO tariff VALUES (6, 1, 5, 'of mallory', '[250,260)');
:look
DROP TABLE audit_log;
DROP FUNCTION length(text);
SET search_path = regress_packing_app, public;
-- without them, mallory lacks the privilege, as in any other UPDATE of hers
INSERT INTO tariff VALUES (7, 1, 5, 'of mallory', '[260,270)');
RESET ROLE;
DROP TRIGGER audit ON tariff;

-- A table of mallory's that refers to alice's, whose rows go with those that are absorbed
SET ROLE regress_packing_alice;
GRANT REFERENCES ON tariff TO regress_packing_mallory;
INSERT INTO tariff VALUES (10, 2, 5, 'of alice', '[1,10)'), (11, 2, 5, 'of alice', '[20,30)');
SET ROLE regress_packing_mallory;
CREATE TABLE regress_packing_m.ref (id int REFERENCES tariff ON DELETE CASCADE ON UPDATE CASCADE);
CREATE FUNCTION regress_packing_m.gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see('after ' || TG_OP || ' of mallory''s');
    RETURN NULL;
END
$$;
CREATE TRIGGER gone AFTER DELETE OR UPDATE ON regress_packing_m.ref FOR EACH ROW EXECUTE FUNCTION regress_packing_m.gone();
INSERT INTO regress_packing_m.ref VALUES (11);
TRUNCATE seen;
INSERT INTO tariff VALUES (12, 2, 5, 'of mallory', '[10,20)');
SELECT what, who FROM seen WHERE what ~ 'mallory' ORDER BY n;
TABLE regress_packing_m.ref;
DROP TABLE regress_packing_m.ref;
TRUNCATE seen;

-- Row-level security of the owner's, also forced, keeps no row from being merged, and gives none away.
SET ROLE regress_packing_alice;
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ins ON tariff FOR INSERT WITH CHECK (see('policy'));
SET ROLE regress_packing_mallory;
INSERT INTO tariff VALUES (13, 2, 5, 'of mallory', '[30,40)');
INSERT INTO tariff SELECT n, 2, 5, 'of mallory', int4range(n, n + 1) FROM generate_series(40, 80) AS n;
SELECT what, who FROM seen WHERE what ~ 'policy' GROUP BY what, who;
RESET ROLE;
ALTER TABLE tariff DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
SELECT id, since FROM tariff WHERE place = 2;

-- Errors show no row to a role that may not read it: not the row that a CHECK refuses, nor its new period, nor keys.
SET ROLE regress_packing_alice;
CREATE TABLE plan (id int, place int NOT NULL, secret text, since int4range NOT NULL,
    CONSTRAINT short CHECK (upper(since) - lower(since) <= 70), UNIQUE (place, since));
SELECT add_packing('plan', 'since', '{place}', '{}');
INSERT INTO plan VALUES (1, 1, 'of alice', '[1,60)'), (1, 2, 'of alice', '[1,5)');
GRANT INSERT ON plan TO regress_packing_mallory;
SET ROLE regress_packing_mallory;
INSERT INTO plan (place, since) VALUES (1, '[60,90)');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_packing_alice;
INSERT INTO plan (place, since) VALUES (1, '[60,90)');
CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.place := NULL; RETURN NEW; END $$;
CREATE TRIGGER forget BEFORE UPDATE ON plan FOR EACH ROW EXECUTE FUNCTION forget();
SET ROLE regress_packing_mallory;
INSERT INTO plan (place, since) VALUES (1, '[60,61)');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_packing_alice;
DROP TRIGGER forget ON plan;
CREATE UNIQUE INDEX ON plan (upper(since));
INSERT INTO plan VALUES (3, 3, 'of alice', '[50,99)');
SET ROLE regress_packing_mallory;
INSERT INTO plan (place, since) VALUES (2, '[5,10)'), (4, '[1,10)');
\echo :LAST_ERROR_SQLSTATE
RESET ROLE;
DROP TABLE plan;

-- pack(), add_packing() and drop_packing() by a superuser, and by a member of the owner: mallory's functions run as
-- mallory, and none of them stays behind.
SET ROLE regress_packing_mallory;
SET search_path = regress_packing_m, regress_packing_app, public;
CREATE FUNCTION run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM regress_packing_app.see(concat_ws(' ', TG_WHEN, TG_OP, TG_LEVEL));
    PERFORM set_config('search_path', 'regress_packing_m, pg_catalog', false);
    RETURN COALESCE(NEW, OLD);
END
$$;
CREATE DOMAIN price AS int CHECK (see('domain'));
CREATE TABLE own (id int, place int NOT NULL, price price, note text CHECK (see('check')),
    since int4range, twice text GENERATED ALWAYS AS (made(note)) STORED);
CREATE INDEX ON own (indexed(note));
CREATE INDEX ON own (fixed(), id);
INSERT INTO own VALUES (1, 1, 5, 'a', '[1,10)'), (2, 1, 5, 'a', '[10,20)');
CREATE TRIGGER run_row BEFORE UPDATE OR DELETE ON own FOR EACH ROW EXECUTE FUNCTION run();
CREATE TRIGGER run_after AFTER UPDATE OR DELETE ON own FOR EACH ROW EXECUTE FUNCTION run();
CREATE TRIGGER run_statement AFTER UPDATE OR DELETE ON own FOR EACH STATEMENT EXECUTE FUNCTION run();
TRUNCATE seen;
-- a session that has not seen the table yet, and so computes what is constant in its indexes
\c -
SET search_path = regress_packing_m, regress_packing_app, public;
SELECT add_packing('own', 'since', '{place}', '{price}');
SHOW search_path;
SELECT what, who FROM seen WHERE who <> 'regress_packing_mallory';
SELECT what, who FROM seen GROUP BY what, who ORDER BY what;
TRUNCATE seen;
SET ROLE regress_packing_mallory;
ALTER TABLE own DISABLE TRIGGER aa_veritable_packing_insert;
INSERT INTO own VALUES (3, 1, 5, 'a', '[20,30)');
ALTER TABLE own ENABLE TRIGGER aa_veritable_packing_insert;
TRUNCATE seen;
\c -
SET search_path = regress_packing_m, regress_packing_app, public;
SELECT pack('own');
SHOW search_path;
SELECT what, who FROM seen GROUP BY what, who ORDER BY what;
TRUNCATE seen;
SELECT id, since FROM own;
\c -
SET search_path = regress_packing_m, regress_packing_app, public;
SELECT * FROM verify_packing('own');
SELECT * FROM verify_packing();
SELECT what, who FROM seen WHERE who <> 'regress_packing_mallory';
-- a trigger that is deferred would run as whoever commits
SET ROLE regress_packing_mallory;
CREATE TABLE later (id int);
CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO regress_packing_m.later VALUES (1);
    RETURN COALESCE(NEW, OLD);
END
$$;
CREATE TRIGGER later BEFORE DELETE ON own FOR EACH ROW EXECUTE FUNCTION later();
CREATE CONSTRAINT TRIGGER deferred AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION run();
ALTER TABLE own DISABLE TRIGGER aa_veritable_packing_insert;
INSERT INTO own VALUES (4, 1, 5, 'a', '[30,40)');
ALTER TABLE own ENABLE TRIGGER aa_veritable_packing_insert;
TRUNCATE seen;
RESET ROLE;
SELECT pack('own');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_packing_mallory;
SET search_path = regress_packing_m, regress_packing_app, public;
SELECT pack('own');
SELECT what, who FROM regress_packing_app.seen WHERE what ~ 'INSERT' GROUP BY what, who;
-- in other statements than pack(), deferred triggers are deferred as in any table
INSERT INTO own VALUES (5, 1, 5, 'a', '[40,50)');
RESET ROLE;
SET search_path = regress_packing_m, regress_packing_app, public;
TRUNCATE seen;
\c -
SET search_path = regress_packing_m, regress_packing_app, public;
SELECT drop_packing('own');
TABLE seen;

-- verify_packing() by a superuser finds no casts and no operators of mallory's.
SET ROLE regress_packing_mallory;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE moods AS RANGE (subtype = mood);
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN word AS text;
CREATE FUNCTION evil(mood) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM see('cast'); RETURN 'a'; END $$;
CREATE FUNCTION evil(moods) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM see('cast'); RETURN 'a'; END $$;
CREATE FUNCTION evil(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM see('cast'); RETURN 'a'; END $$;
CREATE CAST (mood AS text) WITH FUNCTION evil(mood);
CREATE CAST (moods AS text) WITH FUNCTION evil(moods);
CREATE CAST (pair AS text) WITH FUNCTION evil(pair);
CREATE TABLE felt (mood mood NOT NULL, word word NOT NULL, during moods NOT NULL);
SELECT add_packing('felt', 'during', '{mood}');
INSERT INTO felt VALUES ('a', 'x', '[a,b)');
CREATE TABLE paired (pair pair NOT NULL, place int NOT NULL, during int4range NOT NULL);
SELECT add_packing('paired', 'during', '{place}');
INSERT INTO paired VALUES ('(1,2)', 1, '[1,2)');
ALTER TABLE felt DISABLE TRIGGER USER;
INSERT INTO felt VALUES ('a', 'x', '[b,)');
ALTER TABLE felt ENABLE TRIGGER USER;
RESET ROLE;
TRUNCATE seen;
SELECT * FROM verify_packing('felt');
SELECT * FROM verify_packing('paired');
SELECT pack('felt');
TABLE seen;

-- set_period() is what its caller could do by hand: it runs what an UPDATE of the caller's runs, as the caller.
SET ROLE regress_packing_alice;
SET search_path = regress_packing_app, public;
GRANT SELECT, UPDATE, DELETE ON tariff TO regress_packing_mallory;
CREATE TRIGGER fired_before_row BEFORE INSERT OR UPDATE OR DELETE ON tariff FOR EACH ROW EXECUTE FUNCTION fired();
TRUNCATE seen;
SET ROLE regress_packing_mallory;
SELECT since FROM set_period(NULL::tariff, '{"id": 90, "place": 1, "price": 6, "since": "[1,7)"}');
SELECT what, who FROM seen GROUP BY what, who ORDER BY what;

RESET ROLE;
DROP OWNED BY regress_packing_mallory, regress_packing_alice CASCADE;
DROP ROLE regress_packing_alice, regress_packing_mallory;
