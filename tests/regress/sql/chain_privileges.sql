-- Who may do what; and nobody sees through the extension what he could not see before.
\pset null (null)
CREATE ROLE regress_privileges;
CREATE ROLE regress_privileges_writer;
CREATE ROLE regress_privileges_reader;
CREATE ROLE regress_privileges_nobody;
CREATE SCHEMA AUTHORIZATION regress_privileges;
SET search_path = regress_privileges, public;
SET ROLE regress_privileges;
GRANT USAGE ON SCHEMA regress_privileges TO PUBLIC;
CREATE TABLE event (id text NOT NULL, key int UNIQUE, note text, seen boolean);
SELECT add_chain('event', '{id}', exclude => '{seen}');
GRANT INSERT (id, key, note) ON event TO regress_privileges_writer;
GRANT SELECT ON event TO regress_privileges_reader;
INSERT INTO event (id, key, note) VALUES ('a', 1, 'secret'), ('a', 2, 'secret');

-- INSERT is enough to insert: the role needs no privilege on the chain's columns, and none to read the head.
SET ROLE regress_privileges_writer;
INSERT INTO event (id, key, note) VALUES ('a', 3, 'by the writer'), ('b', 4, 'by the writer');
COPY event (id, key, note) FROM stdin;
a	5	copied by the writer
\.
INSERT INTO event (id, key, note) VALUES ('a', 1, 'again') ON CONFLICT DO NOTHING;
-- and gives nothing away: neither rows nor lines, nor what the head is
SELECT * FROM event;
SELECT chain_line(event) FROM event;
SELECT * FROM verify_chain('event');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain();
INSERT INTO event (id, seq) VALUES ('a', 1);
RESET ROLE;
GRANT INSERT ON regress_privileges.event TO regress_privileges_writer;
SET ROLE regress_privileges_writer;
INSERT INTO event (id, seq) VALUES ('a', 1);
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event (id, previous_event_hash) VALUES ('a', '\x00');
INSERT INTO event (id, event_hash) VALUES ('a', '\x00');
-- not even with SELECT on some of the columns
RESET ROLE;
GRANT SELECT (id, seq) ON regress_privileges.event TO regress_privileges_writer;
SET ROLE regress_privileges_writer;
INSERT INTO event (id, seq) VALUES ('a', 1);
INSERT INTO event (id, event_hash) VALUES ('a', '\x00');
SELECT * FROM verify_chain('event');
SELECT chain_line(event) FROM event;
SELECT add_chain('event');
SELECT drop_chain('event');
-- who has UPDATE on an excluded column may use it
RESET ROLE;
GRANT UPDATE (seen), SELECT (seen) ON regress_privileges.event TO regress_privileges_writer;
SET ROLE regress_privileges_writer;
UPDATE event SET seen = true WHERE seq = 1;
UPDATE event SET note = 'changed';

-- SELECT is enough to verify, and to see the lines.
SET ROLE regress_privileges_reader;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain();
SELECT count(*) FROM event WHERE sha256(convert_to(chain_line(event), 'UTF8')) = event_hash;
SELECT target FROM veritable.chains WHERE target = 'event'::regclass;
INSERT INTO event (id) VALUES ('a');
DELETE FROM event;

-- Neither: nothing but the configuration, which is in the catalogs.
SET ROLE regress_privileges_nobody;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{a}');
SELECT * FROM verify_chain();
SELECT target, entity FROM veritable.chains;
INSERT INTO event (id) VALUES ('a');
SELECT chain_line(ROW('a', 1, 'my own', true, 1, NULL, '')::event);
-- a made-up row cannot be of an entity one may not read, and nothing else of the extension reads tables
SELECT veritable.intact(ROW('a', 1, 'my own', true, 1, genesis, sha256(convert_to(line, 'UTF8')))::event, '\x000102030405060708090a0b0c0d0e0f')
FROM veritable.chains, LATERAL chain_line(ROW('a', 1, 'my own', true, 1, genesis, NULL)::event) AS line WHERE target = 'event'::regclass;

-- A partitioned table's reader needs no privilege on its partitions, nor its writer.
SET ROLE regress_privileges;
CREATE TABLE part (id int NOT NULL, at int NOT NULL) PARTITION BY LIST (at);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2);
SELECT add_chain('part', '{id}');
GRANT INSERT ON part TO regress_privileges_writer;
GRANT SELECT ON part TO regress_privileges_reader;
SET ROLE regress_privileges_writer;
INSERT INTO part (id, at) VALUES (1, 1), (1, 2), (1, 1);
INSERT INTO part (id, at, seq) VALUES (1, 1, 1);
SET ROLE regress_privileges_reader;
SELECT * FROM verify_chain('part');

