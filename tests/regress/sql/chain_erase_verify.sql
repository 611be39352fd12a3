-- What is done to an erasable value without erase(), and what verification says: for each kind the faults that it should
-- give, and no others.
\pset null (null)
CREATE SCHEMA regress_erase_verify;
SET search_path = regress_erase_verify, public;
CREATE TABLE person (id text NOT NULL, name text, born int);
SELECT add_chain('person', '{id}', erasable => '{name,born}');
INSERT INTO person VALUES ('a', 'Ada', 1815), ('a', NULL, NULL), ('a', 'Ada', 1852), ('b', 'Bob', 1);
CREATE FUNCTION tamper(VARIADIC edits text[]) RETURNS TABLE (entity text[], seq bigint, fault text, detail text)
LANGUAGE plpgsql AS $$
DECLARE edit text;
BEGIN
    ALTER TABLE person DISABLE TRIGGER USER;
    FOREACH edit IN ARRAY edits LOOP EXECUTE edit; END LOOP;
    ALTER TABLE person ENABLE ALWAYS TRIGGER zz_veritable_chain, ENABLE ALWAYS TRIGGER zz_veritable_chain_guard, ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
    RETURN QUERY SELECT v.entity, v.seq, v.fault, regexp_replace(v.detail, '[0-9a-f]{64}', '<hash>') FROM verify_chain('person') AS v;
END $$;
SELECT * FROM verify_chain('person');

-- a value: changed, gone, or there where a NULL was sealed
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = 'Eve' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET born = 3 WHERE id = 'a' AND seq = 2$$); ROLLBACK;
-- a salt: changed, gone, of another length
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_salt = sha256('x') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_salt = NULL WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_salt = '' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL, name_salt = '' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
-- a commitment: changed, gone, of another length, or one that fits the value but not the line
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_commitment = sha256('x') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_commitment = NULL WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name_commitment = '' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = 'Eve', name_commitment = sha256('\x02' || name_salt || '"Eve"') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL, name_salt = NULL, name_commitment = NULL WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL, name_salt = NULL, name_commitment = '' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
-- the triple of another event or another column
BEGIN; SELECT * FROM tamper($$UPDATE person SET (name, name_salt, name_commitment) = (SELECT name, name_salt, name_commitment FROM person WHERE id = 'b') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET (name_salt, name_commitment, born_salt, born_commitment) = (born_salt, born_commitment, name_salt, name_commitment) WHERE id = 'a' AND seq = 2$$); ROLLBACK;
-- erased by hand: there is no record, of this event and of this column
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = NULL, name_salt = NULL, born = NULL, born_salt = NULL$$); ROLLBACK;
BEGIN; SELECT erase('person', '{a}', '{name}', '{1}'); SELECT * FROM tamper($$UPDATE person SET born = NULL, born_salt = NULL WHERE id = 'a' AND seq = 1$$, $$UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'a' AND seq = 3$$); ROLLBACK;
-- of one entity
BEGIN; SELECT count(*) FROM tamper($$UPDATE person SET name = NULL, name_salt = NULL$$); SELECT entity, seq, fault, detail FROM verify_chain('person', '{b}'); ROLLBACK;
-- a value comes back: what was sealed is right, with its salt; a guess is not
CREATE TABLE kept AS SELECT * FROM person;
SELECT erase('person', '{a}', '{name}', '{1}');
BEGIN; SELECT * FROM tamper($$UPDATE person p SET name = k.name, name_salt = k.name_salt FROM kept k WHERE (k.id, k.seq) = (p.id, p.seq) AND p.id = 'a' AND p.seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = 'Ada' WHERE id = 'a' AND seq = 1$$); ROLLBACK;
BEGIN; SELECT * FROM tamper($$UPDATE person SET name = 'Ada', name_salt = sha256('guess') WHERE id = 'a' AND seq = 1$$); ROLLBACK;
-- An altered value can be erased, and the record tells for ever that it was altered.
BEGIN;
SELECT * FROM tamper($$UPDATE person SET name = 'Eve' WHERE id = 'a' AND seq = 3$$);
SELECT erase('person', '{a}', '{name,born}', '{3}');
SELECT columns, altered FROM veritable.erasures WHERE target = 'person'::regclass AND event_seq = 3;
SELECT entity, seq, fault, detail FROM verify_chain('person');
ROLLBACK;
-- With the guard off, a superuser erases as anybody could by hand.
BEGIN;
SET LOCAL veritable.guard = off;
UPDATE person SET name = NULL, name_salt = NULL WHERE id = 'b';
SELECT entity, seq, fault, detail FROM verify_chain('person');
ROLLBACK;
-- The records are a chain of their own. No row is put in by hand, or taken out.
INSERT INTO veritable.erasures (target, about, series, event_seq, event, columns, altered, at, by, acting)
SELECT 'person', 'x', 'x', 1, event_hash, '{name}', '{}', now(), 'x', 'x' FROM person WHERE id = 'b';
\echo :LAST_ERROR_SQLSTATE
DELETE FROM veritable.erasures;
UPDATE veritable.erasures SET columns = '{name,born}';
SET client_min_messages = warning;
SELECT guarantee, entity, fault, detail FROM verify_all() AS v (target, guarantee, entity, place, fault, detail) WHERE target = 'person'::regclass;
RESET client_min_messages;
-- A recomputed chain begins without its records.
SELECT drop_chain('person');
SELECT add_chain('person', '{id}', erasable => '{name,born}');
SELECT drop_chain('person');
SELECT add_chain('person', '{id}', erasable => '{name,born}', order_by => '{seq}', reseal => true);
SELECT * FROM verify_chain('person');
DROP SCHEMA regress_erase_verify CASCADE;
