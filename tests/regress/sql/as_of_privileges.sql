-- An as-of function reads with the rights of its caller, whoever calls it and however names resolve there.
CREATE ROLE regress_as_of;
CREATE ROLE regress_as_of_reader;
CREATE ROLE regress_as_of_mallory;
CREATE SCHEMA AUTHORIZATION regress_as_of;
GRANT USAGE ON SCHEMA regress_as_of TO PUBLIC;
CREATE SCHEMA AUTHORIZATION regress_as_of_mallory;
SET search_path = regress_as_of, public;
SET ROLE regress_as_of;
SET TimeZone = 'UTC';

CREATE TABLE event (id int NOT NULL, tenant text, price int, day date, at timestamptz);
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event VALUES (1, 'one', 10, '2024-01-01'), (1, 'one', 11, '2024-02-01'), (2, 'two', 20, '2024-01-01');
SELECT add_as_of('event', valid => 'day');

-- Only the owner adds and drops.
SET ROLE regress_as_of_mallory;
SELECT add_as_of('regress_as_of.event');
SELECT drop_as_of('regress_as_of.event');
-- Without SELECT there is no answer,
SELECT price FROM event_as_of();
SELECT price FROM event_as_of(1);
SELECT settled_at('event');
\echo :LAST_ERROR_SQLSTATE
-- with SELECT there is, of the rows that row-level security leaves.
SET ROLE regress_as_of;
GRANT SELECT ON event TO regress_as_of_reader;
GRANT SELECT (id) ON event TO regress_as_of_mallory;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON event TO regress_as_of_reader USING (tenant = 'one');
SELECT price FROM event_as_of() ORDER BY price;
SET ROLE regress_as_of_reader;
SELECT price FROM event_as_of() ORDER BY price;
SELECT price FROM event_as_of(2);
SELECT settled_at('event') < clock_timestamp() AS settled;
SET ROLE regress_as_of_mallory;
SELECT id FROM event_as_of();
SELECT settled_at('event') < clock_timestamp() AS settled;
-- One prepared statement, run as one role and then as another, obeys the rules of each.
RESET ROLE;
SET plan_cache_mode = force_generic_plan;
PREPARE prices AS SELECT price FROM regress_as_of.event_as_of() ORDER BY price;
EXECUTE prices;
SET ROLE regress_as_of_reader;
EXECUTE prices;
SET ROLE regress_as_of_mallory;
EXECUTE prices;
RESET plan_cache_mode;

-- A hostile search_path changes nothing.
CREATE FUNCTION regress_as_of_mallory.hijacked(date, date) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'as %', current_user; RETURN true; END $$;
CREATE FUNCTION regress_as_of_mallory.hijacked(timestamptz, timestamptz) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'as %', current_user; RETURN true; END $$;
CREATE FUNCTION regress_as_of_mallory.hijacked(int, int) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE NOTICE 'as %', current_user; RETURN true; END $$;
CREATE OPERATOR regress_as_of_mallory.<= (LEFTARG = date, RIGHTARG = date, FUNCTION = regress_as_of_mallory.hijacked);
CREATE OPERATOR regress_as_of_mallory.<= (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = regress_as_of_mallory.hijacked);
CREATE OPERATOR regress_as_of_mallory.= (LEFTARG = int, RIGHTARG = int, FUNCTION = regress_as_of_mallory.hijacked);
CREATE TABLE regress_as_of_mallory.event (id int, tenant text, price int, day date, at timestamptz);
CREATE DOMAIN regress_as_of_mallory.date AS text;
CREATE DOMAIN regress_as_of_mallory.timestamptz AS text;
RESET ROLE;
SET ROLE regress_as_of;
SET search_path = regress_as_of_mallory, regress_as_of, public, pg_catalog;
SELECT price FROM regress_as_of.event_as_of(1, valid_at => '2024-01-15');
SELECT count(*) FROM regress_as_of.event_as_of(known_at => '2000-01-01');
SELECT drop_as_of('regress_as_of.event');
SELECT add_as_of('regress_as_of.event', valid => 'day');
SELECT price FROM regress_as_of.event_as_of(1, valid_at => '2024-01-15');
ALTER TABLE regress_as_of.event RENAME TO happening;
SELECT price FROM regress_as_of.event_as_of(1, valid_at => '2024-01-15');
SET search_path = regress_as_of, public;
ALTER TABLE happening RENAME TO event;

