-- A command that would silently break a packing is refused, while everything else a table needs in its life goes on.
\pset null (null)
CREATE ROLE regress_packing_guard;
CREATE SCHEMA AUTHORIZATION regress_packing_guard;
SET search_path = regress_packing_guard, public;
SET ROLE regress_packing_guard;

CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TYPE place AS (street text, number int);
CREATE TABLE tariffs (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    location_id int NOT NULL,
    tariff_type text NOT NULL,
    price numeric(10, 2),
    feeling mood,
    home place,
    doubled numeric GENERATED ALWAYS AS (price * 2) STORED,
    remark text,
    since daterange NOT NULL
);
SELECT add_packing('tariffs', 'since', '{location_id,tariff_type}', exclude => '{remark}');
INSERT INTO tariffs (location_id, tariff_type, price, feeling, home, remark, since) VALUES
    (101, 'Standard', 5, 'glad', '(Road,1)', 'one', '[2024-01-01,2024-02-01)'),
    (101, 'Standard', 5, 'glad', '(Road,1)', 'two', '[2024-02-01,2024-03-01)'),
    (101, 'Standard', 6, 'glad', '(Road,1)', 'three', '[2024-03-01,2024-04-01)');
SELECT price, since FROM tariffs ORDER BY since;

-- Triggers: they go by drop_packing() alone.
DROP TRIGGER zz_veritable_packing ON tariffs;
\echo :LAST_ERROR_SQLSTATE
DROP TRIGGER aa_veritable_packing_insert ON tariffs;
DROP TRIGGER aa_veritable_packing_update ON tariffs;
ALTER TRIGGER aa_veritable_packing_insert ON tariffs RENAME TO packing;
\echo :LAST_ERROR_SQLSTATE
CREATE OR REPLACE TRIGGER aa_veritable_packing_insert AFTER INSERT ON tariffs REFERENCING NEW TABLE AS veritable_new
FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=since', 'key=location_id', 'value=price');
\echo :LAST_ERROR_SQLSTATE
-- but they may be off for a while
ALTER TABLE tariffs DISABLE TRIGGER aa_veritable_packing_insert;
ALTER TABLE tariffs ENABLE TRIGGER aa_veritable_packing_insert;
ALTER TABLE tariffs DISABLE TRIGGER USER;
ALTER TABLE tariffs ENABLE TRIGGER USER;

-- The constraint
ALTER TABLE tariffs DROP CONSTRAINT tariffs_packing;
\echo :LAST_ERROR_SQLSTATE
DROP INDEX tariffs_packing;
ALTER TABLE tariffs RENAME CONSTRAINT tariffs_packing TO tariffs_timeline;
ALTER TABLE tariffs DROP CONSTRAINT tariffs_timeline;

-- Columns of the key, the value and the period
SET client_min_messages = warning;
ALTER TABLE tariffs DROP COLUMN price CASCADE;
\echo :LAST_ERROR_SQLSTATE
RESET client_min_messages;
ALTER TABLE tariffs DROP COLUMN location_id;
ALTER TABLE tariffs DROP COLUMN since;
-- the packing follows them to other names
ALTER TABLE tariffs RENAME COLUMN price TO amount;
ALTER TABLE tariffs RENAME COLUMN tariff_type TO kind;
ALTER TABLE tariffs RENAME COLUMN since TO period;
INSERT INTO tariffs (location_id, kind, amount, feeling, home, remark, period) VALUES
    (101, 'Standard', 6, 'glad', '(Road,1)', 'four', '[2024-04-01,2024-05-01)');
SELECT amount, period FROM tariffs ORDER BY period;
SELECT key, value, period FROM veritable.packings;
SELECT * FROM verify_packing('tariffs');
ALTER TABLE tariffs RENAME COLUMN amount TO price;
ALTER TABLE tariffs RENAME COLUMN kind TO tariff_type;
ALTER TABLE tariffs RENAME COLUMN period TO since;
-- and to other types, as long as it holds
ALTER TABLE tariffs DROP COLUMN doubled;
BEGIN;
ALTER TABLE tariffs ALTER COLUMN price TYPE numeric(12, 4);
ALTER TABLE tariffs ALTER COLUMN location_id TYPE bigint;
ALTER TABLE tariffs ALTER COLUMN tariff_type TYPE text COLLATE "C";
ALTER TABLE tariffs ALTER COLUMN since TYPE tsrange USING tsrange(lower(since), upper(since));
INSERT INTO tariffs (location_id, tariff_type, price, feeling, home, remark, since) VALUES
    (101, 'Standard', 6, 'glad', '(Road,1)', 'five', '[2024-05-01,2024-05-02)');
