-- What is equal: NULL and NULL, and what the column's type calls so. Every column counts that can hold a fact.
\pset null (null)
CREATE ROLE regress_values;
CREATE SCHEMA AUTHORIZATION regress_values;
SET search_path = regress_values, public;
SET ROLE regress_values;
SET datestyle = ISO;
SET timezone = UTC;

-- numeric: 1.0 is 1.00; a NULL equals a NULL and nothing else; NaN and Infinity are values. The survivor's spelling stays.
CREATE TABLE price (place int NOT NULL, price numeric, since int4range NOT NULL);
SELECT add_packing('price', 'since', '{place}');
INSERT INTO price VALUES (1, 1.0, '[1,2)'), (1, 1.00, '[2,3)'), (1, 1, '[3,4)'), (1, 'NaN', '[4,5)'), (1, 'NaN', '[5,6)'),
    (1, 'Infinity', '[6,7)'), (1, 'Infinity', '[7,8)'), (1, NULL, '[8,9)'), (1, NULL, '[9,10)'), (1, 0, '[10,11)'), (1, -0.00, '[11,12)');
SELECT * FROM price ORDER BY since;
INSERT INTO price VALUES (1, NULL, '[1,2)');
INSERT INTO price VALUES (1, 1, '[9,10)');
INSERT INTO price VALUES (1, 0, '[5,6)');
UPDATE price SET price = NULL WHERE price = 'Infinity';
UPDATE price SET price = 1.000 WHERE price IS NULL OR price = 'NaN';
SELECT * FROM price ORDER BY since;
DROP TABLE price;
-- a single value that is never NULL is in the constraint itself
CREATE TABLE price (place int NOT NULL, price numeric NOT NULL, since int4range NOT NULL);
SELECT add_packing('price', 'since', '{place}');
SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'price'::regclass AND contype = 'x';
INSERT INTO price VALUES (1, 1.0, '[1,2)'), (1, 1.00, '[2,3)'), (1, 'NaN', '[4,5)'), (1, 'NaN', '[5,6)');
INSERT INTO price VALUES (1, 2, '[1,2)');
SELECT * FROM price ORDER BY since;

-- Floating point: -0 is 0, NaN is NaN; in the value, alone or with others, and in the key.
CREATE TABLE measured (place float8 NOT NULL, one float8, other float4, since int4range NOT NULL);
SELECT add_packing('measured', 'since', '{place}');
INSERT INTO measured VALUES (0, 0, 0, '[1,2)'), ('-0', '-0', '-0', '[2,3)'), ('NaN', 'NaN', 0, '[3,4)'), ('NaN', 'NaN', '-0', '[4,5)');
SELECT * FROM measured ORDER BY place;
INSERT INTO measured VALUES ('-0', 1, 0, '[2,3)');
INSERT INTO measured VALUES ('NaN', 1, 0, '[2,9)');
CREATE TABLE degree (place int NOT NULL, degree float8 NOT NULL, since int4range NOT NULL);
SELECT add_packing('degree', 'since', '{place}');
INSERT INTO degree VALUES (1, 0, '[1,2)'), (1, '-0', '[2,3)'), (1, 'NaN', '[3,4)'), (1, 'NaN', '[4,5)');
INSERT INTO degree VALUES (1, 'NaN', '[3,5)'), (1, '-0', '[1,3)');
INSERT INTO degree VALUES (1, 1, '[3,5)');
SELECT * FROM degree ORDER BY since;

-- Several columns: rows are equal where all are.
CREATE TABLE offer (place int NOT NULL, price int, unit text, tax boolean, since int4range NOT NULL);
SELECT add_packing('offer', 'since', '{place}');
INSERT INTO offer VALUES (1, 5, 'hour', NULL, '[1,2)'), (1, 5, 'hour', NULL, '[2,3)'), (1, 5, NULL, NULL, '[3,4)'),
    (1, NULL, 'hour', NULL, '[4,5)'), (1, NULL, 'hour', NULL, '[5,6)'), (1, NULL, NULL, NULL, '[6,7)'), (1, NULL, NULL, NULL, '[7,8)');
SELECT * FROM offer ORDER BY since;
INSERT INTO offer VALUES (1, 5, 'day', NULL, '[1,2)');
INSERT INTO offer VALUES (1, 5, 'hour', true, '[1,2)');
INSERT INTO offer VALUES (1, NULL, NULL, NULL, '[1,2)');
-- no concatenation of texts is ambiguous
INSERT INTO offer VALUES (2, 1, '","', NULL, '[1,5)');
INSERT INTO offer VALUES (2, 1, ',', NULL, '[1,5)');
CREATE TABLE words (one text, other text, since int4range NOT NULL);
SELECT add_packing('words', 'since', '{}');
INSERT INTO words VALUES ('a', 'b', '[1,2)'), ('a","b', NULL, '[2,3)'), ('null', NULL, '[3,4)'), (NULL, 'null', '[4,5)'), ('', NULL, '[5,6)'), (NULL, '', '[6,7)'), (NULL, NULL, '[7,8)');
SELECT count(*) FROM words;
INSERT INTO words VALUES ('', '', '[7,8)');
UPDATE offer SET price = 5, unit = 'hour' WHERE place = 1;
SELECT * FROM offer WHERE place = 1 ORDER BY since;

