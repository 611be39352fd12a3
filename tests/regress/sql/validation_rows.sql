-- A row whose document does not match is not stored, by whatever statement it comes; and what is right, or has not changed, passes.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_validated;
CREATE DATABASE regress_validated_rows;
\c regress_validated_rows
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_validated;
GRANT CREATE ON SCHEMA public TO regress_validated;
SET ROLE regress_validated;
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
SELECT register_schema('note', '{"type": "string"}');
CREATE TABLE event (id int PRIMARY KEY, type text, payload jsonb DEFAULT '{"id": 0}', version int, seen boolean);
SELECT add_validation('event', 'payload', type => 'type', version => 'version');

-- INSERT, of one row and of many: one that is wrong takes the others with it
INSERT INTO event VALUES (1, 'order', '{"id": 1}'), (2, 'note', '"text"') RETURNING *;
INSERT INTO event VALUES (3, 'order', '{"id": 3}'), (4, 'order', '{"id": "4"}'), (5, 'note', '"text"');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event SELECT n, 'order', jsonb_build_object('id', CASE WHEN n < 1000 THEN to_jsonb(n) ELSE '"x"' END) FROM generate_series(10, 1000) AS n;
WITH inserted AS (INSERT INTO event VALUES (3, 'note', '3') RETURNING id) SELECT * FROM inserted;
SELECT count(*) FROM event;
-- COPY
COPY event (id, type, payload) FROM stdin;
6	order	{"id": 6}
7	note	"text"
8	order	{"id": 8.5}
\.
COPY event (id, type, payload) FROM stdin;
6	order	{"id": 6}
7	note	"text"
8	order	{"id": 8.0}
\.
COPY event (id, type, payload) FROM stdin WITH (FORMAT csv);
9,order,"{""id"": 9}"
\.
SELECT * FROM event ORDER BY id;
-- a default is a document like others
INSERT INTO event (id, type) VALUES (10, 'order');
INSERT INTO event (id, type) VALUES (11, 'note');
INSERT INTO event DEFAULT VALUES;
-- NULL is none, whatever the name
INSERT INTO event VALUES (12, 'order', NULL), (13, 'nobody', NULL), (14, NULL, NULL) RETURNING *;
INSERT INTO event VALUES (15, 'note', 'null');
INSERT INTO event VALUES (15, 'somebody', '{}');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event VALUES (15, NULL, '{}');
INSERT INTO event VALUES (15, 'Order', '{"id": 1}');
INSERT INTO event VALUES (15, ' order', '{"id": 1}');
INSERT INTO event VALUES (15, '', '{"id": 1}');
-- errors are listed, a few of them
SELECT register_schema('many', '{"items": {"type": "integer", "minimum": 0}, "uniqueItems": true}');
INSERT INTO event VALUES (15, 'many', '[-1, "a", "a", null, {}, [], true]');
SET veritable.errors_shown = 1;
INSERT INTO event VALUES (15, 'many', '[-1, "a", "a", null, {}, [], true]');
INSERT INTO event VALUES (15, 'many', '[-1]');
INSERT INTO event VALUES (15, 'many', '[-1, -2]');
SET veritable.errors_shown = 0;
SET veritable.errors_shown = 101;
RESET veritable.errors_shown;

