-- add_chain makes a chain of a table as it is: with its columns, its rows, its triggers and its names.
\pset null (null)
CREATE ROLE regress_add;
CREATE SCHEMA AUTHORIZATION regress_add;
SET search_path = regress_add, public;
SET ROLE regress_add;

-- What is missing is added: seq, previous_event_hash, event_hash, a unique index, the triggers. All of it by a role
-- that owns the table and nothing else.
CREATE TABLE plain (id uuid NOT NULL, note text);
SELECT add_chain('plain', '{id}');
\d plain
SELECT * FROM veritable.chains;
-- the first event of each entity will link to the configuration, which anybody may read
SELECT veritable.chain_genesis('plain');

-- A table as many people have it works unchanged.
CREATE TABLE entity_events (
    event_id UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    entity_id UUID NOT NULL,
    payload JSONB NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    transaction_time TIMESTAMPTZ NOT NULL DEFAULT now(),
    event_hash TEXT NOT NULL,
    previous_event_hash TEXT,
    CONSTRAINT unique_event_for_entity UNIQUE (entity_id, event_hash)
);
CREATE INDEX idx_latest_entity_event ON entity_events (entity_id, transaction_time DESC);
SELECT add_chain('entity_events', '{entity_id}', recorded => 'transaction_time');
INSERT INTO entity_events (entity_id, payload, valid_from) VALUES
    ('00000000-0000-0000-0000-00000000000a', '{"name": "a"}', '2024-01-01'),
    ('00000000-0000-0000-0000-00000000000b', '{"name": "b"}', '2024-01-01'),
    ('00000000-0000-0000-0000-00000000000a', '{"name": "A"}', '2024-01-02');
COPY entity_events (entity_id, payload, valid_from) FROM stdin;
00000000-0000-0000-0000-00000000000a	{"name": "Ä"}	2024-01-03
\.
SELECT entity_id, seq, payload, previous_event_hash = lag(event_hash) OVER chain AS linked,
       event_hash = encode(sha256(convert_to(chain_line(e), 'UTF8')), 'hex') AS sealed
FROM entity_events AS e WINDOW chain AS (PARTITION BY entity_id ORDER BY seq) ORDER BY entity_id, seq;
SELECT * FROM verify_chain('entity_events');
\d entity_events

-- Columns that are there already are used: any names, bytea or a string of 64 characters.
CREATE TABLE own (id int NOT NULL, "Nummer" bigint, "Vorher" bytea, "Prüfsumme" text, note text);
SELECT add_chain('own', '{id}', seq => 'Nummer', previous => 'Vorher', hash => 'Prüfsumme');
INSERT INTO own (id, note) VALUES (1, 'one'), (1, 'two');
SELECT "Nummer", decode(lag("Prüfsumme") OVER (ORDER BY "Nummer"), 'hex') = "Vorher" AS linked, length("Prüfsumme"), chain_line(own) FROM own ORDER BY "Nummer";
SELECT * FROM verify_chain('own');
CREATE TABLE of_strings (id int NOT NULL, previous varchar(64), hash char(64));
INSERT INTO of_strings VALUES (1, '', ''), (2, NULL, NULL);
SELECT add_chain('of_strings', '{id}', previous => 'previous', hash => 'hash', order_by => '{id}', reseal => true);
INSERT INTO of_strings (id) VALUES (1), (2) RETURNING seq, length(previous), hash = encode(sha256(convert_to(chain_line(of_strings), 'UTF8')), 'hex') AS sealed;
INSERT INTO of_strings (id, previous) SELECT 1, hash FROM of_strings WHERE id = 1 AND seq = 2;
INSERT INTO of_strings (id, previous) VALUES (1, '');
CREATE TABLE of_unlimited (previous bpchar, hash varchar(100));
SELECT add_chain('of_unlimited', previous => 'previous', hash => 'hash');
INSERT INTO of_unlimited DEFAULT VALUES;
INSERT INTO of_unlimited DEFAULT VALUES;
SELECT * FROM verify_chain('of_strings') UNION ALL SELECT * FROM verify_chain('of_unlimited');
-- a hash in capitals is another text, and none that a line can link to
BEGIN;
ALTER TABLE of_strings DISABLE TRIGGER USER;
UPDATE of_strings SET hash = upper(hash) WHERE id = 2 AND seq = 2;
ALTER TABLE of_strings ENABLE TRIGGER USER;
SELECT entity, seq, fault FROM verify_chain('of_strings');
ROLLBACK;
-- and an index that fits
CREATE TABLE indexed (b int NOT NULL, a int NOT NULL, seq bigint NOT NULL, UNIQUE (b, a, seq));
SELECT add_chain('indexed', '{a,b}');
INSERT INTO indexed (a, b) VALUES (1, 2), (1, 2), (2, 1) RETURNING a, b, seq;
SELECT indexrelid::regclass FROM pg_index WHERE indrelid = 'indexed'::regclass;
-- one that is not unique, partial, or on more does not
CREATE TABLE misfit (a int NOT NULL, seq bigint, note text);
CREATE INDEX misfit_plain ON misfit (a, seq);
CREATE UNIQUE INDEX misfit_partial ON misfit (a, seq) WHERE note IS NULL;
CREATE UNIQUE INDEX misfit_expression ON misfit (a, (seq + 0));
CREATE UNIQUE INDEX misfit_more ON misfit (a, seq, note);
SELECT add_chain('misfit', '{a}');
SELECT indexrelid::regclass, indisunique FROM pg_index WHERE indrelid = 'misfit'::regclass ORDER BY 1;

