-- verify_chain() of one entity: an entity that the table does not have is a fault, since silence reads as an intact chain.
\pset null (null)
CREATE ROLE regress_verify_entity;
CREATE SCHEMA regress_verify_entity AUTHORIZATION regress_verify_entity;
SET search_path = regress_verify_entity, public;
SET ROLE regress_verify_entity;
CREATE TABLE event (account text NOT NULL, region int NOT NULL, what text);
SELECT add_chain('event', entity => '{account,region}');
SELECT * FROM verify_chain('event', '{a,1}');
INSERT INTO event VALUES ('a', 1, 'one'), ('a', 1, 'two'), ('b', 2, 'three');
SELECT * FROM verify_chain('event', '{a,1}');
SELECT * FROM verify_chain('event', '{a,2}');
SELECT * FROM verify_chain('event', '{"A ",1}');
SELECT * FROM verify_chain('event', '{a}');
SELECT * FROM verify_chain('event', '{a,NULL}');
SELECT * FROM verify_chain('event', '{a,x}');
SELECT * FROM verify_chain('event', '{}');
-- all events of an entity are gone
ALTER TABLE event DISABLE TRIGGER USER;
DELETE FROM event WHERE account = 'b';
ALTER TABLE event ENABLE TRIGGER USER;
SELECT * FROM verify_chain('event', '{b,2}');
SELECT * FROM verify_chain('event');
-- a table that is one chain has no entities that could be missing
CREATE TABLE log (what text);
SELECT add_chain('log');
SELECT * FROM verify_chain('log', '{}');
SELECT * FROM verify_chain('log', '{a}');
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_verify_entity CASCADE;
DROP ROLE regress_verify_entity;