-- Row-level security: what hides rows keeps them from being verified, as a part of a chain proves nothing.
SET ROLE regress_privileges;
CREATE TABLE guarded (id text NOT NULL, note text);
SELECT add_chain('guarded', '{id}');
INSERT INTO guarded (id, note) VALUES ('a', 'seen'), ('a', 'hidden'), ('b', 'seen');
GRANT ALL ON guarded TO regress_privileges_reader;
CREATE POLICY seen ON guarded USING (note = 'seen') WITH CHECK (true);
ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
SET ROLE regress_privileges_reader;
SELECT * FROM verify_chain('guarded');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM verify_chain('guarded', '{b}');
SELECT * FROM verify_chain();
-- it does not keep the head from being found, nor does an error show it
INSERT INTO guarded (id, note) VALUES ('a', 'hidden') ;
INSERT INTO guarded (id, note, seq) VALUES ('a', 'seen', 1);
INSERT INTO guarded (id, note, previous_event_hash) VALUES ('a', 'seen', '\x00');
UPDATE guarded SET note = 'changed';
SELECT seq, note FROM guarded ORDER BY id, seq;
-- the owner sees all
SET ROLE regress_privileges;
SELECT * FROM verify_chain('guarded');
-- unless he has it otherwise
ALTER TABLE guarded FORCE ROW LEVEL SECURITY;
SELECT * FROM verify_chain('guarded');
RESET ROLE;
SELECT * FROM verify_chain('guarded');

-- Objects of the same names before ours in the search_path change nothing.
CREATE SCHEMA regress_privileges_evil;
SET search_path = regress_privileges_evil, regress_privileges, public, pg_catalog;
CREATE FUNCTION evil() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the search_path was obeyed'; END $$;
DO $$
DECLARE f record;
BEGIN
    -- every function and operator of the catalog that statements of the extension may use, under its own name
    FOR f IN
        SELECT p.proname, pg_get_function_identity_arguments(p.oid) AS arguments, format_type(p.prorettype, NULL) AS result, p.proretset
        FROM pg_proc p
        WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND proname IN
            ('format', 'quote_ident', 'quote_literal', 'sha256', 'split_part', 'substr', 'strpos', 'pg_get_triggerdef', 'format_type', 'has_table_privilege',
             'cardinality', 'pg_get_indexdef', 'unnest', 'concat', 'lower', 'encode')
          AND NOT EXISTS (SELECT FROM pg_type WHERE oid = ANY (proargtypes || prorettype) AND typtype = 'p')
    LOOP
        EXECUTE format('CREATE FUNCTION %I(%s) RETURNS %s%s LANGUAGE plpgsql AS ''BEGIN PERFORM regress_privileges_evil.evil(); END''',
                       f.proname, f.arguments, CASE WHEN f.proretset THEN 'SETOF ' ELSE '' END, f.result);
    END LOOP;
    FOR f IN
        SELECT o.oprname, pg_catalog.format_type(o.oprleft, NULL) AS l, pg_catalog.format_type(o.oprright, NULL) AS r
        FROM pg_operator o
        WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprname IN ('=', '<>', '<', '>=', '&') AND oprresult = 'bool'::regtype
          AND oprleft::regtype IN ('int2', 'int4', 'int8', 'oid', 'name', 'text', '"char"', 'bool', 'bytea') AND oprleft = oprright
    LOOP
        EXECUTE format('CREATE OR REPLACE FUNCTION regress_privileges_evil.evil_operator(%s, %s) RETURNS boolean LANGUAGE plpgsql AS ''BEGIN RETURN regress_privileges_evil.evil(); END''', f.l, f.r);
        EXECUTE format('CREATE OPERATOR regress_privileges_evil.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = regress_privileges_evil.evil_operator)', f.oprname, f.l, f.r);
    END LOOP;
