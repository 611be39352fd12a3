//! Replicas: a standby takes over with the registry that it has; a logical replica has its publisher's documents, and the
//! registry where that is published, too.

use crate::support::{Cluster, Database, SUPERUSER, Session, wait_for_copies, wait_until};

const TABLE: &str = "
    CREATE TABLE events (id int PRIMARY KEY, kind text, payload jsonb, version int);
    SELECT add_validation('events', 'payload', type => 'kind', version => 'version')";

/// Registers a version that takes numbers from this one on.
fn register(session: &mut Session, minimum: u32) {
    session.run(&format!("SELECT register_schema('thing', '{{\"minimum\": {minimum}}}')"));
}

/// Inserts a number, and gives the version that it was found to match.
#[track_caller]
fn insert(session: &mut Session, number: u32) -> String {
    let insert =
        format!("INSERT INTO events (id, kind, payload) VALUES ({number}, 'thing', '{number}') RETURNING version");
    session.value(&insert)
}

#[track_caller]
fn is_refused(session: &mut Session, number: u32) {
    let insert = format!("INSERT INTO events (id, kind, payload) VALUES ({number}, 'thing', '{number}')");
    session.refused(&insert).with_code("23514");
}

#[test]
fn a_standby_takes_over_with_the_registry() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(TABLE);
    register(&mut session, 1);
    let standby = primary.standby();
    let mut reader = standby.connect(&database.name, SUPERUSER);
    for minimum in [2, 3] {
        register(&mut session, minimum);
        assert_eq!(insert(&mut session, 100 + minimum), minimum.to_string());
        let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", session.value("SELECT pg_current_wal_lsn()"));
        wait_until("the standby has caught up", || reader.value(&replayed) == "t");
        // Sessions of the standby hear of it as those of the primary do.
        let errors = "SELECT count(*) FROM schema_errors('{\"$ref\": \"veritable:///thing\"}', '2')";
        assert_eq!(reader.value(errors), if minimum == 2 { "0" } else { "1" });
    }
    reader.verifies("3 events in 1 chain of 1 table");
    reader.refused("SELECT register_schema('thing', 'true')").with_code("25006");
    primary.cut_power();
    standby.promote();
    is_refused(&mut reader, 2);
    assert_eq!(insert(&mut reader, 3), "3");
    register(&mut reader, 4);
    assert_eq!(insert(&mut reader, 4), "4");
    reader.verifies("4 events in 1 chain of 1 table");
}

/// A publisher of some tables, and a subscriber that has them.
fn replicate<'clusters>(
    (from, to): (&'clusters Cluster, &'clusters Cluster),
    published: &str,
) -> (Database<'clusters>, Database<'clusters>) {
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    publisher.run(TABLE);
    register(&mut publisher, 1);
    assert_eq!(insert(&mut publisher, 1), "1");
    publisher.run(&format!("CREATE PUBLICATION events FOR {published}"));
    subscriber.run(TABLE);
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION events CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION events",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    (source, copy)
}

const EVENTS: &str = "SELECT * FROM events ORDER BY id";

/// What arrives has been validated where it was written: the subscriber need not know the schema.
#[test]
fn a_logical_replica_has_the_documents_of_its_publisher() {
    let clusters = (&Cluster::new(&["wal_level=logical"]), &Cluster::new(&[]));
    let (source, copy) = replicate(clusters, "TABLE events");
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    register(&mut publisher, 2);
    assert_eq!(insert(&mut publisher, 2), "2");
    publisher.run("UPDATE events SET payload = '3' WHERE id = 1; DELETE FROM events WHERE id = 2");
    assert_eq!(insert(&mut publisher, 4), "2");
    let expected = publisher.rows(EVENTS);
    // An UPDATE keeps the version that the row has.
    assert_eq!(expected, ["1|thing|3|1", "4|thing|4|2"]);
    wait_until("the changes have arrived", || subscriber.rows(EVENTS) == expected);
    // What is written here is validated here.
    subscriber
        .refused("INSERT INTO events (id, kind, payload) VALUES (5, 'thing', '5')")
        .with("23514", "event schema \"thing\" does not exist");
}

/// The registry is a table that can be published. Its chains are checked as they arrive, and its versions count at once.
#[test]
fn a_logical_replica_of_the_registry_has_its_versions() {
    let clusters = (&Cluster::new(&["wal_level=logical"]), &Cluster::new(&[]));
    for published in ["TABLE events, veritable.event_schemas", "ALL TABLES"] {
        let (source, copy) = replicate(clusters, published);
        let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
        assert_eq!(insert(&mut subscriber, 1001), "1");
        is_refused(&mut subscriber, 0);
        for minimum in 2..5 {
            register(&mut publisher, minimum);
            assert_eq!(insert(&mut publisher, minimum), minimum.to_string());
            let count = minimum.to_string();
            let arrived = "SELECT max(version) FROM events WHERE id < 1000";
            wait_until("the row has arrived", || subscriber.value(arrived) == count);
            // In a session that has read the version before.
            assert_eq!(insert(&mut subscriber, 1000 + minimum), count);
            is_refused(&mut subscriber, minimum - 1);
        }
        publisher.run("SELECT retire_schema('thing')");
        wait_until("it is retired", || subscriber.value("SELECT count(*) FROM veritable.event_schemas") == "5");
        is_refused(&mut subscriber, 9);
        // But for their positions, which are those of each database.
        let registry = "SELECT to_jsonb(s) - 'position' FROM veritable.event_schemas AS s ORDER BY name, version";
        assert_eq!(subscriber.rows(registry), publisher.rows(registry));
        subscriber.verifies("5 events in 1 chain of 1 table");
        // The replica takes over.
        subscriber.run("DROP SUBSCRIPTION events");
        register(&mut subscriber, 7);
        assert_eq!(insert(&mut subscriber, 7), "6");
    }
}
