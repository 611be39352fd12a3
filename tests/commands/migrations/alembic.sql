-- Alembic with SQLAlchemy 2.

-- add_column
ALTER TABLE events ADD COLUMN extra VARCHAR(20);

-- add_column(nullable=False, server_default)
ALTER TABLE events ADD COLUMN extra INTEGER DEFAULT '0' NOT NULL;

-- add_column of an enum
CREATE TYPE kinds AS ENUM ('a', 'b');
ALTER TABLE events ADD COLUMN extra kinds;

-- alter_column(type_=String(100))
ALTER TABLE events ALTER COLUMN note TYPE VARCHAR(100);

-- alter_column(type_=Text)
ALTER TABLE events ALTER COLUMN note TYPE TEXT;

-- alter_column(type_=BigInteger)
ALTER TABLE events ALTER COLUMN amount TYPE BIGINT;

-- alter_column(type_=Numeric(12, 2))
ALTER TABLE events ALTER COLUMN price TYPE NUMERIC(12, 2);

-- alter_column(type_=Text, postgresql_using)
ALTER TABLE events ALTER COLUMN feeling TYPE TEXT USING feeling::text;

-- alter_column(type_=DateTime(timezone=True))
ALTER TABLE events ALTER COLUMN at TYPE TIMESTAMP WITH TIME ZONE;

-- alter_column(type_=DateTime(timezone=True), postgresql_using)
ALTER TABLE events ALTER COLUMN at TYPE TIMESTAMP WITH TIME ZONE USING at AT TIME ZONE 'UTC';

-- the same twice
ALTER TABLE events ALTER COLUMN seen_at TYPE TIMESTAMP WITH TIME ZONE USING seen_at AT TIME ZONE 'Asia/Kolkata';

-- alter_column(new_column_name)
ALTER TABLE events RENAME note TO remark;

-- alter_column(nullable=False)
ALTER TABLE events ALTER COLUMN note SET NOT NULL;

-- alter_column(nullable=True)
ALTER TABLE events ALTER COLUMN required DROP NOT NULL;

-- alter_column(server_default)
ALTER TABLE events ALTER COLUMN note SET DEFAULT 'none';

-- alter_column(server_default=None)
ALTER TABLE events ALTER COLUMN note DROP DEFAULT;

-- drop_column
ALTER TABLE events DROP COLUMN note;

-- drop_column, of a down-migration
ALTER TABLE events DROP COLUMN unused;

-- create_index(postgresql_concurrently=True)
CREATE INDEX CONCURRENTLY ix_events_note ON events (note);

-- create_unique_constraint
ALTER TABLE events ADD CONSTRAINT uq_events UNIQUE (id, during);

-- rename_table
ALTER TABLE events RENAME TO occurrences;

-- execute: ADD VALUE
ALTER TYPE mood ADD VALUE 'angry';

-- execute: RENAME VALUE
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';

-- alembic_postgresql_enum: sync_enum_values
ALTER TYPE mood RENAME TO mood_old;
CREATE TYPE mood AS ENUM ('sad', 'glad', 'angry');
ALTER TABLE events ALTER COLUMN feeling TYPE mood USING feeling::text::mood;
DROP TYPE mood_old;
