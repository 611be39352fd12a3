-- The state as of any moment: what was valid then, as it was known then.
\pset null (null)
CREATE ROLE regress_as_of;
CREATE SCHEMA AUTHORIZATION regress_as_of;
SET search_path = regress_as_of, public;
SET ROLE regress_as_of;
SET TimeZone = 'UTC';
-- An event with its hash and its recorded time, as it would be after the newest one of its entity.
CREATE TABLE trade (id int NOT NULL, price numeric, gone int, valid_from timestamptz, at timestamptz);
ALTER TABLE trade DROP COLUMN gone;
SELECT add_chain('trade', '{id}', recorded => 'at');
CREATE PROCEDURE record(id int, price numeric, valid_from timestamptz, at timestamptz) LANGUAGE sql AS $$
    INSERT INTO trade
    SELECT (row.e).id, (row.e).price, (row.e).valid_from, (row.e).at, (row.e).seq, (row.e).previous_event_hash,
           sha256(convert_to(chain_line(row.e), 'UTF8'))
    FROM (SELECT ROW($1, $2, $3, $4, coalesce(newest.seq, 0) + 1, coalesce(newest.event_hash, genesis), NULL)::trade AS e
          FROM veritable.chains AS c
          LEFT JOIN LATERAL (SELECT * FROM trade AS o WHERE o.id = $1 ORDER BY seq DESC LIMIT 1) AS newest ON true
          WHERE target = 'trade'::regclass) AS row
$$;

-- The price of trade 1 is 10 from January on. In March it is recorded that it was 11 from February on; in May, that it was
-- 12 from January on after all. Trade 2 is recorded late. An event without a valid time never counts.
CALL record(1, 10, '2024-01-01', '2024-01-05');
CALL record(1, 11, '2024-02-01', '2024-03-05');
CALL record(1, 12, '2024-01-01', '2024-05-05');
CALL record(2, 20, '2024-01-15', '2024-06-01');
CALL record(3, 30, NULL, '2024-01-01');
SELECT add_as_of('trade', valid => 'valid_from');
SELECT * FROM veritable.as_ofs ORDER BY function::text;
SELECT id, price FROM trade_as_of() ORDER BY id;
SELECT id, price FROM trade_as_of(known_at => '2024-04-01') ORDER BY id;
SELECT id, price FROM trade_as_of(valid_at => '2024-01-20') ORDER BY id;
SELECT id, price FROM trade_as_of('2024-01-20', '2024-04-01') ORDER BY id;
SELECT id, price FROM trade_as_of(1);
SELECT id, price FROM trade_as_of(1, known_at => '2024-02-01');
SELECT id, price FROM trade_as_of(1, '2024-01-20', '2024-04-01');
SELECT id, price FROM trade_as_of(id => 2, valid_at => '2024-01-14');
SELECT id, price FROM trade_as_of(NULL::int);
SELECT id, price FROM trade_as_of(known_at => NULL);
SELECT id, price FROM trade_as_of(known_at => '2024-04-01') AS t WHERE id = 1;
SELECT d::date, t.price FROM generate_series(timestamptz '2024-01-01', '2024-06-01', '1 month') AS d
LEFT JOIN trade_as_of(1, known_at => d) AS t ON true ORDER BY d;

-- Against a naive query, at all pairs of moments.
INSERT INTO trade (id, price, valid_from)
SELECT n % 7, n, timestamptz '2024-01-01' + (n * 7919 % 101) * interval '1 day' FROM generate_series(1, 300) AS n;
CREATE FUNCTION naive(valid_at timestamptz, known_at timestamptz) RETURNS SETOF trade LANGUAGE sql AS $$
    SELECT e FROM trade AS e
    WHERE e.valid_from <= valid_at AND e.at <= known_at
      AND NOT EXISTS (SELECT FROM trade AS o WHERE o.id = e.id AND o.valid_from <= $1 AND o.at <= $2
                                               AND (o.valid_from, o.seq) > (e.valid_from, e.seq))
