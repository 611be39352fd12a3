-- The recorded time is not the client's: strictly increasing, never after the clock, and what the column can hold.
\pset null (null)
CREATE ROLE regress_recorded;
CREATE ROLE regress_recorded_writer;
CREATE SCHEMA AUTHORIZATION regress_recorded;
SET search_path = regress_recorded, public;
SET ROLE regress_recorded;
SET TimeZone = 'UTC';
GRANT USAGE ON SCHEMA regress_recorded TO regress_recorded_writer;

CREATE TABLE event (id text NOT NULL, what text, at timestamptz DEFAULT now());
SELECT add_chain('event', '{id}', recorded => 'at');
GRANT INSERT ON event TO regress_recorded_writer;
-- An event with its hash, as it would be after the newest one of its entity.
CREATE FUNCTION sealed(id text, what text, at timestamptz) RETURNS event LANGUAGE sql AS $$
    SELECT (row.e).id, (row.e).what, (row.e).at, (row.e).seq, (row.e).previous_event_hash, sha256(convert_to(chain_line(row.e), 'UTF8'))
    FROM (SELECT ROW($1, $2, $3, coalesce(newest.seq, 0) + 1, coalesce(newest.event_hash, genesis), NULL)::event AS e
          FROM veritable.chains AS c
          LEFT JOIN LATERAL (SELECT * FROM event AS o WHERE o.id = $1 ORDER BY seq DESC LIMIT 1) AS newest ON true
          WHERE target = 'event'::regclass) AS row
$$;

-- What a client says is not listened to, unless the row comes with its hash.
INSERT INTO event (id, at) VALUES ('a', '1999-01-01'), ('a', 'infinity'), ('a', '2999-01-01'), ('a', NULL), ('a', '-infinity')
RETURNING at BETWEEN now() AND clock_timestamp() AS is_now;
-- Then it is kept, if it lies between the newest event's and now:
INSERT INTO event SELECT * FROM sealed('b', 'the past', '1999-01-01') RETURNING seq, at;
INSERT INTO event SELECT * FROM sealed('b', 'a microsecond later', timestamptz '1999-01-01' + interval '1 us') RETURNING seq, at;
INSERT INTO event SELECT * FROM sealed('b', 'not so long ago', clock_timestamp() - interval '1 ms') RETURNING seq;
-- not after the clock, not at or before the newest event's, and a time.
INSERT INTO event SELECT * FROM sealed('b', 'infinity', 'infinity');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event SELECT * FROM sealed('b', '-infinity', '-infinity');
INSERT INTO event SELECT * FROM sealed('b', 'null', NULL);
INSERT INTO event SELECT * FROM sealed('b', 'in an hour', clock_timestamp() + interval '1 hour');
INSERT INTO event SELECT * FROM sealed('b', 'the end', '294276-12-31 23:59:59.999999+00');
INSERT INTO event SELECT * FROM sealed('b', 'before', '2000-01-01');
INSERT INTO event SELECT s.* FROM (SELECT at FROM event WHERE id = 'b' ORDER BY seq DESC LIMIT 1) AS newest, sealed('b', 'the same', at) AS s;
INSERT INTO event SELECT * FROM sealed('new', 'infinity', 'infinity');
INSERT INTO event SELECT * FROM sealed('new', 'null', NULL);
INSERT INTO event SELECT * FROM sealed('new', 'in an hour', clock_timestamp() + interval '1 hour');
-- who may only insert cannot even ask
SELECT sha256(convert_to(format('{"at":"infinity","id":"first","previous_event_hash":"\%s","seq":1,"what":"poison"}', genesis), 'UTF8')) AS hash
FROM veritable.chains WHERE target = 'event'::regclass \gset
SET ROLE regress_recorded_writer;
INSERT INTO event (id, what, at, event_hash) VALUES ('first', 'poison', 'infinity', :'hash');
\echo :LAST_ERROR_SQLSTATE
SET ROLE regress_recorded;
INSERT INTO event (id, what, at, event_hash) VALUES ('first', 'poison', 'infinity', :'hash');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event (id, what) VALUES ('first', 'honest'), ('b', 'honest') RETURNING seq, at BETWEEN now() AND clock_timestamp() AS is_now;
SELECT * FROM verify_chain('event');

