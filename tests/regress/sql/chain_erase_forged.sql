-- A record counts for an event of its own table, and says what was sealed only of an event that is there.
\pset null (null)
SET client_min_messages = warning;
CREATE ROLE regress_forged_owner;
CREATE ROLE regress_forged_other;
CREATE SCHEMA AUTHORIZATION regress_forged_owner;
CREATE SCHEMA AUTHORIZATION regress_forged_other;
GRANT USAGE ON SCHEMA regress_forged_owner TO regress_forged_other;
SET search_path = public;
-- Writes to a table without its triggers, as its owner can.
CREATE FUNCTION regress_forged_tamper(target regclass, VARIADIC edits text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE edit text;
BEGIN
    EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', target);
    FOREACH edit IN ARRAY edits LOOP EXECUTE edit; END LOOP;
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard,
                                   ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate', target);
END $$;
SET ROLE regress_forged_owner;
CREATE TABLE regress_forged_owner.people (id text NOT NULL, payload text);
SELECT add_chain('regress_forged_owner.people', '{id}', erasable => '{payload}');
INSERT INTO regress_forged_owner.people VALUES ('x', 'secret 1'), ('x', 'secret 2'), ('y', 'secret 3'), ('y', 'secret 4');
GRANT SELECT ON regress_forged_owner.people TO regress_forged_other;

-- Another role accuses: a row of its own has the hash of an event that it can read, or is a copy of the event but for the value.
RESET ROLE;
SET ROLE regress_forged_other;
CREATE TABLE regress_forged_other.fake (id text NOT NULL, payload text);
SELECT add_chain('regress_forged_other.fake', '{id}', erasable => '{payload}');
INSERT INTO regress_forged_other.fake VALUES ('z', 'q');
SELECT regress_forged_tamper('regress_forged_other.fake',
    $$UPDATE regress_forged_other.fake SET payload = 'edited', event_hash = (SELECT event_hash FROM regress_forged_owner.people WHERE id = 'x' AND seq = 1)$$,
    $$INSERT INTO regress_forged_other.fake SELECT * FROM regress_forged_owner.people WHERE id = 'y'$$,
    $$UPDATE regress_forged_other.fake SET payload = 'edited' WHERE id = 'y' AND seq = 1$$);
SELECT erase('regress_forged_other.fake', '{z}', '{payload}'), erase('regress_forged_other.fake', '{y}', '{payload}');
SELECT about, event_seq, columns, altered FROM veritable.erasures WHERE target = 'regress_forged_other.fake'::regclass ORDER BY seq;
RESET ROLE;
SET ROLE regress_forged_owner;
SELECT erase('regress_forged_owner.people', '{x}', '{payload}');
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.people');
-- Nor does it acquit: an event that is erased by hand here was not erased there.
SELECT regress_forged_tamper('regress_forged_owner.people',
    $$UPDATE regress_forged_owner.people SET payload = NULL, payload_salt = NULL WHERE id = 'y'$$);
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.people');
-- The other table gets out of the way.
RESET ROLE;
DROP TABLE regress_forged_other.fake;
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.people');
SET ROLE regress_forged_owner;
SELECT about, acting, event_seq, altered FROM veritable.erasures WHERE target = 'regress_forged_owner.people'::regclass ORDER BY seq;

-- The owner acquits herself: the value of an event was edited, and another row has its hash when it is erased.
CREATE TABLE regress_forged_owner.q (id text NOT NULL, payload text);
SELECT add_chain('regress_forged_owner.q', '{id}', erasable => '{payload}');
INSERT INTO regress_forged_owner.q VALUES ('x', 's1'), ('x', 's2');
CREATE TABLE regress_forged_owner.sealed AS SELECT * FROM regress_forged_owner.q;
SELECT regress_forged_tamper('regress_forged_owner.q',
    $$UPDATE regress_forged_owner.q SET payload = 'edited' WHERE seq = 1$$,
    $$INSERT INTO regress_forged_owner.q SELECT 'zz', NULL, 1, previous_event_hash, event_hash, payload_salt, sha256('\x02' || payload_salt)
      FROM regress_forged_owner.q WHERE seq = 1$$);
SELECT erase('regress_forged_owner.q', '{zz}', '{payload}');
SELECT event_seq, columns, altered FROM veritable.erasures WHERE target = 'regress_forged_owner.q'::regclass ORDER BY seq;
SELECT regress_forged_tamper('regress_forged_owner.q',
    $$DELETE FROM regress_forged_owner.q WHERE id = 'zz'$$,
    $$UPDATE regress_forged_owner.q SET payload = NULL, payload_salt = NULL WHERE seq = 1$$);
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.q');
-- in a second table, which is dropped
SELECT regress_forged_tamper('regress_forged_owner.q',
    $$TRUNCATE regress_forged_owner.q$$, $$INSERT INTO regress_forged_owner.q SELECT * FROM regress_forged_owner.sealed$$);
CREATE TABLE regress_forged_owner.second (id text NOT NULL, payload text);
SELECT add_chain('regress_forged_owner.second', '{id}', erasable => '{payload}', identity => 'regress_forged_owner.q');
SELECT regress_forged_tamper('regress_forged_owner.second',
    $$INSERT INTO regress_forged_owner.second SELECT * FROM regress_forged_owner.sealed WHERE seq = 2$$);
SELECT erase('regress_forged_owner.second', '{x}', '{payload}');
DROP TABLE regress_forged_owner.second;
SELECT regress_forged_tamper('regress_forged_owner.q',
    $$UPDATE regress_forged_owner.q SET payload = NULL, payload_salt = NULL WHERE seq = 2$$);
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.q');
-- An event whose other columns, seq or hashes were edited is not the one that was sealed, whatever its value.
CREATE TABLE regress_forged_owner.r (id text NOT NULL, day int, payload text);
SELECT add_chain('regress_forged_owner.r', '{id}', erasable => '{payload}');
INSERT INTO regress_forged_owner.r SELECT 'x', n, n FROM generate_series(1, 5) AS n;
CREATE TABLE regress_forged_owner.before AS SELECT * FROM regress_forged_owner.r;
SELECT regress_forged_tamper('regress_forged_owner.r',
    $$UPDATE regress_forged_owner.r SET day = 7 WHERE seq = 1$$,
    $$UPDATE regress_forged_owner.r SET event_hash = sha256('') WHERE seq = 2$$,
    $$UPDATE regress_forged_owner.r SET id = 'z', seq = 1 WHERE seq = 4$$);
SELECT erase('regress_forged_owner.r', '{x}', '{payload}'), erase('regress_forged_owner.r', '{z}', '{payload}');
SELECT event_seq, columns, altered FROM veritable.erasures WHERE target = 'regress_forged_owner.r'::regclass ORDER BY seq;
SELECT entity, seq, fault, regexp_replace(detail, '[0-9a-f]{64}', '<hash>') FROM verify_chain('regress_forged_owner.r');
-- all but the values as it was: the record stays
SELECT regress_forged_tamper('regress_forged_owner.r',
    $$TRUNCATE regress_forged_owner.r$$, $$INSERT INTO regress_forged_owner.r SELECT id, day, NULL, seq, previous_event_hash, event_hash, NULL, payload_commitment FROM regress_forged_owner.before$$);
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.r');

-- Honest erasures stay honest: a table that is renamed, whose chain is dropped and added again, that has another owner.
CREATE TABLE regress_forged_owner.h (id text NOT NULL, day int NOT NULL DEFAULT 1, payload text);
SELECT add_chain('regress_forged_owner.h', '{id}', erasable => '{payload}', identity => 'h');
INSERT INTO regress_forged_owner.h (id, payload) VALUES ('x', '1'), ('x', '2'), ('y', '3');
SELECT erase('regress_forged_owner.h', '{x}', '{payload}');
ALTER TABLE regress_forged_owner.h RENAME TO k;
SELECT drop_chain('regress_forged_owner.k');
SELECT add_chain('regress_forged_owner.k', '{id}', erasable => '{payload}', identity => 'h');
RESET ROLE;
ALTER TABLE regress_forged_owner.k SET SCHEMA regress_forged_other;
ALTER TABLE regress_forged_other.k OWNER TO regress_forged_other;
SELECT * FROM verify_chain('regress_forged_other.k');
ALTER TABLE regress_forged_other.k SET SCHEMA regress_forged_owner;
ALTER TABLE regress_forged_owner.k OWNER TO regress_forged_owner;
-- It becomes a partition, leaves, and comes back.
SET ROLE regress_forged_owner;
SELECT drop_chain('regress_forged_owner.k');
CREATE TABLE regress_forged_owner.whole (LIKE regress_forged_owner.k) PARTITION BY LIST (day);
SELECT add_chain('regress_forged_owner.whole', '{id}', erasable => '{payload}', identity => 'h');
ALTER TABLE regress_forged_owner.whole ATTACH PARTITION regress_forged_owner.k FOR VALUES IN (1);
SELECT erase('regress_forged_owner.whole', '{y}', '{payload}');
SELECT * FROM verify_chain('regress_forged_owner.whole');
ALTER TABLE regress_forged_owner.whole DETACH PARTITION regress_forged_owner.k;
ALTER TABLE regress_forged_owner.whole ATTACH PARTITION regress_forged_owner.k FOR VALUES IN (1);
SELECT * FROM verify_chain('regress_forged_owner.whole');
-- A table that was dropped comes back from a copy, under its name.
CREATE TABLE regress_forged_owner.kept AS SELECT * FROM regress_forged_owner.whole WHERE id = 'y';
DROP TABLE regress_forged_owner.whole;
CREATE TABLE regress_forged_owner.whole (LIKE regress_forged_owner.kept);
ALTER TABLE regress_forged_owner.whole ALTER id SET NOT NULL;
INSERT INTO regress_forged_owner.whole SELECT * FROM regress_forged_owner.kept;
SELECT add_chain('regress_forged_owner.whole', '{id}', erasable => '{payload}', identity => 'h');
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.whole');
-- under another name, it is another table
ALTER TABLE regress_forged_owner.whole RENAME TO other;
SELECT entity, seq, fault, detail FROM verify_chain('regress_forged_owner.other');

-- Row-level security: a record tells of an event, which not every reader of the table may know of.
CREATE POLICY own ON regress_forged_owner.people FOR SELECT USING (id = 'y');
ALTER TABLE regress_forged_owner.people ENABLE ROW LEVEL SECURITY;
SELECT count(*) FROM veritable.erasures WHERE target = 'regress_forged_owner.people'::regclass;
RESET ROLE;
SET ROLE regress_forged_other;
SELECT count(*) FROM regress_forged_owner.people;
SELECT count(*) FROM veritable.erasures WHERE target = 'regress_forged_owner.people'::regclass;
RESET ROLE;
DROP FUNCTION regress_forged_tamper;
DROP OWNED BY regress_forged_owner, regress_forged_other CASCADE;
DROP ROLE regress_forged_owner, regress_forged_other;
