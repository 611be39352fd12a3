-- Flyway, Liquibase, and migrations by hand.

-- a column
ALTER TABLE events ADD COLUMN IF NOT EXISTS extra text;

-- a column that is filled in
ALTER TABLE events ADD COLUMN extra int;
UPDATE events SET extra = 0;
ALTER TABLE events ALTER COLUMN extra SET NOT NULL;

-- a column for new rows alone
ALTER TABLE events ADD COLUMN extra int;
ALTER TABLE events ALTER COLUMN extra SET DEFAULT 0;

-- wider
ALTER TABLE events ALTER COLUMN note TYPE text, ALTER COLUMN amount TYPE bigint, ALTER COLUMN price TYPE numeric(14, 2);

-- without a limit
ALTER TABLE events ALTER COLUMN price TYPE numeric;

-- cents
ALTER TABLE events ALTER COLUMN price TYPE numeric(10, 2) USING price * 100;

-- the same type again
ALTER TABLE events ALTER COLUMN note TYPE varchar(50) USING note::varchar(50);

-- a domain
CREATE DOMAIN remark AS varchar(50);
ALTER TABLE events ALTER COLUMN note TYPE remark;

-- jsonb to json
ALTER TABLE events ALTER COLUMN extra_doc TYPE json;

-- a value of an enum
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'angry' BEFORE 'glad';

-- an index instead of another
CREATE INDEX CONCURRENTLY events_by_note ON events (note);

-- liquibase modifyDataType
ALTER TABLE public.events ALTER COLUMN note TYPE VARCHAR(100) USING (note::VARCHAR(100));

-- liquibase addNotNullConstraint
ALTER TABLE public.events ALTER COLUMN note SET NOT NULL;

-- liquibase renameColumn
ALTER TABLE public.events RENAME COLUMN note TO remark;

-- liquibase dropColumn
ALTER TABLE public.events DROP COLUMN note;

-- another schema
CREATE SCHEMA archive;
ALTER TABLE events SET SCHEMA archive;

-- another owner
ALTER TABLE events OWNER TO postgres;

-- row-level security
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenants ON events USING (true);

-- partitioning by hand: the old table becomes a partition
ALTER TABLE events RENAME TO events_old;
CREATE TABLE events (LIKE events_old INCLUDING ALL) PARTITION BY RANGE (id);
ALTER TABLE events ATTACH PARTITION events_old FOR VALUES FROM (0) TO (1000);

-- down: everything
DROP TABLE events CASCADE;
