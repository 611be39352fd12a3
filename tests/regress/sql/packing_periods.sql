-- A period says when a row holds: some time, from an instant or ever, to an instant or for ever. What says it
-- otherwise is refused, with what to write instead, and the statement with it.
\pset null (null)
CREATE ROLE regress_periods;
CREATE ROLE regress_periods_writer;
CREATE SCHEMA AUTHORIZATION regress_periods;
SET search_path = regress_periods, public;
SET ROLE regress_periods;
SET datestyle = ISO;
SET timezone = UTC;
CREATE TABLE day (place int NOT NULL, price int, since daterange);
SELECT add_packing('day', 'since', '{place}');
CREATE TABLE level (place int NOT NULL, price int, since numrange);
SELECT add_packing('level', 'since', '{place}');
CREATE TABLE moment (place int NOT NULL, price int, since tstzrange);
SELECT add_packing('moment', 'since', '{place}');

-- NULL and empty
INSERT INTO day VALUES (1, 5, NULL);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO day VALUES (1, 5, 'empty');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO day VALUES (1, 5, '[2024-01-01,2024-01-01)');
INSERT INTO level VALUES (1, 5, '[1,1)');
INSERT INTO level VALUES (1, 5, '(1,1]');
-- that is the whole time, and not none
INSERT INTO day VALUES (1, 5, '(,)');
INSERT INTO level VALUES (1, 5, '[,]');
SELECT * FROM day UNION ALL SELECT place, price, since::text::daterange FROM level;
TRUNCATE day, level;

-- Discrete ranges are half-open by themselves.
INSERT INTO day VALUES (1, 5, '[2024-01-01,2024-01-31]'), (1, 5, '(2024-01-31,2024-03-01)');
TABLE day;
-- Continuous ones must be so: [a,b) and (b,c) neither touch nor overlap.
INSERT INTO level VALUES (1, 5, '[1,2.50]');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO level VALUES (1, 5, '(1,2)');
INSERT INTO level VALUES (1, 5, '(1,2]');
INSERT INTO level VALUES (1, 5, '(,2]');
INSERT INTO level VALUES (1, 5, '(1,)');
INSERT INTO moment VALUES (1, 5, '[2024-01-01 12:00+02,2024-02-01 12:00+02]');
-- a single instant has no such form
INSERT INTO level VALUES (1, 5, '[1,1]');
INSERT INTO level VALUES (1, 5, numrange(1, 2)), (1, 5, '[2,)'), (1, 5, '(,1)');
TABLE level;

-- An infinite bound is a value that others can lie beyond.
INSERT INTO day VALUES (1, 5, '[2024-01-01,infinity)');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO day VALUES (1, 5, '[-infinity,2024-01-01)');
INSERT INTO day VALUES (1, 5, '[2024-01-01,infinity]');
INSERT INTO moment VALUES (1, 5, '[2024-01-01,infinity)');
INSERT INTO moment VALUES (1, 5, '[-infinity,infinity]');
INSERT INTO level VALUES (1, 5, '[1,Infinity)');
INSERT INTO level VALUES (1, 5, '[-Infinity,1)');
INSERT INTO level VALUES (1, 5, '[1,NaN)');
CREATE TYPE floatrange AS RANGE (subtype = float8);
CREATE TABLE float (since floatrange);
SELECT add_packing('float', 'since', '{}');
INSERT INTO float VALUES ('[1,Infinity)');
INSERT INTO float VALUES ('[-Infinity,1)');
INSERT INTO float VALUES ('[1,NaN)');
INSERT INTO float VALUES ('(1,2]');
INSERT INTO float VALUES ('[-0,1)'), ('[-1,0)');
TABLE float;

-- What the hint says can be written.
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TABLE word (since textrange);
SELECT add_packing('word', 'since', '{}');
INSERT INTO word VALUES ('["a,b",z]');
INSERT INTO word VALUES ('["a,b",z)');
INSERT INTO word VALUES ('["","a b"]');
TABLE word;

-- None of the statement is done, whatever the statement.
TRUNCATE day, level;
INSERT INTO day VALUES (1, 5, '[2024-01-01,2024-02-01)');
INSERT INTO day VALUES (1, 5, '[2024-02-01,2024-03-01)'), (1, 5, 'empty');
INSERT INTO day SELECT 1, 5, CASE WHEN n < 50 THEN daterange('2024-02-01'::date + n, '2024-02-01'::date + n + 1) END FROM generate_series(0, 50) AS n;
COPY day FROM stdin;
1	5	[2024-02-01,2024-03-01)
1	5	\N
\.
COPY day FROM stdin;
1	5	[2024-02-01,2024-03-01)
1	5	empty
\.
UPDATE day SET since = NULL;
UPDATE day SET since = 'empty';
UPDATE day SET since = since * '[2024-02-01,)';
UPDATE day SET since = '[2024-02-01,infinity)';
MERGE INTO day USING (VALUES (1)) AS new (place) ON day.place = new.place WHEN MATCHED THEN UPDATE SET since = NULL;
TABLE day;
INSERT INTO level VALUES (1, 5, '[1,2)');
UPDATE level SET since = '[1,2]';
COPY level FROM stdin;
1	5	[2,3]
\.
TABLE level;

-- A column that is NOT NULL says so itself.
ALTER TABLE day ALTER COLUMN since SET NOT NULL;
INSERT INTO day VALUES (1, 5, NULL);
-- A domain of the user may say more.
CREATE DOMAIN recent AS daterange CHECK (lower(VALUE) >= '2000-01-01');
ALTER TABLE day ALTER COLUMN since DROP NOT NULL;
CREATE TABLE lately (place int NOT NULL, price int, since recent);
SELECT add_packing('lately', 'since', '{place}');
INSERT INTO lately VALUES (1, 5, '[1999-01-01,2000-01-01)');
INSERT INTO lately VALUES (1, 5, NULL);
INSERT INTO lately VALUES (1, 5, '[2000-01-01,2000-01-01)');
INSERT INTO lately VALUES (1, 5, '[2000-01-01,)'), (1, 5, '[2001-01-01,2002-01-01)');
TABLE lately;

-- Who may not read the table is told the form, and not the content.
CREATE FUNCTION secret() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.since := '[1,42]'; RETURN NEW; END $$;
CREATE TRIGGER secret BEFORE INSERT ON level FOR EACH ROW EXECUTE FUNCTION secret();
GRANT USAGE ON SCHEMA regress_periods TO regress_periods_writer;
GRANT INSERT ON level TO regress_periods_writer;
SET ROLE regress_periods_writer;
INSERT INTO level VALUES (1, 5, '[1,2)');
SET ROLE regress_periods;
INSERT INTO level VALUES (1, 5, '[1,2)');
SELECT * FROM verify_packing();

RESET ROLE;
DROP SCHEMA regress_periods CASCADE;
DROP ROLE regress_periods;
DROP ROLE regress_periods_writer;