-- A replica keeps what comes. What cannot be is named there, each event once, and nothing is appended after the end of time.
RESET ROLE;
SET session_replication_role = replica;
INSERT INTO event SELECT * FROM sealed('c', 'one', '2024-01-01');
INSERT INTO event SELECT * FROM sealed('c', 'two', '2023-01-01');
INSERT INTO event SELECT * FROM sealed('c', 'three', '2025-01-01');
INSERT INTO event SELECT * FROM sealed('c', 'four', '2025-01-01');
INSERT INTO event SELECT * FROM sealed('c', 'five', NULL);
INSERT INTO event SELECT * FROM sealed('c', 'six', '2024-06-01');
INSERT INTO event SELECT * FROM sealed('c', 'seven', '-infinity');
INSERT INTO event SELECT * FROM sealed('c', 'eight', '2025-06-01');
INSERT INTO event SELECT * FROM sealed('d', 'one', '2025-01-01');
INSERT INTO event SELECT * FROM sealed('d', 'two', 'infinity');
INSERT INTO event SELECT * FROM sealed('e', 'one', '294276-12-31 23:59:59.999999+00');
INSERT INTO event SELECT * FROM sealed('f', 'one', '294276-12-31 23:59:59.999998+00');
INSERT INTO event SELECT * FROM sealed('g', 'one', clock_timestamp() + interval '1 day');
RESET session_replication_role;
SET ROLE regress_recorded;
SELECT * FROM verify_chain('event');
SELECT * FROM verify_chain('event', '{c}');
SELECT * FROM verify_chain('event', '{a}');
INSERT INTO event (id) VALUES ('d');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO event (id) VALUES ('e');
INSERT INTO event (id) VALUES ('f') RETURNING seq, at;
INSERT INTO event (id) VALUES ('f');
SET ROLE regress_recorded_writer;
INSERT INTO event (id) VALUES ('d');
SET ROLE regress_recorded;
-- after one that has no time, the clock's; after one that is ahead of the clock, a microsecond later, also where it is supplied
INSERT INTO event (id) VALUES ('g'), ('g');
INSERT INTO event SELECT s.* FROM (SELECT at FROM event WHERE id = 'g' ORDER BY seq DESC LIMIT 1) AS newest, sealed('g', 'as it would be', at + interval '1 us') AS s;
INSERT INTO event SELECT s.* FROM (SELECT at FROM event WHERE id = 'g' ORDER BY seq DESC LIMIT 1) AS newest, sealed('g', 'later', at + interval '2 us') AS s;
SELECT seq, at - lag(at) OVER (ORDER BY seq) AS later FROM event WHERE id = 'g' ORDER BY seq;

-- Events that are not sealed, or in the place of another, are not blamed for their time, nor is the event after one without.
-- An edit of the time itself is named as one, and the time as well, where it is none.
RESET ROLE;
CREATE TABLE edited (id int NOT NULL, at timestamptz);
SELECT add_chain('edited', '{id}', recorded => 'at');
INSERT INTO edited (id) SELECT 1 FROM generate_series(1, 5);
BEGIN;
ALTER TABLE edited DISABLE TRIGGER USER;
ALTER TABLE edited ALTER seq DROP NOT NULL, ALTER event_hash DROP NOT NULL;
CREATE INDEX ON edited (id, seq);
DROP INDEX edited_id_seq_idx;
INSERT INTO edited SELECT * FROM edited WHERE seq = 3;
INSERT INTO edited VALUES (1, '1999-01-01', NULL, NULL, NULL), (1, NULL, 6, NULL, NULL);
DELETE FROM edited WHERE seq = 2;
UPDATE edited SET at = 'infinity' WHERE seq = 4;
SELECT seq, fault FROM verify_chain('edited') WHERE fault <> 'unguarded';
ROLLBACK;
SET ROLE regress_recorded;

