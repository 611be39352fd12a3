//! Replicas: a streaming standby verifies packings and can take over; a logical replica has the periods of its publisher.

use crate::support::{Cluster, SUPERUSER, Session, wait_for_copies, wait_until};

const TARIFFS: &str = "CREATE TABLE tariffs (id serial PRIMARY KEY, place int NOT NULL, price int, since daterange);
    SELECT add_packing('tariffs', 'since', '{place}')";

/// A price for ten days, which are three rows of the statement.
fn price(session: &mut Session, price: u32, month: u32) {
    session.run(&format!(
        "INSERT INTO tariffs (place, price, since)
         SELECT place, {price}, daterange('2026-{month:02}-01'::date + from_day, '2026-{month:02}-01'::date + to_day)
         FROM generate_series(0, 2) AS place, (VALUES (0, 4), (4, 6), (5, 10)) AS part (from_day, to_day)"
    ));
}

const PERIODS: &str = "SELECT * FROM tariffs ORDER BY place, since";

#[test]
fn a_standby_verifies_a_packing_and_takes_over() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(TARIFFS);
    price(&mut session, 5, 1);
    let standby = primary.standby();
    price(&mut session, 6, 2);
    let replayed = format!("SELECT pg_last_wal_replay_lsn() >= '{}'", session.value("SELECT pg_current_wal_lsn()"));
    let mut reader = standby.connect(&database.name, SUPERUSER);
    wait_until("the standby has caught up", || reader.value(&replayed) == "t");
    reader.is_packed("6 periods in 3 keys of 1 table");
    assert_eq!(reader.rows(PERIODS), session.rows(PERIODS));
    reader.refused("INSERT INTO tariffs (place, price, since) VALUES (1, 5, '(,)')").with_code("25006");
    reader.refused("SELECT pack('tariffs')").with_code("55000");
    primary.cut_power();
    standby.promote();
    price(&mut reader, 5, 1);
    reader.run("UPDATE tariffs SET since = daterange(lower(since), upper(since) + 21) WHERE price = 5");
    reader.run("UPDATE tariffs SET price = 6 WHERE price = 5");
    reader.is_packed("3 periods in 3 keys of 1 table");
}

/// The subscriber has a packing of its own, whose triggers leave alone what arrives: that is packed already.
#[test]
fn a_logical_replica_has_the_periods_of_its_publisher() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    publisher.run(TARIFFS);
    price(&mut publisher, 5, 1);
    publisher.run("CREATE PUBLICATION tariffs FOR TABLE tariffs");
    subscriber.run(TARIFFS);
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION tariffs CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION tariffs",
        from.folder.display(),
        source.name
    ));
    wait_for_copies(&mut subscriber);
    price(&mut publisher, 6, 2);
    // Absorbs, widens, cuts and deletes.
    publisher.run("INSERT INTO tariffs (place, price, since) VALUES (0, 5, '[2026-01-11,2026-02-01)')");
    publisher.run("UPDATE tariffs SET price = 5 WHERE place = 0");
    publisher.run(
        "SELECT set_period(NULL::tariffs, '{\"place\": 1, \"price\": 7, \"since\": \"[2026-01-03,2026-02-05)\"}');
         SELECT clear_period(NULL::tariffs, '{\"place\": 2, \"since\": \"[2026-02-03,2026-02-04)\"}')",
    );
    let expected = publisher.rows(PERIODS);
    wait_until("the changes have arrived", || subscriber.rows(PERIODS) == expected);
    publisher.is_packed("7 periods in 3 keys of 1 table");
    subscriber.is_packed("7 periods in 3 keys of 1 table");

    // The replica takes over.
    subscriber.run("DROP SUBSCRIPTION tariffs");
    subscriber.run("SELECT setval('tariffs_id_seq', 1000)");
    subscriber.run("INSERT INTO tariffs (place, price, since) VALUES (2, 6, '[2026-02-03,2026-02-04)')");
    subscriber.is_packed("6 periods in 3 keys of 1 table");
}
