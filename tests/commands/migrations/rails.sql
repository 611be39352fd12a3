-- Rails 7 and 8, Active Record.

-- add_column
ALTER TABLE "events" ADD "extra" character varying;

-- add_column null: false, default: 0
ALTER TABLE "events" ADD "extra" integer DEFAULT 0 NOT NULL;

-- add_timestamps default: -> { "now()" }
ALTER TABLE "events" ADD "created_at" timestamp(6) DEFAULT now() NOT NULL;

-- change_column limit: 100
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100);

-- change_column :text
ALTER TABLE "events" ALTER COLUMN "note" TYPE text;

-- change_column :bigint
ALTER TABLE "events" ALTER COLUMN "amount" TYPE bigint;

-- change_column :integer, using:
ALTER TABLE "events" ALTER COLUMN "amount" TYPE integer USING CAST("amount" AS integer);

-- change_column :timestamptz
ALTER TABLE "events" ALTER COLUMN "at" TYPE timestamptz;

-- change_column null: false, default: ''
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100), ALTER COLUMN "note" SET DEFAULT '', ALTER COLUMN "note" SET NOT NULL;

-- change_column_null false, ''
UPDATE "events" SET "label"='' WHERE "label" IS NULL;
ALTER TABLE "events" ALTER COLUMN "label" SET NOT NULL;

-- change_column_null true
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- change_column_default
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- change_column_default nil
ALTER TABLE "events" ALTER COLUMN "note" DROP DEFAULT;

-- rename_column
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- remove_column
ALTER TABLE "events" DROP COLUMN "note";

-- remove_columns of what no row has a value in
ALTER TABLE "events" DROP COLUMN "unused";

-- add_index algorithm: :concurrently
CREATE INDEX CONCURRENTLY "index_events_on_note" ON "events" ("note");

-- add_check_constraint validate: false
ALTER TABLE "events" ADD CONSTRAINT "chk_amount" CHECK (amount >= 0) NOT VALID;

-- add_foreign_key
ALTER TABLE "events" ADD CONSTRAINT "fk_rails_1" FOREIGN KEY ("amount") REFERENCES "others" ("id");

-- rename_table
ALTER TABLE "events" RENAME TO "occurrences";

-- add_enum_value
ALTER TYPE "mood" ADD VALUE IF NOT EXISTS 'angry';

-- rename_enum_value
ALTER TYPE "mood" RENAME VALUE 'glad' TO 'happy';

-- rename_enum
ALTER TYPE "mood" RENAME TO "feeling";

-- fixtures: disable_referential_integrity, as a superuser
ALTER TABLE "events" DISABLE TRIGGER ALL;
DELETE FROM "events";
ALTER TABLE "events" ENABLE TRIGGER ALL;
