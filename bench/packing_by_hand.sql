-- Packing as people write it by hand: before a row is stored, it takes in the neighbours that have the same key and value.
-- What it does wrong is left in, as it is in the usual one. Its table, and how it is attached:
--
--     CREATE TABLE tariffs (
--         id serial PRIMARY KEY, location_id int NOT NULL, tariff_type text NOT NULL,
--         price_per_hour numeric NOT NULL, price_since daterange NOT NULL,
--         EXCLUDE USING gist (location_id WITH =, tariff_type WITH =, price_since WITH &&, price_per_hour WITH <>)
--     );
--     CREATE TRIGGER pack BEFORE INSERT OR UPDATE ON tariffs FOR EACH ROW EXECUTE FUNCTION pack_by_hand();
CREATE OR REPLACE FUNCTION pack_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    neighbour record;
BEGIN
    FOR neighbour IN
        SELECT * FROM tariffs
        WHERE location_id = NEW.location_id AND tariff_type = NEW.tariff_type AND price_per_hour = NEW.price_per_hour
          AND (price_since && NEW.price_since OR price_since -|- NEW.price_since)
          AND id <> NEW.id
    LOOP
        NEW.price_since := daterange(LEAST(lower(NEW.price_since), lower(neighbour.price_since)),
                                     GREATEST(upper(NEW.price_since), upper(neighbour.price_since)));
        DELETE FROM tariffs WHERE id = neighbour.id;
    END LOOP;
    RETURN NEW;
END
$$;
