-- Rails 7 and 8, Active Record.

-- add_column
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "extra" character varying;

-- add_column null: false, default: 0
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "extra" integer DEFAULT 0 NOT NULL;

-- add_timestamps default: -> { "now()" }
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "created_at" timestamp(6) DEFAULT now() NOT NULL;

-- change_column limit: 100
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100);

-- change_column :text
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE text;

-- change_column :bigint
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "amount" TYPE bigint;

-- change_column :integer, using:
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "amount" TYPE integer USING CAST("amount" AS integer);

-- change_column :timestamptz
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "at" TYPE timestamptz;

-- change_column null: false, default: ''
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100), ALTER COLUMN "note" SET DEFAULT '', ALTER COLUMN "note" SET NOT NULL;

-- change_column_null false, ''
-- chain: refused 23001: Insert a new event that corrects the old one
-- packing: works
-- validation: works
UPDATE "events" SET "label"='' WHERE "label" IS NULL;
ALTER TABLE "events" ALTER COLUMN "label" SET NOT NULL;

-- change_column_null true
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- change_column_default
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- change_column_default nil
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" DROP DEFAULT;

-- rename_column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- remove_column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE "events" DROP COLUMN "note";

-- remove_columns of what no row has a value in
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" DROP COLUMN "unused";

-- add_index algorithm: :concurrently
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX CONCURRENTLY "index_events_on_note" ON "events" ("note");

-- add_check_constraint validate: false
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "chk_amount" CHECK (amount >= 0) NOT VALID;

-- add_foreign_key
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "fk_rails_1" FOREIGN KEY ("amount") REFERENCES "others" ("id");

-- rename_table
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME TO "occurrences";

-- add_enum_value
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE "mood" ADD VALUE IF NOT EXISTS 'angry';

-- rename_enum_value
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 55000: Use drop_packing() to end the packing; add_packing() can begin a new one
-- validation: works
ALTER TYPE "mood" RENAME VALUE 'glad' TO 'happy';

-- rename_enum
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE "mood" RENAME TO "feeling";

-- fixtures: disable_referential_integrity, as a superuser
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" DISABLE TRIGGER ALL;
DELETE FROM "events";
ALTER TABLE "events" ENABLE TRIGGER ALL;
