-- TypeORM 0.3.

-- a nullable column
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "extra" character varying(20);

-- a column with a default
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "extra" integer NOT NULL DEFAULT '0';

-- @CreateDateColumn
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
ALTER TABLE "events" ADD "createdAt" TIMESTAMP NOT NULL DEFAULT now();

-- another length, before 0.3: a new column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
ALTER TABLE "events" DROP COLUMN "note";
ALTER TABLE "events" ADD "note" character varying(100);

-- another length or precision, in place
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" TYPE character varying(100);
ALTER TABLE "events" ALTER COLUMN "price" TYPE numeric(12,2);

-- another type: a new column
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column amount of table events because other objects depend on it
-- validation: works
ALTER TABLE "events" DROP COLUMN "amount";
ALTER TABLE "events" ADD "amount" bigint;

-- nullable
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "required" DROP NOT NULL;

-- not nullable
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET NOT NULL;

-- a default
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ALTER COLUMN "note" SET DEFAULT 'none';

-- another name
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME COLUMN "note" TO "remark";

-- other values of an enum
-- chain: works
-- packing: works
-- validation: works
ALTER TYPE "mood" RENAME TO "mood_old";
CREATE TYPE "mood" AS ENUM('sad', 'glad', 'angry');
ALTER TABLE "events" ALTER COLUMN "feeling" TYPE "mood" USING "feeling"::"text"::"mood";
DROP TYPE "mood_old";

-- @Index
-- chain: works
-- packing: works
-- validation: works
CREATE INDEX "IDX_1" ON "events" ("note");

-- @Unique
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" ADD CONSTRAINT "UQ_1" UNIQUE ("id", "during");

-- dropped
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" DROP COLUMN "unused";

-- renamed
-- chain: works
-- packing: works
-- validation: works
ALTER TABLE "events" RENAME TO "occurrences";

-- clear()
-- chain: refused 23001: Insert a new event that corrects the old one
-- packing: works
-- validation: works
TRUNCATE TABLE "events";
