-- What an upgraded database holds: altered chains, as-of functions, partitions at two levels, a packing, a validation, and the journal.
\set ON_ERROR_STOP on
CREATE EXTENSION veritable CASCADE;
CREATE EXTENSION amcheck;
CREATE TABLE ledger (id int NOT NULL, at timestamptz(3), note varchar(50), amount numeric(10, 2), tags text[], seen bool);
SELECT add_chain('ledger', '{id}', recorded => 'at', exclude => '{seen}');
INSERT INTO ledger (id, note, amount, tags) SELECT n % 3, n, n, '[0:1]={a,b}' FROM generate_series(1, 200) AS n;
ALTER TABLE ledger RENAME COLUMN seen TO viewed;
SELECT add_as_of('ledger', valid => 'amount');
ALTER TABLE ledger ALTER COLUMN note TYPE text;
ALTER TABLE ledger ADD COLUMN extra int;
SELECT alter_chain('ledger', exclude => '{viewed,extra}');
UPDATE ledger SET extra = 1;
CREATE TABLE part (id int NOT NULL, day date NOT NULL, value text) PARTITION BY RANGE (day);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2026-07-01') PARTITION BY LIST (id);
CREATE TABLE part_1_1 PARTITION OF part_1 DEFAULT;
CREATE TABLE part_2 PARTITION OF part DEFAULT;
SELECT add_chain('part', '{id}');
INSERT INTO part (id, day, value) SELECT n % 5, date '2026-01-01' + n, n FROM generate_series(1, 300) AS n;
CREATE TABLE price (product int NOT NULL, during daterange NOT NULL, label text);
SELECT add_packing('price', 'during', '{product}');
INSERT INTO price SELECT n % 4, daterange(date '2026-01-01' + n, date '2026-01-02' + n), n / 10 FROM generate_series(1, 100) AS n;
SELECT register_schema('thing', '{"required": ["id"]}');
CREATE TABLE document (id int PRIMARY KEY, body jsonb, version int);
SELECT add_validation('document', 'body', schema => 'thing', version => 'version');
INSERT INTO document SELECT n, jsonb_build_object('id', n) FROM generate_series(1, 50) AS n;
SELECT 'faults before: ' || count(*) FROM verify_all(indexes => true);