-- UPDATE of the document, its type, or its version: validated. Of what is none of these: not, whatever has become of the schema.
UPDATE event SET payload = '{"id": 11}' WHERE id = 1 RETURNING *;
UPDATE event SET payload = '{"id": "11"}' WHERE id = 1;
UPDATE event SET payload = payload - 'id' WHERE id = 1;
UPDATE event SET type = 'note' WHERE id = 1;
UPDATE event SET type = 'somebody' WHERE id = 1;
UPDATE event SET type = NULL WHERE id = 1;
UPDATE event SET version = 2 WHERE id = 1;
SELECT register_schema('order', '{"type": "object", "required": ["id", "total"], "properties": {"id": {"type": "integer"}}}');
UPDATE event SET seen = true WHERE type = 'order' AND payload IS NOT NULL;
UPDATE event SET id = id + 100 WHERE id = 6 RETURNING *;
-- the same document, written again in another way
UPDATE event SET payload = '{"id": 11}', type = 'order' WHERE id = 1 RETURNING *;
UPDATE event SET payload = '{"id": 12}', version = NULL WHERE id = 1;
-- it goes on with its version, until it asks for another
UPDATE event SET payload = '{"id": 12}' WHERE id = 1 RETURNING *;
UPDATE event SET payload = '{"id": 12, "total": 1}', version = NULL WHERE id = 1 RETURNING *;
UPDATE event SET version = 1 WHERE id = 1 RETURNING *;
UPDATE event SET version = NULL WHERE id = 1 RETURNING *;
UPDATE event SET version = NULL WHERE id = 9;
UPDATE event SET payload = NULL WHERE id = 9 RETURNING *;
UPDATE event SET payload = '{"id": 9}' WHERE id = 9 RETURNING *;
-- a version is filled in where there is none, and honoured where there is one, if there is such a one
INSERT INTO event VALUES (20, 'order', '{"id": 1}', NULL), (21, 'order', '{"id": 1}', 1);
INSERT INTO event VALUES (20, 'order', '{"id": 1, "total": 1}', NULL), (21, 'order', '{"id": 1}', 1), (22, 'order', '{"id": 1, "total": 1}', 2) RETURNING *;
INSERT INTO event VALUES (23, 'order', '{"id": 1}', 2);
INSERT INTO event VALUES (23, 'order', '{"id": 1}', 3);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event VALUES (23, 'order', '{"id": 1}', 0);
INSERT INTO event VALUES (23, 'order', '{"id": 1}', -1);
INSERT INTO event VALUES (23, 'somebody', '{"id": 1}', 1);
INSERT INTO event VALUES (23, 'order', NULL, 3) RETURNING *;

-- Where what is unknown is allowed, what is known must match all the same.
CREATE TABLE gradual (type text, payload jsonb, version bigint);
SELECT add_validation('gradual', 'payload', type => 'type', version => 'version', unknown => 'allow');
INSERT INTO gradual VALUES ('nobody', '{}', NULL), (NULL, '[]', NULL), ('nobody', '{}', 7), ('order', '{"id": 1, "total": 1}', NULL), ('order', '{"id": 1}', 1), ('order', NULL, 9) RETURNING *;
INSERT INTO gradual VALUES ('order', '{"id": 1}', NULL);
-- also in a version that there is not
INSERT INTO gradual VALUES ('order', '{"anything": "at all"}', 99);
INSERT INTO gradual VALUES ('order', '{"anything": "at all"}', 0);
UPDATE gradual SET version = 99 WHERE payload = '{"id": 1}';
UPDATE gradual SET type = 'order' WHERE version IS NULL AND type = 'nobody';
UPDATE gradual SET type = 'note', version = NULL WHERE payload = '{"id": 1}';
-- once it is known, it must match
SELECT register_schema('nobody', '{"type": "string"}');
INSERT INTO gradual VALUES ('nobody', '{}', NULL);
SELECT retire_schema('nobody');
INSERT INTO gradual VALUES ('nobody', '""', NULL);
INSERT INTO gradual VALUES ('nobody', '""', 1);

-- Retired, a name is refused in all its versions; other columns may change.
SELECT retire_schema('order');
INSERT INTO event VALUES (24, 'order', '{"id": 1, "total": 1}');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event VALUES (24, 'order', '{"id": 1}', 1);
INSERT INTO event VALUES (24, 'order', '{"id": 1}', 3);
UPDATE event SET payload = '{"id": 2}' WHERE id = 21;
UPDATE event SET seen = false WHERE type = 'order';
INSERT INTO event VALUES (24, 'order', NULL);
SELECT register_schema('order', '{"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}');
INSERT INTO event VALUES (25, 'order', '{"id": 1}') RETURNING *;
INSERT INTO event VALUES (26, 'order', '{"id": 1}', 1) RETURNING *;
-- the version that retired it is none to be named
INSERT INTO event VALUES (27, 'order', '{"id": 1}', 3);
\echo :LAST_ERROR_SQLSTATE