-- text: what the collation calls equal. Where it calls different texts equal, it can be in the key, and not in the value.
CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE label (name text COLLATE ignore_case NOT NULL, label text COLLATE ignore_case NOT NULL, since int4range NOT NULL);
SELECT add_packing('label', 'since', '{name}');
ALTER TABLE label ALTER COLUMN label TYPE text COLLATE "default";
SELECT add_packing('label', 'since', '{name}');
INSERT INTO label VALUES ('a', 'x', '[1,2)'), ('A', 'x', '[2,3)'), ('a', 'X', '[5,6)');
INSERT INTO label VALUES ('A', 'x', '[3,5)');
INSERT INTO label VALUES ('A', 'X', '[4,5)');
INSERT INTO label SELECT CASE n % 2 WHEN 0 THEN 'b' ELSE 'B' END, 'z', int4range(n, n + 1) FROM generate_series(1, 50) AS n;
INSERT INTO label VALUES ('b', 'y', '[10,12)');
SELECT * FROM label ORDER BY name, since;
SELECT * FROM set_period(NULL::label, '{"name": "A", "label": "y", "since": "[2,3)"}');
-- among many keys, too
INSERT INTO label SELECT CASE n % 2 WHEN 0 THEN 'key ' ELSE 'KEY ' END || n / 2, 'x', int4range(n, n + 1) FROM generate_series(0, 5999) AS n;
INSERT INTO label SELECT CASE n % 2 WHEN 1 THEN 'key ' ELSE 'KEY ' END || n / 2, 'x', int4range(n - 1, n + 2) FROM generate_series(0, 5999) AS n;
SELECT count(*), min(upper(since) - lower(since)), max(upper(since) - lower(since)) FROM label WHERE name LIKE 'k%' COLLATE "C" OR name LIKE 'K%' COLLATE "C";
SELECT * FROM verify_packing('label');
CREATE TABLE padded (kind char(5) NOT NULL, unit char(3), note varchar(9), since int4range NOT NULL);
SELECT add_packing('padded', 'since', '{kind}');
INSERT INTO padded VALUES ('a', 'x', 'n', '[1,2)'), ('a    ', 'x  ', 'n', '[2,3)'), ('a', 'x', 'n ', '[3,4)');
SELECT kind, unit, note || '|' AS note, since FROM padded ORDER BY since;

-- enum, boolean, uuid, bytea, network addresses, times, intervals
CREATE TYPE mood AS ENUM ('bad', 'good');
CREATE TABLE felt (mood mood NOT NULL, other mood, since int4range NOT NULL);
SELECT add_packing('felt', 'since', '{mood}');
INSERT INTO felt VALUES ('bad', 'good', '[1,2)'), ('bad', 'good', '[2,3)'), ('good', 'good', '[2,3)'), ('good', NULL, '[3,4)'), ('good', NULL, '[4,5)');
INSERT INTO felt VALUES ('bad', 'bad', '[2,3)');
INSERT INTO felt VALUES ('bad', 'good', '[3,4)'), ('good', 'good', '[1,2)');
SELECT * FROM felt ORDER BY mood, since;
SELECT * FROM verify_packing('felt');
CREATE TABLE various (key uuid NOT NULL, host inet NOT NULL, at timestamptz NOT NULL, raw bytea, lasts interval, flag boolean, since int4range NOT NULL);
SELECT add_packing('various', 'since', '{key,host,at}');
INSERT INTO various VALUES
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '2024-01-01 12:00+00', '\x00ff', '1 day', true, '[1,2)'),
    ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '10.0.0.1/32', '2024-01-01 14:00+02', '\x00FF', '24:00', true, '[2,3)'),
    ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '2024-01-01 12:00+00', '\x00fe', '1 day', true, '[3,4)');
