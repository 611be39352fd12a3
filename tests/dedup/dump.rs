//! Dumps: on the other side the table is deduplicated as before, however it is restored.

use crate::support::Database;
use crate::support::dump::{dump, load, restored, restored_from_custom, restored_with_jobs};

const TABLE: &str = "
    CREATE TABLE events (tx int NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
    CREATE TABLE events_2 (note text, at date NOT NULL, tx int NOT NULL) PARTITION BY LIST (tx);
    ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
    CREATE TABLE events_2_d PARTITION OF events_2 DEFAULT;
    SELECT add_chain('events', '{tx}');
    SELECT add_dedup('events', '{tx}', within => '100 days')";

const ROWS: &str =
    "INSERT INTO events SELECT n, date '2026-01-01' + n * 13 % 59, 'row' FROM generate_series(1, 50) AS n";

fn source() -> Database<'static> {
    let database = Database::new();
    database.superuser().run(TABLE);
    database.superuser().run(ROWS);
    database
}

fn check(original: &Database, restored: &Database) {
    let (mut original, mut session) = (original.superuser(), restored.superuser());
    let dedups = "SELECT * FROM veritable.dedups";
    assert_eq!(session.rows(dedups), original.rows(dedups));
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    session
        .run("INSERT INTO events SELECT n, date '2026-01-01' + n * 7 % 59, 'again' FROM generate_series(1, 51) AS n");
    assert_eq!(session.rows("SELECT count(*), count(DISTINCT tx) FROM events"), ["51|51"]);
    session.refused("DROP TRIGGER veritable_dedup ON events").with_code("55000");
}

#[test]
fn a_plain_dump_restores() {
    let database = source();
    check(&database, &restored(&database, &[]));
}

#[test]
fn a_custom_dump_restores() {
    let database = source();
    check(&database, &restored_from_custom(&database, &[]));
}

#[test]
fn a_dump_restores_with_jobs() {
    let database = source();
    check(&database, &restored_with_jobs(&database, ""));
}

#[test]
fn data_alone_restores() {
    let database = source();
    for options in [&["--data-only", "--disable-triggers", "--table=events*"][..], &["--data-only", "--table=events*"]]
    {
        let other = Database::new();
        other.superuser().run(TABLE);
        load(&other, &dump(&database, options));
        check(&database, &other);
    }
}
