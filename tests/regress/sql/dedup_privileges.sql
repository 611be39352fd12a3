-- Who only inserts needs nothing else, and learns nothing but whether a key is taken.
\set SHOW_CONTEXT never
CREATE ROLE regress_dedup_owner;
CREATE ROLE regress_dedup_writer;
CREATE SCHEMA dedup_privileges;
GRANT ALL ON SCHEMA dedup_privileges TO regress_dedup_owner;
GRANT USAGE ON SCHEMA dedup_privileges TO regress_dedup_writer;
SET search_path = dedup_privileges, public;
SET ROLE regress_dedup_owner;
CREATE TABLE event (org text, tx int, at date) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
SELECT add_dedup('event', '{org,tx}', 'raise');
GRANT INSERT ON event TO regress_dedup_writer;
INSERT INTO event VALUES ('secret', 1, '2026-01-01');
SET ROLE regress_dedup_writer;
INSERT INTO event VALUES ('secret', 1, '2026-02-01');
INSERT INTO event VALUES ('own', 1, '2026-02-01');
SELECT add_dedup('event', '{tx}');
SELECT drop_dedup('event');
SELECT * FROM verify_dedup('event');
SELECT fault, detail FROM verify_dedup() WHERE target = 'event'::regclass;
SELECT count(*) FROM veritable.dedups WHERE target = 'event'::regclass;
SET ROLE regress_dedup_owner;
GRANT SELECT (org, tx) ON event TO regress_dedup_writer;
SET ROLE regress_dedup_writer;
INSERT INTO event VALUES ('secret', 1, '2026-02-01');
-- Row-level security hides rows, and the key is taken all the same.
SET ROLE regress_dedup_owner;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON event USING (org = 'own') WITH CHECK (true);
SET ROLE regress_dedup_writer;
SELECT org, tx FROM event;
INSERT INTO event VALUES ('secret', 1, '2026-02-01');
SELECT * FROM verify_dedup('event');
SET ROLE regress_dedup_owner;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
SELECT * FROM verify_dedup('event');
SELECT drop_dedup('event');
SELECT add_dedup('event', '{org,tx}', 'raise');
ALTER TABLE event NO FORCE ROW LEVEL SECURITY;

-- Types of another role.
RESET ROLE;
GRANT CREATE ON SCHEMA dedup_privileges TO regress_dedup_writer;
SET ROLE regress_dedup_writer;
CREATE DOMAIN theirs AS int;
SET ROLE regress_dedup_owner;
CREATE TABLE foreign_type (tx theirs);
SELECT add_dedup('foreign_type', '{tx}');
-- The owner's own type, whose functions run as who inserts, as in any index.
CREATE TYPE own AS (n int);
CREATE FUNCTION own_compare(own, own) RETURNS int LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog AS $$
BEGIN RAISE NOTICE 'compared as %', current_user; RETURN $1.n - $2.n; END $$;
CREATE FUNCTION own_equal(own, own) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.n = $2.n';
CREATE FUNCTION own_less(own, own) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.n < $2.n';
CREATE FUNCTION own_greater(own, own) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1.n > $2.n';
CREATE FUNCTION own_hash(own) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT pg_catalog.hashint4($1.n)';
CREATE OPERATOR = (LEFTARG = own, RIGHTARG = own, FUNCTION = own_equal, COMMUTATOR = =, HASHES, MERGES);
CREATE OPERATOR < (LEFTARG = own, RIGHTARG = own, FUNCTION = own_less);
CREATE OPERATOR > (LEFTARG = own, RIGHTARG = own, FUNCTION = own_greater);
RESET ROLE;
CREATE OPERATOR CLASS own_btree DEFAULT FOR TYPE own USING btree AS OPERATOR 1 <, OPERATOR 3 =, OPERATOR 5 >, FUNCTION 1 own_compare(own, own);
CREATE OPERATOR CLASS own_hash DEFAULT FOR TYPE own USING hash AS OPERATOR 1 =, FUNCTION 1 own_hash(own);
SET ROLE regress_dedup_owner;
CREATE TABLE own_type (tx own);
SELECT add_dedup('own_type', '{tx}');
GRANT INSERT ON own_type TO regress_dedup_writer;
INSERT INTO own_type VALUES (ROW(1));
SET ROLE regress_dedup_writer;
INSERT INTO own_type VALUES (ROW(1));
RESET ROLE;
SELECT count(*) FROM own_type;
SET client_min_messages = warning;
DROP SCHEMA dedup_privileges CASCADE;
DROP ROLE regress_dedup_owner, regress_dedup_writer;
