-- Commands on a deduplicated table: what would let a key in twice is refused; what follows, follows.
\set SHOW_CONTEXT never
CREATE SCHEMA dedup_ddl;
SET search_path = dedup_ddl, public;
CREATE TABLE event (org text, tx int, at date, note text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
SELECT add_dedup('event', '{org,tx}', within => '40 days');
INSERT INTO event VALUES ('a', 1, '2026-01-01');
-- The trigger, the index, the columns.
DROP TRIGGER veritable_dedup ON event;
DROP TRIGGER veritable_dedup ON event_1;
ALTER TABLE event DISABLE TRIGGER veritable_dedup;
SELECT detail FROM verify_dedup('event');
ALTER TABLE event ENABLE TRIGGER veritable_dedup;
ALTER TABLE event_1 DISABLE TRIGGER ALL;
SELECT detail FROM verify_dedup('event');
ALTER TABLE event_1 ENABLE TRIGGER ALL;
ALTER TRIGGER veritable_dedup ON event RENAME TO zz;
DROP INDEX event_tx_org_idx;
DROP INDEX event_1_tx_org_idx;
CREATE INDEX another ON event (org, tx);
DROP INDEX event_tx_org_idx;
DROP INDEX another;
ALTER TABLE event DROP COLUMN tx;
ALTER TABLE event ALTER COLUMN org TYPE varchar(10);
ALTER TABLE event ALTER COLUMN tx TYPE bigint;
ALTER TABLE event RENAME COLUMN tx TO transaction;
ALTER TABLE event RENAME COLUMN at TO day;
ALTER TABLE event ADD COLUMN more int DEFAULT 7;
SELECT tgargs FROM (SELECT veritable.trigger_arguments(tgargs) AS tgargs FROM pg_trigger WHERE tgname = 'veritable_dedup') AS t;
INSERT INTO event VALUES ('a', 1, '2026-01-02'), ('a', 2, '2026-01-02');
SELECT org, transaction, day FROM event ORDER BY 2;
-- A type that makes two keys one.
ALTER TABLE event ALTER COLUMN transaction TYPE int USING 1;
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tx := 1; RETURN NEW; END $$;
CREATE TRIGGER zz BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zz BEFORE UPDATE ON event_1 FOR EACH ROW EXECUTE FUNCTION change();
CREATE TRIGGER zz AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION change();
DROP TRIGGER zz ON event;

-- Partitions: new ones have all; those with rows are compared; what is detached takes its keys along.
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO event VALUES ('a', 1, '2026-02-02'), ('a', 3, '2026-02-20');
CREATE TABLE event_3 (LIKE event);
INSERT INTO event_3 VALUES ('a', 2, '2026-03-01'), ('a', 3, '2026-03-20'), (NULL, 3, '2026-03-20');
ALTER TABLE event ATTACH PARTITION event_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
UPDATE event_3 SET day = '2026-03-31' WHERE transaction = 2;
UPDATE event_3 SET day = '2026-03-31', transaction = 4 WHERE transaction = 3;
ALTER TABLE event ATTACH PARTITION event_3 FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
INSERT INTO event VALUES ('a', 4, '2026-02-21'), ('a', 4, '2026-02-18');
SELECT tableoid::regclass, org, transaction, day FROM event ORDER BY 3, 4;
ALTER TABLE event DETACH PARTITION event_1;
\d event_1
INSERT INTO event_1 VALUES ('a', 1, '2026-01-03');
DROP TABLE event_1;
TRUNCATE event_3;
INSERT INTO event VALUES ('a', 1, '2026-03-04');
DROP TABLE event_3;
CREATE TABLE event_4 PARTITION OF event FOR VALUES FROM ('2026-04-01') TO ('2026-05-01') PARTITION BY LIST (org);
CREATE TABLE event_4a PARTITION OF event_4 FOR VALUES IN ('a');
INSERT INTO event VALUES ('a', 9, '2026-04-01'), ('a', 9, '2026-04-02');
ALTER TABLE event_4 DETACH PARTITION event_4a CONCURRENTLY;
-- A foreign table cannot be a partition, nor a table that is deduplicated itself.
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
CREATE FOREIGN TABLE event_5 PARTITION OF event FOR VALUES FROM ('2026-05-01') TO ('2026-06-01') SERVER nowhere;
CREATE TABLE own (LIKE event);
SELECT add_dedup('own', '{org}');
ALTER TABLE event ATTACH PARTITION own FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
CREATE TABLE other (LIKE event) PARTITION BY RANGE (day);
ALTER TABLE other ATTACH PARTITION own FOR VALUES FROM ('2026-06-01') TO ('2026-07-01');
CREATE TABLE child () INHERITS (own);
-- A trigger by hand.
CREATE TABLE by_hand (tx int, n int);
CREATE TRIGGER veritable_dedup BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx');
INSERT INTO by_hand VALUES (1), (2);
CREATE INDEX ON by_hand (tx);
INSERT INTO by_hand VALUES (1), (2), (2);
SELECT count(*) FROM by_hand;
SELECT * FROM veritable.dedups WHERE target = 'by_hand'::regclass;
CREATE TRIGGER again BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx');
SELECT drop_dedup('by_hand');
CREATE TRIGGER a BEFORE INSERT ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx');
CREATE TRIGGER a AFTER INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH STATEMENT EXECUTE FUNCTION veritable.deduplicate('key=tx');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate();
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=nothing');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx', 'on_duplicate=x');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx', 'within=1');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx', 'within=x', 'by=n');
CREATE TRIGGER a BEFORE INSERT OR UPDATE ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx', 'within=1', 'by=n');
CREATE SCHEMA dedup_ddl_2
    CREATE TABLE sly (tx int, n int)
    CREATE INDEX ON sly (tx)
    CREATE TRIGGER a BEFORE INSERT OR UPDATE ON sly FOR EACH ROW EXECUTE FUNCTION veritable.deduplicate('key=tx', 'within=1', 'by=n');
SELECT veritable.deduplicate();
SELECT action, about FROM veritable.journal WHERE action LIKE '%dedup' AND about LIKE 'dedup\_ddl.%' ORDER BY seq;
-- A column under a collation with another equality needs another index.
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE folds (id int NOT NULL, code text);
SELECT add_dedup('folds', '{id,code}');
INSERT INTO folds VALUES (1, 'a');
ALTER TABLE folds ALTER COLUMN code TYPE text COLLATE folded;
ALTER TABLE folds ALTER COLUMN code TYPE text COLLATE "POSIX";
CREATE INDEX ON folds (code, id);
ALTER TABLE folds ALTER COLUMN code TYPE text COLLATE folded;
INSERT INTO folds VALUES (1, 'A'), (1, 'b');
SELECT * FROM folds ORDER BY code;
SELECT * FROM verify_dedup('folds');
SET client_min_messages = warning;
DROP SCHEMA dedup_ddl CASCADE;
DROP FOREIGN DATA WRAPPER nothing CASCADE;
