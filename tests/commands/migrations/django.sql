-- Django 4.2 and 5: what its schema editor emits for PostgreSQL.

-- AddField(null=True)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN "extra" varchar(20) NULL;

-- AddField(default=0), in Django 4
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN "extra" integer DEFAULT 0 NOT NULL;
ALTER TABLE "events" ALTER COLUMN "extra" DROP DEFAULT;

-- AddField(db_default=Now()), in Django 5
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN "extra" timestamp with time zone DEFAULT (STATEMENT_TIMESTAMP()) NOT NULL;

-- AlterField(max_length=100)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE varchar(100);

-- AlterField to TextField
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE text USING "note"::text;

-- AlterField to BigIntegerField
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "amount" TYPE bigint USING "amount"::bigint;

-- AlterField to another precision
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(12, 2);

-- AlterField from a number to a text
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "amount" TYPE varchar(20) USING "amount"::varchar(20);

-- AlterField to a smaller scale
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(10, 0);

-- AlterField(null=False, default='')
-- chain: refused 23001: Insert a new event that corrects the old one
-- packing: works
-- validation: works
UPDATE "events" SET "label" = '' WHERE "label" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "events" ALTER COLUMN "label" SET NOT NULL;

-- AlterField(null=False) where no row is null
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT '';
UPDATE "events" SET "note" = '' WHERE "note" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;
ALTER TABLE "events" ALTER COLUMN "note" DROP DEFAULT;

-- AlterField(null=True)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- AlterField(db_default=...)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- AlterField(unique=True)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "events_note_uniq" UNIQUE ("note", "id", "during");

-- AlterField(db_index=True)
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX "events_note_idx" ON "events" ("note");
CREATE INDEX "events_note_like" ON "events" ("note" varchar_pattern_ops);

-- AddIndexConcurrently
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX CONCURRENTLY "events_note_idx" ON "events" ("note");

-- AddConstraint
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "amount_positive" CHECK ("amount" >= 0);

-- AddConstraintNotValid, ValidateConstraint
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "amount_positive" CHECK ("amount" >= 0) NOT VALID;
ALTER TABLE "events" VALIDATE CONSTRAINT "amount_positive";

-- RenameField
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- RenameField of a key
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME COLUMN "id" TO "number";

-- RemoveField
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 55000: Use drop_packing() to end the packing; add_packing() can begin a new one
-- validation: works
ALTER TABLE "events" DROP COLUMN "note" CASCADE;

-- RemoveField of what no row has a value in
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" DROP COLUMN "unused" CASCADE;

-- AlterModelTable
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME TO "occurrences";

-- AlterModelTableComment
-- chain: works
-- packing: works
-- validation: works
COMMENT ON TABLE "events" IS 'What happened';
