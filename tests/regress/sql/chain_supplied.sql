-- What a client supplies is compared with the newest event, so the answer tells of it: seq, previous hash and hash are taken
-- from roles that may read these columns. Others get one answer, whatever is in the table.
\pset null (null)
CREATE ROLE regress_supplied;
CREATE ROLE regress_supplied_writer;
CREATE ROLE regress_supplied_leaf;
CREATE SCHEMA AUTHORIZATION regress_supplied;
SET search_path = regress_supplied, public;
SET ROLE regress_supplied;
GRANT USAGE ON SCHEMA regress_supplied TO regress_supplied_writer, regress_supplied_leaf;
CREATE TABLE vote (voter int NOT NULL, choice text, at timestamptz, remark text);
SELECT add_chain('vote', '{voter}', recorded => 'at', exclude => '{remark}');
GRANT INSERT ON vote TO regress_supplied_writer;
INSERT INTO vote (voter, choice) VALUES (7, 'yes'), (7, 'no'), (8, 'yes');

-- Guesses, right and wrong ones, as somebody makes them who knows the configuration.
CREATE TABLE guess (number int GENERATED ALWAYS AS IDENTITY, command text);
INSERT INTO guess (command)
SELECT format('INSERT INTO vote (voter, choice, %s) VALUES (%s, %L, %s)', columns, voter, 'guess', value)
FROM (SELECT seq, event_hash, at FROM vote WHERE voter = 7 AND seq = 2) AS head, veritable.chains AS c,
     LATERAL (VALUES ('seq', 7, '3'), ('seq', 7, '2'), ('seq', 7, '1'), ('seq', 7, '0'), ('seq', 9, '1'), ('seq', 9, '2'),
                     ('previous_event_hash', 7, quote_literal(head.event_hash)), ('previous_event_hash', 7, quote_literal(sha256('wrong'))), ('previous_event_hash', 7, quote_literal('\x00')), ('previous_event_hash', 7, quote_literal('')),
                     ('previous_event_hash', 9, quote_literal(c.genesis)), ('previous_event_hash', 7, quote_literal(c.genesis)),
                     ('seq, previous_event_hash', 7, '3, ' || quote_literal(head.event_hash)),
                     ('event_hash', 7, quote_literal(sha256('wrong'))), ('event_hash', 7, quote_literal('')),
                     ('at, event_hash', 7, format('%L, %L', timestamptz '2999-01-01', sha256('wrong'))),
                     ('at, event_hash', 9, format('%L, sha256(convert_to(%L, %L))', timestamptz '2024-01-01 00:00+00', format('{"at":"2024-01-01T00:00:00+00:00","choice":"guess","previous_event_hash":"\%s","seq":1,"voter":9}', c.genesis), 'UTF8')),
                     ('at, event_hash', 7, format('%L, sha256(convert_to(%L, %L))', timestamptz '2024-01-01 00:00+00', format('{"at":"2024-01-01T00:00:00+00:00","choice":"guess","previous_event_hash":"\%s","seq":3,"voter":7}', head.event_hash), 'UTF8'))
     ) AS g (columns, voter, value)
