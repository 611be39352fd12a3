//! Dumps: on the other side every packing is packed, and goes on.

use crate::support::dump::{dump, dump_for, empty, load, newer, restored, restored_from_custom, restored_with_jobs};
use crate::support::{Database, Session};

/// Packed tables of two kinds: with values of one column that an index can compare, and with values of any type.
const TABLES: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'glad');
    CREATE TYPE pair AS (a numeric, b timestamptz);
    CREATE DOMAIN label AS text CHECK (VALUE <> '');
    CREATE SCHEMA \"Other\";
    CREATE TABLE tariffs (
        id serial PRIMARY KEY, place int NOT NULL, kind text NOT NULL, price numeric NOT NULL, since daterange NOT NULL);
    SELECT add_packing('tariffs', 'since', '{place,kind}');
    CREATE TABLE \"Other\".\"States\" (
        \"The Place\" label NOT NULL, feeling mood, c pair, a text[], seen tstzrange, remark json);
    SELECT add_packing('\"Other\".\"States\"', 'seen', '{The Place}', exclude => '{remark}');";

const ROWS: &str = "
    INSERT INTO tariffs (place, kind, price, since)
    SELECT n % 3, 'kind ' || n % 3, n / 12, daterange('2026-01-01'::date + n / 3, '2026-01-01'::date + n / 3 + 1)
    FROM generate_series(0, 29) AS n;
    INSERT INTO \"Other\".\"States\"
    SELECT place, CASE WHEN price > 0 THEN 'glad'::mood END, ROW(price, '2026-01-01')::pair, ARRAY[kind, NULL],
           tstzrange(lower(since), upper(since)), '{}'
    FROM tariffs;";

const PACKED: &str = "18 periods in 6 keys of 2 tables";

const PERIODS: &str =
    "SELECT id::text, t::text FROM tariffs AS t UNION ALL SELECT '', s::text FROM \"Other\".\"States\" AS s
    ORDER BY 1, 2";

const PACKINGS: &str = "SELECT * FROM veritable.packings ORDER BY target::text";

/// A database with packed tables in it.
fn source() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLES);
    session.run(ROWS);
    session.is_packed(PACKED);
    (database, session)
}

/// What was restored is packed and goes on.
fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    session.is_packed(PACKED);
    assert_eq!(session.rows(PACKINGS), original.rows(PACKINGS));
    assert_eq!(session.rows(PERIODS), original.rows(PERIODS));
    // The same periods once more change nothing; one between two of them makes them one.
    session.run(ROWS);
    session.is_packed(PACKED);
    assert_eq!(session.rows(PERIODS), original.rows(PERIODS));
    session.run("UPDATE tariffs SET price = 1 WHERE price < 2");
    session.is_packed("15 periods in 6 keys of 2 tables");
    session
        .refused("INSERT INTO tariffs (place, kind, price, since) VALUES (1, 'kind 1', 9, '(,)')")
        .with_code("23P01");
    session.refused("ALTER TABLE tariffs DROP CONSTRAINT tariffs_packing").with_code("55000");
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored(&database, &[]));
}

#[test]
fn a_dump_as_inserts_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored(&database, &["--inserts"]));
}

#[test]
fn a_custom_dump_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored_from_custom(&database, &["--single-transaction"]));
}

#[test]
fn a_directory_dump_restores_with_jobs() {
    let (database, mut session) = source();
    check(&mut session, &restored_with_jobs(&database, ""));
}

#[test]
fn data_alone_restores_into_prepared_tables() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    load(&restored, &dump(&database, &["--data-only"]));
    check(&mut session, &restored);
}

#[test]
fn data_alone_restores_with_triggers_disabled() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    load(&restored, &dump(&database, &["--data-only", "--disable-triggers"]));
    check(&mut session, &restored);
}

#[test]
fn a_packed_table_is_filled_in_any_order() {
    let (database, mut session) = source();
    let restored = Database::new();
    restored.superuser().run(TABLES);
    // Rows as they were before they were packed, in another order, and cut into statements otherwise.
    restored.superuser().run(
        "SELECT setval('tariffs_id_seq', 1000);
         INSERT INTO tariffs (place, kind, price, since)
         SELECT n % 3, 'kind ' || n % 3, n / 12, daterange('2026-01-01'::date + n / 3, '2026-01-01'::date + n / 3 + 1)
         FROM generate_series(29, 7, -2) AS n",
    );
    load(&restored, &dump(&database, &["--data-only", "--inserts", "--table=tariffs"]));
    let periods = "SELECT place, kind, price, since FROM tariffs ORDER BY place, since";
    assert_eq!(restored.superuser().rows(periods), session.rows(periods));
}

#[test]
fn the_extension_may_be_in_a_schema_of_its_own() {
    let database = empty();
    let mut session = database.superuser();
    session.run("CREATE SCHEMA audit; CREATE EXTENSION veritable SCHEMA audit CASCADE");
    session.run(&TABLES.replace("add_", "audit.add_"));
    session.run(ROWS);
    session.is_packed(PACKED);
    let restored = restored(&database, &[]);
    check(&mut session, &restored);
    assert_eq!(restored.superuser().rows("SELECT * FROM audit.verify_packing()"), [""; 0]);
}

#[test]
fn a_dump_moves_to_a_newer_version() {
    let Some(newer) = newer() else { return };
    let (database, mut session) = source();
    let restored = newer.bare_database("");
    load(&restored, &dump_for(&newer, &database));
    check(&mut session, &restored);
}
