-- A user with CREATE on the target schema could have put functions, operators and types there that match better than
-- PostgreSQL's. So the script looks up nothing there: it names public objects with their schema.
SET LOCAL search_path = pg_catalog, pg_temp;

-- The fixed schema of all objects that users do not call every day. Triggers name its functions, so its name is fixed:
-- a dump of a chained table must restore wherever the extension is.

CREATE SCHEMA veritable;
GRANT USAGE ON SCHEMA veritable TO PUBLIC;
COMMENT ON SCHEMA veritable IS 'triggers, views and internals of the extension veritable';

CREATE FUNCTION veritable.check_database() RETURNS void
    LANGUAGE c STABLE PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'veritable_check_database';
COMMENT ON FUNCTION veritable.check_database() IS
'Refuses a database in which the extension cannot work.
Errors: 0A000 the encoding is not UTF8.';
SELECT veritable.check_database();
