//! Replicas: a standby reads up to the newest checkpoint and takes over; a logical replica has the positions of its publisher,
//! or its own.

use crate::support::{Cluster, SUPERUSER, Session, wait_for_copies, wait_until};
use crate::tampering;

#[test]
fn a_standby_reads_up_to_the_checkpoint_and_takes_over() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    let note = tampering::ledger(&mut session);
    session.run("SELECT add_consumer('ledger', 'billing')");
    session.run("SELECT count(*) FROM consume(NULL::ledger, 'billing', max => 10)");
    let standby = primary.standby();
    let mut reader = standby.connect(&database.name, SUPERUSER);
    // What no checkpoint covers is there, and not settled there.
    tampering::append(&mut session, 8);
    standby.catches_up(&mut session, &mut reader);
    assert_eq!(reader.value("SELECT count(*) FROM ledger"), "32");
    assert_eq!(reader.value("SELECT settled('ledger')"), "24");
    assert_eq!(reader.value("SELECT count(*) FROM read_events(NULL::ledger)"), "24");
    assert_eq!(reader.rows("SELECT consumer, position FROM veritable.consumers"), ["billing|10"]);
    assert_eq!(tampering::faults(&mut reader, &note), [""; 0]);
    assert_eq!(reader.rows("SELECT * FROM verify_log('ledger')"), [""; 0]);
    let later = tampering::checkpoint(&mut session);
    standby.catches_up(&mut session, &mut reader);
    assert_eq!(reader.value("SELECT count(*) FROM read_events(NULL::ledger)"), "32");
    reader.refused("SELECT checkpoint('ledger')").with_code("25006");
    reader.refused("SELECT * FROM consume(NULL::ledger, 'billing')").with_code("25006");

    // What the primary has not sent is lost with it.
    session.run("BEGIN");
    tampering::append(&mut session, 4);
    primary.cut_power();
    standby.promote();
    assert_eq!(tampering::faults(&mut reader, &later), [""; 0]);
    tampering::append(&mut reader, 4);
    assert_eq!(reader.value("SELECT count(*) FROM read_events(NULL::ledger)"), "36");
    assert_eq!(reader.value("SELECT count(*) FROM consume(NULL::ledger, 'billing', max => 100)"), "26");
    tampering::checkpoint(&mut reader);
    for kept in [&note, &later] {
        assert_eq!(tampering::faults(&mut reader, kept), [""; 0]);
    }
    let promoted = crate::support::Database { cluster: &standby, name: database.name.clone() };
    tampering::each_is_named(&promoted, &note);
}

/// A publisher of the ledger, and a subscriber to whose table `add_log` added a log.
fn replicate(from: &Cluster, to: &Cluster, add_log: &str) -> (Session, Session, String) {
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    let note = tampering::ledger(&mut publisher);
    publisher.run("CREATE PUBLICATION ledger FOR TABLE ledger");
    subscriber.run(
        "CREATE TABLE ledger (account text NOT NULL, amount numeric NOT NULL);
         SELECT add_chain('ledger', '{account}', identity => 'public.ledger')",
    );
    subscriber.run(add_log);
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION ledger CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION ledger",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    tampering::append(&mut publisher, 8);
    wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM ledger") == "32");
    (publisher, subscriber, note)
}

const EVENTS: &str = "SELECT position, account, seq, encode(event_hash, 'hex') FROM ledger ORDER BY position";

