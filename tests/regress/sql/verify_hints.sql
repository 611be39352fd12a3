-- Who copies a statement from a HINT runs that statement alone, whatever a table is called.
CREATE TABLE "it's'); DROP TABLE victim; --" (id int NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
CREATE TABLE "p'); DROP TABLE victim; --" PARTITION OF "it's'); DROP TABLE victim; --" DEFAULT;
SELECT add_chain('"it''s''); DROP TABLE victim; --"', '{id}');
SELECT add_log('"it''s''); DROP TABLE victim; --"', origin => 'example.com/hints');
SELECT * FROM verify_log('"it''s''); DROP TABLE victim; --"');
SELECT * FROM verify_chain('"p''); DROP TABLE victim; --"');
SELECT drop_chain('"p''); DROP TABLE victim; --"');
SELECT drop_chain('"it''s''); DROP TABLE victim; --"');
SELECT settled('"p''); DROP TABLE victim; --"');
SELECT add_consumer('"p''); DROP TABLE victim; --"', 'c');
SELECT inclusion_proof('"it''s''); DROP TABLE victim; --"', 1);
SELECT erase('"p''); DROP TABLE victim; --"', '{1}', '{day}');
SELECT prune('"p''); DROP TABLE victim; --"', before => now());
DROP TABLE "it's'); DROP TABLE victim; --";
-- A backslash means itself.
SET standard_conforming_strings = off;
SET escape_string_warning = off;
CREATE TABLE "b\" (id int NOT NULL);
SELECT add_chain('"b\\"', '{id}');
SELECT add_log('"b\\"', origin => 'example.com/hints');
SELECT * FROM verify_log('"b\\"');
RESET standard_conforming_strings;
DROP TABLE "b\";