SELECT * FROM various ORDER BY since;
INSERT INTO various VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '2024-01-01 12:00+00', '\x00ff', '1 month', true, '[1,2)');
-- the settings that change how such values are written change nothing
SET timezone = 'Asia/Tokyo';
SET bytea_output = escape;
SET intervalstyle = iso_8601;
SET datestyle = 'German';
SET extra_float_digits = -5;
INSERT INTO various VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '10.0.0.1', '2024-01-01 12:00+00', '\000\376', 'P1D', true, '[4,5)');
INSERT INTO measured VALUES (1, 0.1234567890123, 1, '[1,2)'), (1, 0.1234567890124, 1, '[2,3)');
SET timezone = UTC;
RESET bytea_output;
RESET intervalstyle;
RESET extra_float_digits;
SET datestyle = ISO;
SELECT key, raw, since FROM various ORDER BY since;
SELECT * FROM measured WHERE place = 1 ORDER BY since;

-- jsonb, arrays, ranges, composite types, and domains over them
CREATE TYPE size AS (width int, height numeric);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE TABLE thing (place int NOT NULL, doc jsonb, list numeric[], span numrange, size size, price positive, since int4range NOT NULL);
SELECT add_packing('thing', 'since', '{place}');
INSERT INTO thing VALUES (1, '{"a": 1.0, "b": [null]}', '{1.0,NULL}', '[1.0,2)', '(1,2.0)', 3.0, '[1,2)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '{1,NULL}', '[1,2.00)', '(1,2)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 2}', '{1,NULL}', '[1,2.00)', '(1,2)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '{NULL,1}', '[1,2.00)', '(1,2)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '[0:1]={1,NULL}', '[1,2.00)', '(1,2)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '{1,NULL}', '[1,2.00]', '(1,2)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '{1,NULL}', '[1,2.00)', '(1,)', 3, '[2,3)');
INSERT INTO thing VALUES (1, '{"b": [null], "a": 1}', '{1,NULL}', '[1,2.00)', '(1,2)', NULL, '[2,3)');
INSERT INTO thing VALUES (2, 'null', '{}', 'empty', '(,)', NULL, '[1,2)'), (2, NULL, NULL, NULL, NULL, NULL, '[2,3)');
SELECT * FROM thing ORDER BY place, since;

-- Types that have no equality are named, and can be ignored: then the survivor's stays.
CREATE TABLE shape (place int NOT NULL, doc json, x xml, at point, since int4range NOT NULL);
SELECT add_packing('shape', 'since', '{place}');
SELECT add_packing('shape', 'since', '{place}', exclude => '{doc}');
SELECT add_packing('shape', 'since', '{place}', value => '{at}');
SELECT add_packing('shape', 'since', '{place}', exclude => '{doc,x,at}');
INSERT INTO shape VALUES (1, '{"first": true}', NULL, '(1,1)', '[1,2)'), (1, '{}', NULL, NULL, '[2,3)');
INSERT INTO shape VALUES (1, NULL, NULL, '(2,2)', '[0,9)');
SELECT * FROM shape;

-- No value column: rows are merged where their key is equal, and there is nothing to refuse.
\d shape
CREATE TABLE open (place int NOT NULL, since int4range NOT NULL);
SELECT add_packing('open', 'since', '{place}');
INSERT INTO open VALUES (1, '[1,5)'), (1, '[3,9)'), (2, '[9,10)'), (1, '[10,12)');
INSERT INTO open SELECT 1, int4range(n, n + 1) FROM generate_series(20, 80, 2) AS n;
SELECT * FROM open WHERE since << '[21,22)' ORDER BY place, since;
INSERT INTO open SELECT 1, int4range(n, n + 1) FROM generate_series(21, 80, 2) AS n;
SELECT * FROM open ORDER BY place, since;
-- No key: there is one timeline.
CREATE TABLE rate (rate numeric NOT NULL, since daterange NOT NULL);
SELECT add_packing('rate', 'since', '{}');
INSERT INTO rate VALUES (3, '[2024-01-01,2024-02-01)'), (3.0, '[2024-02-01,)');
INSERT INTO rate VALUES (4, '[2024-05-01,)');
SELECT * FROM rate;
-- Neither.
CREATE TABLE covered (since int4range NOT NULL);
SELECT add_packing('covered', 'since', '{}');
INSERT INTO covered VALUES ('[1,5)'), ('[7,9)'), ('[5,6)');
SELECT * FROM covered ORDER BY since;

-- Generated columns are compared as they are stored, in the value and in the key.
CREATE TABLE taxed (
    id int PRIMARY KEY, name text, key text GENERATED ALWAYS AS (lower(name)) STORED NOT NULL,
    net numeric, gross numeric GENERATED ALWAYS AS (round(net)) STORED, since int4range NOT NULL
);
SELECT add_packing('taxed', 'since', '{key}', '{gross}');
INSERT INTO taxed (id, name, net, since) VALUES (1, 'A', 5.1, '[1,2)'), (2, 'a', 4.9, '[2,3)'), (3, 'a', 7, '[3,4)');
INSERT INTO taxed (id, name, net, since) VALUES (4, 'a', 6.9, '[4,5)'), (5, 'b', 6.9, '[4,5)');
INSERT INTO taxed (id, name, net, since) VALUES (6, 'A', 6.4, '[4,5)');
SELECT * FROM taxed ORDER BY key, since;
UPDATE taxed SET net = 6.8;
UPDATE taxed SET name = 'B' WHERE name = 'A';
SELECT * FROM taxed ORDER BY key, since;

