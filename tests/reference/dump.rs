//! Dumps: on the other side every reference holds, and goes on.

use crate::support::dump::{dump_for, load, newer, restored, restored_from_custom, restored_with_jobs};
use crate::support::{Database, Session};

/// A reference to a packed table, a deferred one between schemas, whose names sort the wrong way, and one of a table to itself.
const TABLES: &str = "
    CREATE SCHEMA \"Other\";
    CREATE TABLE tariffs (place int NOT NULL, price int, since daterange NOT NULL);
    SELECT add_packing('tariffs', 'since', '{place}');
    CREATE TABLE contracts (id int PRIMARY KEY, place int, during daterange);
    SELECT add_reference('contracts', '{place}', 'during', 'tariffs');
    CREATE TABLE \"Other\".\"A\" (\"The Place\" int, seen daterange);
    SELECT add_reference('\"Other\".\"A\"', '{The Place}', 'seen', 'tariffs', '{place}', initially_deferred => true,
        name => 'zz ''quoted'' \"name\"');
    CREATE TABLE staff (id int, boss int, during daterange);
    SELECT add_reference('staff', '{boss}', 'during', 'staff', '{id}');";

const ROWS: &str = "
    INSERT INTO tariffs SELECT n % 3, n, daterange(date '2026-01-01' + n, date '2026-01-04' + n)
    FROM generate_series(0, 30) AS n;
    INSERT INTO contracts SELECT n, n % 3, daterange(date '2026-01-01' + n, date '2026-01-02' + n) FROM generate_series(0, 30) AS n;
    INSERT INTO \"Other\".\"A\" VALUES (1, '[2026-01-05,2026-01-20)'), (NULL, '(,)');
    INSERT INTO staff VALUES (1, NULL, '(,)'), (2, 1, '[2026-01-05,2026-01-20)');";

const REFERENCES: &str = "SELECT * FROM veritable.references ORDER BY target::text";

fn source() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLES);
    session.run(ROWS);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    (database, session)
}

fn check(original: &mut Session, restored: &Database) {
    let mut session = restored.superuser();
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    assert_eq!(session.rows(REFERENCES), original.rows(REFERENCES));
    session.refused("INSERT INTO contracts VALUES (99, 1, '(,)')").with_code("23503");
    session.refused("DELETE FROM tariffs WHERE place = 2").with_code("23503");
    session.refused("DELETE FROM staff WHERE id = 1").with_code("23503");
    session.refused("TRUNCATE tariffs").with_code("23503");
    session
        .run("BEGIN; DELETE FROM \"Other\".\"A\"; INSERT INTO \"Other\".\"A\" VALUES (7, '[2026-01-05,2026-01-06)')");
    session.refused("COMMIT").with_code("23503");
    session.refused("DROP TABLE tariffs").with_code("2BP01");
    session.run(
        "ALTER TABLE tariffs RENAME place TO spot; SELECT drop_reference('contracts', 'contracts_place_during_fkey')",
    );
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session) = source();
    check(&mut session, &restored(&database, &[]));
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
fn a_dump_moves_to_a_newer_version() {
    let Some(newer) = newer() else { return };
    let (database, mut session) = source();
    let restored = newer.bare_database("");
    load(&restored, &dump_for(&newer, &database));
    check(&mut session, &restored);
}
