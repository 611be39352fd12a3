-- Alembic with SQLAlchemy 2.

-- add_column
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ADD COLUMN extra VARCHAR(20);

-- add_column(nullable=False, server_default)
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE events ADD COLUMN extra INTEGER DEFAULT '0' NOT NULL;

-- add_column of an enum
-- chain: works
-- packing: works
-- validation: works
CREATE TYPE kinds AS ENUM ('a', 'b');
ALTER TABLE events ADD COLUMN extra kinds;

-- alter_column(type_=String(100))
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note TYPE VARCHAR(100);

-- alter_column(type_=Text)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note TYPE TEXT;

-- alter_column(type_=BigInteger)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN amount TYPE BIGINT;

-- alter_column(type_=Numeric(12, 2))
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN price TYPE NUMERIC(12, 2);

-- alter_column(type_=Text, postgresql_using)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN feeling TYPE TEXT USING feeling::text;

-- alter_column(type_=DateTime(timezone=True))
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN at TYPE TIMESTAMP WITH TIME ZONE;

-- alter_column(type_=DateTime(timezone=True), postgresql_using)
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN at TYPE TIMESTAMP WITH TIME ZONE USING at AT TIME ZONE 'UTC';

-- the same twice
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN seen_at TYPE TIMESTAMP WITH TIME ZONE USING seen_at AT TIME ZONE 'Asia/Kolkata';

-- alter_column(new_column_name)
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE events RENAME note TO remark;

-- alter_column(nullable=False)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note SET NOT NULL;

-- alter_column(nullable=True)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN required DROP NOT NULL;

-- alter_column(server_default)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note SET DEFAULT 'none';

-- alter_column(server_default=None)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ALTER COLUMN note DROP DEFAULT;

-- drop_column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE events DROP COLUMN note;

-- drop_column, of a down-migration
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events DROP COLUMN unused;

-- create_index(postgresql_concurrently=True)
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX CONCURRENTLY ix_events_note ON events (note);

-- create_unique_constraint
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events ADD CONSTRAINT uq_events UNIQUE (id, during);

-- rename_table
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE events RENAME TO occurrences;

-- execute: ADD VALUE
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE mood ADD VALUE 'angry';

-- execute: RENAME VALUE
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 55000: Use drop_packing() to end the packing; add_packing() can begin a new one
-- validation: works
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';

-- alembic_postgresql_enum: sync_enum_values
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('sad', 'glad', 'angry');
ALTER TABLE events ALTER COLUMN feeling TYPE mood USING feeling::text::mood;
DROP TYPE mood_old;