-- INSERT … ON CONFLICT: of the row that is proposed, and of the one that it becomes
INSERT INTO event VALUES (25, 'order', '{"id": "x"}') ON CONFLICT DO NOTHING;
INSERT INTO event VALUES (25, 'order', '{"id": 2}') ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO event AS e VALUES (25, 'order', '{"id": 2}') ON CONFLICT (id) DO UPDATE SET payload = excluded.payload RETURNING *;
INSERT INTO event AS e VALUES (25, 'order', '{"id": 3}') ON CONFLICT (id) DO UPDATE SET payload = e.payload || '{"id": []}';
INSERT INTO event AS e VALUES (25, 'note', '"n"') ON CONFLICT (id) DO UPDATE SET type = excluded.type;
-- the version filled in for the row that is proposed is seen by the other
INSERT INTO event AS e VALUES (21, 'order', '{"id": 4}') ON CONFLICT (id) DO UPDATE SET payload = excluded.payload, version = excluded.version RETURNING *;
-- MERGE
MERGE INTO event AS e USING (VALUES (25, '{"id": 5}'::jsonb), (30, '{"id": 30}')) AS s (id, payload) ON e.id = s.id
WHEN MATCHED THEN UPDATE SET payload = s.payload
WHEN NOT MATCHED THEN INSERT (id, type, payload) VALUES (s.id, 'order', s.payload);
MERGE INTO event AS e USING (VALUES (25, '{"id": 6}'::jsonb), (31, '{"id": "31"}')) AS s (id, payload) ON e.id = s.id
WHEN MATCHED THEN UPDATE SET payload = s.payload
WHEN NOT MATCHED THEN INSERT (id, type, payload) VALUES (s.id, 'order', s.payload);
MERGE INTO event AS e USING (VALUES (25, '[]'::jsonb)) AS s (id, payload) ON e.id = s.id WHEN MATCHED THEN UPDATE SET payload = s.payload;
SELECT * FROM event WHERE id IN (25, 30, 31) ORDER BY id;
-- through a view, a rule, a function, a prepared statement, a foreign key's action
CREATE VIEW orders AS SELECT id, type, payload FROM event WHERE type = 'order';
INSERT INTO orders VALUES (32, 'order', '{}');
UPDATE orders SET payload = '{}' WHERE id = 25;
CREATE TABLE inbox (id int, payload jsonb);
CREATE RULE forward AS ON INSERT TO inbox DO INSTEAD INSERT INTO event (id, type, payload) VALUES (NEW.id, 'order', NEW.payload);
INSERT INTO inbox VALUES (32, '{}');
INSERT INTO inbox VALUES (32, '{"id": 32}');
PREPARE add (int, jsonb) AS INSERT INTO event (id, type, payload) VALUES ($1, 'order', $2) RETURNING version;
EXECUTE add (33, '{"id": 33}');
EXECUTE add (34, '{}');
SELECT register_schema('order', '{"type": "object", "maxProperties": 0}');
EXECUTE add (34, '{"id": 34}');
EXECUTE add (34, '{}');
CREATE TABLE kind (type text PRIMARY KEY);
INSERT INTO kind VALUES ('a'), ('note');
CREATE TABLE follows (type text REFERENCES kind ON UPDATE CASCADE, payload jsonb);
SELECT register_schema('a', '{"type": "integer"}'), register_schema('b', '{"type": "string"}'), register_schema('c', '{"type": "integer"}');
SELECT add_validation('follows', 'payload', type => 'type');
INSERT INTO follows VALUES ('a', '1');
UPDATE kind SET type = 'b' WHERE type = 'a';
UPDATE kind SET type = 'c' WHERE type = 'a';
SELECT * FROM follows;

-- A BEFORE trigger that fires earlier may put a document right, or wrong; one that returns NULL has nothing stored.
CREATE TABLE mended (type text, payload jsonb);
CREATE FUNCTION mend() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.payload ? 'drop' THEN RETURN NULL; END IF;
    NEW.payload := CASE WHEN NEW.payload ? 'good' THEN '1' WHEN NEW.payload ? 'bad' THEN '"bad"' WHEN NEW.payload ? 'b' THEN '"b"' ELSE NEW.payload END;
    IF NEW.payload = '"b"' THEN NEW.type := 'b'; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mend BEFORE INSERT OR UPDATE ON mended FOR EACH ROW EXECUTE FUNCTION mend();
SELECT add_validation('mended', 'payload', type => 'type');
INSERT INTO mended VALUES ('a', '{"good": 1}'), ('a', '{"drop": 1}'), ('a', '{"b": 1}') RETURNING *;
INSERT INTO mended VALUES ('a', '{"bad": 1}');
INSERT INTO mended VALUES ('a', '{}');
UPDATE mended SET payload = '{"bad": 1}' WHERE type = 'a';
UPDATE mended SET payload = '{"good": 1}' WHERE type = 'a' RETURNING *;
-- and where the statement does not touch the document, but the trigger does
CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.payload := '{}'; RETURN NEW; END $$;
CREATE TRIGGER spoil BEFORE UPDATE ON mended FOR EACH ROW EXECUTE FUNCTION spoil();
UPDATE mended SET type = 'a' WHERE type = 'a';
-- a version that a trigger fills in is one that is given
CREATE TABLE numbered (payload jsonb, version smallint);
CREATE FUNCTION first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.version := 1; RETURN NEW; END $$;
CREATE TRIGGER first BEFORE INSERT ON numbered FOR EACH ROW EXECUTE FUNCTION first();
SELECT add_validation('numbered', 'payload', schema => 'order', version => 'version');
INSERT INTO numbered VALUES ('{"id": 1}') RETURNING *;
INSERT INTO numbered VALUES ('{}');

