-- Proofs need no database: that a log has an event, and that one state of it has grown into another.
CREATE SCHEMA log_proofs;
SET search_path = log_proofs, public;
\pset null '(null)'

CREATE TABLE payment (account text NOT NULL, branch int NOT NULL, amount int);
SELECT add_chain('payment', '{account,branch}');
SELECT add_log('payment', origin => 'example.com/proofs');
INSERT INTO payment SELECT 'a', n % 3, n FROM generate_series(1, 7) AS n;
SELECT inclusion_proof('payment', 1);
SELECT checkpoint('payment');
SELECT inclusion_proof('payment', 3);
-- The event of an entity.
SELECT position FROM payment WHERE (account, branch, seq) = ('a', 1, 2);
SELECT inclusion_proof('payment', '{a,1}', 2) = inclusion_proof('payment', 4) AS same;

-- A verifier in SQL, as in RFC 9162 section 2.1.3.2.
CREATE FUNCTION leads_to(leaf bytea, proof text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  lines text[] := string_to_array(split_part(proof, E'\n\n', 1), E'\n');
  checkpoint text[] := string_to_array(split_part(proof, E'\n\n', 2), E'\n');
  fn bigint := split_part(lines[2], ' ', 2);
  sn bigint := checkpoint[2]::bigint - 1;
  r bytea := leaf;
  line text;
BEGIN
  FOREACH line IN ARRAY lines[3:] LOOP
    IF fn % 2 = 1 OR fn = sn THEN
      r := sha256('\x01' || decode(line, 'base64') || r);
      WHILE fn % 2 = 0 AND fn <> 0 LOOP fn := fn / 2; sn := sn / 2; END LOOP;
    ELSE
      r := sha256('\x01' || r || decode(line, 'base64'));
    END IF;
    fn := fn / 2; sn := sn / 2;
  END LOOP;
  RETURN sn = 0 AND r = decode(checkpoint[3], 'base64');
END $$;
SELECT position, leads_to(sha256('\x00' || event_hash), inclusion_proof('payment', position)) FROM payment ORDER BY position;
-- Of another event it proves nothing.
SELECT leads_to(sha256('\x00' || event_hash), inclusion_proof('payment', 3)) FROM payment WHERE position = 4;
-- In a log of several tiles, with gaps.
DO $$ BEGIN
  FOR n IN 1..900 LOOP
    BEGIN
      INSERT INTO payment VALUES ('b', n % 7, n);
      IF n % 10 = 0 THEN RAISE 'back'; END IF;
    EXCEPTION WHEN raise_exception THEN NULL;
    END;
  END LOOP;
END $$;
SELECT split_part(checkpoint('payment'), E'\n', 2) AS size;
SELECT count(*), bool_and(leads_to(sha256('\x00' || event_hash), inclusion_proof('payment', position))) FROM payment;

-- Consistency, one hash a line.
SELECT consistency_proof('payment', 7, 817);
SELECT consistency_proof('payment', 3, 7);
SELECT consistency_proof('payment', 0, 7) = '' AS empty, consistency_proof('payment', 7, 7) = '' AS equal;
SELECT consistency_proof('payment', 4, 7) = split_part(consistency_proof('payment', 3, 7), E'\n', 1) || E'\n' AS differs;

\set SHOW_CONTEXT never
SELECT consistency_proof('payment', 8, 7);
SELECT consistency_proof('payment', 7, 818);
SELECT consistency_proof('payment', -1, 7);
SELECT consistency_proof('payment', NULL, 7);
SELECT inclusion_proof('payment', 0);
SELECT inclusion_proof('payment', NULL);
SELECT inclusion_proof('payment', '{a}', 1);
SELECT inclusion_proof('payment', '{a,NULL}', 1);
SELECT inclusion_proof('payment', '{a,x}', 1);
SELECT inclusion_proof('payment', '{z,1}', 1);
-- Not covered yet, and not in the tree.
INSERT INTO payment VALUES ('c', 1, 1);
SELECT inclusion_proof('payment', '{c,1}', 1);
ALTER TABLE payment DISABLE TRIGGER USER;
UPDATE payment SET event_hash = sha256('other') WHERE position = 5;
SELECT inclusion_proof('payment', 5);
CREATE TABLE fresh (id int NOT NULL);
SELECT add_chain('fresh', '{id}');
SELECT inclusion_proof('fresh', 1);
SELECT add_log('fresh');
SELECT consistency_proof('fresh', 0, 0);
SELECT checkpoint('fresh');
SELECT consistency_proof('fresh', 0, 0);
SELECT inclusion_proof('fresh', 1);

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA log_proofs CASCADE;
