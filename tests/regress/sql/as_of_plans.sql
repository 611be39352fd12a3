-- PostgreSQL plans the query of an as-of function as one with the query that calls it.
CREATE ROLE regress_as_of;
CREATE SCHEMA AUTHORIZATION regress_as_of;
SET search_path = regress_as_of, public;
SET ROLE regress_as_of;
SET TimeZone = 'UTC';

-- What a plan does, in the same words on every version: from 16 on, DISTINCT ON of one entity is planned as a LIMIT.
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json, COSTS off) ' || query INTO plan;
    RETURN QUERY WITH RECURSIVE node AS (
        SELECT plan -> 0 -> 'Plan' AS node
        UNION ALL
        SELECT child.node FROM node, jsonb_array_elements(node.node -> 'Plans') AS child (node))
    SELECT concat_ws(' ', node ->> 'Node Type', node ->> 'Scan Direction', node ->> 'Index Name', node ->> 'Index Cond',
                     'filter ' || (node ->> 'Filter'))
    FROM node
    WHERE node ->> 'Node Type' NOT IN ('Subquery Scan', 'Result', 'Unique', 'Limit')
    ORDER BY 1;
END $$;

CREATE TABLE event (id int NOT NULL, who text NOT NULL, price int, valid_from timestamptz, at timestamptz);
SELECT add_chain('event', '{id}', recorded => 'at');
INSERT INTO event (id, who, price, valid_from)
SELECT n % 500, 'w' || n % 500, n, timestamptz '2024-01-01' + n * interval '1 hour' FROM generate_series(1, 20000) AS n;
SELECT add_as_of('event', valid => 'valid_from');
ANALYZE event;
CREATE TABLE wanted AS SELECT n * 3 AS id FROM generate_series(1, 5) AS n;
ANALYZE wanted;
SET enable_bitmapscan = off;

-- One entity, from inside and from outside: the index finds it.
SELECT explained('SELECT price FROM event_as_of(7)');
SELECT explained($$SELECT price FROM event_as_of(7, valid_at => '2024-02-01', known_at => '2999-01-01')$$);
SELECT explained('SELECT price FROM event_as_of(known_at => now()) WHERE id = 7');
SELECT explained('SELECT price FROM event_as_of(known_at => now()) WHERE id IN (7, 8)');
SELECT explained('SELECT w.id, price FROM wanted AS w, event_as_of(w.id) AS e');
SELECT explained('SELECT w.id, price FROM wanted AS w LEFT JOIN event_as_of(w.id, valid_at => now()) AS e ON true');
-- What is asked of the state is asked of the state, not of each event.
SELECT explained('SELECT id FROM event_as_of() WHERE price = 19999');
SELECT count(*) FROM event_as_of() WHERE price < 19000;
-- A join can begin at either side, as far as its order is free.
SELECT explained('SELECT price FROM event_as_of() AS e JOIN wanted AS w USING (id) WHERE w.id = 9');
-- All entities in the order of the index, if that is asked for.
SET enable_sort = off; SET enable_seqscan = off; SET enable_incremental_sort = off; SET enable_hashagg = off;
SELECT explained('SELECT id, price FROM event_as_of()');
RESET enable_sort; RESET enable_seqscan; RESET enable_incremental_sort; RESET enable_hashagg;

-- Prepared statements, with a plan for all arguments and with one for each.
SET plan_cache_mode = force_generic_plan;
PREPARE one (int, timestamptz) AS SELECT price FROM event_as_of($1, known_at => $2);
PREPARE outside (int, timestamptz) AS SELECT price FROM event_as_of(known_at => $2) WHERE id = $1;
SELECT explained('EXECUTE one (7, now())');
SELECT explained('EXECUTE outside (7, now())');
EXECUTE one (7, 'infinity');
EXECUTE outside (7, 'infinity');
EXECUTE one (7, '2000-01-01');
SET plan_cache_mode = force_custom_plan;
SELECT explained($$EXECUTE one (7, 'infinity')$$);
EXECUTE one (7, 'infinity');
RESET plan_cache_mode;

-- Without valid times one probe is enough, however many events have come since.
SELECT drop_as_of('event');
SELECT add_as_of('event');
ANALYZE event;
SELECT explained($$SELECT price FROM event_as_of(7, '2999-01-01')$$);
SELECT explained($$SELECT price FROM event_as_of(known_at => '2999-01-01') WHERE id = 7$$);

-- An index is created unless there is one: a text is found in its own order, not in that of the chain's index.
CREATE COLLATION ordered (provider = icu, locale = 'en');
CREATE TABLE named (who text COLLATE ordered NOT NULL, day date, at timestamptz);
SELECT add_chain('named', '{who}', recorded => 'at');
CREATE INDEX unfit_where ON named (who, day, seq) WHERE day > '2024-01-01';
CREATE INDEX unfit_direction ON named (who, day DESC, seq DESC);
CREATE INDEX unfit_collation ON named (who COLLATE "C", day, seq);
CREATE INDEX unfit_class ON named (who text_pattern_ops, day, seq);
CREATE INDEX unfit_expression ON named (lower(who), day, seq);
CREATE INDEX unfit_prefix ON named (who, day);
SELECT add_as_of('named', valid => 'day');
SELECT indexname FROM pg_indexes WHERE tablename = 'named' ORDER BY 1;
SELECT drop_as_of('named');
DROP INDEX named_who_day_seq_idx;
CREATE INDEX fits_backwards ON named (who DESC, day DESC, seq DESC, at);
SELECT add_as_of('named', valid => 'day');
SELECT indexname FROM pg_indexes WHERE tablename = 'named' ORDER BY 1;
INSERT INTO named (who, day) SELECT 'w' || n % 100, date '2024-01-01' + n FROM generate_series(1, 5000) AS n;
DROP INDEX unfit_where, unfit_direction, unfit_prefix;
ANALYZE named;
SELECT explained($$SELECT day FROM named_as_of(who => 'w7')$$);
SELECT explained($$SELECT day FROM named_as_of() WHERE who = 'w7'$$);

-- Partitions are pruned.
CREATE TABLE parted (id int NOT NULL, n int, at timestamptz) PARTITION BY HASH (id);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
SELECT add_chain('parted', '{id}', recorded => 'at');
INSERT INTO parted (id, n) SELECT n % 100, n FROM generate_series(1, 5000) AS n;
SELECT add_as_of('parted');
ANALYZE parted;
SET enable_seqscan = off;
SELECT explained('SELECT n FROM parted_as_of(7)');
SELECT explained('SELECT n FROM parted_as_of() WHERE id = 7');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_as_of CASCADE;
DROP ROLE regress_as_of;
