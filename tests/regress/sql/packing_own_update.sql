-- Packing does not look again after an UPDATE of its own; after any other it does, however close the two are.
\pset null (null)
CREATE ROLE regress_packing_own;
CREATE SCHEMA regress_packing_own AUTHORIZATION regress_packing_own;
SET search_path = regress_packing_own, public;
SET ROLE regress_packing_own;
CREATE TABLE tariff (id int PRIMARY KEY, place int NOT NULL, price int NOT NULL, since int4range NOT NULL);
SELECT add_packing('tariff', 'since', '{place}');
\set look 'SELECT * FROM tariff ORDER BY place, since; SELECT * FROM verify_packing(''tariff''); TRUNCATE tariff;'

-- One statement that inserts and updates: the UPDATE, of as many rows as are widened, makes neighbours, too.
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
WITH u AS (UPDATE tariff SET price = 5 WHERE id = 3)
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
:look
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
WITH i AS (INSERT INTO tariff VALUES (4, 1, 5, '[10,20)'))
UPDATE tariff SET price = 5 WHERE id = 3;
:look
-- an UPDATE that changes no row of its own
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)');
WITH u AS (UPDATE tariff SET price = 5 WHERE id = 3)
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
:look
MERGE INTO tariff USING (VALUES (1), (4)) AS s (id) ON tariff.id = s.id
    WHEN MATCHED THEN UPDATE SET price = 6 WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1, 6, int4range(s.id, s.id + 1));
MERGE INTO tariff USING (VALUES (1, 2), (2, 3), (3, 4), (4, 5)) AS s (id, until) ON tariff.id = s.id
    WHEN MATCHED THEN UPDATE SET since = int4range(s.id, s.until)
    WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1, 6, int4range(s.id, s.until));
:look

-- A foreign key whose cascade updates the table in the statement that packs it
ALTER TABLE tariff ADD COLUMN parent int REFERENCES tariff ON DELETE SET NULL (parent);
SELECT drop_packing('tariff');
SELECT add_packing('tariff', 'since', '{place}', '{price,parent}');
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 1, 5, '[20,30)');
INSERT INTO tariff VALUES (3, 2, 5, '[1,10)', NULL), (4, 2, 5, '[10,20)', 2);
-- 2 is absorbed, so 4 has no parent any more, and is what 3 is
INSERT INTO tariff VALUES (5, 1, 5, '[10,20)');
:look
SELECT drop_packing('tariff');
ALTER TABLE tariff DROP COLUMN parent;
SELECT add_packing('tariff', 'since', '{place}');

-- After a rollback to a savepoint, and in blocks that catch errors
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
BEGIN;
SAVEPOINT s;
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
ROLLBACK TO s;
UPDATE tariff SET price = 5 WHERE id = 3;
COMMIT;
:look
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
DO $$
BEGIN
    BEGIN
        INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
        RAISE 'no';
    EXCEPTION WHEN raise_exception THEN
        UPDATE tariff SET price = 5 WHERE id = 3;
    END;
END
$$;
:look

-- While the trigger of UPDATE is disabled, nothing waits for it that comes later.
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
BEGIN;
ALTER TABLE tariff DISABLE TRIGGER aa_veritable_packing_update;
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
ALTER TABLE tariff ENABLE TRIGGER aa_veritable_packing_update;
UPDATE tariff SET price = 5 WHERE id = 3;
COMMIT;
:look

-- Other triggers that update the table between the two, row by row and for the statement
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() <= 2 THEN
        UPDATE regress_packing_own.tariff SET price = 5 WHERE place = 2;
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$$;
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
CREATE TRIGGER meddle AFTER INSERT ON tariff FOR EACH STATEMENT EXECUTE FUNCTION meddle();
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
DROP TRIGGER meddle ON tariff;
:look
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
CREATE TRIGGER meddle BEFORE DELETE ON tariff FOR EACH ROW WHEN (OLD.place = 1) EXECUTE FUNCTION meddle();
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
DROP TRIGGER meddle ON tariff;
:look
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 2, 5, '[1,10)'), (3, 2, 6, '[10,20)');
CREATE TRIGGER meddle AFTER UPDATE ON tariff FOR EACH ROW WHEN (NEW.place = 1) EXECUTE FUNCTION meddle();
INSERT INTO tariff VALUES (4, 1, 5, '[10,20)');
DROP TRIGGER meddle ON tariff;
:look
-- and one that bends the row that packing widens, so that it touches another
CREATE FUNCTION widen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.since := int4range(lower(NEW.since), upper(NEW.since) + 1);
    RETURN NEW;
END
$$;
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)'), (2, 1, 5, '[21,30)');
CREATE TRIGGER widen BEFORE UPDATE ON tariff FOR EACH ROW EXECUTE FUNCTION widen();
INSERT INTO tariff VALUES (3, 1, 5, '[10,20)');
DROP TRIGGER widen ON tariff;
:look

-- pack() looks once, and its triggers fire within
INSERT INTO tariff VALUES (1, 1, 5, '[1,10)');
ALTER TABLE tariff DISABLE TRIGGER USER;
INSERT INTO tariff VALUES (2, 1, 5, '[10,20)'), (3, 2, 5, '[1,10)'), (4, 2, 6, '[10,20)');
ALTER TABLE tariff ENABLE TRIGGER USER;
CREATE TRIGGER meddle AFTER UPDATE ON tariff FOR EACH ROW WHEN (NEW.place = 1) EXECUTE FUNCTION meddle();
SELECT pack('tariff');
DROP TRIGGER meddle ON tariff;
:look

RESET ROLE;
DROP OWNED BY regress_packing_own CASCADE;
DROP ROLE regress_packing_own;
