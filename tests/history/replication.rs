//! Replicas: a streaming standby verifies histories and can take over; a logical replica gets the table and its history.

use crate::support::{Cluster, SUPERUSER, Session, wait_for_copies, wait_until};

const TARIFFS: &str = "
    CREATE TABLE tariffs (id serial PRIMARY KEY, place int NOT NULL, price int, since daterange NOT NULL);
    SELECT add_packing('tariffs', 'since', '{place}');
    SELECT add_history('tariffs')";

fn change(session: &mut Session, price: u32) {
    session.run(&format!(
        "INSERT INTO tariffs (place, price, since)
         SELECT place, {price}, daterange('2026-01-10'::date + {price}, '2026-01-11'::date + {price})
         FROM generate_series(0, 2) AS place"
    ));
    session.run(&format!("SELECT set_period(NULL::tariffs, '{{\"place\": 1, \"price\": {price}, \"since\": \"[2026-01-01,2026-01-04)\"}}')"));
    session.run(&format!("UPDATE tariffs SET price = price + 100 WHERE place = 2 AND price = {price}"));
    session.run(&format!("DELETE FROM tariffs WHERE place = 0 AND price = {price} - 1"));
}

const HISTORY: &str = "SELECT * FROM tariffs_history ORDER BY id, seq";
const TABLE: &str = "SELECT * FROM tariffs ORDER BY id";

fn is_faultless(session: &mut Session) {
    assert_eq!(session.rows("SELECT * FROM verify_history()"), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    let rows = session.rows(TABLE);
    let points = "(SELECT generate_series(date '2026-01-01', '2026-01-31', '1 day')::date AS day) AS day";
    let known = session
        .rows(&format!("SELECT DISTINCT t.* FROM {points} CROSS JOIN LATERAL tariffs_as_of(day) AS t ORDER BY id"));
    assert_eq!(known, rows);
}

#[test]
fn a_standby_verifies_a_history_and_takes_over() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(TARIFFS);
    change(&mut session, 1);
    let moment = session.value("SELECT clock_timestamp()");
    let standby = primary.standby();
    change(&mut session, 2);
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", session.value("SELECT pg_current_wal_lsn()"));
    let mut reader = standby.connect(&database.name, SUPERUSER);
    wait_until("the standby has caught up", || reader.value(&replayed) == "t");
    is_faultless(&mut reader);
    assert_eq!(reader.rows(HISTORY), session.rows(HISTORY));
    let known = format!("SELECT * FROM tariffs_as_of('2026-01-02', '{moment}') ORDER BY id");
    assert_eq!(reader.rows(&known), session.rows(&known));
    reader.refused("DELETE FROM tariffs").with_code("25006");
    primary.cut_power();
    standby.promote();
    change(&mut reader, 3);
    is_faultless(&mut reader);
}

/// Both tables are published. What arrives fires no trigger of the table: its history arrives, too, and is checked there.
#[test]
fn a_logical_replica_has_the_history_of_its_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    publisher.run(TARIFFS);
    change(&mut publisher, 1);
    publisher.run("CREATE PUBLICATION tariffs FOR TABLE tariffs, tariffs_history");
    subscriber.run(TARIFFS);
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION tariffs CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION tariffs",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    change(&mut publisher, 2);
    change(&mut publisher, 3);
    publisher.run("TRUNCATE tariffs");
    change(&mut publisher, 4);
    let expected = (publisher.rows(TABLE), publisher.rows(HISTORY));
    wait_until("the changes have arrived", || (subscriber.rows(TABLE), subscriber.rows(HISTORY)) == expected);
    is_faultless(&mut publisher);
    is_faultless(&mut subscriber);

    // The replica takes over.
    subscriber.run("DROP SUBSCRIPTION tariffs");
    subscriber.run("SELECT setval('tariffs_id_seq', 1000)");
    change(&mut subscriber, 5);
    is_faultless(&mut subscriber);
}
