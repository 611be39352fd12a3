-- Golden lines of format 1: a value of each kind, the line, and its hash. THE FORMAT IS FROZEN: what is printed here never
-- changes, in no version of veritable, and is the same in all versions of PostgreSQL. Rows may be added, for new types.
\pset null (null)
\pset format unaligned
SET client_min_messages = warning;
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
RESET client_min_messages;
CREATE ROLE regress_golden;
CREATE SCHEMA AUTHORIZATION regress_golden;
SET search_path = regress_golden, public;
SET ROLE regress_golden;
-- The settings of the session have no effect.
SET TimeZone = 'Asia/Kolkata';
SET DateStyle = 'German, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';

CREATE TYPE mood AS ENUM ('sad', 'so "so"');
CREATE TYPE pair AS (a int, "B ""b""" text);
CREATE TYPE deep AS (pairs pair[], documents jsonb[], at timestamptz, nothing int);
CREATE TYPE text_range AS RANGE (subtype = text, collation = "C", multirange_type_name = text_multirange);
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN numbers AS int[];
CREATE DOMAIN document AS jsonb;

CREATE TABLE scalar (
    "bool" bool, "int2" int2, "int4" int4, "int8" int8, "float4" float4, "float8" float8, "float8 nan" float8, "numeric" numeric, "numeric(8,2)" numeric(8,2), "numeric inf" numeric,
    "text" text, "varchar(9)" varchar(9), "char(4)" char(4), """char""" "char", """char"" 200" "char", """char"" 0" "char", "name" name, "citext" citext, "refcursor" refcursor,
    "uuid" uuid, "bytea" bytea, "date" date, "date bc" date, "time" time, "time(0)" time(0), "timetz" timetz, "timestamp" timestamp, "timestamptz" timestamptz, "timestamptz(3)" timestamptz(3), "timestamptz inf" timestamptz,
    "interval" interval, "interval none" interval, "interval month" interval month, "json" json, "jsonb" jsonb, "jsonpath" jsonpath,
    "inet" inet, "cidr" cidr, "macaddr" macaddr, "macaddr8" macaddr8, "bit(3)" bit(3), "varbit" varbit, "tsvector" tsvector, "tsquery" tsquery,
    "point" point, "lseg" lseg, "box" box, "path" path, "polygon" polygon, "circle" circle, "line" line,
    "oid" oid, "xid" xid, "xid8" xid8, "cid" cid, "tid" tid, "pg_lsn" pg_lsn, "pg_snapshot" pg_snapshot,
    "int4range" int4range, "int8range" int8range, "numrange" numrange, "daterange" daterange, "tsrange" tsrange, "tstzrange" tstzrange, "text_range" text_range,
    "int4multirange" int4multirange, "tstzmultirange" tstzmultirange, "text_multirange" text_multirange, "hstore" hstore, "ltree" ltree, "mood" mood, "positive" positive, "null" int);
SELECT add_chain('scalar', identity => 'golden.scalar');
INSERT INTO scalar VALUES (
    true, -32768, 2147483647, -9223372036854775808, 1.1754944e-38, 0.1::float8 + 0.2::float8, 'NaN', 123456789012345678901234567890.1200, 7, '-Infinity',
    E'"\\/\b\f\n\r\t\x01\x1f\x7f é 漢 😀', 'a ', 'b ', 'c', (-56)::"char", 0::"char", 'n"', 'Ada', 'cursor',
    '0B3F6A529D5E4C6E8F0A1D2C3B4A5968', '\x00ff7f5c', '2024-02-29', '0044-03-15 BC', '24:00', '12:34:56.7', '12:34:56.000001-01:30', '10000-12-31 23:59:59.5', '2024-01-01 12:34:56.789+00', '2024-01-01 12:34:56.7891+05:30', 'infinity',
    '1 year -2 months 3 days -00:00:04.05', '0', '15 months', E'{"a" :\n1,"a":1.0}', '{"b": [null, true, {"": -0.010}], "a": "\u00e9\\"}', '$.a[*] ? (@ > 1.5)',
    '127.0.0.1/8', '10.0.0.0/8', '08-00-2B-01-02-03', '08:00:2b:01:02:03:04:05', B'101', B'', '''a b'':1A,2 c', 'a & !''b c'':*B | d <2> e',
    '(-0,1.5)', '[(0,0),(1e300,NaN)]', '(0,0),(1,2)', '[(0,0),(1,1)]', '((0,0),(1,1))', '<(0,0),0.1>', '{1,-1,0.5}',
    4294967295, '4294967295', '18446744073709551615', '7', '(4294967295,65535)', '16/B374D848', '10:20:10,14',
    '[1,2]', '(,9)', '[1.0,2.50)', '[2024-01-01,infinity)', '["2024-01-01 00:00:00",)', '("2024-01-01 00:00:00+05:30",2024-01-02 00:00+00]', '["""","a,b")',
    '{[1,2],[5,6]}', '{[2024-01-01 00:00+00,2024-01-02 00:00+00)}', '{["",a)}', 'b=>NULL, a=>"\"x\""', 'a.b_c', 'so "so"', 7.50, NULL);

CREATE TABLE structure (
    "list" int[], "list bounds" int[], "list empty" int[], "list many" int[], "list many bounds" int[], "list texts" text[], "list times" timestamptz[], "list jsons" json[], "list chars" "char"[],
    "list documents" document[], "list documents nulls" jsonb[], "list documents many" jsonb[], "numbers" numbers, "list numbers" numbers[], "list numbers many" numbers[], "int2vector" int2vector, "oidvector" oidvector, "list int2vector" int2vector[],
    "pair" pair, "pair none" pair, "pairs" pair[], "deep" deep, "skipped" int);
SELECT add_chain('structure', identity => 'golden.structure', exclude => '{skipped}');
INSERT INTO structure VALUES (
    '{1,NULL,3}', '[5:6]={1,2}', '{}', '{{1,NULL},{3,4}}', '[0:1][-1:0]={{1,2},{3,4}}', '{"NULL",NULL,"","a,\"b\"","{}"}', '{2024-01-01 00:00+00,infinity}', '{"null",NULL,"[1]"}', '{a,"",NULL}',
    '{"null","[1]","\"x\""}', '{1,NULL,"null"}', '{{"null","[1]"}}', '{{7}}', '{"{1}",NULL,"[0:0]={2}"}', '{{"{1,2}"}}', '1 2', '1 4294967295', '{1 2,3}',
    '(1,"x,y")', '(,)', '{"(1,)","(,\"\")",NULL}', ROW(ARRAY[ROW(1, 'x')::pair, NULL], ARRAY['null', NULL]::jsonb[], '2024-01-01 00:00+00', NULL)::deep);

SELECT line, encode(sha256(convert_to(line, 'UTF8')), 'hex') AS hash
FROM (VALUES (veritable.chain_genesis('scalar')), (chain_line((SELECT scalar FROM scalar))),
             (veritable.chain_genesis('structure')), (chain_line((SELECT structure FROM structure)))) AS l (line);
SELECT encode(event_hash, 'hex') FROM scalar UNION ALL SELECT encode(event_hash, 'hex') FROM structure;
SELECT * FROM verify_chain();

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_golden CASCADE;
DROP ROLE regress_golden;
DROP EXTENSION citext, hstore, ltree;