$$;
SELECT count(*) AS pairs, count(*) FILTER (WHERE differ) AS differ, sum(rows) > 1000 AS many FROM (
    SELECT EXISTS ((SELECT * FROM naive(v, k)) EXCEPT ALL (SELECT * FROM trade_as_of(v, k)))
           OR EXISTS ((SELECT * FROM trade_as_of(v, k)) EXCEPT ALL (SELECT * FROM naive(v, k)))
           OR EXISTS ((SELECT * FROM naive(v, k)) EXCEPT ALL (SELECT t.* FROM generate_series(0, 7) AS i, trade_as_of(i, v, k) AS t))
           OR EXISTS ((SELECT t.* FROM generate_series(0, 7) AS i, trade_as_of(i, v, k) AS t) EXCEPT ALL (SELECT * FROM naive(v, k)))
           AS differ,
           (SELECT count(*) FROM naive(v, k)) AS rows
    FROM (SELECT DISTINCT valid_from AS v FROM trade WHERE valid_from IS NOT NULL ORDER BY 1 LIMIT 20) AS v,
         (SELECT at AS k FROM trade WHERE seq % 5 = 1) AS k) AS pairs;

-- Without valid times, the recorded time alone counts. Times that differ by a microsecond differ.
CREATE TABLE note (who text NOT NULL, "what ""quoted"" % = x" text, at timestamptz(3));
SELECT add_chain('note', '{who}', recorded => 'at');
SELECT add_as_of('note', name => 'Notes as of');
INSERT INTO note (who) SELECT 'a' FROM generate_series(1, 5);
INSERT INTO note (who) VALUES ('b');
SELECT who, seq FROM "Notes as of"() ORDER BY who;
SELECT n.seq, t.seq = n.seq AS own, b.seq IS NOT DISTINCT FROM nullif(n.seq - 1, 0) AS before
FROM note AS n
LEFT JOIN "Notes as of"('a', n.at) AS t ON true
LEFT JOIN "Notes as of"(who => 'a', known_at => n.at - interval '1 us') AS b ON true
WHERE n.who = 'a' ORDER BY n.seq;
SELECT indexdef FROM pg_indexes WHERE tablename = 'note' ORDER BY indexname;
-- a chain of the whole table has one state
CREATE TABLE ledger (what text, day date, at timestamptz);
SELECT add_chain('ledger', recorded => 'at');
SELECT add_as_of('ledger', valid => 'day');
INSERT INTO ledger VALUES ('first', '2024-01-01'), ('second', '2024-02-01'), ('correction of the first', '2024-01-01'), ('at last', 'infinity');
SELECT what FROM ledger_as_of();
SELECT what FROM ledger_as_of('2024-01-31');
SELECT what FROM ledger_as_of('2024-02-01', 'infinity');
SELECT function FROM veritable.as_ofs WHERE target = 'ledger'::regclass;

-- Any type with an order: domains, enums, ranges, numbers, and several columns of an entity that have the arguments' names.
CREATE DOMAIN "Day" AS date CHECK (VALUE <> 'infinity');
CREATE TYPE stage AS ENUM ('open', 'filled', 'settled');
CREATE TABLE several (known_at text NOT NULL, valid_at int NOT NULL, e text, day "Day", state stage, during daterange, n numeric(5,2), at timestamptz);
SELECT add_chain('several', '{known_at,valid_at}', recorded => 'at');
INSERT INTO several VALUES ('x', 1, 'early', '2024-01-01', 'open', '[2024-01-01,2024-02-01)', 1),
                           ('x', 1, 'late', '2024-02-01', 'settled', '[2024-02-01,2024-03-01)', 3),
                           ('x', 1, 'middle', '2024-01-15', 'filled', '[2024-01-15,2024-03-01)', 2);
