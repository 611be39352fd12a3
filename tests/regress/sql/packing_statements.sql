-- Packing happens after the statement, whatever the statement is.
\pset null (null)
CREATE ROLE regress_statements;
CREATE ROLE regress_statements_writer;
CREATE SCHEMA AUTHORIZATION regress_statements;
SET search_path = regress_statements, public;
SET ROLE regress_statements;
GRANT USAGE ON SCHEMA regress_statements TO PUBLIC;
CREATE TABLE tariff (id serial PRIMARY KEY, place int NOT NULL, price numeric, note text, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}', exclude => '{note}');
\set look 'SELECT * FROM tariff ORDER BY place, since;'

-- INSERT: rows of one statement are packed with each other and with what is there; RETURNING shows them as inserted.
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[3,4)'), (1, 5, '[1,2)'), (1, 5.0, '[2,3)') RETURNING id, price, since;
:look
INSERT INTO tariff (place, price, since) SELECT 1, 5, int4range(day, day + 1) FROM generate_series(20, 4, -1) AS day;
:look
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[25,30)'), (2, 5, '[1,10)'), (1, 6, '[21,25)');
INSERT INTO tariff (place, price, since) VALUES (1, 7, '[30,31)'), (1, 6, '[20,21)'), (1, 5, '[22,23)');
INSERT INTO tariff DEFAULT VALUES;
INSERT INTO tariff (place, price, since) SELECT 1, 5, '[40,41)' WHERE false;
:look

-- COPY
COPY tariff (place, price, since) FROM stdin;
1	5	[30,31)
2	\N	[20,30)
2	\N	[10,20)
\.
:look
COPY tariff (place, price, since) FROM stdin;
3	5	[1,9)
3	6	[8,10)
\.
:look

-- UPDATE: moving a period to its neighbours, or between two of them
UPDATE tariff SET since = '[30,50)' WHERE place = 2 AND price IS NULL RETURNING *;
INSERT INTO tariff (place, price, since) VALUES (2, 5, '[60,70)'), (2, 5, '[80,90)');
UPDATE tariff SET since = '[10,60)' WHERE place = 2 AND since = '[80,90)' RETURNING *;
UPDATE tariff SET since = '[10,30)' WHERE place = 2 AND since = '[80,90)' RETURNING *;
:look
UPDATE tariff SET since = '[30,60)' WHERE place = 2 AND price IS NULL;
-- changing a value into that of the neighbours on both sides
UPDATE tariff SET price = 5 WHERE price IS NULL RETURNING *;
:look
-- changing keys, one and all
INSERT INTO tariff (place, price, since) VALUES (3, 5, '[31,40)');
UPDATE tariff SET place = 1 WHERE place = 3;
UPDATE tariff SET place = 9;
UPDATE tariff SET place = 9, price = 1;
SELECT place, price, note, since FROM tariff;
-- what is not compared may change, and needs no packing
UPDATE tariff SET note = 'noted';
UPDATE tariff SET since = since;
SELECT place, price, note, since FROM tariff;

-- The one that was not updated survives; of several updated ones, the earliest.
DELETE FROM tariff;
INSERT INTO tariff (id, place, price, since, note) VALUES (101, 1, 5, '[10,20)', 'there'), (102, 1, 5, '[30,40)', 'moved');
UPDATE tariff SET since = '[1,10)' WHERE id = 102;
:look
INSERT INTO tariff (id, place, price, since, note) VALUES (103, 2, 5, '[20,30)', 'later'), (104, 2, 6, '[10,20)', 'earlier');
UPDATE tariff SET price = 7 WHERE place = 2;
:look

-- MERGE
DELETE FROM tariff;
INSERT INTO tariff (id, place, price, since) VALUES (201, 1, 5, '[1,5)'), (202, 1, 5, '[10,15)'), (203, 1, 6, '[5,10)');
MERGE INTO tariff USING (VALUES (1, 5, int4range(5, 10)), (1, 7, '[20,25)'), (2, 7, '[20,25)'), (2, 7, '[25,30)')) AS new (place, price, since)
    ON tariff.place = new.place AND tariff.since && new.since
    WHEN MATCHED THEN UPDATE SET price = new.price
    WHEN NOT MATCHED THEN INSERT (place, price, since) VALUES (new.place, new.price, new.since);
