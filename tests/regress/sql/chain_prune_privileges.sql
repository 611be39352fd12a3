-- Who may prune, as whom it is done, and who may know of it.
\pset null (null)
SET client_min_messages = warning;
CREATE ROLE regress_prune_owner;
CREATE ROLE regress_prune_part;
CREATE ROLE regress_prune_reader;
CREATE ROLE regress_prune_writer;
CREATE SCHEMA regress_prune_rights AUTHORIZATION regress_prune_owner;
GRANT ALL ON SCHEMA regress_prune_rights TO regress_prune_part;
GRANT USAGE ON SCHEMA regress_prune_rights TO regress_prune_reader, regress_prune_writer;
SET search_path = regress_prune_rights, public;
SET ROLE regress_prune_owner;
CREATE TABLE event (id text NOT NULL, at timestamptz DEFAULT clock_timestamp(), day int NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (1) TO (2);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (2) TO (3);
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM (3) TO (4);
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event (id, day) VALUES ('a', 1), ('a', 2), ('b', 1), ('a', 3);
GRANT SELECT ON event TO regress_prune_reader;
GRANT INSERT, DELETE ON event, event_1 TO regress_prune_writer;
RESET ROLE;
ALTER TABLE event_1 OWNER TO regress_prune_part;
ALTER TABLE event_2 OWNER TO regress_prune_part;

-- The owner of the table, and nobody else.
SET ROLE regress_prune_reader;
SELECT prune('event', partition => 'event_1');
\echo :LAST_ERROR_SQLSTATE
SELECT prune('event', before => 'infinity');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_prune_writer;
SELECT prune('event', before => 'infinity');
DELETE FROM event;
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_prune_part;
SELECT prune('event', partition => 'event_1', force => true);
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event DETACH PARTITION event_1;
DROP TABLE event_1;
-- Not even a partition's owner changes what is in it.
DELETE FROM event_1;
SET ROLE regress_prune_owner;
ALTER TABLE event DETACH PARTITION event_1;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'event_1'::regclass ORDER BY 1;
-- The owner of what is detached may drop its guard.
DROP TRIGGER veritable_pruned ON event_1;
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_prune_part;
DROP TRIGGER veritable_pruned ON event_1;

-- Rows of veritable.prunings are for those who may read the table, all of its rows.
SET ROLE regress_prune_owner;
SELECT entity, first, last, by = session_user, acting FROM veritable.prunings WHERE about LIKE 'regress_prune_rights.%' ORDER BY seq;
SET ROLE regress_prune_reader;
SELECT entity, first, last FROM veritable.prunings WHERE about LIKE 'regress_prune_rights.%' ORDER BY seq;
SET ROLE regress_prune_writer;
SELECT entity, first, last FROM veritable.prunings WHERE about LIKE 'regress_prune_rights.%' ORDER BY seq;
-- a writer appends after what was pruned, and learns no more than the seq
INSERT INTO event (id, day) VALUES ('b', 3);
INSERT INTO event (id, day, seq) VALUES ('b', 3, 1);
INSERT INTO veritable.prunings SELECT * FROM veritable.prunings;
SET ROLE regress_prune_owner;
CREATE POLICY own ON event FOR SELECT USING (id = 'a');
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
SET ROLE regress_prune_reader;
SELECT count(*) FROM veritable.prunings WHERE about LIKE 'regress_prune_rights.%';
SET ROLE regress_prune_owner;
SELECT count(*) FROM veritable.prunings WHERE about LIKE 'regress_prune_rights.%';
-- security that is forced hides no rows from what is pruned
ALTER TABLE event FORCE ROW LEVEL SECURITY;
RESET ROLE;
ALTER TABLE event_2 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SET ROLE regress_prune_owner;
SELECT prune('event', partition => 'event_2');
SELECT prune('event', before => (SELECT clock_timestamp()));
ALTER TABLE event DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM event;
SELECT * FROM verify_chain('event');

-- Code of the owners runs as the owner of the table, restricted, whoever prunes.
CREATE TABLE seen (who text);
CREATE DOMAIN letters AS text;
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO regress_prune_rights.seen VALUES (current_user); RETURN OLD; END $$;
CREATE TABLE hostile (id letters NOT NULL, at timestamptz);
SELECT add_chain('hostile', '{id}', recorded => 'at');
CREATE TRIGGER tell BEFORE DELETE ON hostile FOR EACH ROW EXECUTE FUNCTION tell();
INSERT INTO hostile (id) VALUES ('x');
RESET ROLE;
SELECT prune('hostile', before => 'infinity');
SELECT DISTINCT who FROM seen;
SET ROLE regress_prune_owner;
CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RESET ROLE; RETURN OLD; END $$;
INSERT INTO hostile (id) VALUES ('x');
RESET ROLE;
SELECT prune('hostile', before => 'infinity');
\echo :LAST_ERROR_SQLSTATE
-- Neither does it run as the owner of a partition, who has the triggers of the table from the table's owner.
SET ROLE regress_prune_owner;
CREATE OR REPLACE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO regress_prune_rights.seen VALUES (current_user || ' ' || tg_table_name); RETURN OLD; END $$;
CREATE TABLE shared (id text NOT NULL, at timestamptz DEFAULT clock_timestamp(), day int NOT NULL) PARTITION BY LIST (day);
CREATE TRIGGER tell BEFORE DELETE ON shared FOR EACH ROW EXECUTE FUNCTION tell();
CREATE TABLE shared_1 PARTITION OF shared FOR VALUES IN (1);
RESET ROLE;
CREATE TABLE shared_2 PARTITION OF shared FOR VALUES IN (2);
INSERT INTO shared (id, day) VALUES ('x', 1), ('x', 2);
SELECT add_chain('shared', '{id}', recorded => 'at', order_by => '{day}');
SET ROLE regress_prune_owner;
INSERT INTO shared (id, day) VALUES ('y', 1), ('y', 2);
TRUNCATE seen;
SELECT prune('shared', before => 'infinity');
SELECT who, count(*) FROM seen GROUP BY who ORDER BY who;
SELECT * FROM verify_chain('shared');
-- indexes of the owner are not asked
SET ROLE regress_prune_owner;
CREATE TABLE indexed (id text NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
CREATE TABLE indexed_1 PARTITION OF indexed FOR VALUES IN (1);
SELECT add_chain('indexed', '{id}');
INSERT INTO indexed (id, day) SELECT 'a', 1 FROM generate_series(1, 3);
CREATE FUNCTION loud(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
CREATE INDEX ON indexed_1 (loud(id));
CREATE OR REPLACE FUNCTION loud(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'as %', current_user; END $$;
RESET ROLE;
SELECT prune('indexed', partition => 'indexed_1');
-- The journal and the prunings themselves stay.
SELECT prune('veritable.journal', before => 'infinity');
\echo :LAST_ERROR_SQLSTATE
SELECT prune('veritable.prunings', before => 'infinity');

DROP OWNED BY regress_prune_owner, regress_prune_part, regress_prune_reader, regress_prune_writer CASCADE;
DROP ROLE regress_prune_owner, regress_prune_part, regress_prune_reader, regress_prune_writer;
