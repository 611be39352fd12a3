-- The triggers of one statement can fire in another order than the rows have changed.
\pset null (null)
CREATE TABLE item (id int PRIMARY KEY, x text);
SELECT add_history('item');
INSERT INTO item VALUES (1, 'a'), (2, 'b');
-- LIMIT ends the INSERT before the DELETE
WITH gone AS (DELETE FROM item WHERE id = 1 RETURNING *) INSERT INTO item SELECT * FROM gone LIMIT 1;
MERGE INTO item USING (VALUES (1), (100)) AS s (m) ON item.id = s.m
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (1, 'a');
MERGE INTO item USING (VALUES (1), (100)) AS s (m) ON item.id = s.m
    WHEN MATCHED THEN UPDATE SET id = 3 WHEN NOT MATCHED THEN INSERT VALUES (1, 'a');
MERGE INTO item USING (VALUES (2), (100)) AS s (m) ON item.id = s.m
    WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (2, 'c');
TABLE item ORDER BY id;
SELECT id, x FROM item_as_of() ORDER BY id;
SELECT * FROM verify_history('item');
SELECT id, x, operation FROM item_history ORDER BY id, seq;
DROP TABLE item, item_history CASCADE;