-- Beside columns that are generated, from the document and from the version that is filled in
CREATE TABLE derived (id int GENERATED ALWAYS AS ((payload ->> 'id')::int) STORED, payload jsonb, version int, next int GENERATED ALWAYS AS (version + 1) STORED, number int GENERATED ALWAYS AS IDENTITY);
SELECT register_schema('derived', '{"required": ["id"]}');
SELECT add_validation('derived', 'payload', schema => 'derived', version => 'version');
INSERT INTO derived (payload) VALUES ('{"id": 7}') RETURNING *;
INSERT INTO derived (payload) VALUES ('{"id": 8}'), ('{}');
UPDATE derived SET payload = '{"id": 9}' RETURNING *;

-- Partitions: rows are validated whichever table they come through, and when they move.
CREATE TABLE part (id int, at int, payload jsonb, version int) PARTITION BY LIST (at);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 (version int, gone text, payload jsonb, at int, id int);
ALTER TABLE part_2 DROP gone;
ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES IN (2);
SELECT register_schema('part', '{"type": "integer"}');
INSERT INTO part VALUES (0, 1, '"a"');
SELECT add_validation('part', 'payload', schema => 'part', version => 'version');
DELETE FROM part;
SELECT add_validation('part', 'payload', schema => 'part', version => 'version');
SELECT * FROM veritable.validations WHERE target::text LIKE 'part%';
INSERT INTO part VALUES (1, 1, '1'), (2, 2, '2') RETURNING *;
INSERT INTO part VALUES (3, 2, '"a"');
INSERT INTO part_2 (id, at, payload) VALUES (3, 2, '"a"');
INSERT INTO part_2 (id, at, payload) VALUES (3, 2, '3') RETURNING *;
SELECT register_schema('part', '{"type": "string"}');
UPDATE part SET at = 2 WHERE id = 1 RETURNING *;
UPDATE part SET at = 1, version = NULL WHERE id = 2;
UPDATE part SET at = 1, payload = '"two"' WHERE id = 2;
UPDATE part SET at = 1, payload = '"two"', version = NULL WHERE id = 2 RETURNING *;
-- Where no version is kept, a row that moves is one that is inserted, for PostgreSQL and so here.
CREATE TABLE moved (at int, payload jsonb) PARTITION BY LIST (at);
CREATE TABLE moved_1 PARTITION OF moved FOR VALUES IN (1, 11);
CREATE TABLE moved_2 PARTITION OF moved FOR VALUES IN (2);
SELECT add_validation('moved', 'payload', schema => 'part', check_existing => false);
INSERT INTO moved VALUES (1, '"a"');
SELECT register_schema('part', '{"const": "b"}');
UPDATE moved SET at = 11;
UPDATE moved SET at = 2;
SELECT register_schema('part', '{"type": "string"}');
UPDATE moved SET at = 2 RETURNING *;
-- a new partition, and one that comes with rows
CREATE TABLE part_3 PARTITION OF part FOR VALUES IN (3) PARTITION BY RANGE (id);
CREATE TABLE part_3_1 PARTITION OF part_3 DEFAULT;
INSERT INTO part VALUES (4, 3, '4');
INSERT INTO part_3_1 VALUES (4, 3, '4');
INSERT INTO part VALUES (4, 3, '"four"') RETURNING *;
CREATE TABLE part_4 (LIKE part);
INSERT INTO part_4 VALUES (5, 4, '{"not": "validated"}');
ALTER TABLE part ATTACH PARTITION part_4 FOR VALUES IN (4);
INSERT INTO part VALUES (6, 4, '6');
SELECT drop_validation('part_2', 'payload');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_validation('part_3', 'payload');
SELECT add_validation('part_2', 'payload', schema => 'part');
-- a partition goes its own way once it is detached, and is no longer validated
ALTER TABLE part DETACH PARTITION part_2;
INSERT INTO part_2 (payload) VALUES ('{}');
SELECT add_validation('part_2', 'payload', schema => 'part', check_existing => false);
SELECT drop_validation('part', 'payload');
INSERT INTO part VALUES (7, 1, '7'), (7, 3, '7');
-- a partition with a validation of its own
CREATE TABLE own (at int, payload jsonb) PARTITION BY LIST (at);
CREATE TABLE own_1 PARTITION OF own FOR VALUES IN (1);
CREATE TABLE own_2 PARTITION OF own FOR VALUES IN (2);
SELECT add_validation('own_1', 'payload', schema => 'a');
INSERT INTO own VALUES (1, '"x"');
INSERT INTO own VALUES (2, '"x"');
UPDATE own SET at = 1;
SELECT add_validation('own', 'payload', schema => 'b');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_validation('own_1', 'payload');
SELECT add_validation('own', 'payload', schema => 'b');

