-- Facts in no order, the same in every run: for each key, periods of so many days that begin every 30 days, so that those
-- of 30 days adjoin; their prices follow each other in a circle.
CREATE OR REPLACE FUNCTION facts(rows bigint, keys bigint, prices int, days int)
    RETURNS TABLE (location_id int, tariff_type text, price_per_hour numeric, price_since daterange)
    LANGUAGE sql STABLE AS $$
    SELECT 1 + key / 4,
           (ARRAY['Standard', 'Night', 'Weekend', 'Holiday'])[1 + key % 4],
           5 + (period % prices)::numeric / 2,
           daterange(date '2020-01-01' + 30 * period, date '2020-01-01' + 30 * period + days)
    FROM generate_series(0, keys::int - 1) AS key
    CROSS JOIN generate_series(0, (rows / keys)::int - 1) AS period
    ORDER BY hashint8extended(key * 1000000::bigint + period, 0)
$$;
