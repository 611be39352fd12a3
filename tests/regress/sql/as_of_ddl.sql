-- The functions follow their table, as a view would, and what they read cannot be taken away unsaid.
CREATE ROLE regress_as_of;
CREATE ROLE regress_as_of_other;
GRANT regress_as_of_other TO regress_as_of;
CREATE SCHEMA AUTHORIZATION regress_as_of;
SET search_path = regress_as_of, public;
SET ROLE regress_as_of;
SET TimeZone = 'UTC';

CREATE FUNCTION shown() RETURNS TABLE (function text, arguments text, body text) LANGUAGE sql AS $$
    SELECT p.proname, pg_get_function_arguments(p.oid), split_part(prosrc, E'\n', 2)
    FROM veritable.as_ofs JOIN pg_proc p ON p.oid = function WHERE target::text LIKE '%trade%' ORDER BY pronargs
$$;
CREATE TABLE trade (id int NOT NULL, price int, valid_from date, note text, at timestamptz);
SELECT add_chain('trade', '{id}', recorded => 'at', exclude => '{note}');
SELECT add_as_of('trade', valid => 'valid_from');
SELECT * FROM shown();

-- Names.
ALTER TABLE trade RENAME id TO trade_id;
ALTER TABLE trade RENAME valid_from TO "valid %from ";
ALTER TABLE trade RENAME at TO learned;
ALTER TABLE trade RENAME TO trades;
SELECT * FROM shown();
SELECT valid FROM veritable.as_ofs;
INSERT INTO trades VALUES (1, 10, '2024-01-01');
SELECT trade_id, price FROM trade_as_of(trade_id => 1);
RESET ROLE;
CREATE SCHEMA regress_as_of_moved AUTHORIZATION regress_as_of;
SET ROLE regress_as_of;
ALTER TABLE trades SET SCHEMA regress_as_of_moved;
SELECT body FROM shown();
SELECT trade_id, price FROM trade_as_of();
RESET ROLE;
ALTER SCHEMA regress_as_of_moved RENAME TO regress_as_of_again;
SET ROLE regress_as_of;
SELECT body FROM shown();
SELECT trade_id, price FROM trade_as_of();
ALTER TABLE regress_as_of_again.trades SET SCHEMA regress_as_of;

-- Columns come and go.
ALTER TABLE trades ADD COLUMN e text;
ALTER TABLE trades ADD COLUMN more int;
INSERT INTO trades (trade_id, price, "valid %from ", e, more) VALUES (1, 11, '2024-02-01', 'new', 5);
SELECT trade_id, price, e, more FROM trade_as_of(1);
ALTER TABLE trades DROP COLUMN note;
SELECT trade_id, price, e, more FROM trade_as_of(1);
SELECT body FROM shown();

-- Types.
ALTER TABLE trades ALTER trade_id TYPE bigint;
SELECT arguments FROM shown();
SELECT price FROM trade_as_of(1::bigint);
-- what depends on a function keeps it
CREATE VIEW all_prices AS SELECT price FROM trade_as_of();
CREATE VIEW prices AS SELECT price FROM trade_as_of(1::bigint);
ALTER TABLE trades ALTER trade_id TYPE int;
DROP VIEW prices;
ALTER TABLE trades RENAME TO trade;
SELECT * FROM all_prices;
SELECT drop_as_of('trade');
DROP VIEW all_prices;

-- What the functions read stays.
ALTER TABLE trade DROP COLUMN "valid %from ";
SELECT drop_chain('trade');
\echo :LAST_ERROR_SQLSTATE
SELECT alter_chain('trade', recorded => '');
CREATE TABLE empty (id int NOT NULL, valid_from date, other timestamptz, at timestamptz);
SELECT add_chain('empty', '{id}', recorded => 'at', exclude => '{valid_from}');
SELECT add_as_of('empty', valid => 'valid_from');
ALTER TABLE empty DROP COLUMN valid_from;
ALTER TABLE empty DROP COLUMN valid_from CASCADE;
ALTER TABLE empty DROP COLUMN at;
-- another recorded time is followed
SELECT alter_chain('empty', recorded => 'other');
SELECT split_part(prosrc, E'\n', 2) FROM veritable.as_ofs JOIN pg_proc p ON p.oid = function WHERE target = 'empty'::regclass ORDER BY pronargs LIMIT 1;
DROP TABLE empty;
SELECT drop_as_of('empty');
ALTER TABLE empty DROP COLUMN valid_from;
SELECT drop_chain('empty');
DROP TABLE empty;
-- a function that somebody has replaced by hand is generated again
CREATE OR REPLACE FUNCTION trade_as_of(valid_at date DEFAULT 'infinity', known_at timestamptz DEFAULT 'infinity') RETURNS SETOF trade
    LANGUAGE sql SECURITY DEFINER SET search_path = public AS $$-- veritable as of: valid=valid%20%25from%20
SELECT * FROM regress_as_of.trade$$;
ALTER TABLE trade ADD COLUMN later int;
SELECT prosecdef, proconfig FROM pg_proc JOIN veritable.as_ofs ON oid = function ORDER BY pronargs;
SELECT trade_id, price FROM trade_as_of(known_at => '2000-01-01');

-- A new owner of the table is that of its functions.
RESET ROLE;
GRANT ALL ON SCHEMA regress_as_of TO regress_as_of_other;
ALTER TABLE trade OWNER TO regress_as_of_other;
SELECT function, proowner::regrole FROM veritable.as_ofs JOIN pg_proc ON oid = function WHERE target = 'trade'::regclass ORDER BY pronargs;
REASSIGN OWNED BY regress_as_of_other TO regress_as_of;
SELECT function, proowner::regrole FROM veritable.as_ofs JOIN pg_proc ON oid = function WHERE target = 'trade'::regclass ORDER BY pronargs;
SELECT * FROM verify_chain('trade');

SET client_min_messages = warning;
DROP SCHEMA regress_as_of CASCADE;
DROP SCHEMA regress_as_of_again;
DROP ROLE regress_as_of, regress_as_of_other;
