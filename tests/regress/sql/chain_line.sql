-- The line of an event: its members are what core's row_to_json writes under fixed settings, sorted by the bytes of
-- their names, whatever the settings of the session that seals, reads or verifies.
\pset null (null)
CREATE ROLE regress_line;
CREATE SCHEMA AUTHORIZATION regress_line;
SET ROLE regress_line;

-- The line in full, for the rules that one can see.
CREATE TABLE event (
    "é" int, z int, "Z" int, _ int, "a b" int, "quote""d" int, "back\slash" int, U&"new\000Aline" int, "🙂" int, a1 int, a int, a_ int,
    nothing text,
    document jsonb,
    script json
);
SELECT add_chain('event');
INSERT INTO event ("é", z, "Z", _, "a b", "quote""d", "back\slash", U&"new\000Aline", "🙂", a1, a, a_, document, script)
VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, '{"b": [1.10, null], "a": "\u00e9\n"}', E'{"a" : 1,\n "a":1.0 }');
SELECT chain_line(event) FROM event;
-- it is JSON
SELECT key, value FROM json_each(chain_line((SELECT event FROM event))::json) WHERE key IN ('é', E'new\nline', 'document', 'script') ORDER BY key COLLATE "C";
-- a whole row that is NULL has no line, and one whose columns are NULL has an empty one
SELECT chain_line(NULL::event);
SELECT chain_line(ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::event);

-- The oracle: row_to_json under the settings that format 1 fixes. It takes the members that are not NULL as values
-- (a row of NULLs is one, and so is the jsonb null), but the hash. The fields of a composite are members as well: without
-- those that are NULL. What core does not tell apart, and a line does, comes further down.
CREATE PROCEDURE make_oracle(target regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION oracle(%1$s) RETURNS text LANGUAGE sql
         SET TimeZone = UTC SET DateStyle = ISO SET IntervalStyle = iso_8601 SET extra_float_digits = 1 SET bytea_output = hex
         SET search_path = pg_catalog
         AS $oracle$ SELECT ''{'' || concat_ws('','', %2$s) || ''}'' FROM (SELECT %3$s(row_to_json($1)) AS j) AS j $oracle$',
        target,
        (SELECT string_agg(format('CASE WHEN num_nulls(($1).%I) = 0 THEN to_json(%L::text)::text || '':'' || (j -> %2$L)::text END', attname, attname),
                           ', ' ORDER BY attname COLLATE "C")
         FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attname <> 'event_hash'),
        CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = target AND attname = 'value' AND format_type(atttypid, NULL) ~ '^(pair|nested)')
             THEN 'json_strip_nulls' ELSE '' END);
END $$;