-- A role that writes a function which looks like a generated one gains nothing.
SET ROLE regress_as_of_mallory;
CREATE FUNCTION regress_as_of_mallory.trap() RETURNS SETOF regress_as_of.event LANGUAGE sql SECURITY DEFINER AS
$$-- veritable as of: valid=day
SELECT * FROM regress_as_of.event$$;
CREATE FUNCTION regress_as_of_mallory.odd() RETURNS SETOF regress_as_of.event LANGUAGE sql AS
$$-- veritable as of: valid=%zz
SELECT * FROM regress_as_of.event$$;
SELECT function, valid FROM veritable.as_ofs ORDER BY function::text;
SET ROLE regress_as_of;
ALTER TABLE event ADD COLUMN more int;
SELECT drop_as_of('event');
SELECT add_as_of('event', valid => 'day');
-- not even by giving its table away: what the new owner gets is generated anew, and no other function is touched
RESET ROLE;
SET ROLE regress_as_of_mallory;
CREATE TABLE regress_as_of_mallory.bait (id int NOT NULL, day date, at timestamptz);
SELECT add_chain('regress_as_of_mallory.bait', '{id}', recorded => 'at');
SELECT add_as_of('regress_as_of_mallory.bait', valid => 'day');
CREATE FUNCTION regress_as_of_mallory.evil() RETURNS date LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'evil as %', current_user; RETURN 'infinity'; END $$;
CREATE OR REPLACE FUNCTION regress_as_of_mallory.bait_as_of(valid_at date DEFAULT regress_as_of_mallory.evil(), known_at timestamptz DEFAULT 'infinity')
RETURNS SETOF regress_as_of_mallory.bait LANGUAGE sql SECURITY DEFINER SET search_path = regress_as_of_mallory AS
$$-- veritable as of: valid=day
SELECT * FROM bait WHERE evil() IS NOT NULL$$;
CREATE FUNCTION regress_as_of_mallory.trap(text) RETURNS SETOF regress_as_of_mallory.bait LANGUAGE sql SECURITY DEFINER AS
$$-- veritable as of: valid=day
SELECT * FROM regress_as_of_mallory.bait$$;
CREATE FUNCTION regress_as_of_mallory.trap(text, text) RETURNS SETOF regress_as_of_mallory.bait LANGUAGE sql SECURITY DEFINER AS
$$-- veritable as of: valid=nothing
SELECT * FROM regress_as_of_mallory.bait$$;
GRANT CREATE, USAGE ON SCHEMA regress_as_of_mallory TO regress_as_of;
RESET ROLE;
ALTER TABLE regress_as_of_mallory.bait OWNER TO regress_as_of;
SELECT oid::regprocedure AS function, proowner::regrole AS owner, prosecdef, proconfig, pg_get_function_arguments(oid) LIKE '%evil%' AS evil
FROM pg_proc WHERE prorettype = 'regress_as_of_mallory.bait'::regtype ORDER BY oid::regprocedure::text;
SELECT count(*) FROM regress_as_of_mallory.bait_as_of();
-- a function that the new owner may not have stays, and the command goes on
REVOKE CREATE ON SCHEMA regress_as_of_mallory FROM regress_as_of;
ALTER TABLE regress_as_of_mallory.bait OWNER TO regress_as_of_mallory;
SELECT function FROM veritable.as_ofs WHERE target = 'regress_as_of_mallory.bait'::regclass ORDER BY function::text;
ALTER TABLE regress_as_of_mallory.bait OWNER TO regress_as_of;
SELECT function FROM veritable.as_ofs WHERE target = 'regress_as_of_mallory.bait'::regclass ORDER BY function::text;

