-- A superuser who chains a table of somebody else's runs none of its owner's functions: what they do, they do as the owner.
SET client_min_messages = warning;
DROP ROLE IF EXISTS regress_mallory;
CREATE ROLE regress_mallory;
RESET client_min_messages;
GRANT CREATE ON SCHEMA public TO regress_mallory;
CREATE TABLE ran (who name, what text);
GRANT INSERT ON ran TO PUBLIC;
SET ROLE regress_mallory;
CREATE FUNCTION note(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.ran VALUES (current_user, what); PERFORM set_config('search_path', 'evil', false); END $$;
CREATE FUNCTION in_check(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('check'); RETURN true; END $$;
CREATE FUNCTION in_index(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('index'); RETURN $1; END $$;
CREATE FUNCTION in_generated(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM public.note('generated'); RETURN $1; END $$;
CREATE FUNCTION in_domain(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('domain'); RETURN true; END $$;
CREATE FUNCTION in_policy(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('policy'); RETURN true; END $$;
CREATE FUNCTION in_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.note('trigger'); RETURN NEW; END $$;
CREATE DOMAIN number AS int CHECK (in_domain(VALUE));
CREATE TABLE mine (
    id int NOT NULL,
    n int CHECK (in_check(n)),
    d number,
    g int GENERATED ALWAYS AS (in_generated(n)) STORED
);
INSERT INTO mine VALUES (1, 1, 1), (1, 2, 2);
RESET search_path;
CREATE INDEX ON mine (in_index(n));
RESET search_path;
CREATE TRIGGER before_row BEFORE UPDATE ON mine FOR EACH ROW EXECUTE FUNCTION in_trigger();
CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON mine DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION in_trigger();
CREATE POLICY own ON mine USING (in_policy(n));
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
ALTER TABLE mine FORCE ROW LEVEL SECURITY;
RESET ROLE;
TRUNCATE ran;
-- In a session that has evaluated none of these before.
\c -
SELECT add_chain('mine', '{id}', order_by => '{n}');
SHOW search_path;
SELECT who, what FROM ran GROUP BY who, what ORDER BY what;
SELECT * FROM verify_chain('mine');
SELECT drop_chain('mine');
SELECT DISTINCT who FROM ran;
DROP TABLE ran;
DROP OWNED BY regress_mallory CASCADE;
DROP ROLE regress_mallory;
