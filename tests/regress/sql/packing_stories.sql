-- The four stories of a table of tariffs.
CREATE ROLE regress_stories;
CREATE SCHEMA AUTHORIZATION regress_stories;
SET search_path = regress_stories, public;
SET datestyle = ISO;
SET ROLE regress_stories;
CREATE TABLE "CurrentTariffs" (
    "Id" serial primary key,
    "LocationId" int NOT NULL,
    "TariffType" text NOT NULL,
    "PricePerHour" numeric,
    "PriceSince" daterange NOT NULL
);
SELECT add_packing('"CurrentTariffs"', period => 'PriceSince', key => '{LocationId,TariffType}', value => '{PricePerHour}');
\d "CurrentTariffs"
\set tariffs 'SELECT * FROM "CurrentTariffs" ORDER BY "LocationId", "TariffType", "PriceSince";'

-- Rows of one price whose periods overlap become one.
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 5.00, '[2024-01-01,2024-07-01)');
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 5.00, '[2024-06-01,2024-09-01)');
:tariffs

-- Rows of one price whose periods are adjacent become one, and so do all that they connect.
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 5.00, '[2024-10-01,2025-01-01)');
:tariffs
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 5.00, '[2024-09-01,2024-10-01)');
:tariffs

-- Another price over a period that overlaps is refused, and nothing has changed.
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 6.00, '[2024-12-01,2025-02-01)');
\echo :LAST_ERROR_SQLSTATE
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', NULL, '[2024-12-01,2025-02-01)');
:tariffs
-- after it, or for another location or type, it is welcome
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (101, 'Standard', 6.00, '[2025-01-01,)'),
           (101, 'Night', 3.00, '[2024-01-01,)'),
           (102, 'Standard', 6.00, '[2024-12-01,2025-02-01)');
:tariffs

-- A row that is moved to another location: what was known of both, before, between and after, is still known.
INSERT INTO "CurrentTariffs" ("LocationId", "TariffType", "PricePerHour", "PriceSince")
    VALUES (103, 'Standard', 6.00, '[2025-02-01,2025-03-01)');
UPDATE "CurrentTariffs" SET "LocationId" = 102 WHERE "LocationId" = 103;
:tariffs
-- where the other location has another price for that time, it is refused, and both stay
UPDATE "CurrentTariffs" SET "LocationId" = 101 WHERE "LocationId" = 102;
UPDATE "CurrentTariffs" SET "LocationId" = 102 WHERE "LocationId" = 101 AND "PricePerHour" = 5.00;
:tariffs
SELECT * FROM verify_packing('"CurrentTariffs"');

RESET ROLE;
DROP SCHEMA regress_stories CASCADE;
DROP ROLE regress_stories;