SELECT add_as_of('several', valid => 'day');
SELECT pg_get_function_arguments(function) FROM veritable.as_ofs WHERE target = 'several'::regclass;
SELECT e FROM several_as_of(); SELECT e FROM several_as_of('x', 1, '2024-01-20');
SELECT drop_as_of('several');
SELECT add_as_of('several', valid => 'state');
SELECT pg_get_function_arguments(function) FROM veritable.as_ofs WHERE target = 'several'::regclass;
SELECT e FROM several_as_of('settled'); SELECT e FROM several_as_of(valid_at_ => 'filled'::stage, known_at => 'x', valid_at => 1);
SELECT drop_as_of('several');
SELECT add_as_of('several', valid => 'during');
SELECT e FROM several_as_of('[2024-01-15,2024-04-01)'::daterange);
SELECT drop_as_of('several');
SELECT add_as_of('several', valid => 'n');
SELECT e FROM several_as_of(2.5);
-- the type of an extension, with operators in a schema of its own
RESET ROLE;
CREATE SCHEMA regress_citext;
CREATE EXTENSION citext SCHEMA regress_citext;
GRANT USAGE ON SCHEMA regress_citext TO regress_as_of;
SET ROLE regress_as_of;
CREATE TABLE person (name regress_citext.citext NOT NULL, n int, version regress_citext.citext, at timestamptz);
SELECT add_chain('person', '{name}', recorded => 'at');
SELECT add_as_of('person', valid => 'version');
INSERT INTO person VALUES ('Ada', 1, 'A'), ('ADA', 2, 'b'), ('Bob', 3, 'C');
SELECT n FROM person_as_of('ada', 'B'); SELECT n FROM person_as_of('z') ORDER BY n; SELECT n FROM person_as_of('a') ORDER BY n;

-- Partitions: one function for all.
CREATE TABLE parted (id int NOT NULL, day date NOT NULL, at timestamptz) PARTITION BY RANGE (day);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
SELECT add_chain('parted', '{id}', recorded => 'at');
SELECT add_as_of('parted_1');
SELECT add_as_of('parted', valid => 'day');
INSERT INTO parted VALUES (1, '2024-02-10'), (1, '2024-01-10'), (2, '2024-01-20');
SELECT id, day, seq FROM parted_as_of() ORDER BY id; SELECT id, day, seq FROM parted_as_of(1, '2024-02-01');

-- Errors.
CREATE TABLE plain (id int, at timestamptz);
SELECT add_as_of('plain');
CREATE VIEW aview AS SELECT 1;
SELECT add_as_of('aview');
CREATE TABLE timeless (id int NOT NULL);
SELECT add_chain('timeless', '{id}');
SELECT add_as_of('timeless');
SELECT add_as_of('trade');
SELECT add_as_of('person', name => 'other');
SELECT drop_as_of('trade');
SELECT drop_as_of('trade');
SELECT add_as_of('trade', valid => 'nothing');
SELECT add_as_of('trade', valid => 'at');
SELECT add_as_of('trade', valid => 'id');
CREATE TABLE unordered (id int NOT NULL, place point, at timestamptz);
SELECT add_chain('unordered', '{id}', recorded => 'at', exclude => '{place}');
SELECT add_as_of('unordered', valid => 'place');
CREATE FUNCTION trade_as_of(timestamptz) RETURNS SETOF trade LANGUAGE sql AS 'SELECT * FROM trade';
SELECT add_as_of('trade');
\echo :LAST_ERROR_SQLSTATE
SELECT add_as_of('trade', name => 'note');
SELECT add_as_of(NULL);
SELECT add_as_of('trade', name => '');
-- a long name is cut, at a character
CREATE TABLE "ééééééééééééééééééééééééééééééx" (id int NOT NULL, at timestamptz);
SELECT add_chain('"ééééééééééééééééééééééééééééééx"', '{id}', recorded => 'at');
SELECT add_as_of('"ééééééééééééééééééééééééééééééx"');
SELECT proname, octet_length(proname) FROM veritable.as_ofs JOIN pg_proc ON oid = function WHERE proname LIKE 'é%' LIMIT 1;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_as_of CASCADE;
DROP SCHEMA regress_citext CASCADE;
DROP ROLE regress_as_of;
