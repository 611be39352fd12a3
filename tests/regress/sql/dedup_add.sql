-- add_dedup() makes a table one in which each key is there once, or refuses and leaves all as it was; drop_dedup() ends it.
CREATE SCHEMA dedup_add;
SET search_path = dedup_add, public;
\set VERBOSITY default
CREATE TABLE event (org text, tx int, at date, note text);
SELECT add_dedup('event', '{org,tx}');
\d event
SELECT * FROM veritable.dedups;
SELECT add_dedup('event', '{tx}');
SELECT drop_dedup('event');
SELECT drop_dedup('event');
SELECT verify_dedup('event');
\d event
-- An index that begins with the key is enough, in any order.
DROP INDEX event_tx_org_idx;
CREATE INDEX ON event (tx DESC, org, at);
SELECT add_dedup('event', '{org,tx}');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'event'::regclass;
SELECT drop_dedup('event');
-- Others are not: with a condition, on an expression, of other columns, with another equality.
DROP INDEX event_tx_org_at_idx;
CREATE INDEX ON event (org, tx) WHERE tx > 0;
CREATE INDEX ON event (lower(org), tx);
CREATE INDEX ON event (org, at, tx);
CREATE INDEX ON event USING hash (tx);
CREATE INDEX ON event USING brin (org, tx);
SELECT add_dedup('event', '{tx,org}');
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'event'::regclass ORDER BY 1;
SELECT drop_dedup('event');

-- Arguments.
\set SHOW_CONTEXT never
SELECT add_dedup('event', '{}');
SELECT add_dedup('event', NULL);
SELECT add_dedup(NULL, '{tx}');
SELECT add_dedup('event', '{tx,tx}');
SELECT add_dedup('event', '{tx,nothing}');
SELECT add_dedup('event', '{tx}', 'replace');
SELECT add_dedup('event', '{tx}', NULL);
SELECT add_dedup('event', '{tx}', within => '1 day');
-- Kinds of tables and columns.
CREATE VIEW view AS SELECT 1 AS tx;
SELECT add_dedup('view', '{tx}');
SELECT add_dedup('pg_class', '{relname}');
CREATE TABLE kinds (j json, x xml, g int GENERATED ALWAYS AS (1) STORED, p point);
SELECT add_dedup('kinds', '{j}');
SELECT add_dedup('kinds', '{g}');
SELECT add_dedup('kinds', '{p}');
CREATE TABLE parent (tx int);
CREATE TABLE child () INHERITS (parent);
SELECT add_dedup('parent', '{tx}');
CREATE TABLE whole (tx int) PARTITION BY LIST (tx);
CREATE TABLE part PARTITION OF whole DEFAULT;
SELECT add_dedup('part', '{tx}');
SELECT add_dedup('whole', '{tx}');
SELECT drop_dedup('part');
SELECT add_dedup('part', '{tx}');
SELECT drop_dedup('whole');
SELECT drop_dedup('part');
CREATE TABLE packed (tx int NOT NULL, period daterange NOT NULL);
SELECT add_packing('packed', 'period', '{tx}');
SELECT add_dedup('packed', '{tx}');
CREATE TABLE chained (tx int NOT NULL);
SELECT add_chain('chained', '{tx}');
SELECT add_dedup('chained', '{seq}');
SELECT add_dedup('chained', '{tx}');
INSERT INTO chained VALUES (1), (1), (2);
SELECT tx, seq FROM chained ORDER BY tx;
SELECT entity, seq, fault FROM verify_chain('chained');
-- What comes after, and could change the key.
CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.tx := 1; RETURN NEW; END $$;
CREATE TABLE late (tx int);
CREATE TRIGGER zz BEFORE INSERT ON late FOR EACH ROW EXECUTE FUNCTION change();
SELECT add_dedup('late', '{tx}');
DROP TRIGGER zz ON late;
CREATE TRIGGER zz BEFORE UPDATE ON late FOR EACH ROW EXECUTE FUNCTION change();
SELECT add_dedup('late', '{tx}');
ALTER TRIGGER zz ON late RENAME TO aa;
SELECT add_dedup('late', '{tx}');
-- Nor may a later trigger fill in the key that a table has.
CREATE TABLE later (id int NOT NULL, seq bigint, version int, kind text, document jsonb);
SELECT add_dedup('later', '{id,seq}');
SELECT add_chain('later', '{id}');
SELECT drop_dedup('later');
SELECT add_dedup('later', '{id,version}');
SELECT add_validation('later', 'document', type => 'kind', version => 'version');
SELECT add_chain('later', '{id}', exclude => '{version}');
-- Rows with the same key.
CREATE TABLE twice (org text, tx int);
INSERT INTO twice VALUES ('a', 1), ('b', NULL), ('b', NULL), ('a', 1), ('a', 1), ('c', 2), ('c', 2);
SELECT add_dedup('twice', '{org,tx}');
SELECT count(*) FROM veritable.dedups WHERE target = 'twice'::regclass;
SET client_min_messages = warning;
DROP SCHEMA dedup_add CASCADE;
