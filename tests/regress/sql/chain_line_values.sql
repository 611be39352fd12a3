-- Different values have different lines: for each type, and all arrays, composites and domains that are made of it here, the
-- lines of two values are the same exactly if the texts are, which the type's own output function gives.
\pset null (null)
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE ROLE regress_values;
CREATE SCHEMA AUTHORIZATION regress_values;
GRANT CREATE ON DATABASE :DBNAME TO regress_values;
SET search_path = regress_values, public;
SET ROLE regress_values;
-- The texts are those under the settings that the format fixes.
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'iso_8601';
SET extra_float_digits = 1;
SET bytea_output = 'hex';

CREATE TYPE mood AS ENUM ('sad', 'so "so"', '{fine}', 'null', '');
CREATE TYPE pair AS (a int, b text);
CREATE TYPE emptied AS (gone int, a jsonb, gone_too text, b jsonb);
ALTER TYPE emptied DROP ATTRIBUTE gone, DROP ATTRIBUTE gone_too;
CREATE TYPE nothing AS ();
CREATE DOMAIN document AS jsonb;
CREATE DOMAIN documents AS document[];
CREATE DOMAIN numbers AS int[];
CREATE DOMAIN numbers_twice AS numbers;
CREATE DOMAIN pair_domain AS pair;
CREATE TYPE deep AS (pairs pair[], documents jsonb[], lists numbers[], inner_one emptied);
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C");
CREATE TABLE sample (number int GENERATED ALWAYS AS IDENTITY, type text, texts text[]);
INSERT INTO sample (type, texts) VALUES
('bool', '{t,f}'),
('int2', '{0,-1,1,32767}'), ('int4', '{0,-1,1,10}'), ('int8', '{0,-1,1,9223372036854775807}'),
('float4', '{0,-0,1,0.1,1e7,1e-45,NaN,Infinity,-Infinity}'), ('float8', '{0,-0,1,0.1,1e15,1e-300,NaN,Infinity,-Infinity}'),
('numeric', '{0,0.0,0.00,1,1.0,1.00,-1,10,1e20,NaN,Infinity,-Infinity}'), ('numeric(6,2)', '{0,1,1.5}'),
('text', ARRAY['', ' ', 'null', 'NULL', '"', '""', '\', '\\', '\"', '{}', '[1]', ',', 'a,b', 'a","b', E'\n', '\n', 'é', E'\u0065\u0301', '{"NULL":[1]}', '[1:1]']),
('varchar(5)', ARRAY['', ' ', '  ', 'a', 'a ']), ('char(5)', ARRAY['', 'a', 'ab']), ('"char"', ARRAY['', 'a', '"', '\', '\377']), ('name', ARRAY['', 'a', '"a"']),
('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
('bytea', ARRAY['\x', '\x00', '\x0000', '\x5c78', '\x2278']),
('date', '{2024-01-01,"0001-01-01 BC",0001-01-01,infinity,-infinity}'),
('time', '{00:00,24:00,12:34:56.7}'), ('timetz', '{00:00+00,00:00+01,01:00+01,24:00-01}'),
('timestamp', '{2024-01-01 00:00,2024-01-01 00:00:00.000001,"0001-01-01 00:00 BC",infinity,-infinity}'),
('timestamptz', '{2024-01-01 00:00+00,2024-01-01 00:00+01,infinity,-infinity}'), ('timestamptz(0)', '{2024-01-01 00:00:01.4+00,2024-01-01 00:00:01.6+00}'),
('interval', '{"0","1 day","24:00","30 days","1 mon","-1 day 24:00","1 mon -30 days"}'),
('json', ARRAY['null', '"null"', '1', '1.0', ' 1', '[]', '[ ]', '{"a":1}', '{"a" : 1}', '{"a":1,"a":1}']),
('jsonb', ARRAY['null', '"null"', 'true', '1', '1.0', '1.00', '"1"', '[]', '[null]', '[[]]', '[1]', '[[1]]', '{}', '{"NULL":[1]}', '{"NULL": [1], "[1:1]": [null]}', '{"[5:7]":[1,2,3]}', '[1, 2]', '["1, 2"]']),
('document', ARRAY['null', '[null]', '[1]', '1', '{"[0:0]": [1]}']),
('jsonpath', ARRAY['$', '$.a', '$."null"']),
('mood', ARRAY['sad', 'so "so"', '{fine}', 'null', '']),
('pair', ARRAY['(,)', '(1,)', '(,"")', '(1,"")', '(1,null)', '(1,"a,b")', '(1,"""")', '(1,"\\")']),
('pair_domain', ARRAY['(,)', '(1,)', '(,"")']), ('nothing', ARRAY['()']),
('emptied', ARRAY['(,)', '(null,)', '(,null)', '(null,null)', '("""null""",)', '(1,"{""b"": null}")', '("{""b"": 1}",1)']),
('deep', ARRAY['(,,,)', '({},,,)', '(,{},,)', '(,,{},)', '({NULL},{NULL},{NULL},)', '("{""(,)""}","{""null""}","{""{}""}","(,)")', '("[0:0]={""(,)""}","[0:0]={""null""}","[0:0]={""{}""}","(null,)")', '(,"{[1]}","{""{1}""}",)', '(,"{{1}}","{{""{1}""}}",)', '(,"{[[1]]}","{""{{1}}""}",)']),
('numbers', ARRAY['{}', '{1}', '{NULL}', '[0:0]={1}', '{{1}}', '[1:1][0:0]={{1}}', '[0:0][1:1]={{1}}', '{{1,2}}', '{{1},{2}}']), ('numbers_twice', ARRAY['{}', '{1}', '{{1}}', '[2:2]={1}']),
('documents', ARRAY['{}', '{NULL}', '{"null"}', '{"\"null\""}', '{NULL,"null"}', '{"null",NULL}', '{{"null"}}', '{{NULL}}', '{[null]}', '{[]}', '[0:0]={"null"}', '[0:0]={NULL}', '{{NULL,1}}', '{{NULL},{1}}', '{[1]}', '{{1}}', '{[[1]]}', '{{[1]}}', '{{{1}}}', '{"{\"NULL\":[1],\"[1:1]\":[null]}"}']),
('int2vector', ARRAY['', '1', '1 2', '12']), ('oidvector', ARRAY['', '1', '1 2', '12']),
('int4range', ARRAY['empty', '[1,2)', '[1,3)', '(,)', '(,1)', '[1,)']), ('numrange', ARRAY['empty', '[1,2)', '[1.0,2)', '(1,2)', '[1,2]', '(,)', '[NaN,]']),
('tstzrange', ARRAY['empty', '[2024-01-01 00:00+00,)', '(2024-01-01 00:00+00,)', '[-infinity,)', '(,infinity)', '(,)']), ('daterange', ARRAY['[2024-01-01,infinity)', '[2024-01-01,)', '(,)', 'empty']),
('text_range', ARRAY['empty', '["",)', '[a,b)', '["a,b",c)', '(,)', '["""",]']),
('int4multirange', ARRAY['{}', '{[1,2)}', '{[1,2),[3,4)}', '{[1,4)}']), ('nummultirange', ARRAY['{[1,2)}', '{[1.0,2)}', '{(1,2)}']),
('hstore', ARRAY['', 'a=>NULL', 'a=>"NULL"', 'a=>""', '""=>""', 'a=>b,c=>d', '"a=>b, c"=>d']),
('inet', '{127.0.0.1,127.0.0.1/8,10.0.0.0/8,::1}'), ('cidr', '{10.0.0.0/8,10.0.0.0/16}'), ('macaddr', '{08:00:2b:01:02:03,08:00:2b:01:02:04}'), ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
('bit(3)', '{000,101}'), ('varbit', '{"",0,00,1}'), ('tsvector', ARRAY['', 'a', 'a:1', '''a b''', 'a b']), ('tsquery', ARRAY['', 'a & b', 'a | b', '!a', '''a & b''']),
('point', '{"(0,0)","(-0,0)","(0,-0)","(NaN,1)"}'), ('box', '{"(1,1),(0,0)","(2,1),(0,0)"}'), ('path', '{"[(0,0),(1,1)]","((0,0),(1,1))"}'), ('polygon', '{"((0,0),(1,1))"}'), ('circle', '{"<(0,0),1>","<(0,0),2>"}'),
('oid', '{0,4294967295}'), ('xid8', '{0,18446744073709551615}'), ('tid', '{"(0,1)","(1,0)"}'), ('pg_lsn', '{0/0,0/1}'), ('pg_snapshot', '{10:20:10,10:20:}');

-- Not every server is built with XML.
DO $$
BEGIN
    PERFORM xml '<a/>';
    INSERT INTO sample (type, texts) VALUES ('xml', ARRAY['<a/>', '<a></a>', '<a>&quot;</a>', 'text']);
EXCEPTION WHEN feature_not_supported THEN NULL;
END $$;

-- Of the values of a type: arrays of none, one and two of them, with NULLs, with bounds, with several dimensions; arrays of a
-- domain over such an array; composites of both; and arrays of those.
CREATE FUNCTION check_type(sample, OUT compared bigint, OUT alike bigint, OUT apart bigint) LANGUAGE plpgsql AS $$
DECLARE
    name text := 'v' || ($1).number;
BEGIN
    EXECUTE format(
        'CREATE DOMAIN %1$s_list AS %2$s[];
         CREATE TYPE %1$s_row AS (a %2$s, b %2$s, list %2$s[]);
         CREATE TABLE %1$s (value %2$s, list %2$s[], lists %1$s_list[], row %1$s_row, rows %1$s_row[])', name, ($1).type);
    PERFORM add_chain(name::regclass);
    EXECUTE format(
        'CREATE TEMP TABLE found AS
         WITH value AS (SELECT text::%2$s AS v, place FROM unnest($1) WITH ORDINALITY AS t (text, place)
                        UNION ALL SELECT NULL::%2$s, 0),
              other AS (SELECT * FROM value WHERE place < 4),
              list AS (
                  SELECT ''{}''::%2$s[] AS l
                  UNION ALL SELECT l FROM value, LATERAL (VALUES (ARRAY[v]), (ARRAY[v, v]), (ARRAY[[v]]), (ARRAY[[v], [v]]), (ARRAY[[v, v]]), (ARRAY[[[v]]])) AS l (l)
                  UNION ALL SELECT l FROM value, other AS o (o, at), LATERAL (VALUES (ARRAY[v, o]), (ARRAY[o, v]), (ARRAY[[v, o]]), (ARRAY[[v], [o]])) AS l (l)
                  UNION ALL SELECT array_fill(v, d, b) FROM value,
                      (VALUES (ARRAY[1], ARRAY[0]), (ARRAY[1], ARRAY[-1]), (ARRAY[2], ARRAY[5]), (ARRAY[1,1], ARRAY[0,1]), (ARRAY[1,1], ARRAY[1,0]), (ARRAY[1,2], ARRAY[2,-3])) AS f (d, b)),
              numbered AS (SELECT l, row_number() OVER () AS place FROM list),
              lists AS (
                  SELECT ARRAY[l::%1$s_list] AS ls, place FROM numbered
                  UNION ALL SELECT ARRAY[[l::%1$s_list]], place FROM numbered
                  UNION ALL SELECT ARRAY[l::%1$s_list, NULL::%1$s_list], place FROM numbered WHERE place %% 3 = 0
                  UNION ALL SELECT array_fill(l::%1$s_list, ARRAY[1,2], ARRAY[0,7]), place FROM numbered WHERE place %% 3 = 1),
              pairs AS (
                  SELECT ROW(v, NULL, NULL)::%1$s_row AS r FROM value
                  UNION ALL SELECT ROW(NULL, v, NULL)::%1$s_row FROM value
                  UNION ALL SELECT ROW(v, o, NULL)::%1$s_row FROM value, other AS o (o, at)
                  UNION ALL SELECT ROW(NULL, NULL, l)::%1$s_row FROM numbered)
         SELECT ''value'' AS kind, format(''%%s'', v) AS text, ROW(v, NULL, NULL, NULL, NULL, 1, NULL, NULL)::%1$s AS e FROM value WHERE v IS DISTINCT FROM NULL
         UNION ALL SELECT ''list'', format(''%%s'', l), ROW(NULL, l, NULL, NULL, NULL, 1, NULL, NULL)::%1$s FROM numbered
         UNION ALL SELECT ''lists'', format(''%%s'', ls), ROW(NULL, NULL, ls, NULL, NULL, 1, NULL, NULL)::%1$s FROM lists
         UNION ALL SELECT ''row'', format(''%%s'', r), ROW(NULL, NULL, NULL, r, NULL, 1, NULL, NULL)::%1$s FROM pairs
         UNION ALL SELECT ''rows'', format(''%%s'', rs), ROW(NULL, NULL, NULL, NULL, rs, 1, NULL, NULL)::%1$s
                   FROM pairs, LATERAL (VALUES (ARRAY[r]), (ARRAY[[r]]), (ARRAY[r, NULL]::%1$s_row[]), (array_fill(r, ARRAY[1], ARRAY[3]))) AS rs (rs)',
        name, ($1).type) USING ($1).texts;
    SELECT count(DISTINCT (kind, text)),
           count(DISTINCT (kind, text)) - count(DISTINCT (kind, chain_line(e))),
           count(DISTINCT (kind, text, chain_line(e))) - count(DISTINCT (kind, text))
    INTO compared, alike, apart FROM found;
    DROP TABLE found;
END $$;
-- alike: texts that share a line with another one; apart: lines beyond the first of one text
CREATE TABLE result AS SELECT type, checked.* FROM sample, check_type(sample) AS checked ORDER BY number;
SELECT * FROM result WHERE type <> 'xml';
SELECT count(*) >= 60 AS many, sum(compared) > 40000 AS of_many_values, sum(alike) AS alike, sum(apart) AS apart FROM result;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_values CASCADE;
DROP OWNED BY regress_values;
DROP ROLE regress_values;
DROP EXTENSION hstore;
