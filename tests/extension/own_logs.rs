//! The logs of the extension's own tables elsewhere: in a restored dump, and on a replica.

use crate::support::dump::{dump, empty, load, path, restored, restored_from_custom, restored_with_jobs};
use crate::support::{Cluster, Database, SUPERUSER, Session, succeed, wait_until};

const LOGS: &str =
    "SELECT target, origin FROM veritable.logs WHERE target::text LIKE 'veritable.%' ORDER BY target::text";
const PLACES: &str = "SELECT about, series, seq, position FROM veritable.journal ORDER BY position";
const VERSIONS: &str = "SELECT name, version, position FROM veritable.event_schemas ORDER BY position";
const NAMES: &str = "SELECT name, version FROM veritable.event_schemas ORDER BY position";
const TABLE: &str = "CREATE TABLE t (id int NOT NULL); SELECT add_chain('t', '{id}')";

/// A database with entries and versions, and with a tree of the journal, as a checkpoint leaves one.
fn recorded() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run("SELECT register_schema('one', '{}'), register_schema('two', '{}'), register_schema('one', '{\"type\": \"object\"}')");
    session.run(TABLE);
    session.run("ALTER TABLE t ADD COLUMN a int");
    let claim = "INSERT INTO veritable.trees SELECT 'veritable.journal', current_database() || '/veritable.journal', count(*), max(position)
                 FROM veritable.journal";
    session.run(claim);
    (database, session)
}

/// The name of the database, and what its logs are called.
fn origins(session: &mut Session, of_registry: &str, of_journal: &str) {
    let expected = [
        format!("veritable.event_schemas|{of_registry}/veritable.event_schemas"),
        format!("veritable.journal|{of_journal}/veritable.journal"),
    ];
    assert_eq!(session.rows(LOGS), expected);
}

#[test]
fn a_dump_keeps_positions_and_goes_on_under_the_same_origin() {
    let (database, mut session) = recorded();
    origins(&mut session, &database.name, &database.name);
    let (places, versions) = (session.rows(PLACES), session.rows(VERSIONS));
    assert_eq!(session.rows(NAMES), ["one|1", "two|1", "one|2"]);
    let copies = [
        restored(&database, &[]),
        restored_from_custom(&database, &[]),
        restored_with_jobs(&database, ""),
        restored_data_last(&database),
    ];
    for copy in copies {
        let mut session = copy.superuser();
        assert_ne!(copy.name, database.name);
        assert_eq!(session.rows(PLACES)[..places.len()], places);
        assert_eq!(session.rows(VERSIONS), versions);
        assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
        // What the tree says of the journal is true here, too. The registry had no tree, and begins as one of this database.
        origins(&mut session, &copy.name, &database.name);
        assert_eq!(
            session.value("SELECT settled('veritable.event_schemas') >= max(position) FROM veritable.event_schemas"),
            "t"
        );
        let all = session.value("SELECT count(*), max(position), count(DISTINCT position) FROM veritable.journal");
        assert_eq!(session.value("SELECT settled('veritable.journal')"), all.split('|').nth(1).expect("a position"));
        assert_eq!(all.split('|').next(), all.split('|').nth(2), "a position was given twice");
        session.run("SELECT register_schema('two', '{\"type\": \"object\"}'); ALTER TABLE t ADD COLUMN b int");
        assert_eq!(session.rows(NAMES)[3..], ["two|2"]);
        for table in ["journal", "event_schemas"] {
            assert_eq!(session.rows(&format!("SELECT * FROM verify_chain('veritable.{table}')")), [""; 0]);
        }
    }
}

/// A database restored as several jobs may do it: all else comes before the data of the extension's tables.
fn restored_data_last(database: &Database) -> Database<'static> {
    let (copy, file, list) = (empty(), path(database, "archive"), path(database, "list"));
    succeed(database.cluster.program("pg_dump").args(["--format=custom", "--file"]).arg(&file).arg(&database.name));
    let contents = succeed(database.cluster.program("pg_restore").arg("--list").arg(&file));
    let is_ours = |line: &&str| line.contains("TABLE DATA veritable ") || line.contains("SEQUENCE SET veritable ");
    let (last, first): (Vec<_>, Vec<_>) = contents.lines().partition(is_ours);
    assert!(last.iter().any(|line| line.contains("journal")), "{contents}");
    std::fs::write(&list, [first, last].concat().join("\n")).expect("a file");
    let mut restore = copy.cluster.program("pg_restore");
    succeed(restore.args(["--exit-on-error", "--use-list"]).arg(&list).args(["--dbname", &copy.name]).arg(&file));
    copy
}

#[test]
fn data_alone_keeps_its_positions() {
    let (database, mut session) = recorded();
    let places = session.rows(PLACES);
    let other = Database::new();
    load(&other, &dump(&database, &["--schema-only"]));
    // As the manual says: into a journal without entries.
    let mut session = other.superuser();
    session.run("SET veritable.guard = off; TRUNCATE veritable.journal");
    load(&other, &dump(&database, &["--data-only"]));
    for place in places {
        assert!(session.rows(PLACES).contains(&place), "{place}");
    }
}

#[test]
fn entries_that_a_subscription_brings_get_positions_of_this_database() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    for session in [&mut publisher, &mut subscriber] {
        session.run(TABLE);
        session.run("ALTER TABLE t ADD COLUMN a int");
    }
    publisher.run("CREATE PUBLICATION journal FOR TABLE veritable.journal");
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION journal CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION journal",
        from.folder.display(),
        source.name
    ));
    publisher.run("ALTER TABLE t ADD COLUMN b int");
    let count = "SELECT count(*) FROM veritable.journal WHERE about = 'public.t'";
    wait_until("the entries have arrived", || subscriber.value(count) == "5");
    subscriber.run("ALTER TABLE t ADD COLUMN b int");
    assert_eq!(subscriber.value("SELECT count(*) = count(DISTINCT position) FROM veritable.journal"), "t");
    let order =
        "SELECT count(*) FROM (SELECT position < lag(position) OVER (PARTITION BY about, series ORDER BY seq) AS back
                 FROM veritable.journal) AS p WHERE back";
    assert_eq!(subscriber.value(order), "0");
    let last = "SELECT max(position) = settled('veritable.journal') FROM veritable.journal";
    assert_eq!(subscriber.value(last), "t");
}