-- Large documents, numbers and strings, as they are
SELECT register_schema('exact', '{"properties": {"n": {"multipleOf": 0.01, "maximum": 12345678901234567890.12}, "i": {"type": "integer"}, "s": {"maxLength": 3}, "u": {"uniqueItems": true}}}');
CREATE TABLE exact (payload jsonb);
SELECT add_validation('exact', 'payload', schema => 'exact');
INSERT INTO exact VALUES ('{"n": 12345678901234567890.12, "i": 1e2, "s": "äöü", "u": [1, 1.5, "1", [1], {"a": 1}]}'), ('{"n": 0.29, "i": 123456789012345678901234567890, "s": "🧾🧾🧾"}'), ('{"i": 1.0}');
INSERT INTO exact VALUES ('{"n": 12345678901234567890.13}');
INSERT INTO exact VALUES ('{"n": 0.005}');
INSERT INTO exact VALUES ('{"i": 1.5}');
INSERT INTO exact VALUES ('{"s": "äöüß"}');
INSERT INTO exact VALUES ('{"u": [1, 1.0]}');
INSERT INTO exact VALUES ('{"u": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}');
-- compressed, and out of line
SELECT register_schema('words', '{"items": {"type": "string"}}');
CREATE TABLE words (payload jsonb);
SELECT add_validation('words', 'payload', schema => 'words');
INSERT INTO words SELECT jsonb_agg(md5(n::text)) FROM generate_series(1, 20000) AS n;
INSERT INTO words SELECT jsonb_agg(CASE n WHEN 19999 THEN 'null' ELSE to_jsonb(md5(n::text)) END) FROM generate_series(1, 20000) AS n;
UPDATE words SET payload = payload;
UPDATE words SET payload = payload || '1';
ALTER TABLE words ADD copy jsonb;
UPDATE words SET copy = payload;
INSERT INTO words SELECT copy FROM words;
-- larger than the setting
RESET ROLE;
SET veritable.document_size_limit = '100kB';
INSERT INTO words SELECT copy FROM words LIMIT 1;
\echo :LAST_ERROR_SQLSTATE
INSERT INTO words VALUES ('[1]');
RESET veritable.document_size_limit;
\set VERBOSITY sqlstate
SET veritable.document_size_limit = '2GB';
\set VERBOSITY default
SET ROLE regress_validated;
SET veritable.document_size_limit = '1GB';
-- nested too deeply for the stack, under a schema that goes down with it
SELECT register_schema('deep', '{"type": ["array", "object"], "items": {"$ref": "#"}}');
CREATE TABLE deep (payload jsonb);
SELECT add_validation('deep', 'payload', schema => 'deep');
INSERT INTO deep SELECT (repeat('[', n) || repeat(']', n))::jsonb FROM unnest('{1,10,100,1000}'::int[]) AS n;
RESET ROLE;
SET max_stack_depth = '300kB';
INSERT INTO deep SELECT payload FROM deep WHERE length(payload::text) > 1000 AND length(payload::text) < 3000;
\echo :LAST_ERROR_SQLSTATE
RESET max_stack_depth;
SET ROLE regress_validated;

-- Where triggers do not fire, nothing is validated: a subscriber takes what its publisher has validated.
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO event (id, type, payload) VALUES (40, 'nobody', '{}') RETURNING *;
RESET session_replication_role;
ALTER TABLE event DISABLE TRIGGER veritable_validate_payload;
ALTER TABLE event DISABLE TRIGGER USER;

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_validated_rows;
DROP ROLE regress_validated;