WHERE c.target = 'vote'::regclass;
GRANT SELECT ON guess TO regress_supplied_writer, regress_supplied_leaf;
-- The answer, and no trace.
CREATE FUNCTION answer(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
    BEGIN
        EXECUTE command;
        RAISE EXCEPTION 'accepted' USING ERRCODE = 'XX999';
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        RETURN CASE WHEN SQLSTATE = 'XX999' THEN SQLERRM ELSE concat_ws(' | ', SQLSTATE, SQLERRM, nullif(regexp_replace(detail, '[0-9a-f]{64}', '…'), '')) END;
    END;
END $$;
SET ROLE regress_supplied_writer;
SELECT answer(command), count(*), array_agg(number ORDER BY number) FROM guess GROUP BY 1;
-- also where the rows come otherwise
COPY vote (voter, choice, seq) FROM stdin;
7	copied	3
\.
SELECT answer('INSERT INTO vote (voter, choice, seq) SELECT 7, ''guess'', n FROM generate_series(1, 9) AS n');
SELECT answer('INSERT INTO vote (voter, choice, seq) VALUES (7, ''guess'', 3) ON CONFLICT DO NOTHING');
SELECT answer('WITH w AS (SELECT 3 AS n) INSERT INTO vote (voter, choice, seq) SELECT 7, ''guess'', n FROM w');
SELECT answer('INSERT INTO vote (voter, seq) VALUES (NULL, 3)'), answer('INSERT INTO vote (voter) VALUES (NULL)');
SELECT answer('INSERT INTO vote (voter, choice, seq, previous_event_hash, event_hash, remark) VALUES (7, ''guess'', NULL, NULL, DEFAULT, ''seen'')');
SELECT answer('INSERT INTO vote (voter, choice) VALUES (7, ''guess'') RETURNING seq');
SET ROLE regress_supplied;
CREATE VIEW ballot AS SELECT voter, choice, seq FROM vote;
GRANT INSERT ON ballot TO regress_supplied_writer;
CREATE FUNCTION cast_vote(seq bigint) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = regress_supplied AS
    $$ INSERT INTO vote (voter, choice, seq) VALUES (10, 'in a function', seq) RETURNING seq $$;
SET ROLE regress_supplied_writer;
SELECT answer('INSERT INTO ballot VALUES (7, ''guess'', 3)'), answer('INSERT INTO ballot VALUES (7, ''guess'', 4)'), answer('INSERT INTO ballot VALUES (7, ''guess'')');
-- a function of the owner's acts as the owner
SELECT cast_vote(1);
-- where the owner's trigger fills in a column, it counts as supplied
SET ROLE regress_supplied;
CREATE TABLE filled (id int NOT NULL, seq bigint, previous bytea, hash bytea, UNIQUE (id, seq));
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.seq := 1; RETURN NEW; END';
CREATE TRIGGER a BEFORE INSERT ON filled FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION fill();
CREATE TRIGGER zz BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION veritable.seal('entity=id', 'seq=seq', 'previous=previous', 'hash=hash');
GRANT INSERT ON filled TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer('INSERT INTO filled (id) VALUES (1)'), answer('INSERT INTO filled (id) VALUES (2)');

-- SELECT on some of the columns is not enough; on those of the chain, or on all, it is.
SET ROLE regress_supplied;
GRANT SELECT (seq, previous_event_hash, event_hash, voter, choice) ON vote TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer(command), count(*) FROM guess GROUP BY 1;
SET ROLE regress_supplied;
GRANT SELECT (at) ON vote TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT number, answer(command) FROM guess ORDER BY number;
SET ROLE regress_supplied;
REVOKE SELECT (seq, previous_event_hash, event_hash, voter, choice, at) ON vote FROM regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer(command), count(*) FROM guess GROUP BY 1;
SET ROLE regress_supplied;
GRANT SELECT ON vote TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT number, answer(command) FROM guess ORDER BY number;
-- unless row-level security hides rows
SET ROLE regress_supplied;
CREATE POLICY own ON vote USING (voter = 8) WITH CHECK (true);
ALTER TABLE vote ENABLE ROW LEVEL SECURITY;
SET ROLE regress_supplied_writer;
SELECT answer(command), count(*) FROM guess GROUP BY 1;
SELECT answer('INSERT INTO vote (voter, choice) VALUES (7, ''without'')');
SET ROLE regress_supplied;
SELECT answer('INSERT INTO vote (voter, choice, seq) VALUES (7, ''by the owner'', 3)');
ALTER TABLE vote FORCE ROW LEVEL SECURITY;
SELECT answer('INSERT INTO vote (voter, choice, seq) VALUES (7, ''by the owner'', 3)');
SELECT * FROM verify_chain('vote', '{7}');
ALTER TABLE vote DISABLE ROW LEVEL SECURITY;

-- An UPDATE of a sealed column passes where nothing changes, so it would tell the same: it is refused without that privilege.
CREATE TABLE secret (id int NOT NULL, choice text, seen boolean);
SELECT add_chain('secret', '{id}', exclude => '{seen}');
INSERT INTO secret VALUES (1, 'yes'), (2, 'yes');
GRANT UPDATE ON secret TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer('UPDATE secret SET choice = ''yes'''), answer('UPDATE secret SET choice = ''no'''), answer('UPDATE secret SET seen = true, seq = 1'), answer('UPDATE secret SET seen = true');
SET ROLE regress_supplied;
GRANT SELECT (choice) ON secret TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer('UPDATE secret SET choice = ''yes'''), answer('UPDATE secret SET choice = ''no'''), answer('UPDATE secret SET seen = true, seq = 1'), answer('UPDATE secret SET seen = true, choice = choice');
SET ROLE regress_supplied;

-- Of a partition it is the privilege on the whole table that counts, as the newest event may be in any of them.
CREATE TABLE parted (id int NOT NULL, part int NOT NULL) PARTITION BY LIST (part);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1) PARTITION BY LIST (part);
CREATE TABLE parted_1_1 (gone int, part int NOT NULL, id int NOT NULL);
ALTER TABLE parted_1_1 DROP COLUMN gone;
ALTER TABLE parted_1 ATTACH PARTITION parted_1_1 FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
SELECT add_chain('parted', '{id}');
INSERT INTO parted VALUES (1, 1), (1, 2);
GRANT INSERT ON parted TO regress_supplied_writer;
GRANT INSERT, SELECT ON parted_1, parted_1_1 TO regress_supplied_leaf;
SET ROLE regress_supplied_leaf;
SELECT answer('INSERT INTO parted_1_1 (id, part, seq) VALUES (1, 1, 3)'), answer('INSERT INTO parted_1 (id, part, seq) VALUES (1, 1, 2)');
SELECT answer('INSERT INTO parted_1 (id, part) VALUES (1, 1)'), answer('INSERT INTO parted_1_1 (id, part, event_hash) VALUES (1, 1, '''')');
SET ROLE regress_supplied_writer;
SELECT answer('INSERT INTO parted (id, part, seq) VALUES (1, 1, 3)'), answer('INSERT INTO parted (id, part, seq) VALUES (1, 2, 2)');
SET ROLE regress_supplied;
GRANT SELECT ON parted TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer('INSERT INTO parted (id, part, seq) VALUES (1, 1, 3)'), answer('INSERT INTO parted (id, part, seq) VALUES (1, 2, 2)');
SET ROLE regress_supplied;
REVOKE SELECT ON parted FROM regress_supplied_writer;
GRANT SELECT (seq, previous_event_hash, event_hash) ON parted TO regress_supplied_writer;
SET ROLE regress_supplied_writer;
SELECT answer('INSERT INTO parted (id, part, seq) VALUES (1, 1, 3)'), answer('INSERT INTO parted (id, part, seq) VALUES (1, 2, 2)');
RESET ROLE;
SELECT * FROM verify_chain('parted');

SET client_min_messages = warning;
DROP SCHEMA regress_supplied CASCADE;
DROP ROLE regress_supplied, regress_supplied_writer, regress_supplied_leaf;
