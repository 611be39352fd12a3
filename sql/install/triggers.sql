-- The trigger functions. A chain's configuration is in the arguments of its triggers, key=value: format, entity (once
-- for each column), seq, previous, hash, recorded, exclude (once for each column), identity.

CREATE FUNCTION veritable.seal() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_seal';

COMMENT ON FUNCTION veritable.seal() IS
'Seals a row: BEFORE INSERT FOR EACH ROW. Arguments: format=1, entity=column (repeated), seq=column, previous=column, hash=column, recorded=column, exclude=column (repeated), identity=text.
Errors: 40001 a supplied seq or previous hash that does not continue the chain, or an append since the snapshot of a REPEATABLE READ transaction: retry; 23514 a supplied hash that is not the row''s, or comes with a recorded time that cannot be; 42501 a supplied seq, previous hash or hash by a role that may not read these columns; 22008 no recorded time after that of the newest event; 22023 a column given twice; 0A000 a generated column; 23502 a null entity; 55000 no index on (entity, seq).';

CREATE FUNCTION veritable.guard() RETURNS trigger
    LANGUAGE c VOLATILE
    AS 'MODULE_PATHNAME', 'veritable_guard';

COMMENT ON FUNCTION veritable.guard() IS
'Refuses to change sealed rows: BEFORE UPDATE OR DELETE FOR EACH ROW, and BEFORE TRUNCATE FOR EACH STATEMENT, with the arguments of veritable.seal(). An UPDATE of excluded columns alone passes.
Errors: 23001 always, but for that UPDATE.';
