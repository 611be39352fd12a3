-- What a chain demands of its table, where the table is chained by add_chain(), by hand, or gets a partition.
\pset null (null)
CREATE ROLE regress_requirements;
CREATE SCHEMA AUTHORIZATION regress_requirements;
SET search_path = regress_requirements, public;
SET ROLE regress_requirements;

-- The columns of a partition have defaults of their own.
CREATE TABLE event (id int NOT NULL, note text, seq bigint, previous_event_hash bytea, event_hash bytea)
    PARTITION BY LIST (id);
CREATE TABLE event_1 PARTITION OF event (seq DEFAULT 0) FOR VALUES IN (1);
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event_1 ALTER COLUMN seq DROP DEFAULT;
SELECT add_chain('event', '{id}');
CREATE TABLE event_2 PARTITION OF event (event_hash DEFAULT '') FOR VALUES IN (2);
-- A column that the root stores and a partition computes would not be in the lines of the partition's rows.
CREATE TABLE event_2 (id int NOT NULL, note text GENERATED ALWAYS AS ('computed') STORED, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL);
-- newer versions of PostgreSQL refuse it themselves
\set VERBOSITY sqlstate
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2);
\set VERBOSITY default
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event_2 ALTER COLUMN note DROP EXPRESSION;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2);
INSERT INTO event (id, note) VALUES (1, 'one'), (2, 'two') RETURNING seq;
SELECT * FROM verify_chain('event');
-- also below a partition that is itself partitioned
CREATE TABLE event_3 (id int NOT NULL, note text, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL) PARTITION BY LIST (id);
CREATE TABLE event_3_a (id int NOT NULL, note text, seq bigint NOT NULL DEFAULT 7, previous_event_hash bytea, event_hash bytea NOT NULL);
ALTER TABLE event_3 ATTACH PARTITION event_3_a FOR VALUES IN (3);
ALTER TABLE event ATTACH PARTITION event_3 FOR VALUES IN (3);
DROP TABLE event_3;
SELECT drop_chain('event');
DROP TABLE event;

-- The same by hand.
CREATE TABLE event (id int, note text, seq bigint, previous_event_hash bytea, event_hash bytea);
\set by_hand 'CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal(''entity=id'', ''seq=seq'', ''previous=previous_event_hash'', ''hash=event_hash'')'
:by_hand;
ALTER TABLE event ALTER COLUMN id SET NOT NULL, ALTER COLUMN seq SET DEFAULT 0;
:by_hand;
ALTER TABLE event ALTER COLUMN seq DROP DEFAULT;
CREATE RULE elsewhere AS ON INSERT TO event DO INSTEAD NOTHING;
:by_hand;
DROP RULE elsewhere ON event;
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'changed'; RETURN NEW; END $$;
CREATE TRIGGER zzz BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
:by_hand;
DROP TRIGGER zzz ON event;
:by_hand;
DROP TABLE event;
CREATE TABLE event (id int NOT NULL, seq bigint, previous_event_hash bytea, event_hash bytea) PARTITION BY RANGE ((seq + id));
:by_hand;
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event', '{id}');
DROP TABLE event;