-- No entity: the table is one chain.
CREATE TABLE log (note text);
SELECT add_chain('log');
INSERT INTO log (note) VALUES ('one'), ('two');
SELECT seq, note, chain_line(log) FROM log ORDER BY seq;
-- Several columns are the entity.
CREATE TABLE reading (site text NOT NULL, sensor int NOT NULL, value float8);
SELECT add_chain('reading', '{site,sensor}');
INSERT INTO reading (site, sensor, value) VALUES ('x', 1, 1), ('x', 2, 2), ('y', 1, 3), ('x', 1, 4);
SELECT site, sensor, seq, value FROM reading ORDER BY site, sensor, seq;
\d reading

-- Names that need quotes
RESET ROLE;
CREATE SCHEMA "Odd schema" AUTHORIZATION regress_add;
SET ROLE regress_add;
CREATE TABLE "Odd schema"."Odd ""table""" ("Entity id" int NOT NULL, "a=b" text, "'" text, "select" timestamptz, "x;y" boolean);
SELECT add_chain('"Odd schema"."Odd ""table"""', '{Entity id}', seq => 'the seq', previous => 'the=previous', hash => '''hash''', recorded => 'select', exclude => '{x;y,a=b}');
INSERT INTO "Odd schema"."Odd ""table""" ("Entity id", "a=b", "'") VALUES (1, 'b', 'c'), (1, 'd', 'e');
SELECT "the seq", "a=b", regexp_replace(chain_line(o), '[0-9a-f]{64}|20[-0-9T:.]+[+]00:00', '…', 'g') AS line FROM "Odd schema"."Odd ""table""" AS o ORDER BY 1;
SELECT entity, seq, previous, hash, recorded, exclude FROM veritable.chains WHERE target = '"Odd schema"."Odd ""table"""'::regclass;
SELECT * FROM verify_chain('"Odd schema"."Odd ""table"""');
SELECT drop_chain('"Odd schema"."Odd ""table"""');
DROP SCHEMA "Odd schema" CASCADE;

-- Existing rows are sealed in the order that is given, each entity's for itself.
CREATE TABLE history (id text NOT NULL, day date, hour int, note text);
INSERT INTO history VALUES
    ('a', '2024-01-02', 1, 'third'), ('b', '2024-01-01', 1, 'first'), ('a', '2024-01-01', 2, 'second'), ('a', '2024-01-01', 1, 'first'),
    ('b', NULL, 1, 'last, as NULL'), ('a', '2024-01-02', 2, 'fourth');
SELECT add_chain('history', '{id}', order_by => '{day,hour}');
SELECT id, seq, day IS NULL AS undated, hour, note, previous_event_hash = lag(event_hash) OVER chain AS linked,
       event_hash = sha256(convert_to(chain_line(history), 'UTF8')) AS sealed
