-- TypeORM 0.3.

-- a nullable column
ALTER TABLE "events" ADD "extra" character varying(20);

-- a column with a default
ALTER TABLE "events" ADD "extra" integer NOT NULL DEFAULT '0';

-- @CreateDateColumn
ALTER TABLE "events" ADD "createdAt" TIMESTAMP NOT NULL DEFAULT now();

-- another length, before 0.3: a new column
ALTER TABLE "events" DROP COLUMN "note";
ALTER TABLE "events" ADD "note" character varying(100);

-- another length or precision, in place
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100);
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(12,2);

-- another type: a new column
ALTER TABLE "events" DROP COLUMN "amount";
ALTER TABLE "events" ADD "amount" bigint;

-- nullable
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- not nullable
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;

-- a default
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- another name
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- other values of an enum
ALTER TYPE "mood" RENAME TO "mood_old";
CREATE TYPE "mood" AS ENUM('sad', 'glad', 'angry');
ALTER TABLE "events" ALTER COLUMN "feeling" TYPE "mood" USING "feeling"::"text"::"mood";
DROP TYPE "mood_old";

-- @Index
CREATE INDEX "IDX_1" ON "events" ("note");

-- @Unique
ALTER TABLE "events" ADD CONSTRAINT "UQ_1" UNIQUE ("id", "during");

-- dropped
ALTER TABLE "events" DROP COLUMN "unused";

-- renamed
ALTER TABLE "events" RENAME TO "occurrences";

-- clear()
TRUNCATE TABLE "events";