SELECT price, since FROM tariffs ORDER BY since;
SELECT * FROM verify_packing('tariffs');
ROLLBACK;
ALTER TABLE tariffs ALTER COLUMN price TYPE numeric(10, 2) USING 5;
ALTER TABLE tariffs ALTER COLUMN since TYPE daterange USING '[2024-01-01,2024-02-01)';
ALTER TABLE tariffs ALTER COLUMN since TYPE daterange USING 'empty';
ALTER TABLE tariffs ALTER COLUMN location_id TYPE bigint USING 1;
ALTER TABLE tariffs ALTER COLUMN since TYPE text;
ALTER TABLE tariffs ALTER COLUMN home TYPE json USING '{}';
ALTER TABLE tariffs ALTER COLUMN location_id DROP NOT NULL;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE tariffs ALTER COLUMN price SET NOT NULL;
ALTER TABLE tariffs ALTER COLUMN feeling SET NOT NULL;
-- null is a value of its own here, since the constraint compares the text of all values
ALTER TABLE tariffs ALTER COLUMN price DROP NOT NULL;
ALTER TABLE tariffs ALTER COLUMN feeling DROP NOT NULL;
ALTER TABLE tariffs ALTER COLUMN since DROP NOT NULL;
ALTER TABLE tariffs ALTER COLUMN price SET DEFAULT 1;
ALTER TABLE tariffs ALTER COLUMN price DROP DEFAULT;
ALTER TABLE tariffs ALTER COLUMN price SET STATISTICS 100;

-- Types: the text of a value stays as it was.
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
\echo :LAST_ERROR_SQLSTATE
ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE feeling RENAME TO mood;
ALTER TYPE place DROP ATTRIBUTE number;
ALTER TYPE place RENAME ATTRIBUTE street TO road;
ALTER TYPE place ADD ATTRIBUTE town text;
SET client_min_messages = warning;
DROP TYPE mood CASCADE;
DROP TYPE place CASCADE;
RESET client_min_messages;

-- What is not compared may change. A new column is not, and that is said.
ALTER TABLE tariffs RENAME COLUMN remark TO note;
ALTER TABLE tariffs ALTER COLUMN note TYPE varchar(100);
ALTER TABLE tariffs DROP COLUMN note;
ALTER TABLE tariffs ADD COLUMN currency text DEFAULT 'EUR';
ALTER TABLE tariffs ADD COLUMN a int, ADD COLUMN b int;
ALTER TABLE tariffs RENAME COLUMN b TO c;
ALTER TABLE tariffs ADD COLUMN tripled numeric GENERATED ALWAYS AS (price * 3) STORED;
ALTER TABLE tariffs DROP COLUMN tripled;
ALTER TABLE tariffs DROP COLUMN id;

-- Children and parents: rows would come and go past the triggers of the statement.
CREATE TABLE child () INHERITS (tariffs);
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE child (LIKE tariffs);
ALTER TABLE child INHERIT tariffs;
CREATE TABLE parent (LIKE tariffs);
ALTER TABLE tariffs INHERIT parent;
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE partitioned (LIKE tariffs) PARTITION BY LIST (location_id);
ALTER TABLE partitioned ATTACH PARTITION tariffs DEFAULT;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE child INHERIT parent;
DROP TABLE child;
RESET ROLE;
CREATE SCHEMA regress_packing_guard_children CREATE TABLE child () INHERITS (regress_packing_guard.tariffs);
SET ROLE regress_packing_guard;

-- Maintenance and everything else
CREATE INDEX ON tariffs (price);
DROP INDEX tariffs_price_idx;
REINDEX TABLE tariffs;
VACUUM FULL tariffs;
ALTER TABLE tariffs ADD CONSTRAINT positive CHECK (price > 0);
ALTER TABLE tariffs DROP CONSTRAINT positive;
ALTER TABLE tariffs SET UNLOGGED;
ALTER TABLE tariffs SET LOGGED;
ALTER TABLE tariffs REPLICA IDENTITY FULL;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER nothing BEFORE INSERT ON tariffs FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TRIGGER nothing ON tariffs RENAME TO zzz;
DROP TRIGGER zzz ON tariffs;
ALTER TABLE tariffs RENAME TO prices;
RESET ROLE;
CREATE SCHEMA regress_packing_guard_elsewhere AUTHORIZATION regress_packing_guard;
ALTER TABLE prices SET SCHEMA regress_packing_guard_elsewhere;
SET ROLE regress_packing_guard;
INSERT INTO regress_packing_guard_elsewhere.prices (location_id, tariff_type, price, feeling, home, since)
VALUES (101, 'Standard', 6, 'glad', '(Road,1,)', '[2024-04-01,)');
SELECT price, since FROM regress_packing_guard_elsewhere.prices ORDER BY since;
SELECT * FROM verify_packing('regress_packing_guard_elsewhere.prices');

