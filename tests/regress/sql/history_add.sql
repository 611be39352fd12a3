-- add_history(): the table of events, its function, and what it refuses.
CREATE SCHEMA history_add;
SET search_path = history_add, public;
SET datestyle = ISO;
CREATE TABLE tariffs (id int PRIMARY KEY, location text, price numeric(8,2), during daterange NOT NULL, note varchar(20));
INSERT INTO tariffs VALUES (1, 'Oslo', 5, '[2026-01-01,2026-02-01)'), (2, 'Rome', 7, '[2026-01-01,)');
SELECT add_history('tariffs', valid => 'during', ignore => '{note}');
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
WHERE attrelid = 'tariffs_history'::regclass AND attnum > 0 ORDER BY attnum;
SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'tariffs'::regclass AND NOT tgisinternal ORDER BY tgname;
SELECT pg_get_functiondef('tariffs_as_of'::regproc);
SELECT obj_description('tariffs_as_of'::regproc), obj_description('tariffs_history'::regclass);
SELECT * FROM veritable.histories WHERE target = 'tariffs'::regclass;
SELECT entity, seq, previous, hash, recorded, exclude FROM veritable.chains WHERE target = 'tariffs_history'::regclass;
SELECT id, location, price, during, note, operation, recorded_by = session_user AS by, seq FROM tariffs_history ORDER BY id;
-- Existing rows have one time.
SELECT count(DISTINCT recorded) FROM tariffs_history;

SELECT add_history('tariffs');
SELECT add_history('tariffs_history');
SELECT add_chain('tariffs');
SELECT drop_history('tariffs');
SELECT drop_history('tariffs');
SELECT to_regproc('tariffs_as_of'), count(*) FROM pg_trigger WHERE tgrelid = 'tariffs'::regclass AND NOT tgisinternal;
SELECT count(*) FROM verify_chain('tariffs_history');

-- A history that goes on records what differs.
UPDATE tariffs SET price = 6 WHERE id = 1;
DELETE FROM tariffs WHERE id = 2;
INSERT INTO tariffs VALUES (3, 'Bern', 1, '[2026-01-01,)');
SELECT add_history('tariffs', valid => 'during');
SELECT add_history('tariffs', valid => 'during', existing => true);
SELECT id, price, operation, seq FROM tariffs_history ORDER BY id, seq;
SELECT * FROM verify_history('tariffs');
-- Also after a change of type.
SELECT drop_history('tariffs');
ALTER TABLE tariffs ALTER COLUMN price TYPE bigint;
SELECT add_history('tariffs', existing => true);
SELECT id, price, price_2, operation, seq FROM tariffs_history ORDER BY id, seq;
SELECT * FROM tariffs_as_of() ORDER BY id;
SELECT * FROM verify_history('tariffs');

-- Names can be given.
CREATE SCHEMA history_archive;
CREATE TABLE measures (id int PRIMARY KEY, seq int, operation text, hash text);
SELECT add_history('measures');
SELECT add_history('measures', history => 'events', schema => 'history_archive', as_of => 'measures_known', operation => 'op', seq => 'n',
    hash => 'link');
INSERT INTO measures VALUES (1, 2, 'three', 'four');
SELECT id, seq, operation, hash, op, n FROM history_archive.events;
SELECT * FROM measures_known(known_at => now() + interval '1 hour');
CREATE FUNCTION letters_as_of(timestamptz) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE letters (id int PRIMARY KEY);
SELECT add_history('letters');
SELECT add_history('letters', as_of => 'letters_known');

-- What cannot have a history.
CREATE TABLE keyless (id int);
SELECT add_history('keyless');
CREATE TABLE late (id int PRIMARY KEY DEFERRABLE);
SELECT add_history('late');
CREATE TEMP TABLE passing (id int PRIMARY KEY);
SELECT add_history('passing');
CREATE UNLOGGED TABLE unsafe (id int PRIMARY KEY);
SELECT add_history('unsafe');
CREATE TABLE ruled (id int PRIMARY KEY);
CREATE RULE r AS ON DELETE TO ruled DO INSTEAD NOTHING;
SELECT add_history('ruled');
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child () INHERITS (parent);
SELECT add_history('parent');
CREATE VIEW looks AS SELECT 1 AS id;
SELECT add_history('looks');
CREATE TABLE money_box (id int PRIMARY KEY, amount money);
SELECT add_history('money_box');
CREATE TABLE plain (id int PRIMARY KEY, during int);
SELECT add_history('plain', valid => 'during');
SELECT add_history('plain', valid => 'nothing');
SELECT add_history('plain', ignore => '{nothing}');
SELECT add_history('plain', ignore => '{id}');
SELECT add_history(NULL);
SELECT drop_history('plain');
SELECT * FROM verify_history('plain');

SET client_min_messages = warning;
DROP SCHEMA history_add, history_archive CASCADE;
