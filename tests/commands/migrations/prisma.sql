-- Prisma Migrate 5 and 6.

-- AlterTable: an optional field
ALTER TABLE "events" ADD COLUMN     "extra" TEXT;

-- AlterTable: a required field with a default
ALTER TABLE "events" ADD COLUMN     "extra" INTEGER NOT NULL DEFAULT 0;

-- AlterTable: @default(now())
ALTER TABLE "events" ADD COLUMN     "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable: @db.VarChar(100)
ALTER TABLE "events" ALTER COLUMN "note" SET DATA TYPE VARCHAR(100);

-- AlterTable: String
ALTER TABLE "events" ALTER COLUMN "note" SET DATA TYPE TEXT;

-- AlterTable: BigInt
ALTER TABLE "events" ALTER COLUMN "amount" SET DATA TYPE BIGINT;

-- AlterTable: Decimal(12, 2)
ALTER TABLE "events" ALTER COLUMN "price" SET DATA TYPE DECIMAL(12,2);

-- AlterTable: a change that cannot be cast is a new column
ALTER TABLE "events" DROP COLUMN "note",
ADD COLUMN     "note" INTEGER;

-- AlterTable: DateTime without @db.Timestamptz
ALTER TABLE "events" ALTER COLUMN "at" SET DATA TYPE TIMESTAMP(3);

-- AlterTable: DateTime @db.Timestamptz
ALTER TABLE "events" ALTER COLUMN "at" SET DATA TYPE TIMESTAMPTZ(3);

-- AlterTable: required
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;

-- AlterTable: optional
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- AlterTable: a default
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- AlterTable: a renamed field is a new column
ALTER TABLE "events" DROP COLUMN "unused",
ADD COLUMN     "used" TEXT;

-- AlterTable: a removed field
ALTER TABLE "events" DROP COLUMN "note";

-- AlterEnum: a value more
ALTER TYPE "mood" ADD VALUE 'angry';

-- AlterEnum: other values
CREATE TYPE "mood_new" AS ENUM ('sad', 'glad');
ALTER TABLE "events" ALTER COLUMN "feeling" TYPE "mood_new" USING ("feeling"::text::"mood_new");
ALTER TYPE "mood" RENAME TO "mood_old";
ALTER TYPE "mood_new" RENAME TO "mood";
DROP TYPE "mood_old";

-- CreateIndex
CREATE INDEX "events_note_idx" ON "events"("note");

-- RenameTable
ALTER TABLE "events" RENAME TO "occurrences";
