-- Who may register, and that nobody changes what is registered: not by privileges, and not without a trace.
\pset null (null)
\set regression :DBNAME
CREATE ROLE regress_registrar;
CREATE ROLE regress_registrar_group;
CREATE ROLE regress_nobody;
CREATE DATABASE regress_schema_privileges;
\c regress_schema_privileges
SET client_min_messages = warning;
CREATE EXTENSION veritable CASCADE;
RESET client_min_messages;
GRANT CREATE ON SCHEMA public TO PUBLIC;
GRANT CREATE ON DATABASE regress_schema_privileges TO regress_registrar;
SELECT proname, proacl, prosecdef, proconfig FROM pg_proc WHERE proname IN ('register_schema', 'retire_schema') ORDER BY proname;

-- Not everybody may register or retire; everybody may ask.
SET ROLE regress_registrar;
SELECT register_schema('order', '{"type": "object"}');
\echo :LAST_ERROR_SQLSTATE
SELECT retire_schema('order');
\echo :LAST_ERROR_SQLSTATE
SELECT * FROM schema_problems('{"typ": 1}');
SELECT backward, forward FROM schema_compatibility('true', 'false');
SELECT message FROM schema_errors('false', '1');
SELECT count(*) FROM veritable.event_schemas;
-- Who is granted to, may; also by a role that he is in
RESET ROLE;
GRANT EXECUTE ON FUNCTION register_schema, retire_schema TO regress_registrar_group;
GRANT regress_registrar_group TO regress_registrar;
SET ROLE regress_registrar;
SELECT register_schema('order', '{"type": "object", "required": ["id"]}');
-- registered_by is the role that called: under SET ROLE, SET SESSION AUTHORIZATION, and in a function with other rights
SET ROLE regress_registrar_group;
SELECT register_schema('order', '{"type": "object"}');
RESET ROLE;
SELECT register_schema('order', '{}');
SET SESSION AUTHORIZATION regress_registrar;
SELECT register_schema('order', '{"title": "by the session''s user"}');
SET ROLE regress_registrar_group;
SELECT retire_schema('order');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION register_as_owner(text, jsonb) RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT register_schema($1, $2)';
SET ROLE regress_nobody;
SELECT register_as_owner('order', '{"title": "by a function with its owner''s rights"}');
SELECT version, schema, registered_by FROM veritable.event_schemas ORDER BY version;
-- all may read it, whoever they are
SELECT name, version FROM veritable.event_schemas WHERE version = 1;

