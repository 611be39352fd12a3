-- The key of values: equal exactly where all of them are, whatever their types and the settings of the session; so an
-- exclusion constraint can compare it instead of them.
\pset null (null)
CREATE ROLE regress_value_key;
CREATE SCHEMA AUTHORIZATION regress_value_key;
SET ROLE regress_value_key;
CREATE TYPE mood AS ENUM ('sad', 'so "so"', 'ü');
CREATE TYPE pair AS (a numeric, "B b" text);
CREATE TYPE nested AS (pairs pair[], inner_pair pair, flag bool, took interval, at timestamptz);
CREATE TYPE timestamp_span AS RANGE (subtype = timestamptz, multirange_type_name = timestamp_spans);
CREATE TYPE pair_span AS RANGE (subtype = pair);
CREATE TYPE posix_span AS RANGE (subtype = text, collation = "C");
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE DOMAIN numbers AS positive[];
CREATE DOMAIN pair_domain AS pair;
CREATE DOMAIN document AS jsonb;

-- What keys look like. They must stay so: entries of indexes hold them.
SELECT veritable.value_key(5.50, 'EUR', NULL);
SELECT veritable.value_key(true, 1::int2, 2, 3::int8, -0.5::float4, '-0'::float8, 'NaN'::numeric, '-Infinity'::float8);
SELECT veritable.value_key(1.0, -0.10, 0.00, 100, 1e20, 1e-10);
SELECT veritable.value_key('a "b"'::text, E'\\\n\u0001'::varchar, 'é🙂'::char(5), 'a'::name, 'a'::"char", '\x00ff'::bytea);
SELECT veritable.value_key('2024-02-29'::date, '12:34:56.7'::time, '12:34+05:30'::timetz, '2024-02-29 12:34'::timestamp, 'infinity'::timestamptz);
SELECT veritable.value_key('1 mon 2 days -3.5 s'::interval, '25:00'::interval, '-1 mon'::interval, '0'::interval);
SELECT veritable.value_key('{"b": 1.0, "a": [null, "x"]}'::jsonb, 'null'::jsonb, '[null]'::jsonb, NULL::jsonb);
SELECT veritable.value_key('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '10.0.0.0/8'::inet, 'ü'::mood, B'101', 12.34::money);
SELECT veritable.value_key('pg_class'::regclass, 'int4'::regtype, 4294967295::oid, '16/B374D848'::pg_lsn);
SELECT veritable.value_key('{1,NULL}'::int[], '{}'::text[], '[0:1]={1,2}'::int[], '{{a,b},{c,d}}'::text[]);
SELECT veritable.value_key('(1.0,x)'::pair, '(,)'::pair, NULL::pair, '(1.0,)'::pair_domain);
SELECT veritable.value_key('[1,5]'::int4range, 'empty'::int4range, '(1.0,]'::numrange, '{[1,2),[3,4)}'::int4multirange, '{}'::int4multirange);

-- All pairs of values of a type: their keys are equal exactly where the type says that they are.
CREATE TABLE sample (number int GENERATED ALWAYS AS IDENTITY, type text, texts text[]);
INSERT INTO sample (type, texts) VALUES
('bool', '{t,f}'),
('int2', '{0,-32768,32767}'),
('int4', '{0,-1,2147483647}'),
('int8', '{0,-1,9223372036854775807}'),
('float4', '{0,-0,1,1.5,0.1,1e-45,3.4028235e38,NaN,-NaN,Infinity,-Infinity}'),
('float8', '{0,-0,1,1.5,0.1,0.10000000000000002,4.9e-324,NaN,-NaN,Infinity,-Infinity}'),
('numeric', '{0,-0,0.0,0.000,1,1.0,1.00,-1,10,100,1e2,1e10,10000000000.0,1e-10,0.00000000010,1.10,1.1000,9999,10000,1e1000,NaN,Infinity,-Infinity}'),
('positive', '{1,1.0,2}'),
('text', ARRAY['', ' ', 'a', 'a ', 'A', 'á', 'a' || chr(769), '"', '\', '\"', E'\n', '\n', 'null', '[]', '","', repeat('x', 115), repeat('x', 116), repeat('x', 117), repeat('x', 500), repeat('x', 500) || ' ']),
('varchar', ARRAY['a', 'a ']),
('char(5)', ARRAY['', 'a', 'a ', 'a  ', ' a', 'b']),
('bpchar', ARRAY['', ' ', 'a', 'a  ', E'a\t']),
('"char"', ARRAY['', 'a', 'A', '"']),
('name', ARRAY['a', 'a ', 'A']),
('uuid', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11,A0EEBC999C0B4EF8BB6D6BB9BD380A11,00000000-0000-0000-0000-000000000000}'),
('bytea', ARRAY['\x', '\x00', '\x0000']),
('date', '{2024-02-29,20240229,"0044-03-15 BC",0044-03-15,infinity,-infinity}'),
('time', '{00:00,24:00,12:34:56.7,12:34:56.70}'),
('timetz', '{12:00+00,13:00+01,12:00:00+00:00,12:00-00:00:01}'),
('timestamp', '{2024-02-29 12:00,2024-02-29 12:00:00.000001,2024-02-29T12:00:00.0,infinity}'),
('timestamptz', '{2024-02-29 12:00+00,2024-02-29 13:00+01,2024-02-29 12:00+01,infinity}'),
('interval', '{0,1 day,24:00,86400 s,-1 day,1 day -24:00,30 days,1 mon,720:00,2 mons -30 days,1 mon -1 day,29 days,365 days,1 year,360 days,-0.5 s,-0.000001 s,0.000001 s,1 day -0.5 s,23:59:59.5,178000000 years,-178000000 years}'),
('jsonb', ARRAY['null', '[null]', '[[null]]', 'true', '"true"', '1', '1.0', '1.00', '[1]', '[1.0]', '10', '1e1', '-0', '0.0', '{}', '[]', '{"a": 1, "b": 2}', '{"b": 2.0, "a": 1.0}', '{"a": "1"}', '"é"', '"\u00e9"', '{"a": "1.0"}', '{"1.0": 1}', '{"1": 1}']),
('document', ARRAY['null', '1', '1.0']),
('int4[]', ARRAY['{}', '{1}', '{1,NULL}', '{NULL}', '{{1}}', '{{1,2},{3,4}}', '{1,2,3,4}', '{{1,2,3,4}}', '{{1},{2},{3},{4}}', '[0:0]={1}', '[1:1]={1}', '[2:2]={1}', '[0:1][5:6]={{1,2},{3,4}}']),
('numbers', ARRAY['{1,2}', '{1.0,2.00}']),
('numeric[]', ARRAY['{}', '{1,NULL}', '{1.0,NULL}', '{{1}}']),
('text[]', ARRAY['{}', '{NULL}', '{"NULL"}', '{null}', '{"null"}', '{""}', '{"a,b"}', '{a,b}']),
('char(3)[]', ARRAY['{a}', '{"a "}', '{" a"}']),
('jsonb[]', ARRAY['{NULL}', '{"null"}', '{"[null]"}', '{{"null"}}', '{1.0}', '{1}', '{"[1]"}', '{{1}}', '{{"[1]"}}']),
('float8[]', ARRAY['{0}', '{-0}']),
('interval[]', ARRAY['{"1 day"}', '{"24:00"}']),
('oidvector', ARRAY['', '1 2', '12']),
('mood', ARRAY['sad', 'so "so"', 'ü']),
('mood[]', ARRAY['{sad}', '{ü}']),
('pair', ARRAY['(1,a)', '(1.0,a)', '(1,)', '(,a)', '(,)', '(,"")', '("1",null)']),
('pair_domain', ARRAY['(1,a)', '(1.0,a)']),
('pair[]', ARRAY['{}', '{NULL}', '{"(,)"}', '{"(1,a)"}', '{"(1.0,a)"}', '{{"(1,a)"}}', '{"(1,)"}']),
('nested', ARRAY['({},,,,)', '(,,,,)', '("{""(1,a)""}","(1,a)",t,1 day,)', '("{""(1.00,a)""}","(1.0,a)",t,24:00,)', '({NULL},,,,)', '("{""(,)""}",,,,)', '(,"(,)",,,)', '(,,,,2024-01-01 00:00+00)', '(,,,,2024-01-01 01:00+01)']),
('int4range', ARRAY['empty', '[1,1)', '[1,5)', '[1,4]', '(0,4]', '(,5)', '(,)', '[,]', '[1,)']),
('numrange', ARRAY['empty', '[1.0,2)', '[1,2.00)', '[1,2]', '(1,2)', '(1,2]', '(,2)', '(NaN,)', '(,NaN]']),
('daterange', ARRAY['[2024-01-01,2024-02-01)', '[2024-01-01,2024-01-31]', '[2024-01-01,infinity)', '[2024-01-01,)']),
('tsrange', ARRAY['["2024-01-01 12:00",)', '("2024-01-01 12:00",)']),
('timestamp_span', ARRAY['["2024-01-01 12:00+00",)', '["2024-01-01 13:00+01",)']),
('posix_span', ARRAY['[a,b)', '["a","b")', '[")","[")', '(,empty)', 'empty']),
('pair_span', ARRAY['["(1,a)","(2,a)")', '["(1.0,a)","(2.0,a)")']),
('numrange[]', ARRAY['{"[1,2)",empty,NULL}', '{"[1.0,2.0)",empty,NULL}']),
('int4multirange', ARRAY['{}', '{[1,5)}', '{[1,2],[3,4]}', '{[1,3),[3,5)}', '{[1,2),[3,5)}']),
('nummultirange', ARRAY['{[1.0,2.00]}', '{[1,2]}', '{[1,1],(1,2]}', '{(,)}']),
('timestamp_spans', ARRAY['{["2024-01-01 12:00+00",)}', '{["2024-01-01 13:00+01",)}']),
('money', '{0,12.34,-12.34}'),
('inet', '{10.0.0.1,10.0.0.1/32,10.0.0.1/8,10.0.0.0/8,::1,::ffff:10.0.0.1}'),
('cidr', '{10.0.0.0/8,10/8,10.0.0.0/16}'),
('macaddr', '{08:00:2b:01:02:03,08-00-2b-01-02-03}'),
('macaddr8', '{08:00:2b:01:02:03:04:05}'),
('bit(3)', '{000,101}'),
('varbit', '{"",0,00,101}'),
('oid', '{0,1,4294967295}'),
('regclass', '{pg_class,pg_catalog.pg_class,pg_proc}'),
('regtype', '{int4,integer,text}'),
('regrole[]', ARRAY['{regress_value_key}', '{"\"regress_value_key\""}']),
('xid8', '{1,18446744073709551615}'),
('tid', '{"(0,1)","(0,2)"}'),
('pg_lsn', '{0/1,0/00000001,FFFFFFFF/FFFFFFFF}');

DO $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample ORDER BY number LOOP
        EXECUTE format('CREATE TABLE sample_%s (place bigint, value %s, key text)', s.number, s.type);
        EXECUTE format('INSERT INTO sample_%s (place, value) SELECT place, text::%s FROM unnest($1) WITH ORDINALITY AS t (text, place)', s.number, s.type)
        USING s.texts || ARRAY[NULL];
    END LOOP;
END $$;
CREATE FUNCTION check_keys() RETURNS TABLE (type text, "values" bigint, equal bigint, wrong bigint) LANGUAGE plpgsql AS $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample ORDER BY number LOOP
        type := s.type;
        EXECUTE format(
            'SELECT (SELECT count(*) FROM sample_%1$s),
                    count(*) FILTER (WHERE a.value IS NOT DISTINCT FROM b.value AND a.place < b.place),
                    count(*) FILTER (WHERE (a.value IS NOT DISTINCT FROM b.value)
                                       <> (veritable.value_key(a.value) COLLATE "C" = veritable.value_key(b.value)))
             FROM sample_%1$s AS a, sample_%1$s AS b', s.number) INTO "values", equal, wrong;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT * FROM check_keys();
-- the comparison can tell: the texts of numbers fail it
SELECT count(*) FROM sample_7 AS a, sample_7 AS b WHERE (a.value IS NOT DISTINCT FROM b.value) <> (a.value::text IS NOT DISTINCT FROM b.value::text);

-- In any session, a value has the same key.
DO $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample LOOP
        EXECUTE format('UPDATE sample_%s SET key = veritable.value_key(value, NULL)', s.number);
    END LOOP;
END $$;
CREATE FUNCTION changed_keys() RETURNS TABLE (type text, was text, "is" text) LANGUAGE plpgsql AS $$
DECLARE s sample;
BEGIN
    FOR s IN SELECT * FROM sample ORDER BY number LOOP
        RETURN QUERY EXECUTE format('SELECT %L::text, key, veritable.value_key(value, NULL) FROM sample_%s WHERE key IS DISTINCT FROM veritable.value_key(value, NULL)', s.type, s.number);
    END LOOP;
END $$;
\c -
SET ROLE regress_value_key;
SET search_path = regress_value_key;
SET TimeZone = 'America/St_Johns';
SET DateStyle = 'SQL, DMY';
SET IntervalStyle = 'sql_standard';
SET extra_float_digits = -15;
SET bytea_output = 'escape';
SET quote_all_identifiers = on;
SELECT * FROM changed_keys();
-- and the session keeps its settings
SELECT '1 day 02:00'::interval, '2024-02-29'::date, '\x00'::bytea, current_setting('TimeZone');
RESET ALL;
SET search_path = regress_value_key, public;

-- Several values: each in its place.
SELECT veritable.value_key('a', 'b') = veritable.value_key('b', 'a') AS swapped,
       veritable.value_key('a', NULL) = veritable.value_key(NULL, 'a') AS moved,
       veritable.value_key('a","b', NULL) = veritable.value_key('a', 'b') AS joined;

-- A long key is its beginning, up to a whole character, and a hash of all of it. None is longer than 120 bytes.
SELECT veritable.value_key(repeat('x', 116)), octet_length(veritable.value_key(repeat('x', 116)));
SELECT veritable.value_key(repeat('x', 117)), octet_length(veritable.value_key(repeat('x', 117)));
SELECT right(veritable.value_key(repeat('x', 117)), 32) = left(encode(sha256(convert_to('["' || repeat('x', 117) || '"]', 'UTF8')), 'hex'), 32) AS hashed;
SELECT veritable.value_key(repeat('é', 100)), veritable.value_key('x' || repeat('é', 100)), veritable.value_key(repeat('🙂', 100));
-- a text that looks like a shortened key is none
SELECT veritable.value_key(veritable.value_key(repeat('x', 117)));
-- values that are stored elsewhere or compressed
CREATE TABLE long (place int, value text, document jsonb, digits numeric);
ALTER TABLE long ALTER value SET STORAGE EXTERNAL;
INSERT INTO long SELECT n, repeat('long ', 100000 + n), jsonb_build_object('a', repeat('long ', 10000)), repeat('123456789', 5000 + n)::numeric FROM generate_series(1, 3) AS n;
INSERT INTO long SELECT * FROM long;
SELECT count(DISTINCT veritable.value_key(value)), count(DISTINCT veritable.value_key(document)), count(DISTINCT veritable.value_key(digits)),
       count(DISTINCT veritable.value_key(long)), max(octet_length(veritable.value_key(long))) FROM long;

-- An attribute of a composite type may be added, renamed and dropped: what is equal keeps its key.
CREATE TABLE priced (place int, value pair, many pair[], key text);
INSERT INTO priced VALUES (1, '(1.0,x)', '{"(1.0,x)"}'), (2, '(1.0,)', '{"(1.0,)"}');
UPDATE priced SET key = veritable.value_key(value, many);
SELECT key FROM priced ORDER BY place;
ALTER TYPE pair ADD ATTRIBUTE c int;
ALTER TYPE pair RENAME ATTRIBUTE "B b" TO b;
SELECT count(*) FROM priced WHERE key <> veritable.value_key(value, many);
SELECT veritable.value_key('(1.0,x,2)'::pair);
ALTER TYPE pair DROP ATTRIBUTE b;
SELECT veritable.value_key('(1.0,2)'::pair), veritable.value_key(value) FROM priced ORDER BY place;
-- while an expression is in use
CREATE TYPE growing AS (a int, b numeric);
CREATE FUNCTION step(number int) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CASE number
        WHEN 1 THEN RETURN '(1,1.0)';
        WHEN 2 THEN ALTER TYPE growing ADD ATTRIBUTE c interval; RETURN '(1,1.0,1 day)';
        WHEN 3 THEN ALTER TYPE growing DROP ATTRIBUTE b; RETURN '(1,24:00)';
    END CASE;
END $$;
SELECT veritable.value_key(step(number)::growing) FROM generate_series(1, 3) AS number;
-- and values as PL/pgSQL holds them
DO $$
DECLARE
    value pair := ROW(1.0, 2);
    list int[] := '{1}';
BEGIN
    FOR i IN 2..3 LOOP
        RAISE NOTICE '%', veritable.value_key(value, list);
        list[i] := i;
        value.a := i;
    END LOOP;
END $$;
PREPARE key_of(pair, numeric[], int4range) AS SELECT veritable.value_key($1, $2, $3);
EXECUTE key_of('(1.0,2)', '{1.0}', '[1,2)');
EXECUTE key_of(NULL, NULL, NULL);
-- until one comes that has no key
ALTER TYPE pair ADD ATTRIBUTE script json;
SELECT veritable.value_key(value) FROM priced ORDER BY place;
EXECUTE key_of('(1.0,2,{})', NULL, NULL);
ALTER TYPE pair DROP ATTRIBUTE script;

-- As an expression in a constraint, which it is for.
CREATE TABLE tariff (location int NOT NULL, price numeric, currency text, period daterange NOT NULL,
    CONSTRAINT tariff_packing EXCLUDE USING gist (location WITH =, (veritable.value_key(price, currency) COLLATE "C") WITH <>, period WITH &&));
INSERT INTO tariff VALUES (1, 5.50, 'EUR', '[2024-01-01,2024-03-01)');
INSERT INTO tariff VALUES (1, 5.5, 'EUR', '[2024-02-01,2024-04-01)');
INSERT INTO tariff VALUES (1, 5.5, NULL, '[2024-02-01,2024-04-01)');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO tariff VALUES (2, NULL, NULL, '[2024-01-01,2024-03-01)'), (2, NULL, NULL, '[2024-02-01,2024-04-01)');
INSERT INTO tariff VALUES (2, 5, NULL, '[2024-02-01,2024-04-01)');

-- What has no key.
SELECT veritable.value_key('{}'::json);
\echo :LAST_ERROR_SQLSTATE
SELECT veritable.value_key(1, '(1,2)'::point);
SELECT veritable.value_key('{"(1,2)"}'::point[]);
CREATE TYPE scripted AS (a int, script json);
SELECT veritable.value_key('(1,{})'::scripted);
SELECT veritable.value_key('a b'::tsvector);
SELECT veritable.value_key(ROW(1, 2));
RESET ROLE;
CREATE COLLATION regress_value_key.alike (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SET ROLE regress_value_key;
SELECT veritable.value_key('a' COLLATE alike);
SELECT veritable.value_key('a'::char(3) COLLATE alike);
SELECT veritable.value_key('{a}'::text[] COLLATE alike);
CREATE TYPE spelled AS (word text COLLATE alike);
SELECT veritable.value_key('(a)'::spelled);
CREATE TYPE spelled_span AS RANGE (subtype = text, collation = alike);
SELECT veritable.value_key('[a,b)'::spelled_span);
CREATE TYPE pattern_span AS RANGE (subtype = text, subtype_opclass = text_pattern_ops, multirange_type_name = pattern_spans);
SELECT veritable.value_key('[a,b)'::pattern_span);
SELECT veritable.value_key('{[a,b)}'::pattern_spans);
-- collations that differ are none of its business, as long as each tells its texts apart
CREATE TABLE collated (a text COLLATE "C", b text COLLATE "POSIX", c text, d text COLLATE alike);
INSERT INTO collated VALUES ('a', 'b', 'c', 'd');
SELECT veritable.value_key(a, b, c) FROM collated;
SELECT veritable.value_key(a, d) FROM collated;
-- types of others: where their equality says, in its operator class, that what is equal has the same bytes
RESET ROLE;
SET search_path = regress_value_key;
SET client_min_messages = warning;
CREATE TYPE raw;
CREATE FUNCTION raw_in(cstring) RETURNS raw LANGUAGE internal IMMUTABLE STRICT AS 'byteain';
CREATE FUNCTION raw_out(raw) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'byteaout';
CREATE TYPE raw (INPUT = raw_in, OUTPUT = raw_out, LIKE = bytea);
CREATE FUNCTION equal(raw, raw) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'byteaeq';
CREATE FUNCTION less(raw, raw) RETURNS bool LANGUAGE internal IMMUTABLE STRICT AS 'bytealt';
CREATE FUNCTION compare(raw, raw) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'byteacmp';
CREATE OPERATOR = (FUNCTION = equal, LEFTARG = raw, RIGHTARG = raw);
CREATE OPERATOR < (FUNCTION = less, LEFTARG = raw, RIGHTARG = raw);
SELECT veritable.value_key('\x00ff'::raw);
CREATE OPERATOR CLASS raw_class DEFAULT FOR TYPE raw USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 compare(raw, raw);
SELECT veritable.value_key('\x00ff'::raw);
ALTER OPERATOR FAMILY raw_class USING btree ADD FUNCTION 4 (raw, raw) btequalimage(oid);
-- whatever the settings on which its text depends
SET bytea_output = 'escape';
SELECT '\x00ff'::raw, veritable.value_key('\x00ff'::raw, ARRAY['\x00ff'::raw]), '\x00ff'::raw;
-- a type may have another equality than that of its kind
CREATE TYPE version AS (major int, minor int);
CREATE FUNCTION compare(version, version) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp(($1).major, ($2).major)';
CREATE FUNCTION equal(version, version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT ($1).major = ($2).major';
CREATE FUNCTION less(version, version) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT ($1).major < ($2).major';
CREATE OPERATOR = (FUNCTION = equal, LEFTARG = version, RIGHTARG = version);
CREATE OPERATOR < (FUNCTION = less, LEFTARG = version, RIGHTARG = version);
SELECT veritable.value_key('(1,2)'::version);
CREATE OPERATOR CLASS version_class DEFAULT FOR TYPE version USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 compare(version, version);
SELECT veritable.value_key('(1,2)'::version);
RESET ALL;
SET ROLE regress_value_key;

-- an array instead of arguments
SELECT veritable.value_key(VARIADIC ARRAY[1, 2]);
\echo :LAST_ERROR_SQLSTATE
SELECT veritable.value_key(ARRAY[1, 2]);

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_value_key CASCADE;
DROP ROLE regress_value_key;