#[test]
fn a_logical_replica_keeps_the_positions_of_its_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (mut publisher, mut subscriber, note) =
        replicate(&from, &to, "SELECT add_log('ledger', origin => 'example.com/ledger')");
    assert_eq!(subscriber.rows(EVENTS), publisher.rows(EVENTS));
    // Rows arrive in the order of commits. Who reads by positions would miss some.
    assert_eq!(subscriber.value("SELECT settled('ledger')"), "0");
    assert_eq!(subscriber.rows("SELECT * FROM read_events(NULL::ledger)"), [""; 0]);
    subscriber.run("SELECT add_consumer('ledger', 'billing')");
    subscriber.refused("SELECT * FROM consume(NULL::ledger, 'billing')").with_code("55000");
    assert_eq!(subscriber.rows("SELECT * FROM verify_chain('ledger')"), [""; 0]);

    // It takes over.
    subscriber.run("DROP SUBSCRIPTION ledger");
    subscriber.refused("SELECT * FROM consume(NULL::ledger, 'billing')").with_code("55000");
    subscriber.run("SELECT setval('ledger_position_seq', (SELECT max(position) FROM ledger))");
    assert_eq!(subscriber.value("SELECT count(*) FROM consume(NULL::ledger, 'billing')"), "32");
    tampering::append(&mut subscriber, 4);
    assert_eq!(subscriber.value("SELECT count(*) FROM consume(NULL::ledger, 'billing')"), "4");
    // The tree of the same events is that of the publisher.
    tampering::checkpoint(&mut subscriber);
    assert_eq!(tampering::faults(&mut subscriber, &note), [""; 0]);
    assert_eq!(tampering::faults(&mut subscriber, &tampering::checkpoint(&mut publisher)), [""; 0]);
}

#[test]
fn a_logical_replica_can_have_a_log_of_its_own() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (mut publisher, mut subscriber, _) =
        replicate(&from, &to, "SELECT add_log('ledger', origin => 'example.com/replica', arrival => true)");
    subscriber.run("SELECT add_consumer('ledger', 'billing')");
    let consume = "SELECT account, seq FROM consume(NULL::ledger, 'billing')";
    assert_eq!(subscriber.rows(consume).len(), 32);
    // What is committed later arrives later, whatever its position was.
    let mut open = from.connect(&publisher.value("SELECT current_database()"), SUPERUSER);
    open.run("BEGIN; INSERT INTO ledger VALUES ('Z', 1)");
    tampering::append(&mut publisher, 4);
    wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM ledger") == "36");
    assert_eq!(subscriber.rows(consume).len(), 4);
    open.run("COMMIT");
    wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM ledger") == "37");
    assert_eq!(subscriber.rows(consume), ["Z|1"]);
    let note = tampering::checkpoint(&mut subscriber);
    assert!(note.starts_with("example.com/replica\n37\n"), "{note}");
    tampering::append(&mut publisher, 4);
    wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM ledger") == "41");
    tampering::checkpoint(&mut subscriber);
    assert_eq!(tampering::faults(&mut subscriber, &note), [""; 0]);
}

#[test]
fn a_publication_of_all_tables_leaves_the_subscriber_its_own_logs() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    for session in [&mut publisher, &mut subscriber] {
        session.run(
            "CREATE TABLE ledger (account text NOT NULL, amount numeric NOT NULL);
             SELECT add_chain('ledger', '{account}');
             SELECT add_log('ledger', origin => 'example.com/ledger', arrival => true);
             SELECT add_consumer('ledger', 'before')",
        );
    }
    publisher.run("CREATE PUBLICATION everything FOR ALL TABLES");
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION everything CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION everything",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    // Either side adds, moves and drops consumers of the same names.
    subscriber.run("SELECT add_consumer('ledger', 'later')");
    for statement in [
        "SELECT add_consumer('ledger', 'later')",
        "INSERT INTO ledger SELECT 'A', i FROM generate_series(1, 10) AS i",
        "SELECT count(*) FROM consume(NULL::ledger, 'before', max => 4)",
        "SELECT drop_consumer('ledger', 'later')",
        "INSERT INTO ledger VALUES ('A', 11)",
    ] {
        publisher.run(statement);
    }
    wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM ledger") == "11");
    let positions = "SELECT consumer, position FROM veritable.consumers ORDER BY 1";
    assert_eq!(publisher.rows(positions), ["before|4"]);
    assert_eq!(subscriber.rows(positions), ["before|0", "later|0"]);
    assert_eq!(subscriber.value("SELECT count(*) FROM consume(NULL::ledger, 'later')"), "11");
}
