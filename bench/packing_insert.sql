-- The next period of a key. The keys come in no order, each once a round; clients take turns, so no two insert the same
-- period. It adjoins the key's last one; :merging of four periods have the same price and merge with it.
\set n :n + 1
\set turn :n * :clients + :client_id
\set key permute(:turn % :keys, :keys, 1)
\set round :first + :turn / :keys
\set price :round * (4 - :merging) / 4
INSERT INTO tariffs (location_id, tariff_type, price_per_hour, price_since)
VALUES (1 + :key::int / 4, (ARRAY['Standard', 'Night', 'Weekend', 'Holiday'])[1 + :key::int % 4], :price::numeric / 2,
        daterange(date '2020-01-01' + 30 * :round::int, date '2020-01-01' + 30 * :round::int + 30));
