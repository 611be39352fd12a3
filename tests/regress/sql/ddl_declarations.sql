-- C functions of the library that somebody declares otherwise than the extension does: an error, never a crash.
\set SHOW_CONTEXT never

-- Arguments of other types.
CREATE FUNCTION line_of(bigint) RETURNS text LANGUAGE c AS '$libdir/veritable', 'veritable_chain_line';
SELECT line_of(1);
CREATE FUNCTION arguments_of(integer) RETURNS text[] LANGUAGE c AS '$libdir/veritable', 'veritable_trigger_arguments';
SELECT arguments_of(1);
CREATE FUNCTION matches(bigint, bigint) RETURNS boolean LANGUAGE c AS '$libdir/veritable', 'veritable_jsonb_matches_schema';
SELECT matches(1, 2);
CREATE FUNCTION packed(text) RETURNS bigint LANGUAGE c AS '$libdir/veritable', 'veritable_pack_table';
SELECT packed('pg_class');

-- Fewer arguments.
CREATE FUNCTION matches() RETURNS boolean LANGUAGE c AS '$libdir/veritable', 'veritable_jsonb_matches_schema';
SELECT matches();

-- Another result.
CREATE FUNCTION valid(json) RETURNS text LANGUAGE c AS '$libdir/veritable', 'veritable_jsonschema_is_valid';
SELECT valid('{}');
CREATE FUNCTION value_number("any") RETURNS bigint LANGUAGE c AS '$libdir/veritable', 'veritable_value_key';
SELECT value_number(1);
CREATE FUNCTION problems(jsonb, boolean) RETURNS TABLE (location bigint, problem bigint)
    LANGUAGE c AS '$libdir/veritable', 'veritable_schema_problems';
SELECT * FROM problems('{"type": 1}', true);
CREATE FUNCTION first_problem(jsonb, boolean) RETURNS TABLE (location text, problem text, more text)
    LANGUAGE c AS '$libdir/veritable', 'veritable_schema_problems';
SELECT * FROM first_problem('{"type": 1}', true);

-- The state of another aggregate.
CREATE AGGREGATE mixed(bigint) (sfunc = int8_avg_accum, stype = internal, finalfunc = veritable.balance_events);
SELECT mixed(g) FROM generate_series(1, 3) AS g;

-- A function that is no trigger, and triggers that are none.
CREATE FUNCTION sealed() RETURNS text LANGUAGE c AS '$libdir/veritable', 'veritable_seal';
SELECT sealed();
CREATE FUNCTION dropped() RETURNS trigger LANGUAGE c AS '$libdir/veritable', 'veritable_drop_chain';
CREATE TABLE plain (id int);
CREATE TRIGGER dropping BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION dropped();
INSERT INTO plain VALUES (1);
CREATE FUNCTION lined() RETURNS trigger LANGUAGE c AS '$libdir/veritable', 'veritable_jsonschema_is_valid';
CREATE TRIGGER lining BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION lined();
DROP TRIGGER dropping ON plain;
INSERT INTO plain VALUES (1);
DROP TABLE plain;

DROP AGGREGATE mixed(bigint);
DROP FUNCTION line_of, arguments_of, matches(bigint, bigint), matches(), packed, valid, value_number, problems,
    first_problem, sealed, dropped, lined;
