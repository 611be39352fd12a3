-- Commands on a table with a history: what follows, and what is refused.
CREATE SCHEMA history_ddl;
SET search_path = history_ddl, public;
SET datestyle = ISO;
CREATE TABLE t (id int PRIMARY KEY, price numeric, note text, during daterange);
SELECT add_history('t', valid => 'during', ignore => '{note}');
INSERT INTO t VALUES (1, 5, 'n', '[2026-01-01,)');
ALTER TABLE t RENAME COLUMN price TO amount;
ALTER TABLE t ADD COLUMN vat int;
UPDATE t SET amount = 6, vat = 25;
SELECT id, price, note, during, vat, operation FROM t_history ORDER BY seq;
SELECT amount, vat FROM t_as_of('2026-06-01', known_at => (SELECT recorded FROM t_history WHERE seq = 1));
SELECT * FROM t_as_of('2026-06-01');
-- A column that is gone stays in the events; another column of its name has another name there.
ALTER TABLE t DROP COLUMN note;
ALTER TABLE t ADD COLUMN note text;
UPDATE t SET note = 'another';
SELECT seq, note, note_2, operation FROM t_history ORDER BY seq;
SELECT * FROM t_as_of('2026-06-01');
SELECT * FROM verify_history('t');
ALTER TABLE t RENAME COLUMN id TO number;
ALTER TABLE t RENAME COLUMN during TO held;
UPDATE t SET amount = 7;
SELECT number, amount, held FROM t_as_of('2026-06-01') WHERE number = 1;
SELECT key, valid FROM veritable.histories WHERE target = 't'::regclass;
-- A value for existing rows would be in no event.
ALTER TABLE t ADD COLUMN kind text DEFAULT 'x';
ALTER TABLE t ADD COLUMN kind serial;
ALTER TABLE t ADD COLUMN kind text, ALTER COLUMN kind SET DEFAULT 'x';
ALTER TABLE t ALTER COLUMN vat TYPE bigint;
ALTER TABLE t ALTER COLUMN amount TYPE numeric(10, 3);
ALTER TABLE t ALTER COLUMN amount TYPE numeric(10, 0);
ALTER TABLE t ALTER COLUMN vat TYPE int USING vat + 1;
ALTER TABLE t DROP COLUMN number;
ALTER TABLE t DROP COLUMN held;
ALTER TABLE t DROP CONSTRAINT t_pkey;
ALTER TABLE t DISABLE TRIGGER ab_veritable_history_insert;
SELECT fault, detail FROM verify_history('t');
ALTER TABLE t ENABLE TRIGGER ab_veritable_history_insert;
DROP TRIGGER ab_veritable_history_update ON t;
DROP TRIGGER ab_veritable_history ON t;
DROP TABLE t_history;
ALTER TABLE t_history DROP COLUMN vat;
ALTER TABLE t_history ADD COLUMN comment text;
-- The names of both can change.
ALTER TABLE t RENAME TO prices;
ALTER TABLE t_history RENAME TO former;
CREATE SCHEMA store;
ALTER TABLE former SET SCHEMA store;
ALTER SCHEMA store RENAME TO "Store";
UPDATE prices SET amount = 8;
SELECT amount FROM t_as_of('2026-06-01');
SELECT target, history FROM veritable.histories WHERE target = 'prices'::regclass;
SELECT * FROM verify_history('prices');
-- The owner changes for both.
CREATE ROLE regress_owner;
GRANT USAGE, CREATE ON SCHEMA history_ddl, "Store" TO regress_owner;
ALTER TABLE prices OWNER TO regress_owner;
SELECT relname, relowner::regrole FROM pg_class WHERE oid IN (SELECT unnest(ARRAY[target, history]) FROM veritable.histories WHERE target = 'prices'::regclass) ORDER BY 1;
SELECT proowner::regrole FROM pg_proc WHERE oid = 't_as_of'::regproc;
ALTER TABLE "Store".former OWNER TO CURRENT_USER;
ALTER TABLE prices OWNER TO CURRENT_USER;
-- With CASCADE, the history ends.
DROP TABLE "Store".former CASCADE;
SELECT count(*) FROM veritable.histories WHERE target = 'prices'::regclass;
INSERT INTO prices VALUES (2);
SELECT add_history('prices', existing => false);
DROP TABLE prices;
DROP TABLE prices CASCADE;
SELECT count(*) FROM prices_history;
DROP TABLE prices_history;
DROP OWNED BY regress_owner;
DROP ROLE regress_owner;

-- A column under the former name of a renamed one.
CREATE TABLE people (id int PRIMARY KEY, amount int);
SELECT add_history('people');
INSERT INTO people VALUES (1, 10);
ALTER TABLE people RENAME COLUMN amount TO more;
ALTER TABLE people ADD COLUMN amount text;
UPDATE people SET amount = 'x';
SELECT id, more, amount FROM people_as_of();
SELECT id, amount, amount_2 FROM people_history ORDER BY seq;
SELECT * FROM verify_history('people');

-- A column that gives its name to another one in the same command: two columns for the history.
CREATE TABLE moved (id int PRIMARY KEY, home text, place int, seen int);
SELECT add_history('moved', ignore => '{seen}');
INSERT INTO moved VALUES (1, 'Road', 2, 3);
ALTER TABLE moved DROP COLUMN home, ADD COLUMN home char(4);
ALTER TABLE moved DROP COLUMN place, ADD COLUMN IF NOT EXISTS place text;
ALTER TABLE moved DROP COLUMN seen, ADD COLUMN seen text;
ALTER TABLE moved DROP COLUMN home, ADD COLUMN home text;
UPDATE moved SET home = 'Lane', place = '4', seen = 'x';
SELECT seq, id, home, place, seen, home_2, place_2, home_3, operation FROM moved_history ORDER BY seq;
SELECT * FROM verify_history('moved');
-- So with columns that a chain excludes: the new one is sealed.
CREATE TABLE sealed (id int NOT NULL, mark text);
SELECT add_chain('sealed', '{id}', exclude => '{mark}');
INSERT INTO sealed VALUES (1, 'x');
ALTER TABLE sealed DROP COLUMN mark, ADD COLUMN mark int;
INSERT INTO sealed (id, mark) VALUES (1, 2);
SELECT entity, exclude FROM veritable.chains WHERE target = 'sealed'::regclass;
SELECT * FROM verify_chain('sealed');

-- Triggers by hand, in the wrong place.
CREATE TABLE h (id int PRIMARY KEY);
CREATE TRIGGER x AFTER INSERT ON h FOR EACH ROW EXECUTE FUNCTION veritable.record('format=1');
CREATE TRIGGER x AFTER INSERT ON h REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION veritable.record('key=id');
CREATE TRIGGER x BEFORE INSERT ON h FOR EACH STATEMENT EXECUTE FUNCTION veritable.record('key=id');
CREATE TRIGGER x AFTER DELETE ON h FOR EACH ROW EXECUTE FUNCTION veritable.history();
SELECT veritable.record();

SET client_min_messages = warning;
DROP SCHEMA history_ddl CASCADE;
