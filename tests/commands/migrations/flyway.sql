-- Flyway, Liquibase, and migrations by hand.

-- a column
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ADD COLUMN IF NOT EXISTS extra text;

-- a column that is filled in
-- chain: refused 23001: Insert a new event that corrects the old one
-- packing: works
-- validation: works
ALTER TABLE events ADD COLUMN extra int;
UPDATE events SET extra = 0;
ALTER TABLE events ALTER COLUMN extra SET NOT NULL;

-- a column for new rows alone
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ADD COLUMN extra int;
ALTER TABLE events ALTER COLUMN extra SET DEFAULT 0;

-- wider
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note TYPE text, ALTER COLUMN amount TYPE bigint, ALTER COLUMN price TYPE numeric(14, 2);

-- without a limit
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN price TYPE numeric;

-- cents
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN price TYPE numeric(10, 2) USING price * 100;

-- the same type again
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note TYPE varchar(50) USING note::varchar(50);

-- a domain
-- chain: works
-- packing: works
-- validation: works
CREATE DOMAIN remark AS varchar(50);
ALTER TABLE events ALTER COLUMN note TYPE remark;

-- jsonb to json
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN extra_doc TYPE json;

-- a value of an enum
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'angry' BEFORE 'glad';

-- an index instead of another
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX CONCURRENTLY events_by_note ON events (note);

-- liquibase modifyDataType
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE public.events ALTER COLUMN note TYPE VARCHAR(100) USING (note::VARCHAR(100));

-- liquibase addNotNullConstraint
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE public.events ALTER COLUMN note SET NOT NULL;

-- liquibase renameColumn
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE public.events RENAME COLUMN note TO remark;

-- liquibase dropColumn
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE public.events DROP COLUMN note;

-- another schema
-- chain: works
-- packing: works
-- validation: works
CREATE SCHEMA archive AUTHORIZATION alice;
ALTER TABLE events SET SCHEMA archive;

-- another owner
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events OWNER TO postgres;

-- row-level security
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON events USING (true);

-- partitioning by hand: the old table becomes a partition
-- chain: works
-- packing: refused 0A000: Use a table that is neither partitioned nor a partition
-- validation: works
ALTER TABLE events RENAME TO events_old;
CREATE TABLE events (LIKE events_old INCLUDING DEFAULTS) PARTITION BY RANGE (id);
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (0) TO (1000);

-- down: everything
-- chain: works
-- packing: works
-- validation: works
DROP TABLE events CASCADE;
