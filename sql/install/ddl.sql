-- requires: as_of, audit, chain, dedup, erase, history, packing, reference, validation, pg_jsonschema

-- The event triggers that refuse a command which would silently break a chain, a packing, a reference or a validation. They fire for
-- all commands, because the effect of a command decides, not its tag.

-- before_ddl() names no function or operator. It finds indexes and partitions by their names as the command does: with
-- the caller's search_path.
CREATE FUNCTION veritable.before_ddl() RETURNS event_trigger
    LANGUAGE c
    AS 'MODULE_PATHNAME', 'veritable_before_ddl';
CREATE FUNCTION veritable.note_dropped() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_note_dropped';
CREATE FUNCTION veritable.note_rewritten() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'veritable_note_rewritten';
-- The journal quotes names only where they need it.
CREATE FUNCTION veritable.after_ddl() RETURNS event_trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off
    AS 'MODULE_PATHNAME', 'veritable_after_ddl';

COMMENT ON FUNCTION veritable.before_ddl() IS 'Function of the event trigger veritable_before_ddl.';
COMMENT ON FUNCTION veritable.note_dropped() IS 'Function of the event trigger veritable_note_dropped.';
COMMENT ON FUNCTION veritable.note_rewritten() IS 'Function of the event trigger veritable_note_rewritten.';
COMMENT ON FUNCTION veritable.after_ddl() IS 'Function of the event trigger veritable_after_ddl.';

CREATE EVENT TRIGGER veritable_before_ddl ON ddl_command_start EXECUTE FUNCTION veritable.before_ddl();
CREATE EVENT TRIGGER veritable_note_dropped ON sql_drop EXECUTE FUNCTION veritable.note_dropped();
CREATE EVENT TRIGGER veritable_note_rewritten ON table_rewrite EXECUTE FUNCTION veritable.note_rewritten();
CREATE EVENT TRIGGER veritable_after_ddl ON ddl_command_end EXECUTE FUNCTION veritable.after_ddl();
COMMENT ON EVENT TRIGGER veritable_before_ddl IS
'notes when a command begins, and refuses commands that could not be undone at their end';
COMMENT ON EVENT TRIGGER veritable_note_dropped IS 'notes what a command drops';
COMMENT ON EVENT TRIGGER veritable_note_rewritten IS 'notes which tables a command rewrites';
COMMENT ON EVENT TRIGGER veritable_after_ddl IS
'refuses commands that would break a guarantee, and guards new partitions against TRUNCATE';