-- Chains at any level of partitions: a partition gets no columns of its own, and is chained once.
CREATE TABLE event (id text NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE event_2024_a PARTITION OF event_2024 FOR VALUES IN ('a') PARTITION BY RANGE (at);
CREATE TABLE event_2024_a_1 PARTITION OF event_2024_a FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
SELECT add_chain('event_2024', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event_2024_a_1', '{id}');
ALTER TABLE event ADD COLUMN seq bigint, ADD COLUMN previous_event_hash bytea, ADD COLUMN event_hash bytea;
SELECT add_chain('event_2024_a', '{id}');
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE
SELECT add_chain('event_2024', '{id}');
INSERT INTO event (id, at) VALUES ('a', '2024-02-01'), ('a', '2024-03-01') RETURNING seq;
SELECT * FROM verify_chain('event_2024_a');
-- a chained partition does not come to another chain
ALTER TABLE event DETACH PARTITION event_2024;
SELECT add_chain('event', '{id}');
ALTER TABLE event_2024 ALTER COLUMN seq SET NOT NULL, ALTER COLUMN event_hash SET NOT NULL;
ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('event_2024_a');
-- its rows are those of another chain
ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
TRUNCATE event_2024;
ALTER TABLE event ATTACH PARTITION event_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE event_2024_a_2 PARTITION OF event_2024_a FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO event (id, at) VALUES ('a', '2024-02-01'), ('a', '2024-08-01') RETURNING seq;
TRUNCATE event_2024_a_2;
ALTER TABLE event_2024_a DETACH PARTITION event_2024_a_2;
SELECT * FROM verify_chain('event');
SELECT drop_chain('event');
SELECT count(*) FROM pg_trigger WHERE tgrelid::regclass::text ~ '^event';
DROP TABLE event;

-- A recorded time that is a partition key needs a default, at each table where rows can enter.
CREATE TABLE event (id int NOT NULL, at timestamptz) PARTITION BY LIST (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1) PARTITION BY RANGE (at);
CREATE TABLE event_1_all PARTITION OF event_1 DEFAULT;
SELECT add_chain('event', '{id}', recorded => 'at');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE event_1 ALTER COLUMN at SET DEFAULT pg_catalog.clock_timestamp();
SELECT add_chain('event', '{id}', recorded => 'at');
ALTER TABLE ONLY event ALTER COLUMN at SET DEFAULT pg_catalog.clock_timestamp();
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event (id) VALUES (1) RETURNING seq;
INSERT INTO event_1 (id) VALUES (1) RETURNING seq;
INSERT INTO event_1_all (id) VALUES (1) RETURNING seq;
SELECT * FROM verify_chain('event');
ALTER TABLE event ALTER COLUMN at DROP DEFAULT;
CREATE TABLE event_2 PARTITION OF event (at DEFAULT NULL) FOR VALUES IN (2) PARTITION BY RANGE (at);
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2) PARTITION BY RANGE (at);
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('event');
DROP TABLE event;

-- The unique index would have to contain the partition key of a partition.
CREATE TABLE event (id int NOT NULL, at date NOT NULL) PARTITION BY LIST (id);
SELECT add_chain('event', '{id}');
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1) PARTITION BY RANGE (at);
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE event_1 (LIKE event) PARTITION BY RANGE ((at + 1));
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES IN (1);
CREATE INDEX ON regress_requirements.event (id, seq); DROP INDEX regress_requirements.event_id_seq_idx;
ALTER TABLE event ATTACH PARTITION event_1 FOR VALUES IN (1);
CREATE TABLE event_1_all PARTITION OF event_1 DEFAULT;
CREATE TABLE event_2 PARTITION OF event FOR VALUES IN (2) PARTITION BY RANGE (at);
CREATE TABLE event_2_all PARTITION OF event_2 DEFAULT;
INSERT INTO event VALUES (1, '2024-01-01'), (1, '2024-01-02'), (2, '2024-01-01') RETURNING id, seq;
SELECT * FROM verify_chain('event');
SELECT drop_chain('event');
SELECT add_chain('event', '{id}');
SELECT indexname FROM pg_indexes WHERE schemaname = 'regress_requirements' AND tablename LIKE 'event%' ORDER BY indexname COLLATE "C";
SELECT drop_chain('event');
DROP TABLE event;

-- An excluded column does not choose the partition: an UPDATE would move the row.
CREATE TABLE event (id int NOT NULL, state text) PARTITION BY LIST (upper(state));
SELECT add_chain('event', '{id}', exclude => '{state}');
\echo :LAST_ERROR_SQLSTATE
DROP TABLE event;

-- A previous hash that must not be null: the first event has one, too.
CREATE TABLE event (id int NOT NULL, previous_event_hash bytea NOT NULL);
SELECT add_chain('event', '{id}');
INSERT INTO event (id) VALUES (1);
SELECT * FROM verify_chain('event');
ALTER TABLE event ALTER COLUMN previous_event_hash SET DEFAULT '';
SELECT drop_chain('event');
DROP TABLE event;

-- A domain is not the type of a chain column, with or without a default.
CREATE DOMAIN place AS bigint DEFAULT 0;
CREATE TABLE event (id int NOT NULL, seq place);
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE

RESET ROLE;
DROP OWNED BY regress_requirements;
DROP ROLE regress_requirements;