END $$;
CREATE AGGREGATE sum(bigint) (SFUNC = pg_catalog.int8pl, STYPE = bigint, INITCOND = '666');
CREATE AGGREGATE count(*) (SFUNC = pg_catalog.int8inc, STYPE = bigint, INITCOND = '666');
CREATE AGGREGATE bool_or(boolean) (SFUNC = pg_catalog.booland_statefunc, STYPE = boolean, INITCOND = 'true');
CREATE AGGREGATE max(text) (SFUNC = pg_catalog.textcat, STYPE = text, INITCOND = 'evil');
CREATE TABLE pg_trigger (LIKE pg_catalog.pg_trigger);
CREATE TABLE pg_class (LIKE pg_catalog.pg_class);
CREATE TABLE pg_attribute (attrelid pg_catalog.oid, attname pg_catalog.name);
CREATE TABLE pg_proc (LIKE pg_catalog.pg_proc);
CREATE TABLE pg_namespace (LIKE pg_catalog.pg_namespace);
CREATE VIEW chains AS SELECT 'evil' AS chain;
CREATE VIEW definitions AS SELECT 'evil' AS kind;
CREATE DOMAIN regclass AS text;
CREATE DOMAIN int8 AS text;
CREATE DOMAIN name AS text;
CREATE DOMAIN oid AS text;
CREATE DOMAIN text AS pg_catalog.text CHECK (pg_catalog.length(VALUE) < 0);
CREATE DOMAIN bytea AS pg_catalog.bytea CHECK (pg_catalog.length(VALUE) < 0);
GRANT USAGE ON SCHEMA regress_privileges_evil TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA regress_privileges_evil TO PUBLIC;
GRANT CREATE ON SCHEMA regress_privileges_evil TO regress_privileges;
-- the trap is set
SELECT 1::bigint = 1::bigint;
SELECT count(*);
SET ROLE regress_privileges;
CREATE TABLE regress_privileges.hostile (id pg_catalog.int8 NOT NULL, entity pg_catalog.text NOT NULL, payload jsonb, amount numeric, at timestamptz, sums pg_catalog.int8[], span int4range);
INSERT INTO regress_privileges.hostile (id, entity, payload, amount) VALUES (1, 'a', '{}', 1), (1, 'a', '{}', 2);
SELECT public.add_chain('regress_privileges.hostile', '{id,entity}', order_by => '{amount}');
INSERT INTO regress_privileges.hostile (id, entity, payload, amount, at, sums, span) VALUES (1, 'a', '{"a": 1}', 1.0, '2024-01-01', '{1}', '[1,2]'), (2, 'b', NULL, NULL, NULL, NULL, NULL);
SELECT public.chain_line(h) FROM regress_privileges.hostile AS h WHERE h.id OPERATOR(pg_catalog.=) 2;
UPDATE regress_privileges.hostile SET amount = 3;
ALTER TABLE regress_privileges.hostile ADD COLUMN later pg_catalog.text;
ALTER TABLE regress_privileges.hostile DROP COLUMN amount;
SELECT * FROM public.verify_chain('regress_privileges.hostile');
SELECT * FROM public.verify_chain('regress_privileges.hostile', '{1,a}');
RESET ROLE;
BEGIN;
ALTER TABLE regress_privileges.hostile DISABLE TRIGGER USER;
UPDATE regress_privileges.hostile SET amount = 3 WHERE amount OPERATOR(pg_catalog.=) 2;
ALTER TABLE regress_privileges.hostile ENABLE TRIGGER USER;
SELECT entity, seq, fault FROM public.verify_chain('regress_privileges.hostile');
SELECT entity, seq, fault FROM public.verify_chain();
ROLLBACK;
SELECT target, entity, seq FROM veritable.chains WHERE target OPERATOR(pg_catalog.=) 'regress_privileges.hostile'::pg_catalog.regclass;
SET ROLE regress_privileges;
SELECT public.drop_chain('regress_privileges.hostile');
RESET ROLE;
-- an owner's own objects, in a schema that is looked in first: temporary ones
SET search_path = regress_privileges, public;
SET ROLE regress_privileges;
CREATE TEMPORARY TABLE pg_trigger (tgrelid oid);
CREATE TEMPORARY TABLE event (id int);
SELECT * FROM verify_chain('regress_privileges.event');
DROP TABLE pg_temp.pg_trigger, pg_temp.event;
RESET ROLE;

-- Functions: none runs with the rights of another; every one that runs statements fixes its search_path.
SELECT p.oid::regprocedure AS function, p.prosecdef AS definer, p.proconfig AS settings
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'veritable')
ORDER BY p.pronamespace::regnamespace::text COLLATE "C", p.proname COLLATE "C", p.oid::regprocedure::text COLLATE "C";
SELECT count(*) AS unpinned
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'veritable')
  AND p.prosecdef AND p.proconfig IS DISTINCT FROM '{"search_path=pg_catalog, pg_temp"}';
-- Everything that people use says what it does.
SELECT p.oid::regprocedure AS undocumented
FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid
WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'veritable')
  AND (p.pronamespace <> 'veritable'::regnamespace OR p.proname IN ('seal', 'guard'))
  AND obj_description(p.oid, 'pg_proc') IS NULL;
SELECT obj_description('veritable'::regnamespace, 'pg_namespace') IS NOT NULL AS schema,
       obj_description('veritable.chains'::regclass, 'pg_class') IS NOT NULL AS view,
       (SELECT count(*) FROM pg_attribute WHERE attrelid = 'veritable.chains'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NULL) AS columns_without,
       (SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'veritable%' AND obj_description(oid, 'pg_event_trigger') IS NULL) AS event_triggers_without;
-- Nothing of the extension may be written to.
SELECT c.oid::regclass AS relation, c.relkind, has_table_privilege('regress_privileges_nobody', c.oid, 'SELECT') AS read,
       has_table_privilege('regress_privileges_nobody', c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER') AS write
FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'veritable')
ORDER BY c.relname;

SET client_min_messages = warning;
DROP SCHEMA regress_privileges, regress_privileges_evil CASCADE;
DROP ROLE regress_privileges, regress_privileges_writer, regress_privileges_reader, regress_privileges_nobody;