-- Nobody but the extension's functions writes to the registry: neither those who may register, nor others.
SET ROLE regress_registrar;
INSERT INTO veritable.event_schemas (name, schema, compatibility, strict, annotations, resolved, registered_at, registered_by) VALUES ('forged', '{}', 'NONE', true, '{}', '{}', now(), 'postgres');
\echo :LAST_ERROR_SQLSTATE
UPDATE veritable.event_schemas SET schema = 'true';
\echo :LAST_ERROR_SQLSTATE
DELETE FROM veritable.event_schemas;
TRUNCATE veritable.event_schemas;
ALTER TABLE veritable.event_schemas DISABLE TRIGGER USER;
CREATE TRIGGER spy BEFORE INSERT ON veritable.event_schemas FOR EACH ROW EXECUTE FUNCTION veritable.validate('document=schema', 'schema=order');
SELECT drop_chain('veritable.event_schemas');
SELECT add_validation('veritable.event_schemas', 'schema', schema => 'order');
SELECT * FROM veritable.event_schemas FOR UPDATE;
BEGIN;
LOCK TABLE veritable.event_schemas IN SHARE MODE;
ROLLBACK;
CREATE TABLE child () INHERITS (veritable.event_schemas);
CREATE RULE nothing AS ON INSERT TO veritable.event_schemas DO INSTEAD NOTHING;
-- Names that the caller puts in the way of the functions are not met
CREATE SCHEMA mine;
CREATE FUNCTION mine.equals(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called as %'', current_user; END';
CREATE OPERATOR mine.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.equals);
CREATE FUNCTION mine.starts_with(text, text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''called as %'', current_user; END';
CREATE TEMP TABLE event_schemas (name text, version bigint, schema jsonb, compatibility text, resolved jsonb);
INSERT INTO event_schemas VALUES ('hijacked', 1, 'false', 'NONE', '{}');
CREATE TEMP TABLE hijacked (payload jsonb);
SELECT add_validation('hijacked', 'payload', schema => 'hijacked');
SET search_path = mine, pg_temp, pg_catalog, public;
INSERT INTO hijacked VALUES ('{}');
SELECT public.register_schema('hijacked', 'true');
INSERT INTO hijacked VALUES ('{}');
RESET search_path;
-- nor does this setting make a difference
SET row_security = off;
INSERT INTO hijacked VALUES ('{}');
RESET row_security;

-- The owner, too, is refused, as long as the triggers are on.
RESET ROLE;
UPDATE veritable.event_schemas SET schema = 'true' WHERE version = 1;
\echo :LAST_ERROR_SQLSTATE
UPDATE veritable.event_schemas SET compatibility = 'FULL', registered_by = 'regress_nobody';
DELETE FROM veritable.event_schemas WHERE version = 1;
\echo :LAST_ERROR_SQLSTATE
TRUNCATE veritable.event_schemas;
\echo :LAST_ERROR_SQLSTATE
SET session_replication_role = replica;
UPDATE veritable.event_schemas SET schema = 'true' WHERE version = 1;
DELETE FROM veritable.event_schemas WHERE version = 1;
RESET session_replication_role;
SELECT * FROM verify_chain();

-- With the triggers off he can, and verify_chain() tells; what counts is what is there, at once, in sessions that have read it before.
CREATE TABLE event (type text, payload jsonb, version int);
SELECT register_schema('tampered', '{"type": "integer"}');
SELECT register_schema('tampered', '{"type": "integer", "minimum": 0}');
SELECT add_validation('event', 'payload', type => 'type', version => 'version');
INSERT INTO event VALUES ('tampered', '1');
INSERT INTO event VALUES ('tampered', '"x"');
CREATE PROCEDURE tamper(edit text) LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE veritable.event_schemas DISABLE TRIGGER USER;
    EXECUTE edit;
    ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER zz_veritable_chain;
    ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER zz_veritable_chain_guard;
    ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER zz_veritable_chain_truncate;
    ALTER TABLE veritable.event_schemas ENABLE ALWAYS TRIGGER veritable_event_schemas_changed;
END $$;
CREATE FUNCTION try(payload jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event VALUES ('tampered', payload);
    RETURN 'passed';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
\x on
-- another schema
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"type": "string"}' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer, try('"x"') AS string;
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
SELECT try('1') AS integer, try('"x"') AS string;
-- no schema at all; none that is one; one that was never admitted
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = NULL WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer, try('"x"') AS string;
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '[1]' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
SELECT register_schema('tampered', 'true');
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"$ref": "http://127.0.0.1:1/"}' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"pattern": "(?=a"}' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = (repeat('{"not":', 1000) || '{}' || repeat('}', 1000))::jsonb WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
-- a reference to nothing, whatever resolved says; resolved that is no object, or holds no numbers
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"$ref": "veritable:///nobody"}', resolved = '{"nobody": 1}' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"$ref": "veritable:///order"}', resolved = '[]' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET schema = '{"$ref": "veritable:///order"}', resolved = '{"order": "x"}' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
ROLLBACK;
-- a mode that there is not
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET compatibility = 'SOMETIMES' WHERE name = 'tampered' AND version = 2$$);
SELECT try('1') AS integer;
SELECT register_schema('tampered', 'true');
ROLLBACK;
-- removed, the newest or all; the next one goes on from what is there
BEGIN;
CALL tamper($$DELETE FROM veritable.event_schemas WHERE name = 'tampered' AND version = 2$$);
SELECT try('-1') AS negative;
SELECT register_schema('tampered', 'true');
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
BEGIN;
CALL tamper($$DELETE FROM veritable.event_schemas WHERE name = 'tampered' AND version = 1$$);
SELECT try('1') AS integer;
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
BEGIN;
CALL tamper($$DELETE FROM veritable.event_schemas WHERE name = 'tampered'$$);
SELECT try('1') AS integer;
ROLLBACK;
-- added, newer
BEGIN;
CALL tamper($$INSERT INTO veritable.event_schemas SELECT name, 3, 'true', compatibility, strict, annotations, resolved, registered_at, registered_by, previous_event_hash, event_hash, position FROM veritable.event_schemas WHERE name = 'tampered' AND version = 2$$);
SELECT try('"x"') AS string;
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
-- who registered it, and when
BEGIN;
CALL tamper($$UPDATE veritable.event_schemas SET registered_by = 'regress_nobody', registered_at = now() - interval '1 year' WHERE name = 'tampered' AND version = 2$$);
SELECT entity, seq, fault FROM verify_chain();
ROLLBACK;
SELECT try('1') AS integer, try('"x"') AS string;
SELECT entity, seq, fault FROM verify_chain();
\x off

\c :regression
SET client_min_messages = warning;
DROP DATABASE regress_schema_privileges;
DROP ROLE regress_registrar;
DROP ROLE regress_registrar_group;
DROP ROLE regress_nobody;