-- Columns of less precision: what is stored is what they can hold, so that a dump comes back as it was.
CREATE TABLE precision_0 (id int NOT NULL, at timestamptz(0) NOT NULL DEFAULT now());
CREATE TABLE precision_1 (id int NOT NULL, at timestamptz(1) NOT NULL DEFAULT now());
CREATE TABLE precision_2 (id int NOT NULL, at timestamptz(2) NOT NULL DEFAULT now());
CREATE TABLE precision_3 (id int NOT NULL, at timestamptz(3) NOT NULL DEFAULT now());
CREATE TABLE precision_4 (id int NOT NULL, at timestamptz(4) NOT NULL DEFAULT now());
CREATE TABLE precision_5 (id int NOT NULL, at timestamptz(5) NOT NULL DEFAULT now());
CREATE TABLE precision_6 (id int NOT NULL, at timestamptz(6) NOT NULL DEFAULT now());
CREATE FUNCTION check_precision(digits int, OUT precise bigint, OUT increasing boolean, OUT first_is_not_after_the_clock boolean, OUT returned bigint, OUT faults bigint)
LANGUAGE plpgsql AS $$
DECLARE name text := 'precision_' || digits;
BEGIN
    PERFORM add_chain(name::regclass, '{id}', recorded => 'at');
    EXECUTE format('INSERT INTO %s (id) SELECT 1 + i %% 2 FROM generate_series(1, 20) AS i', name);
    EXECUTE format('SELECT count(*) FILTER (WHERE at = at::timestamptz(%s)) FROM %s', digits, name) INTO precise;
    EXECUTE format('SELECT bool_and(at > before) FROM (SELECT at, lag(at) OVER (PARTITION BY id ORDER BY seq) AS before FROM %s) AS e', name) INTO increasing;
    EXECUTE format('SELECT bool_and(at BETWEEN now() - interval ''1 second'' AND clock_timestamp()) FROM %s WHERE seq = 1', name) INTO first_is_not_after_the_clock;
    -- as a dump gives it back: text, into a chain that is there
    EXECUTE format('CREATE TABLE back_%1$s (LIKE %1$s)', name);
    PERFORM add_chain(('back_' || name)::regclass, '{id}', recorded => 'at', identity => 'regress_recorded.' || name);
    EXECUTE format('INSERT INTO back_%1$s SELECT (%1$s::text::back_%1$s).* FROM %1$s ORDER BY id, seq', name);
    GET DIAGNOSTICS returned = ROW_COUNT;
    EXECUTE format('SELECT (SELECT count(*) FROM verify_chain(%1$L)) + (SELECT count(*) FROM verify_chain(''back_%1$s''))', name) INTO faults;
END $$;
SET client_min_messages = warning;
SELECT digits, checked.* FROM generate_series(0, 6) AS digits, check_precision(digits) AS checked;
RESET client_min_messages;

-- In partitions, hexadecimal, without an entity.
CREATE TABLE parted (n int NOT NULL, at timestamptz(3), event_hash text, previous_event_hash text) PARTITION BY LIST (n);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 (at timestamptz(3), n int NOT NULL, event_hash text, previous_event_hash text);
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES IN (2);
SELECT add_chain('parted', recorded => 'at');
INSERT INTO parted (n) SELECT 1 + i % 2 FROM generate_series(1, 10) AS i;
SELECT bool_and(at = at::timestamptz(3)), bool_and(at > before OR seq = 1) FROM (SELECT *, lag(at) OVER (ORDER BY seq) AS before FROM parted) AS e;
SELECT * FROM verify_chain('parted');
RESET ROLE;
BEGIN;
SET session_replication_role = replica;
INSERT INTO parted (n, at, seq, previous_event_hash, event_hash)
SELECT (row.e).n, (row.e).at, (row.e).seq, (row.e).previous_event_hash, encode(sha256(convert_to(chain_line(row.e), 'UTF8')), 'hex')
FROM (SELECT ROW(2, '1999-01-01', NULL, event_hash, 11)::parted AS e FROM parted WHERE seq = 10) AS row;
RESET session_replication_role;
SELECT * FROM verify_chain('parted');
ROLLBACK;
SET ROLE regress_recorded;

-- Rows that are there keep their times. Where those are not in the order, that is said, and will be by verification.
CREATE TABLE existing (id int NOT NULL, n int, at timestamptz);
INSERT INTO existing VALUES (1, 1, '2024-01-02'), (1, 2, '2024-01-01'), (1, 3, '2024-01-03'), (1, 4, '2024-01-03'), (2, 1, NULL), (2, 2, 'infinity'), (3, 1, '2024-01-01');
BEGIN;
SELECT add_chain('existing', '{id}', recorded => 'at', order_by => '{n}');
SELECT entity, seq, fault, detail FROM verify_chain('existing');
ROLLBACK;
DELETE FROM existing WHERE n IN (2, 4) OR id = 2;
SELECT add_chain('existing', '{id}', recorded => 'at');
SELECT * FROM verify_chain('existing');

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA regress_recorded CASCADE;
DROP ROLE regress_recorded, regress_recorded_writer;