FROM history WINDOW chain AS (PARTITION BY id ORDER BY seq) ORDER BY id, seq;
INSERT INTO history (id, note) VALUES ('a', 'fifth') RETURNING seq;
SELECT * FROM verify_chain('history');
-- in the recorded order, unless told otherwise
CREATE TABLE recorded (id int NOT NULL, at timestamptz, note text);
INSERT INTO recorded VALUES (1, '2024-01-02 00:00+00', 'one'), (1, '2024-01-01 00:00+00', 'zero'), (1, '2024-01-03 00:00+00', 'two');
BEGIN;
SELECT add_chain('recorded', '{id}', recorded => 'at');
SELECT seq, note FROM recorded ORDER BY seq;
-- the past keeps its times
SELECT count(*) FROM recorded WHERE at < '2024-01-04 00:00+00';
ROLLBACK;
BEGIN;
SELECT add_chain('recorded', '{id}', recorded => 'at', order_by => '{note}');
SELECT seq, note FROM recorded ORDER BY seq;
ROLLBACK;
-- without an entity
BEGIN;
SELECT add_chain('recorded', order_by => '{at}');
SELECT seq, note FROM recorded ORDER BY seq;
ROLLBACK;
-- what the chain's columns held before is not believed
CREATE TABLE claimed (id int NOT NULL, n int, seq bigint, event_hash text, previous_event_hash text);
INSERT INTO claimed VALUES (1, 1, 7, 'x', 'y'), (1, 2, 7, NULL, NULL);
SELECT add_chain('claimed', '{id}', order_by => '{n}', reseal => true);
SELECT n, seq, length(event_hash), length(previous_event_hash) FROM claimed ORDER BY n;
SELECT * FROM verify_chain('claimed');
-- so that a chain that was dropped can be begun anew, with the same hashes where nothing changed
SELECT drop_chain('claimed');
CREATE TABLE claimed_before AS TABLE claimed;
SELECT add_chain('claimed', '{id}', order_by => '{seq}', reseal => true);
SELECT count(*) FROM claimed JOIN claimed_before USING (id, n, seq, event_hash);
-- rows enough for several batches, in a table whose rows and columns bear the names of what the sealing says
CREATE TABLE t (t int NOT NULL, place int, event text, seq bigint, row_number int, body text);
INSERT INTO t (t, place, body) SELECT i % 7, 10000 - i, repeat(md5(i::text), 10) FROM generate_series(1, 5000) AS i;
SELECT add_chain('t', '{t}', order_by => '{place}');
SELECT min(place), max(place), max(seq) FROM t WHERE seq = 1;
INSERT INTO t (t, body) VALUES (0, 'more') RETURNING seq;
SELECT * FROM verify_chain('t');
-- large values, out of line
CREATE TABLE large (id int NOT NULL, n int, body text, packed text);
ALTER TABLE large ALTER body SET STORAGE EXTERNAL;
INSERT INTO large SELECT 1, i, repeat(md5(i::text), 10000), repeat('x', 1000000) FROM generate_series(1, 5) AS i;
SELECT add_chain('large', '{id}', order_by => '{n}');
SELECT * FROM verify_chain('large');
-- The table's own triggers do not fire for it, and are afterwards as they were.
CREATE TABLE watched (id int NOT NULL, n int, note text);
INSERT INTO watched VALUES (1, 1, 'one'), (1, 2, 'two');
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '% % %', TG_NAME, TG_OP, NEW.note; RETURN NEW; END $$;
CREATE TRIGGER aaa BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER bbb AFTER UPDATE OR INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER ccc BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER ddd BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
CREATE CONSTRAINT TRIGGER eee AFTER UPDATE ON watched DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch();
CREATE TRIGGER "Fff f" BEFORE UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch();
ALTER TABLE watched DISABLE TRIGGER bbb;
ALTER TABLE watched ENABLE REPLICA TRIGGER ccc;
ALTER TABLE watched ENABLE ALWAYS TRIGGER ddd;
SELECT add_chain('watched', '{id}', order_by => '{n}', exclude => '{note}');
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'watched'::regclass ORDER BY tgname;
UPDATE watched SET note = 'changed' WHERE n = 1;

-- An excluded column may be of any type, and changes freely.
CREATE TABLE queue (id int NOT NULL, job jsonb, price money, class regclass, done_at timestamptz);
SELECT add_chain('queue', '{id}', exclude => '{price,class,done_at}');
INSERT INTO queue (id, job, price, class) VALUES (1, '{}', 1, 'queue');
UPDATE queue SET done_at = '2024-01-01', price = 2;
SELECT chain_line(queue) FROM queue;
SELECT * FROM verify_chain('queue');

-- An identity column, a default, a generated column are as they were.
CREATE TABLE numbered (number bigint GENERATED BY DEFAULT AS IDENTITY, id int NOT NULL DEFAULT 7, double int GENERATED ALWAYS AS (id * 2) STORED);
SELECT add_chain('numbered', '{id}');
INSERT INTO numbered DEFAULT VALUES RETURNING number, id, double, seq;
INSERT INTO numbered DEFAULT VALUES RETURNING number, id, double, seq;
-- A column that was dropped is gone.
CREATE TABLE shrunk (a int, id int NOT NULL, b text, c text);
ALTER TABLE shrunk DROP COLUMN a, DROP COLUMN c;
INSERT INTO shrunk VALUES (1, 'x');
SELECT add_chain('shrunk', '{id}', order_by => '{b}');
INSERT INTO shrunk VALUES (1, 'y');
SELECT chain_line(shrunk) FROM shrunk ORDER BY seq;
-- An old row has the default of a column that was added before the chain.
CREATE TABLE grown (id int NOT NULL);
INSERT INTO grown VALUES (1);
ALTER TABLE grown ADD COLUMN kind text DEFAULT 'plain', ADD COLUMN n int NOT NULL DEFAULT 3;
SELECT add_chain('grown', '{id}', order_by => '{n}');
ALTER TABLE grown ALTER COLUMN kind SET DEFAULT 'other';
INSERT INTO grown (id) VALUES (1);
SELECT chain_line(grown) FROM grown ORDER BY seq;
SELECT * FROM verify_chain('grown');

-- All of it or nothing
BEGIN;
CREATE TABLE nothing (id int NOT NULL);
SELECT add_chain('nothing', '{id}');
SELECT drop_chain('nothing');
SELECT add_chain('nothing', '{id}');
ROLLBACK;
-- drop_chain leaves data, columns and index; nothing is sealed or refused any more.
SELECT drop_chain('plain');
\d plain
INSERT INTO plain VALUES ('00000000-0000-0000-0000-000000000001', 'unsealed', 1, NULL, '');
UPDATE plain SET note = 'changed';
DELETE FROM plain;
TRUNCATE plain;
SELECT target FROM veritable.chains ORDER BY target::text COLLATE "C";
SELECT * FROM verify_chain();

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_add CASCADE;
DROP ROLE regress_add;