-- So it is with the function of a history.
SET ROLE regress_as_of_mallory;
CREATE TABLE regress_as_of_mallory.lure (id int PRIMARY KEY);
SELECT add_history('regress_as_of_mallory.lure');
CREATE OR REPLACE FUNCTION regress_as_of_mallory.lure_as_of(known_at timestamptz DEFAULT regress_as_of_mallory.evil()) RETURNS SETOF regress_as_of_mallory.lure
LANGUAGE sql SECURITY DEFINER AS
$$-- veritable as of history:
SELECT * FROM regress_as_of_mallory.lure$$;
CREATE FUNCTION regress_as_of_mallory.a_trap(text) RETURNS SETOF regress_as_of_mallory.lure LANGUAGE sql SECURITY DEFINER AS
$$-- veritable as of history:
SELECT * FROM regress_as_of_mallory.lure$$;
RESET ROLE;
GRANT CREATE ON SCHEMA regress_as_of_mallory TO regress_as_of;
ALTER TABLE regress_as_of_mallory.lure OWNER TO regress_as_of;
SELECT oid::regprocedure AS function, proowner::regrole AS owner, prosecdef, pg_get_function_arguments(oid) LIKE '%evil%' AS evil
FROM pg_proc WHERE prorettype = 'regress_as_of_mallory.lure'::regtype ORDER BY oid::regprocedure::text;
SELECT count(*) FROM regress_as_of_mallory.lure_as_of();

-- A role that drops its own type takes along the functions that have it as an argument, whoever has them.
SET ROLE regress_as_of_mallory;
CREATE TYPE regress_as_of_mallory.stage AS ENUM ('open', 'closed');
GRANT USAGE ON SCHEMA regress_as_of_mallory TO regress_as_of;
SET ROLE regress_as_of;
CREATE TABLE staged (id int NOT NULL, stage regress_as_of_mallory.stage, at timestamptz);
SELECT add_chain('staged', '{id}', recorded => 'at', exclude => '{stage}');
SELECT add_as_of('staged', valid => 'stage');
INSERT INTO staged VALUES (1, 'open');
SELECT id FROM staged_as_of('closed');
SET ROLE regress_as_of_mallory;
DROP TYPE regress_as_of_mallory.stage CASCADE;
SET ROLE regress_as_of;
SELECT * FROM veritable.as_ofs WHERE target = 'staged'::regclass;
SELECT drop_chain('staged');

-- When a record is final cannot be asked of anything.
SET ROLE regress_as_of;
CREATE TABLE plain (id int);
SELECT settled_at('plain');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE timeless (id int NOT NULL);
SELECT add_chain('timeless', '{id}');
SELECT settled_at('timeless');
SELECT settled_at('veritable.chains');
SELECT settled_at(NULL);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT settled_at('event');
ROLLBACK;
-- The answer is what the column of the recorded time can hold.
CREATE TABLE slow (id int NOT NULL, at timestamptz(0)) PARTITION BY HASH (id);
CREATE TABLE slow_0 PARTITION OF slow FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT add_chain('slow', '{id}', recorded => 'at');
SELECT settled_at('slow') + interval '1 us' = date_trunc('second', settled_at('slow') + interval '1 us') AS whole,
       settled_at('slow_0') BETWEEN clock_timestamp() - interval '2.1 s' AND clock_timestamp() AS of_the_root;
BEGIN;
INSERT INTO slow VALUES (1);
SELECT settled_at('slow') < (SELECT at FROM slow) AS before, settled_at('slow_0') < (SELECT at FROM slow) AS before;
ROLLBACK;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_as_of, regress_as_of_mallory CASCADE;
DROP ROLE regress_as_of, regress_as_of_reader, regress_as_of_mallory;
