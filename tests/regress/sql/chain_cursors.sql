-- A function that closes all cursors while existing rows are sealed, documents looked at, and periods sorted.
CREATE FUNCTION closing(id bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE 'CLOSE ALL';
    RETURN true;
END $$;
CREATE TABLE closed (id bigint, CHECK (closing(id)));
INSERT INTO closed SELECT g FROM generate_series(1, 2500) AS g;
SELECT add_chain('closed', order_by => '{id}');
SELECT * FROM verify_chain('closed');
DROP TABLE closed;
DROP FUNCTION closing;
