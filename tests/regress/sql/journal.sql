-- The journal tells what was done to protected tables, and shows it to those who may read the table.
\pset null (null)
CREATE ROLE regress_journal;
CREATE ROLE regress_journal_reader;
CREATE ROLE regress_journal_nobody;
CREATE SCHEMA AUTHORIZATION regress_journal;
GRANT USAGE ON SCHEMA regress_journal TO regress_journal_reader;
SET search_path = regress_journal, public;
-- What this file has left in the journal, for everybody.
CREATE VIEW entry AS
SELECT about, seq, action, by = session_user AS "by", acting, command, detail
FROM veritable.journal WHERE about LIKE 'regress_journal%';
GRANT SELECT ON entry TO PUBLIC;
SET ROLE regress_journal;

-- The extension's functions are recorded with what they were given.
CREATE TABLE price (product int NOT NULL, during daterange NOT NULL, euro int NOT NULL);
SELECT add_packing('price', 'during', '{product}');
CREATE TABLE order_event (id int NOT NULL, payload jsonb, note text);
SELECT add_validation('order_event', 'payload', schema => 'no "such" schema', unknown => 'allow');
SELECT drop_packing('price');
SELECT drop_validation('order_event', 'payload');
SELECT about, seq, action, "by", acting, command, detail FROM entry ORDER BY about, seq;

-- A table without protection leaves nothing, and neither does a temporary one, nor a command that fails or is rolled back.
CREATE TABLE free (a int);
ALTER TABLE free ADD b int;
DROP TABLE free;
CREATE TEMPORARY TABLE passing (payload jsonb);
SELECT add_validation('passing', 'payload', schema => 'none', unknown => 'allow');
ALTER TABLE passing ADD a int;
DROP TABLE passing;
BEGIN;
SELECT add_packing('price', 'during', '{product}');
ROLLBACK;
BEGIN;
SAVEPOINT here;
SELECT add_packing('price', 'during', '{product}');
ALTER TABLE price ADD comment text;
ROLLBACK TO here;
COMMIT;
SELECT count(*) FROM entry;

-- Commands are recorded without literals and comments, and with what they did to our triggers.
SELECT add_validation('order_event', 'payload', schema => 'order', unknown => 'allow');
ALTER TABLE order_event ALTER note SET DEFAULT 'secret', -- secret
    ADD CONSTRAINT "it's" CHECK (note <> E'it\'s secret' /* secret */ OR id > 17);
SELECT 1\; COMMENT ON TABLE order_event IS $$secret$$\; SELECT 2;
CREATE INDEX ON order_event (note) WHERE note = 'secret';
-- A function or a DO block hides a command, but not its effect.
DO $$ BEGIN EXECUTE 'ALTER TABLE order_event DISABLE TRIGGER ALL'; END $$;
ALTER TABLE order_event ENABLE TRIGGER ALL;
ALTER TABLE order_event RENAME COLUMN note TO remark;
ALTER TABLE order_event RENAME TO "Order Event";
DROP TABLE "Order Event", price;
SELECT about, seq, action, command, detail FROM entry WHERE about ~ 'rder' ORDER BY about, seq;

-- A table made and dropped in one transaction is told of, too.
BEGIN;
CREATE TABLE short (payload jsonb);
SELECT add_validation('short', 'payload', schema => 'none', unknown => 'allow');
DROP TABLE short;
COMMIT;
-- and what goes with its schema
RESET ROLE;
CREATE SCHEMA regress_journal_2
    CREATE TABLE with_schema (payload jsonb)
    CREATE TRIGGER t BEFORE INSERT OR UPDATE ON with_schema
        FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=payload', 'schema=none', 'unknown=allow');
DROP SCHEMA regress_journal_2 CASCADE;
SELECT about, seq, action, command, detail FROM entry WHERE about ~ 'short|regress_journal_2' ORDER BY about, seq;

-- A renamed schema renames its tables.
CREATE SCHEMA regress_journal_3;
CREATE TABLE regress_journal_3.inner_table (payload jsonb);
SELECT add_validation('regress_journal_3.inner_table', 'payload', schema => 'none', unknown => 'allow');
ALTER SCHEMA regress_journal_3 RENAME TO regress_journal_4;
SELECT about, seq, action, command, detail FROM entry WHERE about ~ 'inner' ORDER BY about, seq;
DROP TABLE regress_journal_4.inner_table;
DROP SCHEMA regress_journal_4;

