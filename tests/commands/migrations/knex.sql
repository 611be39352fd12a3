-- knex 3.

-- table.string('extra', 20)
-- chain: works
-- packing: works
-- validation: works
alter table "events" add column "extra" varchar(20);

-- table.integer('extra').notNullable().defaultTo(0)
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
alter table "events" add column "extra" integer not null default '0';

-- table.timestamps(true, true)
-- chain: refused 55000: Add a column without a default, and set the default for new rows afterwards
-- packing: works
-- validation: works
alter table "events" add column "created_at" timestamptz not null default CURRENT_TIMESTAMP, add column "updated_at" timestamptz not null default CURRENT_TIMESTAMP;

-- table.string('note', 100).alter()
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "note" drop default;
alter table "events" alter column "note" drop not null;
alter table "events" alter column "note" type varchar(100) using ("note"::varchar(100));

-- table.text('note').notNullable().alter()
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "note" drop default;
alter table "events" alter column "note" drop not null;
alter table "events" alter column "note" type text using ("note"::text);
alter table "events" alter column "note" set not null;

-- table.bigInteger('amount').alter()
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "amount" drop default;
alter table "events" alter column "amount" drop not null;
alter table "events" alter column "amount" type bigint using ("amount"::bigint);

-- table.decimal('price', 12, 2).alter()
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "price" drop default;
alter table "events" alter column "price" drop not null;
alter table "events" alter column "price" type decimal(12, 2) using ("price"::decimal(12, 2));

-- table.timestamp('at').alter()
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
alter table "events" alter column "at" drop default;
alter table "events" alter column "at" drop not null;
alter table "events" alter column "at" type timestamptz using ("at"::timestamptz);

-- table.integer('id').notNullable().alter(), a key
-- chain: refused 55000: ALTER TABLE public.events ALTER COLUMN id SET NOT NULL;
-- packing: refused 55000: ALTER TABLE public.events ALTER COLUMN id SET NOT NULL;
-- validation: works
alter table "events" alter column "id" drop default;
alter table "events" alter column "id" drop not null;
alter table "events" alter column "id" type integer using ("id"::integer);
alter table "events" alter column "id" set not null;

-- the same with alterNullable: false
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "id" type bigint using ("id"::bigint);

-- table.renameColumn
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: works
-- validation: works
alter table "events" rename "note" to "remark";

-- table.dropColumn
-- chain: refused 55000: drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one
-- packing: refused 2BP01: PostgreSQL: cannot drop column note of table events because other objects depend on it
-- validation: works
alter table "events" drop column "note";

-- table.setNullable
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "required" drop not null;

-- table.dropNullable
-- chain: works
-- packing: works
-- validation: works
alter table "events" alter column "note" set not null;

-- table.index
-- chain: works
-- packing: works
-- validation: works
create index "events_note_index" on "events" ("note");

-- renameTable
-- chain: works
-- packing: works
-- validation: works
alter table "events" rename to "occurrences";
