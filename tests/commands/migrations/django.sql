-- Django 4.2 and 5: what its schema editor emits for PostgreSQL.

-- AddField(null=True)
ALTER TABLE "events" ADD COLUMN "extra" varchar(20) NULL;

-- AddField(default=0), in Django 4
ALTER TABLE "events" ADD COLUMN "extra" integer DEFAULT 0 NOT NULL;
ALTER TABLE "events" ALTER COLUMN "extra" DROP DEFAULT;

-- AddField(db_default=Now()), in Django 5
ALTER TABLE "events" ADD COLUMN "extra" timestamp with time zone DEFAULT (STATEMENT_TIMESTAMP()) NOT NULL;

-- AlterField(max_length=100)
ALTER TABLE "events" ALTER COLUMN "note" TYPE varchar(100);

-- AlterField to TextField
ALTER TABLE "events" ALTER COLUMN "note" TYPE text USING "note"::text;

-- AlterField to BigIntegerField
ALTER TABLE "events" ALTER COLUMN "amount" TYPE bigint USING "amount"::bigint;

-- AlterField to another precision
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(12, 2);

-- AlterField from a number to a text
ALTER TABLE "events" ALTER COLUMN "amount" TYPE varchar(20) USING "amount"::varchar(20);

-- AlterField to a smaller scale
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(10, 0);

-- AlterField(null=False, default='')
UPDATE "events" SET "label" = '' WHERE "label" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "events" ALTER COLUMN "label" SET NOT NULL;

-- AlterField(null=False) where no row is null
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT '';
UPDATE "events" SET "note" = '' WHERE "note" IS NULL; SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;
ALTER TABLE "events" ALTER COLUMN "note" DROP DEFAULT;

-- AlterField(null=True)
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- AlterField(db_default=...)
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- AlterField(unique=True)
ALTER TABLE "events" ADD CONSTRAINT "events_note_uniq" UNIQUE ("note", "id", "during");

-- AlterField(db_index=True)
CREATE INDEX "events_note_idx" ON "events" ("note");
CREATE INDEX "events_note_like" ON "events" ("note" varchar_pattern_ops);

-- AddIndexConcurrently
CREATE INDEX CONCURRENTLY "events_note_idx" ON "events" ("note");

-- AddConstraint
ALTER TABLE "events" ADD CONSTRAINT "amount_positive" CHECK ("amount" >= 0);

-- AddConstraintNotValid, ValidateConstraint
ALTER TABLE "events" ADD CONSTRAINT "amount_positive" CHECK ("amount" >= 0) NOT VALID;
ALTER TABLE "events" VALIDATE CONSTRAINT "amount_positive";

-- RenameField
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- RenameField of a key
ALTER TABLE "events" RENAME COLUMN "id" TO "number";

-- RemoveField
ALTER TABLE "events" DROP COLUMN "note" CASCADE;

-- RemoveField of what no row has a value in
ALTER TABLE "events" DROP COLUMN "unused" CASCADE;

-- AlterModelTable
ALTER TABLE "events" RENAME TO "occurrences";

-- AlterModelTableComment
COMMENT ON TABLE "events" IS 'What happened';
