-- Prisma Migrate 5 and 6.

-- AlterTable: an optional field
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN     "extra" TEXT;

-- AlterTable: a required field with a default
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN     "extra" INTEGER NOT NULL DEFAULT 0;

-- AlterTable: @default(now())
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD COLUMN     "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable: @db.VarChar(100)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DATA TYPE VARCHAR(100);

-- AlterTable: String
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DATA TYPE TEXT;

-- AlterTable: BigInt
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "amount" SET DATA TYPE BIGINT;

-- AlterTable: Decimal(12, 2)
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "price" SET DATA TYPE DECIMAL(12,2);

-- AlterTable: a change that cannot be cast is a new column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE "events" DROP COLUMN "note",
ADD COLUMN     "note" INTEGER;

-- AlterTable: DateTime without @db.Timestamptz
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "at" SET DATA TYPE TIMESTAMP(3);

-- AlterTable: DateTime @db.Timestamptz
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "at" SET DATA TYPE TIMESTAMPTZ(3);

-- AlterTable: required
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;

-- AlterTable: optional
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- AlterTable: a default
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- AlterTable: a renamed field is a new column
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" DROP COLUMN "unused",
ADD COLUMN     "used" TEXT;

-- AlterTable: a removed field
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE "events" DROP COLUMN "note";

-- AlterEnum: a value more
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE "mood" ADD VALUE 'angry';

-- AlterEnum: other values
-- chain: works
-- packing: works
-- validation: works
CREATE TYPE "mood_new" AS ENUM ('sad', 'glad');
ALTER TABLE "events" ALTER COLUMN "feeling" TYPE "mood_new" USING ("feeling"::text::"mood_new");
ALTER TYPE "mood" RENAME TO "mood_old";
ALTER TYPE "mood_new" RENAME TO "mood";
DROP TYPE "mood_old";

-- CreateIndex
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX "events_note_idx" ON "events"("note");

-- RenameTable
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME TO "occurrences";