-- One entry for a partitioned table, not one for each partition.
SET ROLE regress_journal;
CREATE TABLE part_event (id int NOT NULL, payload jsonb) PARTITION BY LIST (id);
CREATE TABLE part_event_1 PARTITION OF part_event FOR VALUES IN (1);
CREATE TABLE part_event_rest PARTITION OF part_event DEFAULT PARTITION BY LIST (id);
CREATE TABLE part_event_2 PARTITION OF part_event_rest FOR VALUES IN (2);
SELECT add_validation('part_event', 'payload', schema => 'none', unknown => 'allow');
ALTER TABLE part_event ADD note text;
CREATE TABLE part_event_3 PARTITION OF part_event FOR VALUES IN (3);
ALTER TABLE part_event_1 DISABLE TRIGGER ALL;
DROP TABLE part_event;
SELECT about, seq, action, command FROM entry WHERE about LIKE '%.part_event%' ORDER BY about, seq;

-- Nobody writes there but the extension.
INSERT INTO veritable.journal (about, series, at, action, by, acting) VALUES ('regress_journal.t', '1/1', now(), 'x', 'x', 'x');
RESET ROLE;
UPDATE veritable.journal SET action = 'nothing' WHERE about = 'regress_journal.price';
DELETE FROM veritable.journal;
TRUNCATE veritable.journal;

-- A reader of the table sees its entries, others see none, and the commands of a superuser are there as well.
SET ROLE regress_journal;
CREATE TABLE known (payload jsonb);
SELECT add_validation('known', 'payload', schema => 'none', unknown => 'allow');
GRANT SELECT ON known TO regress_journal_reader, regress_journal_nobody;
RESET ROLE;
ALTER TABLE known DISABLE TRIGGER ALL;
ALTER TABLE known ENABLE TRIGGER ALL;
SET ROLE regress_journal_reader;
SELECT about, seq, action, command FROM veritable.journal WHERE about LIKE 'regress_journal%' ORDER BY seq;
-- nobody may read the table, but not use its schema
SET ROLE regress_journal_nobody;
SELECT about, seq, action, command FROM veritable.journal WHERE about LIKE 'regress_journal%' ORDER BY seq;
SET ROLE regress_journal;
SELECT about, seq, action, acting <> 'regress_journal' AS by_another FROM veritable.journal WHERE about LIKE '%.known' ORDER BY seq;
-- An odd setting hides nothing from the owner that the owner should see later.
SET quote_all_identifiers = on;
ALTER TABLE known ADD a int;
RESET quote_all_identifiers;
SELECT about, seq, action FROM veritable.journal WHERE about LIKE '%known%' ORDER BY seq DESC LIMIT 1;

-- Registrations are recorded for the caller of the function, not for its owner.
RESET ROLE;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_journal;
SET ROLE regress_journal;
SELECT register_schema('regress "journal"', '{"type": "object"}');
SELECT register_schema('regress "journal"', '{"type": "object"}');
SELECT retire_schema('regress "journal"');
SET ROLE regress_journal_nobody;
SELECT about, seq, action, acting, command, detail FROM veritable.journal WHERE about LIKE 'event schema "regress ""journal""%';
RESET ROLE;

-- The journal itself is protected, and what is done to it is in it.
COMMENT ON TABLE veritable.journal IS 'what was done to protected tables, event schemas and this table itself: a chained table, written by the extension alone';
SELECT action, command FROM veritable.journal WHERE about = 'veritable.journal' ORDER BY at DESC LIMIT 1;
-- Without its triggers there are no entries, but a warning; and their return has an entry.
ALTER TABLE veritable.journal DISABLE TRIGGER ALL;
ALTER TABLE known ADD b int;
ALTER TABLE veritable.journal ENABLE TRIGGER ALL;
ALTER TABLE veritable.journal ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard,
    ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
SELECT action, command, detail FROM veritable.journal WHERE about = 'veritable.journal' ORDER BY at DESC LIMIT 2;
SET client_min_messages = warning;
SELECT fault, detail FROM verify_chain('veritable.journal');
DROP SCHEMA regress_journal CASCADE;
REVOKE EXECUTE ON FUNCTION register_schema, retire_schema FROM regress_journal;
DROP ROLE regress_journal, regress_journal_reader, regress_journal_nobody;
