//! Dumps: on the other side the history shows the same, fits its table, and goes on.

use crate::support::dump::{
    dump, dump_for, empty, load, newer, path, restored, restored_from_custom, restored_with_jobs,
};
use crate::support::{Database, Session, succeed};

/// Tables with a history: an ordinary one, a packed one, a partitioned one, and one of another schema whose names need quotes.
const TABLES: &str = "
    CREATE TABLE plain (id int PRIMARY KEY, amount numeric, at timestamptz, note text, twice numeric GENERATED ALWAYS AS (amount * 2) STORED);
    CREATE TABLE packed (id serial PRIMARY KEY, place int NOT NULL, price numeric, since daterange NOT NULL);
    SELECT add_packing('packed', 'since', '{place}', '{price}');
    CREATE TABLE parted (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
    CREATE TABLE parted_0 PARTITION OF parted FOR VALUES FROM (0) TO (5);
    CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
    CREATE SCHEMA \"Other\";
    CREATE TYPE \"Other\".\"Mood\" AS ENUM ('sad', 'glad');
    CREATE TABLE \"Other\".\"The Table\" (\"The Key\" text PRIMARY KEY, \"a mood\" \"Other\".\"Mood\", tags text[]);
    SELECT add_history('plain', ignore => '{note}'), add_history('packed'), add_history('parted'),
           add_history('\"Other\".\"The Table\"')";

const CHANGES: [&str; 5] = [
    "INSERT INTO plain SELECT n, n, 'epoch', 'new' FROM generate_series(0, 9) AS n;
     INSERT INTO packed (place, price, since) SELECT n % 2, n / 2, daterange('2026-01-01'::date + n, '2026-01-02'::date + n)
         FROM generate_series(0, 9) AS n ON CONFLICT DO NOTHING;
     INSERT INTO parted SELECT n, 'new' FROM generate_series(0, 9) AS n;
     INSERT INTO \"Other\".\"The Table\" VALUES ('The Row', 'sad', '{a,NULL}'), ('The \"Other\"', NULL, NULL)",
    "UPDATE plain SET amount = amount + 0.50, note = 'changed' WHERE id % 2 = 0;
     SELECT set_period(NULL::packed, '{\"place\": 1, \"price\": 7, \"since\": \"[2026-01-02,2026-01-09)\"}')",
    "UPDATE parted SET id = 9 - id + 100; UPDATE \"Other\".\"The Table\" SET \"a mood\" = 'glad'",
    "DELETE FROM plain WHERE id > 6; DELETE FROM packed WHERE price = 7; TRUNCATE parted_1",
    "UPDATE plain SET note = 'ignored'; INSERT INTO plain (id) VALUES (8)",
];

const STATE: &str = "
    SELECT 'plain', t::text FROM plain_as_of(known_at => moment) AS t
    UNION ALL SELECT 'packed', t::text FROM packed_as_of('2026-01-05', known_at => moment) AS t
    UNION ALL SELECT 'parted', t::text FROM parted_as_of(known_at => moment) AS t
    UNION ALL SELECT 'Other', t::text FROM \"Other\".\"The Table_as_of\"(known_at => moment) AS t";

const HISTORIES: &str = "
    SELECT 'plain', h::text FROM plain_history AS h UNION ALL SELECT 'packed', h::text FROM packed_history AS h
    UNION ALL SELECT 'parted', h::text FROM parted_history AS h
    UNION ALL SELECT 'Other', h::text FROM \"Other\".\"The Table_history\" AS h ORDER BY 1, 2";

/// A database with histories in it, and moments between its changes.
fn source() -> (Database<'static>, Session, Vec<String>) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLES);
    let mut moments = Vec::new();
    for change in CHANGES {
        session.run(change);
        moments.push(session.value("SELECT clock_timestamp()"));
    }
    (database, session, moments)
}

fn states(session: &mut Session, moments: &[String]) -> Vec<Vec<String>> {
    let at =
        |moment: &String| session.rows(&format!("{} ORDER BY 1, 2", STATE.replace("moment", &format!("'{moment}'"))));
    moments.iter().map(at).collect()
}

fn is_faultless(session: &mut Session) {
    assert_eq!(session.rows("SELECT * FROM verify_history()"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

/// What was restored shows the same of all times, and goes on.
fn check(original: &mut Session, moments: &[String], restored: &Database) {
    let mut session = restored.superuser();
    is_faultless(&mut session);
    assert_eq!(states(&mut session, moments), states(original, moments));
    assert_eq!(session.rows(HISTORIES), original.rows(HISTORIES));
    const VIEW: &str =
        "SELECT target::text, history::text, key, ignore, valid, enabled FROM veritable.histories ORDER BY 1";
    assert_eq!(session.rows(VIEW), original.rows(VIEW));
    session.run("DELETE FROM plain; TRUNCATE parted; UPDATE packed SET price = 9");
    session.run(CHANGES[0].split(';').next().expect("a statement"));
    session.run("UPDATE plain SET amount = 11 WHERE id = 1");
    is_faultless(&mut session);
    assert_eq!(session.value("SELECT count(*), max(seq) FROM plain_history WHERE id = 1 GROUP BY id"), "4|4");
    session.refused("DELETE FROM plain_history").with_code("23001");
}

#[test]
fn a_plain_dump_restores() {
    let (database, mut session, moments) = source();
    check(&mut session, &moments, &restored(&database, &[]));
}

#[test]
fn a_dump_as_inserts_restores() {
    let (database, mut session, moments) = source();
    check(&mut session, &moments, &restored(&database, &["--inserts"]));
}

#[test]
fn a_custom_dump_restores() {
    let (database, mut session, moments) = source();
    check(&mut session, &moments, &restored_from_custom(&database, &["--single-transaction"]));
}

#[test]
fn a_dump_restores_by_two_processes_at_once() {
    let (database, mut session, moments) = source();
    check(&mut session, &moments, &restored_with_jobs(&database, ""));
}

/// pg_dump orders tables by their names here, so that the history is loaded before its table, and after.
#[test]
fn the_data_alone_goes_into_the_tables_of_a_dump() {
    let (database, mut session, moments) = source();
    let restored = restored(&database, &["--schema-only"]);
    load(&restored, &dump(&database, &["--data-only", "--disable-triggers"]));
    check(&mut session, &moments, &restored);
}

#[test]
fn a_dump_moves_to_a_newer_postgres() {
    let Some(newer) = newer() else { return };
    let (database, mut session, moments) = source();
    let moved = newer.bare_database("");
    load(&moved, &dump_for(&newer, &database));
    check(&mut session, &moments, &moved);
}

/// A dump of the table alone leaves its history behind. The triggers of the table are not without it.
#[test]
fn a_dump_without_the_history_says_what_is_missing() {
    let (database, ..) = source();
    let restored = empty();
    let file = path(&database, "table.sql");
    std::fs::write(&file, dump(&database, &["--extension=veritable", "--extension=btree_gist", "--table=plain"]))
        .expect("a file");
    restored.superuser().run("CREATE EXTENSION IF NOT EXISTS veritable CASCADE");
    succeed(
        restored
            .cluster
            .program("psql")
            .args(["--no-psqlrc", "--quiet", "--dbname", &restored.name, "--file"])
            .arg(&file),
    );
    let mut session = restored.superuser();
    assert_eq!(session.value("SELECT count(*) FROM plain"), "8");
    assert_eq!(session.rows("SELECT fault FROM verify_history()"), ["unread"]);
    session.refused("UPDATE plain SET amount = 1").with_code("55000");
    session.run("SELECT drop_history('plain'); UPDATE plain SET amount = 1; SELECT add_history('plain')");
    is_faultless(&mut session);
}
