-- Who reads a log and who consumes: nobody runs the code of another, and nobody skips what is hidden.
CREATE ROLE regress_log_owner;
CREATE ROLE regress_log_reader;
CREATE ROLE "regress ""log"" consumer";
CREATE ROLE regress_log_mallory;
GRANT "regress ""log"" consumer" TO regress_log_reader;
CREATE SCHEMA "log's ""schema""" AUTHORIZATION regress_log_owner;
GRANT USAGE ON SCHEMA "log's ""schema""" TO PUBLIC;
SET search_path = "log's ""schema""", public;
\set VERBOSITY default

-- The owner's functions: in an index, a domain, a generated column, a default. They say as whom they run.
SET ROLE regress_log_owner;
CREATE FUNCTION trap(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN RAISE WARNING 'trap: %', current_user; RETURN $1; END $$;
CREATE DOMAIN trapped AS text CHECK (VALUE IS NULL OR trap(VALUE) IS NOT NULL);
SET client_min_messages = error;
CREATE TABLE "the ""event""" ("the id" trapped NOT NULL, note text, at timestamptz);
SELECT add_chain('"the ""event"""', '{the id}', recorded => 'at');
SELECT add_log('"the ""event"""', 'the "position"');
CREATE INDEX ON "the ""event""" (trap('constant'), note);
CREATE INDEX ON "the ""event""" ("the ""position""") WHERE trap('partial') = 'partial';
INSERT INTO "the ""event""" ("the id", note) VALUES ('a', 'one'), ('b', 'two'), ('a', 'three');
SELECT add_consumer('"the ""event"""', 'it''s "billing"', 2, role => 'regress "log" consumer');
SELECT add_consumer('"the ""event"""', 'own');
RESET client_min_messages;
RESET ROLE;
-- A superuser reads as the owner: no trap runs as the superuser.
SELECT note, "the ""position""" FROM read_events(NULL::"the ""event""");
SELECT sum(n) FROM (SELECT count(*) AS n FROM consume(NULL::"the ""event""", 'it''s "billing"', 0)
    UNION ALL SELECT count(*) FROM consume(NULL::"the ""event""", 'it''s "billing"', 1)) AS s;
SELECT consumer, member, members, role, lag, lag_time > '0' AS is_behind FROM veritable.consumers WHERE target = '"the ""event"""'::regclass ORDER BY 1, 2;
SELECT seek_consumer('"the ""event"""', 'it''s "billing"', 0);

-- Without SELECT on the whole table there is nothing.
SET ROLE regress_log_mallory;
SELECT note FROM read_events(NULL::"the ""event""");
SELECT note FROM consume(NULL::"the ""event""", 'own');
SELECT count(*) FROM veritable.consumers;
SELECT * FROM veritable.consumer_lag('"the ""event"""', 0);
SELECT * FROM veritable.consumer_members;
SELECT add_consumer('"the ""event"""', 'mine');
SELECT seek_consumer('"the ""event"""', 'own', 0);
SELECT alter_consumer('"the ""event"""', 'own', 2);
SELECT drop_consumer('"the ""event"""', 'own');
SET ROLE regress_log_owner;
GRANT SELECT ("the id", note) ON "the ""event""" TO regress_log_mallory;
SET ROLE regress_log_mallory;
SELECT note FROM read_events(NULL::"the ""event""");
SELECT count(*) FROM veritable.consumers;

-- With SELECT one reads, but does not consume for another role.
SET ROLE regress_log_owner;
GRANT SELECT ON "the ""event""" TO regress_log_mallory, regress_log_reader;
SET ROLE regress_log_mallory;
SELECT note FROM read_events(NULL::"the ""event""");
SELECT note FROM consume(NULL::"the ""event""", 'own');
SELECT note FROM consume(NULL::"the ""event""", 'it''s "billing"');
SELECT note FROM consume(NULL::"the ""event""", 'no such');
SELECT add_consumer('"the ""event"""', 'mine');
SELECT count(*) FROM veritable.consumers;
-- Nor does a refused caller wait for, or lock, a member.
SELECT seek_consumer('"the ""event"""', 'own', NULL);
-- A hostile search_path, and temporary objects, change nothing.
CREATE TEMP TABLE consumer_members (x int);
CREATE TEMP TABLE trees (x int);
CREATE FUNCTION pg_temp.hijacked(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE WARNING 'hijacked: %', current_user; RETURN true; END $$;
CREATE OPERATOR pg_temp.> (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = pg_temp.hijacked);
SET search_path = pg_temp, pg_catalog, "log's ""schema""", public;
SELECT note FROM read_events(NULL::"the ""event""", 1);
SET search_path = "log's ""schema""", public;
-- A member of the role consumes, and so does a member of the owner.
SET ROLE regress_log_reader;
SELECT sum(n) FROM (SELECT count(*) AS n FROM consume(NULL::"the ""event""", 'it''s "billing"', 0)
    UNION ALL SELECT count(*) FROM consume(NULL::"the ""event""", 'it''s "billing"', 1)) AS s;
SELECT note FROM consume(NULL::"the ""event""", 'own');
RESET ROLE;
GRANT regress_log_owner TO regress_log_mallory;
SET ROLE regress_log_mallory;
SELECT note FROM consume(NULL::"the ""event""", 'own');
RESET ROLE;
REVOKE regress_log_owner FROM regress_log_mallory;

-- Row-level security hides rows: who does not see all would skip some, and gets none.
SET ROLE regress_log_owner;
ALTER TABLE "the ""event""" ENABLE ROW LEVEL SECURITY;
CREATE POLICY others ON "the ""event""" USING (note <> 'two');
SET ROLE regress_log_reader;
SELECT note FROM read_events(NULL::"the ""event""");
SELECT note FROM consume(NULL::"the ""event""", 'it''s "billing"');
SELECT count(*) FROM veritable.consumers;
SET ROLE regress_log_owner;
SELECT note FROM read_events(NULL::"the ""event""");
ALTER TABLE "the ""event""" FORCE ROW LEVEL SECURITY;
SELECT note FROM read_events(NULL::"the ""event""");
RESET ROLE;
SELECT note FROM read_events(NULL::"the ""event""");
SET ROLE regress_log_owner;
ALTER TABLE "the ""event""" DISABLE ROW LEVEL SECURITY;

-- The view shows others' consumers, however broken their tables are. A function in a query sees no row of a hidden table.
CREATE TABLE broken (id int NOT NULL);
SELECT add_chain('broken', '{id}');
SELECT add_log('broken');
SELECT add_consumer('broken', 'c');
GRANT SELECT ON broken TO PUBLIC;
CREATE TABLE hidden (id int NOT NULL);
SELECT add_chain('hidden', '{id}');
SELECT add_log('hidden');
SELECT add_consumer('hidden', 'secret');
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl DISABLE;
ALTER EVENT TRIGGER veritable_note_dropped DISABLE;
SET ROLE regress_log_owner;
SET client_min_messages = error;
SELECT sequence FROM veritable.logs WHERE target = 'broken'::regclass \gset
ALTER SEQUENCE :sequence OWNED BY NONE;
SET client_min_messages = warning;
SET ROLE regress_log_mallory;
CREATE FUNCTION pg_temp.leak(name) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
$$ BEGIN IF $1 = 'secret' THEN RAISE WARNING 'leaked'; END IF; RETURN true; END $$;
SELECT target, consumer, "position", lag, lag_time FROM veritable.consumers WHERE target::text LIKE '%broken' AND pg_temp.leak(consumer);
SELECT * FROM consume(NULL::broken, 'c');
RESET ROLE;
ALTER EVENT TRIGGER veritable_after_ddl ENABLE;
ALTER EVENT TRIGGER veritable_note_dropped ENABLE;

-- The view plans no query of the table: planning evaluates what its owner has put into indexes and statistics.
SET ROLE regress_log_owner;
CREATE TABLE planned (id int NOT NULL, at timestamptz);
SELECT add_chain('planned', '{id}', recorded => 'at');
SELECT add_log('planned');
SELECT add_consumer('planned', 'c');
INSERT INTO planned (id) VALUES (1), (2);
CREATE FUNCTION one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN 1; END $$;
CREATE INDEX ON planned (one(1), id);
CREATE STATISTICS planned_statistics ON one(2), id FROM planned;
CREATE OR REPLACE FUNCTION one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'run by %', CURRENT_ROLE; END $$;
RESET ROLE;
SELECT lag, lag_time >= '0' AS is_known FROM veritable.consumers WHERE target = 'planned'::regclass;

-- A consumer is of its log: another origin in the triggers is another log.
UPDATE veritable.trees SET origin = 'regress/other' WHERE target = '"the ""event"""'::regclass;
SELECT note FROM consume(NULL::"the ""event""", 'own');

SET client_min_messages = error;
DROP OWNED BY regress_log_mallory;
DROP SCHEMA "log's ""schema""" CASCADE;
DROP ROLE regress_log_owner, regress_log_reader, "regress ""log"" consumer", regress_log_mallory;
