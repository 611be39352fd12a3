//! Replicas: a streaming standby verifies and can take over; a logical replica checks each event that arrives.

use crate::support::{Cluster, Database, SUPERUSER, Session, wait_for_copies, wait_until};

const EVENTS: &str =
    "CREATE TABLE events (entity int NOT NULL, payload text, seen bool, PRIMARY KEY (entity, payload));
    SELECT add_chain('events', '{entity}', exclude => '{seen}')";

fn append(session: &mut Session, payload: &str) {
    session.run(&format!(
        "INSERT INTO events (entity, payload) SELECT n % 3, '{payload} ' || n FROM generate_series(1, 30) AS n"
    ));
}

#[test]
fn a_standby_verifies_and_takes_over() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    append(&mut session, "before");
    let standby = primary.standby();
    append(&mut session, "after");

    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", session.value("SELECT pg_current_wal_lsn()"));
    let mut reader = standby.connect(&database.name, SUPERUSER);
    wait_until("the standby has caught up", || reader.value(&replayed) == "t");
    reader.verifies("60 events in 3 chains of 1 table");
    assert_eq!(
        reader.value("SELECT count(*) FROM events e WHERE sha256(convert_to(chain_line(e), 'UTF8')) = event_hash"),
        "60"
    );
    reader.refused("INSERT INTO events (entity, payload) VALUES (1, 'on the standby')").with_code("25006");

    // The primary is lost; an open transaction of it with it.
    session.run("BEGIN; INSERT INTO events (entity, payload) VALUES (1, 'lost')");
    primary.cut_power();
    standby.promote();
    append(&mut reader, "promoted");
    reader.verifies("90 events in 3 chains of 1 table");
    reader.refused("DELETE FROM events").with_code("23001");
}

/// A publisher and a subscriber of its events, to which the first have been copied.
struct Replication<'clusters> {
    publisher: Session,
    subscriber: Session,
    source: Database<'clusters>,
    to: &'clusters Cluster,
    /// How much the subscriber had logged before.
    logged: usize,
}

fn replicate<'clusters>(from: &'clusters Cluster, to: &'clusters Cluster) -> Replication<'clusters> {
    let logged = to.log().len();
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    publisher.run(EVENTS);
    append(&mut publisher, "copied");
    publisher.run("CREATE PUBLICATION events FOR TABLE events");
    subscriber.run(EVENTS);
    let folder = from.folder.display();
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION events CONNECTION 'host={folder} user={SUPERUSER} dbname={}' PUBLICATION events",
        source.name
    ));
    wait_for_copies(&mut subscriber);
    Replication { publisher, subscriber, source, to, logged }
}

impl Replication<'_> {
    fn wait_for_events(&mut self, count: u32) {
        let count = count.to_string();
        wait_until("the events have arrived", || self.subscriber.value("SELECT count(*) FROM events") == count);
    }

    /// Makes a change on the publisher that its guards do not see.
    fn tamper(&mut self, sql: &str) {
        self.publisher
            .run(&format!("ALTER TABLE events DISABLE TRIGGER ALL; {sql}; ALTER TABLE events ENABLE TRIGGER ALL"));
    }

    /// The subscriber refuses what comes, with this error, and has kept its events.
    fn refuses(&mut self, message: &str) {
        wait_until("the subscriber has refused", || self.to.log()[self.logged..].contains(message));
        self.subscriber.verifies("30 events in 3 chains of 1 table");
    }
}

#[test]
fn a_logical_replica_verifies() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let mut replication = replicate(&from, &to);
    replication.wait_for_events(30);
    append(&mut replication.publisher, "streamed");
    replication.wait_for_events(60);
    replication.subscriber.verifies("60 events in 3 chains of 1 table");
    let hashes = "SELECT entity, seq, event_hash FROM events ORDER BY entity, seq";
    assert_eq!(replication.subscriber.rows(hashes), replication.publisher.rows(hashes));

    // What is not sealed may change there too.
    replication.publisher.run("UPDATE events SET seen = true");
    let seen = "SELECT count(*) FROM events WHERE seen";
    wait_until("the updates have arrived", || replication.subscriber.value(seen) == "60");

    // The replica takes over.
    replication.subscriber.run("DROP SUBSCRIPTION events");
    append(&mut replication.subscriber, "local");
    replication.subscriber.verifies("90 events in 3 chains of 1 table");
    assert_eq!(replication.source.connect(SUPERUSER).value("SELECT count(*) FROM events"), "60");
}

#[test]
fn a_logical_replica_refuses_what_was_tampered_with() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    for (sql, message) in [
        ("UPDATE events SET payload = 'edited' WHERE entity = 1 AND seq = 3", "cannot update chained table \"events\""),
        (
            "UPDATE events e SET payload = 'edited', event_hash = sha256('rewritten') WHERE entity = 1 AND seq = 3",
            "cannot update chained table \"events\"",
        ),
        ("DELETE FROM events WHERE entity = 1 AND seq = 3", "cannot delete from chained table \"events\""),
        (
            "INSERT INTO events (entity, payload, seq, event_hash) VALUES (1, 'forged', 11, sha256('forged'))",
            "supplied hash is not the hash of the row",
        ),
    ] {
        let mut replication = replicate(&from, &to);
        replication.wait_for_events(30);
        replication.tamper(sql);
        replication.refuses(message);
        replication.subscriber.run("DROP SUBSCRIPTION events");
    }
}

#[test]
fn a_truncated_publisher_leaves_its_logical_replica_alone() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let mut replication = replicate(&from, &to);
    replication.wait_for_events(30);
    replication.tamper("TRUNCATE events");
    replication.refuses("cannot truncate chained table \"events\"");
}
