//! Erasures beyond one server: what is erased stays erased, and is told from a deletion, in a restored dump and on replicas.

use crate::support::dump::restored;
use crate::support::{Cluster, Database, SUPERUSER, Session, wait_for_copies, wait_until};

const TABLE: &str = "
    CREATE TABLE person (id int NOT NULL, name text, payload jsonb);
    SELECT add_chain('person', '{id}', erasable => '{name,payload}')";

const ROWS: &str = "INSERT INTO person (id, name, payload)
    SELECT n % 3, 'name ' || n, jsonb_build_object('n', n) FROM generate_series(1, 30) AS n";

const STATE: &str = "SELECT * FROM person ORDER BY id, seq";
const FAULTS: &str = "SELECT seq, fault, detail FROM verify_chain('person')";

fn source() -> (Database<'static>, Session) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run(ROWS);
    assert_eq!(session.value("SELECT erase('person', '{1}', '{name}')"), "10");
    assert_eq!(session.value("SELECT erase('person', '{2}', '{name,payload}', '{3,4}')"), "4");
    (database, session)
}

#[test]
fn a_dump_restores_what_was_erased_and_its_records() {
    for options in [&[][..], &["--inserts"]] {
        let (database, mut session) = source();
        let restored = restored(&database, options);
        let mut copy = restored.superuser();
        assert_eq!(copy.rows(STATE), session.rows(STATE));
        assert_eq!(copy.rows(FAULTS), [""; 0]);
        assert_eq!(copy.rows("SELECT fault FROM verify_chain('veritable.erasures')"), [""; 0]);
        let records = "SELECT target, about, event_seq, event, columns FROM veritable.erasures ORDER BY series, seq";
        assert_eq!(copy.rows(records), session.rows(records));
        // The chain and the erasures go on.
        copy.run(ROWS);
        assert_eq!(copy.value("SELECT erase('person', '{1}', '{name}')"), "10");
        assert_eq!(copy.rows(FAULTS), [""; 0]);
    }
}

#[test]
fn a_dump_of_a_table_that_was_renamed_has_its_records() {
    let (database, mut session) = source();
    session.run("ALTER TABLE person RENAME TO human; CREATE SCHEMA moved; ALTER TABLE human SET SCHEMA moved");
    // Another table has the former name.
    session.run("CREATE TABLE person AS SELECT * FROM moved.human");
    let restored = restored(&database, &[]);
    let faults = "SELECT seq, fault, detail FROM verify_chain('moved.human')";
    assert_eq!(session.rows(faults), [""; 0]);
    assert_eq!(restored.superuser().rows(faults), [""; 0]);
}

#[test]
fn a_dump_without_the_records_shows_each_erased_value() {
    let (database, _session) = source();
    let copy = restored(&database, &["--exclude-table-data=veritable.erasures"]);
    let faults = copy.superuser().rows(FAULTS);
    assert_eq!(faults.len(), 14);
    assert!(faults.contains(&"1|erased|No record of an erasure of column \"name\".".to_string()), "{faults:?}");
}

#[test]
fn a_logical_replica_erases_with_its_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    for session in [&mut publisher, &mut subscriber] {
        session.run(TABLE);
        session.run("ALTER TABLE person REPLICA IDENTITY FULL");
    }
    publisher.run(ROWS);
    publisher.run("SELECT erase('person', '{0}', '{name}')");
    publisher.run("CREATE PUBLICATION people FOR TABLE person, veritable.erasures");
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION people CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION people",
        from.folder.display(),
        source.name
    ));
    let erased = "SELECT count(*) FROM person WHERE name IS NULL AND name_salt IS NULL";
    wait_for_copies(&mut subscriber);
    assert_eq!(subscriber.value(erased), "10");
    publisher.run("SELECT erase('person', '{1}', '{name}')");
    publisher.run(ROWS);
    wait_until("the erasure has arrived", || subscriber.value(erased) == "20");
    wait_until("the rows have arrived", || subscriber.value("SELECT count(*) FROM person") == "60");
    assert_eq!(subscriber.rows(STATE), publisher.rows(STATE));
    assert_eq!(subscriber.rows(FAULTS), [""; 0]);
    // What a publisher's guard has not seen, the subscriber's does.
    let logged = to.log().len();
    publisher.run(
        "ALTER TABLE person DISABLE TRIGGER ALL; UPDATE person SET name = 'edited' WHERE id = 2 AND seq = 1;
         ALTER TABLE person ENABLE TRIGGER ALL",
    );
    let refused = "cannot update chained table \"person\"";
    wait_until("the subscriber has refused", || to.log()[logged..].contains(refused));
    subscriber.run("DROP SUBSCRIPTION people");
    assert_eq!(subscriber.rows(FAULTS), [""; 0]);
}

#[test]
fn a_standby_verifies_erasures() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(TABLE);
    session.run(ROWS);
    let standby = primary.standby();
    session.run("SELECT erase('person', '{1}', '{name}')");
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", session.value("SELECT pg_current_wal_lsn()"));
    let mut reader = standby.connect(&database.name, SUPERUSER);
    wait_until("the standby has caught up", || reader.value(&replayed) == "t");
    assert_eq!(reader.rows(FAULTS), [""; 0]);
    reader.refused("SELECT erase('person', '{2}', '{name}')").with_code("25006");
}