-- Types, and texts of values: for each type a table with those values, sealed.
CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'it''s, {fine}', 'ü');
CREATE TYPE pair AS (a int, "B b" text);
CREATE TYPE nested AS (pairs pair[], at timestamptz, inner_pair pair, amount numeric, flag bool, took interval, raw bytea);
CREATE TYPE timestamp_span AS RANGE (subtype = timestamptz, multirange_type_name = timestamp_spans);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN moment AS timestamptz;
CREATE DOMAIN moments AS moment[];
CREATE DOMAIN pair_domain AS pair;
CREATE DOMAIN document AS jsonb;
CREATE TABLE sample (number int GENERATED ALWAYS AS IDENTITY, type text, texts text[]);
INSERT INTO sample (type, texts) VALUES
('bool', '{t,f}'),
('int2', '{0,-32768,32767}'),
('int4', '{0,-2147483648,2147483647}'),
('int8', '{0,-9223372036854775808,9223372036854775807}'),
('float4', '{0,-0,1,-1.5,0.1,3.4028235e38,1.1754944e-38,1e-45,1e6,1e7,123456,1234567,16777216,1e-4,1e-5,NaN,Infinity,-Infinity}'),
('float8', '{0,-0,1,-1.5,0.1,0.30000000000000004,1.7976931348623157e308,2.2250738585072014e-308,2.2250738585072011e-308,4.9e-324,1e14,1e15,1e16,1e17,123456789012345,1234567890123456,12345678901234567,9007199254740993,1e-4,1e-5,1.5e-7,1e21,1e22,1e23,NaN,Infinity,-Infinity}'),
('numeric', '{0,-0,0.0,0.000,1,1.0,1.00,-1.10,1e10,1e-10,12345678901234567890123456789012345678901234567890.1234567890,1e1000,1e-1000,9999,10000,99999999,0.0001,0.00001,NaN,Infinity,-Infinity}'),
('numeric(10,3)', '{0,1,-1.5,NaN,9999999.999}'),
('numeric(3,-2)', '{100,99900,50}'),
('positive', '{1,0.5,NaN}'),
('text', ARRAY['', ' ', 'plain', '"quoted"', 'back\slash', '/', '\u0000', 'é', '🙂', 'e' || chr(769), chr(8232) || chr(8233), chr(65535), chr(65533), chr(1114111), chr(127), chr(128), repeat('long ', 10000), 'null', '{}']),
('varchar(5)', ARRAY['', 'a', 'ab   ', 'é🙂']),
('char(5)', ARRAY['', 'a', 'abcde', 'é🙂']),
('char', ARRAY['', 'a', ' ']),
('"char"', ARRAY['', 'a', '"', '\377', E'\n']),
('name', ARRAY['', 'a', 'é', repeat('n', 63)]),
('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff,A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}'),
('bytea', ARRAY['\x', '\x00', '\xff00ff', '\x5c22', '\x' || repeat('0123456789abcdef', 1000)]),
('date', '{2024-02-29,1970-01-01,2000-01-01,0001-01-01,"0001-01-01 BC","4713-01-01 BC","0044-03-15 BC",9999-12-31,10000-01-01,5874897-12-31,infinity,-infinity}'),
('time', '{00:00,23:59:59.999999,24:00,12:34:56.7}'),
('time(2)', '{00:00,23:59:59.99}'),
('timetz', '{00:00+00,12:34:56.789-15:59,23:59:59.999999+15:59:59,24:00+05:30}'),
('timestamp', '{2024-02-29 12:34:56,2024-02-29 00:00:00.000001,2024-02-29 12:34:56.7,2024-02-29 12:34:56.100,"0001-12-31 23:59:59 BC","4713-01-01 00:00:00 BC",9999-12-31 23:59:59.999999,10000-01-01,294276-12-31 23:59:59.999999,infinity,-infinity}'),
('timestamp(0)', '{2024-02-29 12:34:56.7}'),
('timestamptz', '{2024-02-29 12:34:56+00,2024-02-29 12:34:56.5+05:45,1900-01-01 00:00+00,1883-11-18 12:00+00,"0001-12-31 23:59:59+00 BC","4713-01-01 00:00:00+00 BC",9999-12-31 23:59:59.999999+00,10000-01-01 00:00+00,294276-12-31 23:59:59.999999+00,infinity,-infinity,2024-03-31 01:30+00,2024-10-27 00:30+00,2024-10-27 01:30+00}'),
('moment', '{2024-02-29 12:34:56+00,infinity}'),
('interval', '{"0","1 day","-1 day","1 year 2 mons","-1 year 2 days -03:04:05.6","25:00:00","1 mon -1 us",P1Y2M3DT4H5M6.789S,"178000000 years"}'),
('interval hour to minute', '{"1 day 02:03:04"}'),
('jsonb', ARRAY['null', 'true', '"text"', '1', '1.0', '1e5', '-0', '1.10', '[]', '{}', '{"b":1,"a":2,"aa":3,"":4}', '[1, [2, [null]], {"k": "\u00e9\t\"\\"}]', '"\u0001\u001f\u007f\u2028"', '"🙂"', '123456789012345678901234567890.1234567890']),
('document', ARRAY['null', '{"a":[1.0]}']),
('int4[]', ARRAY['{}', '{1}', '{1,NULL,3}', '{{1,2},{3,4}}', '{{{1},{NULL}},{{3},{4}}}', '{NULL}']),
('text[]', ARRAY['{}', '{a,"b c",NULL,"NULL",""}', '{"\"","\\","{","}",","}', '{{é,🙂}}']),
('bool[]', '{"{t,f,NULL}"}'),
('float8[]', '{"{0,-0,NaN,Infinity,1e-300,0.1}"}'),
('numeric[]', '{"{0,1.0,NaN,-Infinity}"}'),
('date[]', '{"{2024-01-01,infinity,\"0044-03-15 BC\"}"}'),
('timestamp[]', '{"{2024-01-01 00:00,infinity,\"0044-03-15 00:00 BC\"}"}'),
('timestamptz[]', '{"{2024-01-01 00:00+00,infinity,\"0044-03-15 00:00+00 BC\"}"}'),
('moments', '{"{2024-01-01 00:00+00,NULL}"}'),
('interval[]', '{"{1 day,02:03}"}'),
('time[]', '{"{12:00,24:00}"}'),
('uuid[]', '{"{00000000-0000-0000-0000-000000000000}"}'),
('bytea[]', ARRAY['{"\\x00ff",""}']),
('jsonb[]', ARRAY['{"1","null","{\"a\": [1.0]}"}']),
('char(3)[]', '{"{a,\"\",abc}"}'),
('int2vector', ARRAY['', '1 2 3']),
('oidvector', ARRAY['', '1 2 3']),
('mood', ARRAY['sad', 'so "so"', 'it''s, {fine}', 'ü']),
('mood[]', ARRAY['{sad,"it''s, {fine}",NULL}']),
('pair', ARRAY['(1,a)', '(,)', '(1,"a ""b""")', '(,"")']),
('pair[]', ARRAY['{"(1,a)","(,)",NULL}', '{}', '{{"(1,a)"},{"(2,b)"}}']),
('pair_domain', ARRAY['(1,a)', '(,)']),
('pair_domain[]', ARRAY['{"(1,a)",NULL}']),
('nested', ARRAY['("{""(1,a)"",""(,)""}","2024-01-01 00:00+00","(1,""x y"")",1.0,t,"1 day","\\x00ff")', '(,,,,,,)', '({},infinity,"(,)",NaN,f,-02:03,"\\x")']),
('nested[]', ARRAY['{"({},-infinity,\"(,)\",-0.0,f,-02:03,\"\\\\x\")"}']),
('int4range', ARRAY['empty', '[1,5)', '(,)', '[1,1]', '(,5]']),
('int8range', ARRAY['empty', '[1,9223372036854775807)']),
('numrange', ARRAY['empty', '[1.0,2.00]', '(,Infinity)', '[-0.10,NaN]']),
('daterange', ARRAY['empty', '[2024-01-01,2024-02-01)', '(,infinity)', '["0044-03-15 BC",10000-01-01)']),
('tsrange', ARRAY['empty', '["2024-01-01 12:00","2024-01-02 00:00:00.5")', '(-infinity,infinity)', '["0044-03-15 00:00 BC",)']),
('tstzrange', ARRAY['empty', '["2024-01-01 12:00+00","2024-01-02 00:00:00.5+00")', '(-infinity,infinity)', '["0044-03-15 00:00+00 BC",)']),
('timestamp_span', ARRAY['["2024-01-01 12:00+00",)']),
('int4range[]', ARRAY['{"[1,5)",empty,NULL}']),
('int4multirange', ARRAY['{}', '{[1,5),[7,9)}']),
('nummultirange', ARRAY['{[1.0,2.00]}']),
('datemultirange', ARRAY['{[2024-01-01,2024-02-01),[10000-01-01,)}']),
('tstzmultirange', ARRAY['{}', '{["2024-01-01 12:00+00","2024-01-02 00:00+00"),["2025-01-01 12:00+00",)}']),
('timestamp_spans', ARRAY['{["2024-01-01 12:00+00",)}']),
('inet', '{127.0.0.1,10.0.0.0/8,::1,fe80::1/64}'),
('cidr', '{10.0.0.0/8,::/0}'),
('macaddr', '{08:00:2b:01:02:03}'),
('macaddr8', '{08:00:2b:01:02:03:04:05}'),
('bit(3)', '{000,101}'),
('varbit', '{"",1,10101}'),
('tsvector', ARRAY['', '''a'':1A,2 ''b c'':3', 'fat cat']),
('tsquery', ARRAY['', 'fat & !cat', '''a b'':*A']),
('point', '{"(0,0)","(-0,0.1)","(NaN,Infinity)","(1e300,1e-300)"}'),
('line', ARRAY['{1,2,3}']), ('lseg', '{"[(0,0),(0.1,1)]"}'), ('box', '{"(1,1),(0,0.1)"}'), ('path', '{"[(0,0),(1,0.1)]","((0,0),(1,1))"}'),
('polygon', '{"((0,0),(0.1,1),(1,0))"}'), ('circle', '{"<(0,0.1),1e-5>"}'),
('oid', '{0,4294967295}'), ('xid', '{3}'), ('xid8', '{18446744073709551615}'), ('cid', '{0}'), ('tid', '{"(0,1)"}'),
('pg_lsn', '{0/0,FFFFFFFF/FFFFFFFF}'), ('pg_snapshot', '{"10:20:10,14,15"}'), ('txid_snapshot', '{"10:20:10,14,15"}'), ('jsonpath', ARRAY['$.a[*] ? (@ > 1)']);

-- Sealed in a session with settings of its own.
SET TimeZone = 'Asia/Kathmandu';
SET DateStyle = 'German';
SET IntervalStyle = 'postgres_verbose';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
DO $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample ORDER BY number LOOP
        EXECUTE format('CREATE TABLE sample_%s (value %s)', s.number, s.type);
        PERFORM add_chain(format('sample_%s', s.number)::regclass);
        EXECUTE format('INSERT INTO sample_%s (value) SELECT text::%s FROM unnest($1) WITH ORDINALITY AS t (text, place) ORDER BY place', s.number, s.type)
        USING s.texts;
        EXECUTE format('INSERT INTO sample_%s (value) VALUES (NULL)', s.number);
        CALL make_oracle(format('sample_%s', s.number)::regclass);
    END LOOP;
END $$;

-- How many rows of each type have a line that is not the oracle's, that is no JSON without newlines, or that does not
-- hash to the stored hash.
CREATE FUNCTION check_lines() RETURNS TABLE (type text, "rows" bigint, different bigint, malformed bigint, unsealed bigint)
LANGUAGE plpgsql AS $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample ORDER BY number LOOP
        type := s.type;
        EXECUTE format(
            'SELECT count(*), count(*) FILTER (WHERE line IS DISTINCT FROM oracle(e)),
                    count(*) FILTER (WHERE line ~ E''[\n\r]'' OR json_typeof(line::json) <> ''object''),
                    count(*) FILTER (WHERE sha256(convert_to(line, ''UTF8'')) IS DISTINCT FROM e.event_hash)
             FROM sample_%s AS e, chain_line(e) AS line', s.number) INTO "rows", different, malformed, unsealed;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM check_lines();
-- the oracle can tell: with another scale, it differs
SELECT chain_line(ROW(1.0, seq, previous_event_hash, event_hash)::sample_7) = oracle(e) AS same,
       chain_line(ROW(1.00, seq, previous_event_hash, event_hash)::sample_7) = oracle(e) AS other
FROM sample_7 AS e WHERE value::text = '1.0';

-- In other sessions: the lines are the same, and what was sealed verifies.
CREATE VIEW problem AS SELECT * FROM check_lines() WHERE different + malformed + unsealed > 0;
SELECT * FROM verify_chain();
\c -
SET ROLE regress_line;
SELECT * FROM problem;
SET TimeZone = 'America/St_Johns';
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = 3;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
SET xmloption = document;
SET lc_numeric = 'C';
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT * FROM problem;
SELECT * FROM verify_chain();
RESET standard_conforming_strings;
SET TimeZone = '-13:37';
SET DateStyle = 'Postgres, MDY';
SET IntervalStyle = 'postgres';
SET extra_float_digits = 0;
SELECT * FROM problem;
SELECT * FROM verify_chain();
RESET ALL;
SET ROLE regress_line;

-- Characters: all of the first blocks, and some of all others.
CREATE TABLE letter (code int, text text);
SELECT add_chain('letter');
CALL make_oracle('letter');
INSERT INTO letter (code, text)
SELECT code, 'a' || chr(code) || 'b' FROM generate_series(1, 2303) AS code;
INSERT INTO letter (code, text)
SELECT code, chr(code) FROM generate_series(2304, 1114111, 997) AS code WHERE code NOT BETWEEN 55296 AND 57343;
SELECT count(*) AS different FROM letter AS e WHERE chain_line(e) IS DISTINCT FROM oracle(e);
SELECT chain_line(letter) FROM letter WHERE code IN (8, 9, 10, 12, 13, 1, 31, 34, 47, 92) ORDER BY code;
-- Many numbers and times
CREATE TABLE number (id int, i int8, f float8, g float4, n numeric, d date, t timestamp, z timestamptz, v interval, u uuid, b bytea, r numrange, j jsonb);
SELECT add_chain('number');
CALL make_oracle('number');
INSERT INTO number (id, i, f, g, n, d, t, z, v, u, b, r, j)
SELECT id, i, i * 10::float8 ^ (id % 580 - 300), (i % 16777216) * 10::float8 ^ (id % 60 - 30), i::numeric * 10::numeric ^ (id % 80 - 40),
       date '0001-01-01' + (i % 1000000)::int,
       timestamp '2000-01-01' + i / 1e8 * interval '1 second', timestamptz '2000-01-01 00:00+00' - i / 1e8 * interval '1 second',
       i / 1e7 * interval '1 second', md5(id::text)::uuid, decode(md5(id::text), 'hex'), numrange(least(i, 0) / 1000.0, greatest(i, 0) / 7.0),
       jsonb_build_object('i', i, 'f', i / 3.0, 'text', md5(id::text))
FROM generate_series(1, 3000) AS id, LATERAL (SELECT ('x' || md5('number ' || id))::bit(64)::int8 AS i) AS random;
SELECT count(*), count(*) FILTER (WHERE chain_line(e) IS DISTINCT FROM oracle(e)) AS different FROM number AS e;
SELECT * FROM verify_chain('number');

-- What core writes alike, and a line does not: the bounds of arrays, and NULLs beside JSON nulls.
CREATE DOMAIN list AS int[];
CREATE TYPE told AS (a jsonb, b int, c jsonb[]);
CREATE TABLE told_apart (number int, i int[], j jsonb[], d document[], l list[], t told, v int2vector);
SELECT add_chain('told_apart');
INSERT INTO told_apart (number, i, j, d, l, t, v) VALUES
    (1, '{10,20,30}', ARRAY['null', '1']::jsonb[], ARRAY['null', '1']::jsonb[], '{"{1}","{2}"}', ROW('null', 1, '{}'), '1 2'),
    (2, '[5:7]={10,20,30}', ARRAY[NULL, '1']::jsonb[], ARRAY[NULL, '1']::jsonb[], '{{"{1}"},{"{2}"}}', ROW(NULL, 1, NULL), ''),
    (3, '[0:1][1:2]={{1,2},{3,4}}', ARRAY['[1]']::jsonb[], ARRAY['[1]']::jsonb[], '{"{{1}}","{{2}}"}', ROW(NULL, NULL, NULL), '0'),
    (4, '{{1,2},{3,4}}', '{{1}}', '{{1}}', '[2:2]={NULL}', ROW('{"a": null}', NULL, '{NULL,"null"}'), NULL),
    (5, '[-1:-1]={NULL}', '[0:1][2:3]={{NULL,1},{"null",NULL}}', '[2:3]={1,NULL}', '{}', ROW('[null]', NULL, '[3:3]={"null"}'), NULL);
SELECT chain_line(ROW(number, i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::told_apart),
       chain_line(ROW(NULL, NULL, j, d, NULL, NULL, NULL, NULL, NULL, NULL)::told_apart)
FROM told_apart ORDER BY number;
SELECT chain_line(ROW(NULL, NULL, NULL, NULL, l, NULL, NULL, NULL, NULL, NULL)::told_apart),
       chain_line(ROW(NULL, NULL, NULL, NULL, NULL, t, v, NULL, NULL, NULL)::told_apart)
FROM told_apart ORDER BY number;
SELECT count(*) FROM told_apart WHERE sha256(convert_to(chain_line(told_apart), 'UTF8')) = event_hash;
-- so that such an edit is found
RESET ROLE;
BEGIN;
ALTER TABLE regress_line.told_apart DISABLE TRIGGER USER;
UPDATE regress_line.told_apart SET i = '[5:7]={10,20,30}' WHERE number = 1;
UPDATE regress_line.told_apart SET j = '{"null",1}' WHERE number = 2;
UPDATE regress_line.told_apart SET t = ROW('null', NULL, NULL) WHERE number = 3;
UPDATE regress_line.told_apart SET d = '{[1]}' WHERE number = 4;
UPDATE regress_line.told_apart SET d = '[2:3]={1,"null"}' WHERE number = 5;
SELECT seq, fault FROM verify_chain('regress_line.told_apart') WHERE fault <> 'unguarded';
ROLLBACK;
SET ROLE regress_line;

-- json: its exact text as a string, wherever it is.
CREATE DOMAIN script AS json;
CREATE TABLE scripts (a json, b json[], c script, d script[]);
SELECT add_chain('scripts');
INSERT INTO scripts (a, b, c, d) VALUES
    (E'\n{ "a" :1.0, "a":null }\t', ARRAY[E'[1,\n2]', NULL, 'null']::json[], ' "text" ', ARRAY['1.0']::script[]),
    ('null', '{}', NULL, NULL);
SELECT chain_line(scripts) FROM scripts ORDER BY seq;

-- Casts to json are not consulted: whoever made or changed one would change the lines.
CREATE TYPE level AS ENUM ('low', 'high');
CREATE FUNCTION level_to_json(level) RETURNS json LANGUAGE sql IMMUTABLE AS $$ SELECT to_json(1) $$;
RESET ROLE;
CREATE CAST (regress_line.level AS json) WITH FUNCTION regress_line.level_to_json(regress_line.level);
SET ROLE regress_line;
CREATE TABLE casted (value level, list level[]);
SELECT add_chain('casted');
INSERT INTO casted (value, list) VALUES ('high', '{low,high}');
SELECT row_to_json(casted) -> 'value' AS core, chain_line(casted) FROM casted;

-- What a line cannot hold
SELECT chain_line(ROW(1, 2));
\echo :LAST_ERROR_SQLSTATE
SELECT chain_line(ROW(1, 'a')::pair);
CREATE TABLE unchained (a int);
SELECT chain_line(ROW(1)::unchained);
\echo :LAST_ERROR_SQLSTATE
SELECT chain_line(u) FROM (SELECT 1 AS a) AS u;
-- a column that was added later is not in the lines of before
ALTER TABLE casted ADD COLUMN later text;
INSERT INTO casted (value, later) VALUES ('low', 'now');
SELECT chain_line(casted) FROM casted ORDER BY seq;
SELECT * FROM verify_chain('casted');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_line CASCADE;
DROP ROLE regress_line;