SELECT place, price, since FROM tariff ORDER BY place, since;
MERGE INTO tariff USING (VALUES (1), (3)) AS new (place) ON tariff.place = new.place
    WHEN MATCHED AND price = 7 THEN DELETE
    WHEN MATCHED THEN UPDATE SET since = '[10,30)'
    WHEN NOT MATCHED THEN INSERT (place, price, since) VALUES (3, 5, '[1,2)');
SELECT place, price, since FROM tariff ORDER BY place, since;

-- ON CONFLICT
DELETE FROM tariff;
INSERT INTO tariff (id, place, price, since) VALUES (301, 1, 5, '[1,10)');
INSERT INTO tariff (place, price, since) VALUES (1, 6, '[5,15)'), (1, 5, '[10,12)') ON CONFLICT DO NOTHING;
INSERT INTO tariff (place, price, since) VALUES (1, 6, '[5,15)') ON CONFLICT ON CONSTRAINT tariff_packing DO NOTHING;
-- a row that is not inserted takes nothing with it
INSERT INTO tariff (id, place, price, since) VALUES (301, 1, 5, '[12,20)') ON CONFLICT (id) DO NOTHING;
:look
INSERT INTO tariff (id, place, price, since) VALUES (301, 1, 5, '[12,20)'), (302, 1, 5, '[20,30)')
    ON CONFLICT (id) DO UPDATE SET since = int4range(lower(tariff.since), upper(excluded.since));
:look
INSERT INTO tariff (id, place, price, since) VALUES (301, 1, 5, '[40,50)'), (303, 1, 5, '[50,60)')
    ON CONFLICT (id) DO UPDATE SET since = excluded.since RETURNING *;
:look
-- PostgreSQL does not offer this one
INSERT INTO tariff (place, price, since) VALUES (1, 6, '[5,45)') ON CONFLICT ON CONSTRAINT tariff_packing DO UPDATE SET price = 6;

-- Several statements in one
WITH gone AS (DELETE FROM tariff RETURNING *)
INSERT INTO tariff (id, place, price, since) SELECT id + 100, place, 6, since FROM gone;
:look
WITH one AS (INSERT INTO tariff (id, place, price, since) VALUES (501, 1, 6, '[60,70)') RETURNING *),
     two AS (INSERT INTO tariff (id, place, price, since) VALUES (502, 1, 6, '[70,80)') RETURNING *),
     three AS (UPDATE tariff SET since = '[30,60)' RETURNING *)
SELECT * FROM one UNION ALL SELECT * FROM two UNION ALL SELECT * FROM three;
:look
WITH one AS (INSERT INTO tariff (id, place, price, since) VALUES (503, 1, 6, '[80,90)')) DELETE FROM tariff;
:look

-- TRUNCATE, and on an empty table again
TRUNCATE tariff;
INSERT INTO tariff (id, place, price, since) VALUES (601, 1, 5, '[1,10)');
:look

-- What is rolled back leaves nothing behind, and what follows is packed.
BEGIN;
SAVEPOINT s;
INSERT INTO tariff (id, place, price, since) VALUES (602, 1, 5, '[10,20)');
ROLLBACK TO s;
:look
INSERT INTO tariff (id, place, price, since) VALUES (603, 1, 5, '[10,30)');
SAVEPOINT t;
INSERT INTO tariff (id, place, price, since) VALUES (604, 1, 6, '[20,40)');
ROLLBACK TO t;
INSERT INTO tariff (id, place, price, since) VALUES (605, 1, 5, '[30,40)');
DELETE FROM tariff;
INSERT INTO tariff (id, place, price, since) VALUES (606, 1, 6, '[20,50)');
RELEASE s;
COMMIT;
:look
BEGIN;
INSERT INTO tariff (id, place, price, since) VALUES (607, 1, 6, '[10,20)');
:look
ROLLBACK;
:look
CREATE FUNCTION try(price numeric, since int4range) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tariff (place, price, since) VALUES (1, price, since);
    RETURN 'stored';
