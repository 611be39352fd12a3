-- Entities that are equal are one, however they are written; those that differ are two, however alike.
\pset null (null)
SET client_min_messages = warning;
CREATE EXTENSION citext;
CREATE EXTENSION isn;
CREATE EXTENSION ltree;
RESET client_min_messages;
CREATE ROLE regress_equal;
CREATE SCHEMA AUTHORIZATION regress_equal;
SET search_path = regress_equal, public;
SET ROLE regress_equal;

CREATE TABLE by_numeric (id numeric NOT NULL);
SELECT add_chain('by_numeric', '{id}');
INSERT INTO by_numeric (id) VALUES (1), (1.0), (1.00), ('NaN'), ('NaN'), (0), (-0.0), (1e2), (100) RETURNING id, seq;
CREATE TABLE by_float (id float8 NOT NULL);
SELECT add_chain('by_float', '{id}');
INSERT INTO by_float (id) VALUES (0), ('-0'), ('NaN'), ('NaN'), ('Infinity'), ('-Infinity'), (0.1), (0.1::float4) RETURNING id, seq;
CREATE TABLE by_char (id char(5) NOT NULL);
SELECT add_chain('by_char', '{id}');
INSERT INTO by_char (id) VALUES ('a'), ('a '), ('a    '), ('A') RETURNING id, seq;
CREATE TABLE by_text (id text NOT NULL);
SELECT add_chain('by_text', '{id}');
INSERT INTO by_text (id) VALUES ('a'), ('a '), ('A'), (''), (''), ('é'), ('e' || chr(769)), ('a') RETURNING id, seq;
CREATE TABLE by_interval (id interval NOT NULL);
SELECT add_chain('by_interval', '{id}');
INSERT INTO by_interval (id) VALUES ('1 day'), ('24 hours'), ('1 mon'), ('30 days'), ('-1 day') RETURNING id, seq;
CREATE TABLE by_time (id timestamptz NOT NULL);
SELECT add_chain('by_time', '{id}');
INSERT INTO by_time (id) VALUES ('2024-01-01 00:00+00'), ('2024-01-01 01:00+01'), ('infinity'), ('infinity') RETURNING seq;
CREATE TABLE by_jsonb (id jsonb NOT NULL);
SELECT add_chain('by_jsonb', '{id}');
INSERT INTO by_jsonb (id) VALUES ('{"a":1,"b":2}'), ('{"b": 2.0, "a": 1}'), ('{"a":1}'), ('null'), ('null') RETURNING id, seq;
CREATE TABLE by_array (id int[] NOT NULL);
SELECT add_chain('by_array', '{id}');
INSERT INTO by_array (id) VALUES ('{1,2}'), ('[0:1]={1,2}'), ('{1,2}'), ('{}'), ('{}'), ('{NULL}'), ('{NULL}') RETURNING id, seq;
CREATE TYPE pair AS (a int, b text);
CREATE TABLE by_row (id pair NOT NULL);
SELECT add_chain('by_row', '{id}');
INSERT INTO by_row (id) VALUES ('(1,x)'), ('(1,x)'), ('(,)'), ('(,)'), ('(2,)') RETURNING id, seq;
CREATE TABLE by_range (id int4range NOT NULL);
SELECT add_chain('by_range', '{id}');
INSERT INTO by_range (id) VALUES ('[1,2]'), ('[1,3)'), ('empty'), ('(5,6)') RETURNING id, seq;
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN short AS varchar(5);
CREATE TABLE by_others (a mood NOT NULL, b short NOT NULL, c boolean NOT NULL, d inet NOT NULL, e date NOT NULL, f bytea NOT NULL);
SELECT add_chain('by_others', '{a,b,c,d,e,f}');
INSERT INTO by_others (a, b, c, d, e, f)
SELECT 'sad', 'x', true, '::1', '2024-01-01', '\x00' FROM generate_series(1, 2) RETURNING seq;
INSERT INTO by_others (a, b, c, d, e, f) VALUES ('glad', 'x', true, '::1', '2024-01-01', '\x00') RETURNING seq;
-- a collation under which different texts are equal
CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE by_collation (id text COLLATE alike NOT NULL);
SELECT add_chain('by_collation', '{id}');
INSERT INTO by_collation (id) VALUES ('a'), ('A'), ('b'), ('a') RETURNING id, seq;
SELECT * FROM verify_chain('by_collation', '{A}');
-- types of extensions: by their default operator classes, whether their hashes are of the present kind or of the former
CREATE TABLE by_citext (id citext NOT NULL, note text);
SELECT add_chain('by_citext', '{id}');
INSERT INTO by_citext VALUES ('Ada@example.org', 'one'), ('ADA@EXAMPLE.ORG', 'two'), ('bob@example.org', 'one') RETURNING id, seq;
INSERT INTO by_citext VALUES ('ada@example.org', 'three') RETURNING id, seq;
SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'by_citext'::regclass;
SELECT * FROM verify_chain('by_citext', '{aDa@eXample.org}');
CREATE DOMAIN address AS citext CHECK (VALUE LIKE '%@%');
CREATE TABLE by_address (id address NOT NULL) PARTITION BY LIST (id);
CREATE TABLE by_address_1 PARTITION OF by_address DEFAULT;
SELECT add_chain('by_address', '{id}');
INSERT INTO by_address (id) VALUES ('a@b'), ('A@b'), ('a@B') RETURNING id, seq;
CREATE TABLE by_isbn (id isbn NOT NULL, part int NOT NULL);
SELECT add_chain('by_isbn', '{id,part}');
INSERT INTO by_isbn (id, part) VALUES ('978-0-393-04002-9', 1), ('0-393-04002-X', 1), ('0-393-04002-X', 2), ('0-14-044913-2', 1) RETURNING id, part, seq;
-- and those without a hash operator class cannot name an entity
CREATE TABLE by_search (id tsvector NOT NULL);
SELECT add_chain('by_search', '{id}');
-- a fault names the entity as its own event has it
BEGIN;
ALTER TABLE by_citext DISABLE TRIGGER USER;
UPDATE by_citext SET note = 'edited' WHERE id = 'ada@example.org' AND seq = 2;
DELETE FROM by_citext WHERE id = 'bob@example.org';
ALTER TABLE by_citext ENABLE TRIGGER USER;
SELECT entity, seq, fault FROM verify_chain('by_citext');
ROLLBACK;
-- columns that are several do not run into each other
CREATE TABLE by_two (a text NOT NULL, b text NOT NULL);
SELECT add_chain('by_two', '{a,b}');
INSERT INTO by_two (a, b) VALUES ('x', 'yz'), ('xy', 'z'), ('', 'xyz'), ('yz', 'x'), ('x', 'yz') RETURNING a, b, seq;
SELECT * FROM verify_chain('by_two', '{x,yz}');
SELECT * FROM verify_chain('by_numeric', '{1.000}');

SELECT * FROM verify_chain();
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_equal CASCADE;
DROP ROLE regress_equal;
DROP EXTENSION citext, isn, ltree;