-- Commands inside functions and DO blocks are commands too.
DO $$ BEGIN ALTER TABLE regress_packing_guard_elsewhere.prices RENAME COLUMN price TO amount; END $$;

-- One value that is not null stands in the constraint as it is: null would be compared with nothing there. Labels are
-- not written, and may be renamed.
CREATE TABLE moods (who text NOT NULL, feeling mood NOT NULL, during tsrange);
SELECT add_packing('moods', 'during', '{who}');
\d moods
ALTER TABLE moods ALTER COLUMN feeling DROP NOT NULL;
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE moods DROP COLUMN feeling;
ALTER TABLE moods ALTER COLUMN feeling TYPE text;
ALTER TABLE moods DROP CONSTRAINT moods_packing;
DROP TABLE regress_packing_guard_elsewhere.prices;
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
-- another constraint like it may take its place
ALTER TABLE moods ADD CONSTRAINT another EXCLUDE USING gist (who WITH =, feeling WITH <>, during WITH &&);
ALTER TABLE moods DROP CONSTRAINT moods_packing;
ALTER TABLE moods DROP CONSTRAINT another;
-- one on other columns, or with a condition, does not
ALTER TABLE moods ADD CONSTRAINT other EXCLUDE USING gist (who WITH =, during WITH &&);
ALTER TABLE moods ADD CONSTRAINT partial EXCLUDE USING gist (who WITH =, feeling WITH <>, during WITH &&) WHERE (who > 'm');
ALTER TABLE moods DROP CONSTRAINT another;

-- Without a value there is an index alone; without a key the table has one timeline.
CREATE TABLE presence (who text NOT NULL, during tsrange);
SELECT add_packing('presence', 'during', '{who}');
DROP INDEX presence_packing;
\echo :LAST_ERROR_SQLSTATE
CREATE INDEX presence_another ON presence USING gist (who, during);
DROP INDEX presence_packing;
DROP INDEX presence_another;
CREATE TABLE weather (sky text, during tsrange);
SELECT add_packing('weather', 'during', '{}');
ALTER TABLE weather DROP CONSTRAINT weather_packing;
ALTER TABLE weather RENAME COLUMN sky TO heaven;

-- Triggers made by hand fire when they can do their work, and have arguments that fit the table.
CREATE TABLE by_hand (who text NOT NULL, mood int, during tsrange);
CREATE TRIGGER early AFTER INSERT ON by_hand FOR EACH ROW EXECUTE FUNCTION veritable.pack_early('period=during', 'key=who', 'value=mood');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER pack AFTER INSERT ON by_hand FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=who', 'value=mood');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER pack AFTER INSERT ON by_hand REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=who');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER pack AFTER INSERT ON by_hand REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=absent');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER pack AFTER INSERT ON by_hand REFERENCING NEW TABLE AS veritable_new FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack('period=during', 'key=who', 'value=mood');
ALTER TABLE by_hand DROP COLUMN mood;
SELECT drop_packing('by_hand');

-- A table that is not packed is not guarded.
CREATE TABLE free (who text NOT NULL, feeling mood, during tsrange, EXCLUDE USING gist (who WITH =, during WITH &&));
ALTER TABLE free DROP CONSTRAINT free_who_during_excl;
ALTER TABLE free ALTER COLUMN who DROP NOT NULL;
ALTER TABLE free ADD COLUMN x int;
ALTER TABLE free DROP COLUMN who;
DROP TABLE free;

-- A table may be dropped, with its packing.
DROP TABLE weather;
SELECT target, period, key, value FROM veritable.packings ORDER BY target::text COLLATE "C";
-- drop_packing() leaves rows and columns, and takes the guards away.
SELECT drop_packing('moods');
SELECT drop_packing('presence');
SELECT target FROM veritable.packings;
ALTER TABLE moods ALTER COLUMN feeling DROP NOT NULL;
ALTER TABLE moods RENAME COLUMN feeling TO mood;
SET client_min_messages = warning;
DROP TYPE mood CASCADE;
RESET client_min_messages;
CREATE TABLE moods_child () INHERITS (moods);

-- The extension is not dropped from under a packing.
SELECT add_packing('presence', 'during', '{who}');
RESET ROLE;
\set VERBOSITY terse
DROP EXTENSION veritable;
DROP EXTENSION btree_gist;
\set VERBOSITY default
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION veritable CASCADE;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'presence'::regclass;
ROLLBACK;
SELECT tgname FROM pg_trigger WHERE tgrelid = 'presence'::regclass ORDER BY tgname;

SET client_min_messages = warning;
DROP SCHEMA regress_packing_guard, regress_packing_guard_elsewhere CASCADE;
DROP ROLE regress_packing_guard;