EXCEPTION WHEN exclusion_violation OR check_violation THEN
    RETURN 'refused';
END
$$;
SELECT try(5, '[20,30)'), try(6, '[50,60)'), try(5, '[60,70)'), try(5, 'empty'), try(5, '[70,80)'), try(6, '[60,80)');
SELECT place, price, since FROM tariff ORDER BY place, since;

-- through a view
CREATE VIEW cheap AS SELECT place, price, since FROM tariff WHERE price < 6 WITH CHECK OPTION;
INSERT INTO cheap VALUES (1, 5, '[80,90)') RETURNING *;
INSERT INTO cheap VALUES (1, 9, '[90,99)');
UPDATE cheap SET since = '[60,99)';
SELECT * FROM cheap;

-- A statement's rows are never merged with those of a table that inherits, is a namesake, or in another schema.
CREATE TEMP TABLE tariff (id serial PRIMARY KEY, place int NOT NULL, price numeric, note text, since int4range NOT NULL);
INSERT INTO regress_statements.tariff (place, price, since) VALUES (1, 5, '[99,100)');
SELECT place, price, since FROM regress_statements.tariff ORDER BY place, since;
TABLE pg_temp.tariff;
DROP TABLE pg_temp.tariff;

SELECT * FROM verify_packing('tariff');

-- Whoever may INSERT, may: without any other privilege, and in any number.
TRUNCATE tariff;
GRANT INSERT (place, price, since) ON tariff TO regress_statements_writer;
GRANT USAGE ON SEQUENCE tariff_id_seq TO regress_statements_writer;
SET ROLE regress_statements_writer;
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[1,10)');
INSERT INTO tariff (place, price, since) VALUES (1, 5, '[10,20)');
INSERT INTO tariff (place, price, since) SELECT 1, 5, int4range(day, day + 1) FROM generate_series(20, 99) AS day;
COPY tariff (place, price, since) FROM stdin;
1	5	[100,200)
\.
-- the messages tell it nothing of the rows
INSERT INTO tariff (place, price, since) VALUES (1, 6, '[1,10)');
INSERT INTO tariff (place, price, since) VALUES (1, 6, 'empty');
SELECT * FROM tariff;
SELECT * FROM verify_packing('tariff');
RESET ROLE;
SELECT place, price, since FROM regress_statements.tariff;
-- nor to one that may only UPDATE
GRANT UPDATE (price), SELECT (place) ON tariff TO regress_statements_writer;
INSERT INTO tariff (place, price, since) VALUES (2, 5, '[1,10)'), (2, 6, '[10,20)');
SET ROLE regress_statements_writer;
UPDATE tariff SET price = 7 WHERE place = 2;
RESET ROLE;
SELECT place, price, since FROM regress_statements.tariff ORDER BY place;

-- Row-level security: rows are packed with rows that their writer may not see.
SET ROLE regress_statements;
CREATE POLICY mine ON tariff TO regress_statements_writer USING (price > 100) WITH CHECK (true);
ALTER TABLE tariff ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON tariff TO regress_statements_writer;
SET ROLE regress_statements_writer;
INSERT INTO tariff (place, price, since) VALUES (2, 7, '[20,30)');
INSERT INTO tariff (place, price, since) VALUES (2, 8, '[20,30)');
INSERT INTO tariff (place, price, since) SELECT 2, 7, int4range(day, day + 1) FROM generate_series(30, 99) AS day;
TABLE tariff;
SET ROLE regress_statements;
ALTER TABLE tariff FORCE ROW LEVEL SECURITY;
INSERT INTO tariff (place, price, since) VALUES (2, 7, '[100,110)');
CREATE POLICY all_of_it ON tariff TO regress_statements USING (false) WITH CHECK (true);
INSERT INTO tariff (place, price, since) VALUES (2, 7, '[100,110)');
INSERT INTO tariff (place, price, since) SELECT 2, 7, int4range(day, day + 1) FROM generate_series(110, 199) AS day;
RESET ROLE;
SELECT place, price, since FROM regress_statements.tariff ORDER BY place;

DROP SCHEMA regress_statements CASCADE;
DROP ROLE regress_statements;
DROP ROLE regress_statements_writer;
