-- A chain with another configuration, as long as every line stays the same.
\pset null (null)
CREATE ROLE regress_alter;
CREATE ROLE regress_alter_reader;
CREATE SCHEMA AUTHORIZATION regress_alter;
SET search_path = regress_alter, public;
SET ROLE regress_alter;

CREATE TABLE event (id int NOT NULL, at timestamptz, note text, read_at timestamptz, remark text);
SELECT add_chain('event', '{id}', exclude => '{read_at}');
INSERT INTO event (id, at, note) VALUES (1, '2024-01-01', 'one'), (1, '2024-01-02', 'two'), (2, '2024-01-01', 'one');
CREATE FUNCTION state() RETURNS TABLE (exclude name[], recorded name, first bool, line0 text) LANGUAGE sql AS $$
    SELECT exclude, recorded, genesis = (SELECT previous_event_hash FROM event WHERE id = 1 AND seq = 1), veritable.chain_genesis('event')
    FROM veritable.chains WHERE target = 'event'::regclass
$$;
SELECT * FROM state();

-- A column in which no event has a value can be excluded, and its values can change from then on.
UPDATE event SET remark = 'seen' WHERE seq = 2;
SELECT alter_chain('event', exclude => '{read_at,remark}');
SELECT * FROM state();
UPDATE event SET remark = 'seen' WHERE seq = 2;
INSERT INTO event (id, at, note) VALUES (1, '2024-01-03', 'three') RETURNING seq;
SELECT * FROM verify_chain('event');
-- a column with values cannot, nor can an excluded one with values come back
SELECT alter_chain('event', exclude => '{read_at,remark,note}');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', exclude => '{}');
UPDATE event SET remark = NULL;
SELECT alter_chain('event', exclude => '{read_at}');
-- the configuration of the beginning is the present one again
SELECT veritable.trigger_argument(tgargs, 'founded') AS founded FROM pg_trigger WHERE tgrelid = 'event'::regclass;
SELECT alter_chain('event', exclude => '{}');

-- A recorded time begins if all times are possible, and ends.
SELECT alter_chain('event', recorded => 'read_at');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', recorded => 'at');
SELECT * FROM state();
INSERT INTO event (id, note) VALUES (1, 'four') RETURNING seq, at > now() - interval '1 minute' AS recorded;
SELECT * FROM verify_chain('event');
SELECT alter_chain('event', recorded => '');
SELECT * FROM state();
-- nothing to change
SELECT alter_chain('event');

-- Wrong calls.
SELECT alter_chain(NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', exclude => '{seq}');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', exclude => '{nothing}');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', recorded => 'note');
\echo :LAST_ERROR_SQLSTATE
CREATE TABLE plain (id int);
SELECT alter_chain('plain', exclude => '{id}');
\echo :LAST_ERROR_SQLSTATE
GRANT USAGE ON SCHEMA regress_alter TO regress_alter_reader;
RESET ROLE;
SET ROLE regress_alter_reader;
SELECT alter_chain('regress_alter.event', exclude => '{read_at}');
RESET ROLE;
SET ROLE regress_alter;

-- The journal tells of each alteration; verification asks for it.
SELECT action, detail -> 'configuration' -> 'exclude' AS exclude, detail -> 'configuration' -> 'recorded' AS recorded, detail -> 'founded' -> 'exclude' AS founded
FROM veritable.journal WHERE about = 'regress_alter.event' AND action IN ('add_chain', 'alter_chain') ORDER BY seq;
-- by hand it does not
SELECT drop_chain('event');
DO $$
DECLARE
    arguments text := $args$ 'format=1', 'entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'exclude=remark', 'identity=regress_alter.event', 'founded={"entity":["id"],"exclude":["read_at"],"format":1,"hash":"event_hash","identity":"regress_alter.event","previous":"previous_event_hash","seq":"seq"}' $args$;
BEGIN
    EXECUTE format('CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal(%s)', arguments);
    EXECUTE format('CREATE TRIGGER zz_veritable_chain_guard BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION veritable.guard(%s)', arguments);
    EXECUTE format('CREATE TRIGGER zz_veritable_chain_truncate BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard(%s)', arguments);
