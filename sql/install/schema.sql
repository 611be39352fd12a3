-- The fixed schema of everything that is not called by name every day. Triggers name its functions, so it cannot be
-- chosen: a dump of a chained table must restore wherever the extension is.

CREATE SCHEMA veritable;
GRANT USAGE ON SCHEMA veritable TO PUBLIC;
COMMENT ON SCHEMA veritable IS 'triggers, views and internals of the extension veritable';
