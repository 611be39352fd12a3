-- Documents that were valid stay valid: a row that is moved between partitions is not validated anew.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_validated_moves;
CREATE DATABASE regress_validated_moves;
\c regress_validated_moves
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_validated_moves;
GRANT CREATE ON SCHEMA public TO regress_validated_moves;
SET ROLE regress_validated_moves;
SELECT register_schema('kind', '{"maxProperties": 1}');
CREATE TABLE document (id int NOT NULL, kind text, body jsonb, version int, at int) PARTITION BY LIST (at);
CREATE TABLE document_default PARTITION OF document DEFAULT;
SELECT add_validation('document', 'body', type => 'kind', version => 'version');
SELECT add_chain('document', '{id}');
INSERT INTO document (id, kind, body, at) VALUES (1, 'kind', '{"a": 1}', 1), (1, 'kind', '{"a": 2}', 1);
SELECT retire_schema('kind');
BEGIN;
CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT * FROM document;
DELETE FROM document;
CREATE TABLE document_1 PARTITION OF document FOR VALUES IN (1);
INSERT INTO document SELECT * FROM moving;
COMMIT;
SELECT tableoid::regclass AS partition, id, body, version, seq FROM document ORDER BY id, seq;
-- nor is anything else let in: not before all are back, and not afterwards
BEGIN;
INSERT INTO document (id, kind, body, at) VALUES (2, 'kind', '{}', 1);
ROLLBACK;
SELECT * FROM verify_chain('document');

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_validated_moves;
DROP ROLE regress_validated_moves;
