-- Appends an event in each of many transactions, or all of them in one.
CREATE OR REPLACE PROCEDURE append(events int, apart boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 1 .. events LOOP
        INSERT INTO appended (n) VALUES (n);
        IF apart THEN
            COMMIT;
        END IF;
    END LOOP;
END $$;