-- Long values are compared whole, and shown short.
CREATE TABLE essay (place int NOT NULL, essay text, since int4range NOT NULL);
SELECT add_packing('essay', 'since', '{place}');
INSERT INTO essay VALUES (1, repeat('x', 100000), '[1,2)'), (1, repeat('x', 100000), '[2,3)'), (1, repeat('x', 99999) || 'y', '[3,4)'), (1, repeat('é', 50000), '[4,5)');
SELECT length(essay), right(essay, 1), since FROM essay ORDER BY since;
INSERT INTO essay VALUES (1, repeat('x', 99999) || 'z', '[3,4)');
UPDATE essay SET essay = repeat('x', 100000);
SELECT length(essay), right(essay, 1), since FROM essay ORDER BY since;

-- Every range type, discrete and continuous, also of one's own, and under a domain.
CREATE TYPE textrange AS RANGE (subtype = text, collation = "C");
CREATE TYPE ignorerange AS RANGE (subtype = text, collation = ignore_case);
CREATE TYPE floatrange AS RANGE (subtype = float8);
CREATE TYPE inetrange AS RANGE (subtype = inet);
CREATE DOMAIN recent AS daterange CHECK (lower(VALUE) >= '2000-01-01');
CREATE DOMAIN floatspan AS floatrange;
CREATE FUNCTION pack_type(type regtype, a text, b text, c text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE timeline (key int NOT NULL, value int, since %s NOT NULL)', type);
    PERFORM add_packing('timeline', 'since', '{key}');
    EXECUTE format('INSERT INTO timeline VALUES (1, 1, %L)', format('[%s,%s)', a, b));
    EXECUTE format('INSERT INTO timeline VALUES (1, 1, %L)', format('[%s,%s)', b, c));
    EXECUTE format('INSERT INTO timeline SELECT 2, 1, period::%s FROM unnest(ARRAY[%L, %L, %L]) AS period, generate_series(1, 5)',
        type, format('[%s,%s)', b, c), format('[%s,%s)', a, b), format('[%s,)', c));
    EXECUTE $_$ SELECT set_period(NULL::timeline, jsonb_build_object('key', 2, 'value', 2, 'since', format('[%s,%s)', $1, $2))) $_$ USING b, c;
    BEGIN
        EXECUTE format('INSERT INTO timeline VALUES (1, 2, %L)', format('[%s,%s)', a, b));
    EXCEPTION WHEN exclusion_violation THEN
        RETURN NEXT 'overlap refused';
    END;
    RETURN QUERY EXECUTE 'SELECT format(''%s: %s, %s'', key, value, since) FROM timeline ORDER BY key, since';
    RETURN QUERY EXECUTE 'SELECT fault FROM verify_packing(''timeline'')';
    DROP TABLE timeline;
END
$$;
SELECT pack_type('int4range', '1', '5', '9');
SELECT pack_type('int8range', '1', '5', '9000000000');
SELECT pack_type('numrange', '1.0', '5.50', '9');
SELECT pack_type('daterange', '2024-01-01', '2024-02-01', '2024-03-01');
SELECT pack_type('tsrange', '2024-01-01 00:00', '2024-02-01 12:00', '2024-03-01 00:00');
SELECT pack_type('tstzrange', '2024-01-01 00:00+00', '2024-02-01 12:00+02', '2024-03-01 00:00+00');
SELECT pack_type('textrange', 'a', 'm', 'z');
SELECT pack_type('ignorerange', 'a', 'M', 'z');
SELECT pack_type('floatrange', '-1e300', '0.1', '1e300');
SELECT pack_type('inetrange', '10.0.0.1', '10.0.0.9', '192.168.0.0/16');
SELECT pack_type('recent', '2024-01-01', '2024-02-01', '2024-03-01');
SELECT pack_type('floatspan', '1', '2.5', '3');
-- bounds that the collation calls equal touch
CREATE TABLE word (since ignorerange);
SELECT add_packing('word', 'since', '{}');
INSERT INTO word VALUES ('[a,M)'), ('[m,x)');
INSERT INTO word VALUES ('[X,)');
TABLE word;
SELECT * FROM verify_packing();

RESET ROLE;
DROP SCHEMA regress_values CASCADE;
DROP ROLE regress_values;