END $$;
SELECT * FROM verify_chain('event');
SELECT drop_chain('event');
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'founded={}');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash',
    'founded={"entity":["id"], "format":1,"hash":"event_hash","previous":"previous_event_hash","seq":"seq"}');
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash',
    'founded={"entity":["id"],"erasable":["note"],"format":1,"hash":"event_hash","previous":"previous_event_hash","seq":"seq"}');
CREATE TRIGGER zz_veritable_chain BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous_event_hash', 'hash=event_hash', 'erasable=note');
DROP TABLE event;

-- A chain that has faults is not altered.
CREATE TABLE event (id int NOT NULL, note text, remark text);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES (1, 'one'), (1, 'two');
ALTER TABLE event DISABLE TRIGGER zz_veritable_chain_guard;
SELECT alter_chain('event', exclude => '{remark}');
\echo :LAST_ERROR_SQLSTATE
UPDATE event SET note = 'changed' WHERE seq = 1;
ALTER TABLE event ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
SELECT alter_chain('event', exclude => '{remark}');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('event');
DROP TABLE event;

-- Columns that the configuration names have other names, or go. Empty chains follow, and so does what is in no line.
CREATE TABLE event (id int NOT NULL, note text, remark text, mark text);
SELECT add_chain('event', '{id}', exclude => '{remark,mark}');
ALTER TABLE event RENAME COLUMN id TO number;
ALTER TABLE event RENAME COLUMN seq TO place;
SELECT veritable.trigger_arguments(tgargs) FROM pg_trigger WHERE tgrelid = 'event'::regclass ORDER BY tgname LIMIT 1;
INSERT INTO event VALUES (1, 'one', 'r', 'm'), (1, 'two', 'r', 'm');
ALTER TABLE event RENAME COLUMN number TO id;
ALTER TABLE event RENAME COLUMN remark TO comment;
ALTER TABLE event RENAME COLUMN event_hash TO hash;
ALTER TABLE event DROP COLUMN mark;
SELECT tgname, tgenabled, veritable.trigger_arguments(tgargs) FROM pg_trigger WHERE tgrelid = 'event'::regclass ORDER BY tgname;
INSERT INTO event VALUES (1, 'three', 'c') RETURNING place;
UPDATE event SET comment = 'changed';
SELECT * FROM verify_chain('event');
-- a later column of the former name is sealed
ALTER TABLE event ADD COLUMN mark text;
INSERT INTO event VALUES (1, 'four', 'c');
UPDATE event SET mark = 'm';
SELECT drop_chain('event');
DROP TABLE event;

-- Partitions follow their root.
CREATE TABLE event (id int NOT NULL, at int NOT NULL, note text, remark text) PARTITION BY LIST (id);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1) PARTITION BY RANGE (at);
CREATE TABLE event_1_0 PARTITION OF event_1 FOR VALUES FROM (0) TO (10);
SELECT add_chain('event', '{id}');
INSERT INTO event VALUES (1, 5, 'one');
SELECT alter_chain('event_1', exclude => '{remark}');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('event', exclude => '{remark}');
ALTER TABLE event RENAME COLUMN remark TO comment;
SELECT tgrelid::regclass, tgname, tgenabled, veritable.trigger_argument(tgargs, 'exclude') AS exclude, veritable.trigger_argument(tgargs, 'founded') <> '{}' AS founded
FROM pg_trigger WHERE tgname ~ 'veritable' AND tgrelid::regclass::text ~ '^event' ORDER BY tgrelid::regclass::text, tgname;
UPDATE event SET comment = 'changed';
TRUNCATE event_1_0;
INSERT INTO event VALUES (1, 6, 'two') RETURNING seq;
SELECT * FROM verify_chain('event');
SELECT alter_chain('event', exclude => '{at}');
\echo :LAST_ERROR_SQLSTATE
SELECT drop_chain('event');
DROP TABLE event;

RESET ROLE;
DROP OWNED BY regress_alter;
DROP ROLE regress_alter, regress_alter_reader;
