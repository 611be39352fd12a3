//! Logical replicas: what a publisher has stored arrives, and what comes to the replica by other ways is looked up.

use crate::support::{Cluster, SUPERUSER, wait_for_copies, wait_until};

const TABLE: &str = "
    CREATE TABLE events (tx int PRIMARY KEY, at date NOT NULL, note text);
    SELECT add_dedup('events', '{at}', 'raise')";

#[test]
fn a_logical_replica_takes_what_arrives_and_looks_up_what_is_its_own() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    publisher.run(TABLE);
    subscriber.run(TABLE);
    publisher.run("INSERT INTO events VALUES (1, '2026-01-01', 'copied'); CREATE PUBLICATION events FOR TABLE events");
    let folder = from.folder.display();
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION events CONNECTION 'host={folder} user={SUPERUSER} dbname={}' PUBLICATION events",
        source.name
    ));
    wait_for_copies(&mut subscriber);
    publisher.run("INSERT INTO events VALUES (2, '2026-01-02', 'streamed')");
    publisher.run("UPDATE events SET at = '2026-01-03' WHERE tx = 2");
    wait_until("the rows have arrived", || subscriber.value("SELECT max(at) FROM events") == "2026-01-03");
    subscriber.refused("INSERT INTO events VALUES (3, '2026-01-03', 'local')").with_code("23505");
    subscriber.run("INSERT INTO events VALUES (3, '2026-01-02', 'local')");
    // The publisher decides what is in the table; verification tells.
    publisher.run("INSERT INTO events VALUES (4, '2026-01-02', 'streamed')");
    wait_until("the row has arrived", || subscriber.value("SELECT count(*) FROM events") == "4");
    let faults = "SELECT key, fault FROM verify_dedup('events')";
    assert_eq!(subscriber.rows(faults), ["{2026-01-02}|duplicate"]);
    subscriber.run("DROP SUBSCRIPTION events");
}
