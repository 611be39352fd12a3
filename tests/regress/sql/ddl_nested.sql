-- Functions of a role run within the extension's own work. What they command is judged and recorded as anywhere else.
\pset null (null)
\set VERBOSITY terse
CREATE ROLE regress_nested;
CREATE SCHEMA AUTHORIZATION regress_nested;
SET search_path = regress_nested, public;
SET ROLE regress_nested;
CREATE TABLE ledger (id int NOT NULL, amount int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE ledger_1 PARTITION OF ledger FOR VALUES IN (1);
SELECT add_chain('ledger', '{id}');
INSERT INTO ledger VALUES (1, 10), (1, 20);
CREATE VIEW entries AS SELECT action, command FROM veritable.journal WHERE about LIKE 'regress_nested.ledger%' ORDER BY at;
CREATE FUNCTION quiet(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    ALTER TABLE regress_nested.ledger DISABLE TRIGGER zz_veritable_chain_guard;
    ALTER TABLE regress_nested.ledger ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
    RETURN true; END $$;

-- of a CHECK, while rows are sealed
CREATE TABLE bait (k int NOT NULL, at int);
INSERT INTO bait VALUES (1, 1);
ALTER TABLE bait ADD CHECK (quiet(at)) NOT VALID;
SELECT add_chain('bait', '{k}', order_by => '{at}');
TABLE entries;
-- of a trigger, while rows are packed
CREATE TABLE packed (k int NOT NULL, during int4range NOT NULL);
INSERT INTO packed VALUES (1, '[1,2)'), (1, '[2,3)');
CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    CREATE TABLE IF NOT EXISTS regress_nested.ledger_2 PARTITION OF regress_nested.ledger FOR VALUES IN (2);
    RETURN NULL; END $$;
CREATE TRIGGER made AFTER INSERT OR UPDATE OR DELETE ON packed FOR EACH STATEMENT EXECUTE FUNCTION made();
SELECT add_packing('packed', 'during', '{k}');
TRUNCATE ledger_2;
-- of a type, while its index is built (where the version sorts the ranges, it is not asked)
CREATE SEQUENCE calls;
CREATE FUNCTION once() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    RETURN nextval('regress_nested.calls') > 1 OR regress_nested.quiet(1); END $$;
CREATE FUNCTION apart(int, int) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
    PERFORM regress_nested.once();
    RETURN $1 - $2; END $$;
CREATE TYPE span AS RANGE (subtype = int, subtype_diff = apart);
CREATE TABLE spans (k int NOT NULL, during span NOT NULL);
INSERT INTO spans SELECT 1, span(i * 2, i * 2 + 1) FROM generate_series(1, 500) AS i;
CREATE TEMP TABLE known AS SELECT count(*) FROM entries;
SELECT add_packing('spans', 'during', '{k}');
SELECT (SELECT count(*) FROM entries) - count = CASE WHEN is_called THEN 2 ELSE 0 END AS "all is recorded" FROM known, calls;
-- and what is refused is refused
CREATE OR REPLACE FUNCTION quiet(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
    ALTER TABLE regress_nested.ledger ALTER amount TYPE int USING amount * 100;
    RETURN true; END $$;
CREATE TABLE lure (k int NOT NULL, at int);
INSERT INTO lure VALUES (1, 1);
ALTER TABLE lure ADD CHECK (quiet(at)) NOT VALID;
SELECT add_chain('lure', '{k}', order_by => '{at}');
SELECT * FROM verify_chain('ledger');

-- A partition without events can be dropped, also one that has partitions.
CREATE TABLE ledger_3 PARTITION OF ledger FOR VALUES IN (3, 4) PARTITION BY LIST (id);
CREATE TABLE ledger_33 PARTITION OF ledger_3 FOR VALUES IN (3);
DROP TABLE ledger_3;
CREATE TABLE ledger_3 PARTITION OF ledger FOR VALUES IN (3, 4) PARTITION BY LIST (id);
CREATE TABLE ledger_33 PARTITION OF ledger_3 FOR VALUES IN (3);
INSERT INTO ledger VALUES (3, 1);
DROP TABLE ledger_3;

-- Of the records, everybody may verify all, and nobody learns how many entries others have.
SET client_min_messages = warning;
SELECT count(*) FROM verify_chain('veritable.journal');
SELECT count(*) FROM verify_chain('veritable.journal', ARRAY['regress_nested.ledger', 'a']);

RESET client_min_messages;
RESET ROLE;
DROP OWNED BY regress_nested CASCADE;
DROP ROLE regress_nested;
