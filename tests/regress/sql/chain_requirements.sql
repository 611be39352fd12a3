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
CREATE TABLE event_2 (note text, id int NOT NULL, seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY, previous_event_hash bytea, event_hash bytea NOT NULL);
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2);
DROP TABLE event_2;

-- A column that the root stores and a partition computes would not be in the lines of the partition's rows.
CREATE TABLE event_2 (id int NOT NULL, note text GENERATED ALWAYS AS ('computed') STORED, seq bigint NOT NULL, previous_event_hash bytea, event_hash bytea NOT NULL);
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2);
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

-- A domain is not the type of a chain column, with or without a default.
CREATE DOMAIN place AS bigint DEFAULT 0;
CREATE TABLE event (id int NOT NULL, seq place);
SELECT add_chain('event', '{id}');
\echo :LAST_ERROR_SQLSTATE

RESET ROLE;
DROP OWNED BY regress_requirements;
DROP ROLE regress_requirements;
