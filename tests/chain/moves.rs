//! Rows move out of a default partition while many clients append: nothing forks, nothing is lost, nobody gets in anybody's way.

use std::time::{Duration, Instant};

use postgres::error::SqlState;

use crate::support::load::{Load, Outcome, READ_COMMITTED, stored};
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, wait_for_copies, wait_until};

/// The table of the load, with all rows in its default partition at first.
const EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key)) PARTITION BY RANGE (key);
    CREATE TABLE events_default PARTITION OF events DEFAULT;
    SELECT add_chain('events', '{entity}')";

/// Moves the events with one key into a partition of their own, as maintenance does. The key is that of the newest event in the
/// default partition, which is the head of its chain unless somebody is faster. Not one that several clients want: who inserts it again
/// waits for the move with a sealed row, and the move for a lock on the partition; PostgreSQL ends such a circle. Returns the number of
/// events.
fn move_one(database: &Database, number: usize) -> Result<u64, postgres::Error> {
    let mut session = database.cluster.try_connect(&database.name, SUPERUSER)?;
    let mut moving = session.transaction()?;
    let Some(row) = moving.query_opt(
        "SELECT key FROM events_default WHERE entity = $1 AND key NOT LIKE 'contested-%' ORDER BY seq DESC LIMIT 1",
        &[&((number % 4) as i32)],
    )?
    else {
        return Ok(0);
    };
    let key: String = row.get(0);
    moving.batch_execute("CREATE TEMP TABLE moving (LIKE events_default) ON COMMIT DROP")?;
    let out =
        "WITH gone AS (DELETE FROM events_default WHERE key = $1 RETURNING *) INSERT INTO moving SELECT * FROM gone";
    let rows = moving.execute(out, &[&key])?;
    moving.batch_execute(&format!(
        "CREATE TABLE events_{number} PARTITION OF events FOR VALUES FROM ('{key}') TO ('{key} ');
         WITH back AS (DELETE FROM moving RETURNING *) INSERT INTO events SELECT * FROM back"
    ))?;
    // A third of the moves are rolled back.
    if number % 3 == 2 {
        moving.rollback()?
    } else {
        moving.commit()?
    }
    Ok(rows)
}

/// Moves until the time is over; how many rows, and which errors there were.
fn move_for(database: &Database, time: Duration, numbers: &mut std::ops::RangeFrom<usize>) -> (u64, Vec<String>) {
    let (start, mut rows, mut errors) = (Instant::now(), 0, Vec::new());
    while start.elapsed() < time {
        match move_one(database, numbers.next().expect("a number")) {
            Ok(moved) => rows += moved,
            // Another client has added an event with this key to the default partition meanwhile.
            Err(error) if error.code() == Some(&SqlState::CHECK_VIOLATION) => {}
            Err(error) => errors.push(explain(&error)),
        }
    }
    (rows, errors)
}

fn check(database: &Database, outcome: &Outcome) {
    assert_eq!(outcome.failures, [""; 0]);
    let mut session = database.superuser();
    let stored = stored(&mut session);
    let missing: Vec<_> = outcome.committed.difference(&stored).collect();
    assert!(missing.is_empty(), "acknowledged, but missing: {missing:?}");
    let invented: Vec<_> = stored.difference(&outcome.attempted).collect();
    assert!(invented.is_empty(), "from nobody: {invented:?}");
    session.verifies(&format!("{} events in 4 chains of 1 table", stored.len()));
    assert_ne!(session.value("SELECT count(*) FROM events WHERE tableoid <> 'events_default'::regclass"), "0");
}

#[test]
fn nothing_forks_while_rows_move_out_of_a_default_partition() {
    let database = Database::new();
    database.superuser().run(EVENTS);
    let (outcome, (rows, errors)) =
        READ_COMMITTED.during(&database, || move_for(&database, Duration::from_secs(10), &mut (0..)));
    assert_eq!(errors, [""; 0]);
    assert!(rows > 10, "only {rows} rows were moved");
    check(&database, &outcome);
}

#[test]
fn nothing_is_lost_when_the_power_is_cut_during_moves() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    database.superuser().run(EVENTS);
    let load = Load { isolation: "read committed", retries: false, reconnects: true };
    let mut numbers = 0..;
    let (outcome, ()) = load.during(&database, || {
        for _ in 0..2 {
            std::thread::scope(|scope| {
                let moves = scope.spawn(|| move_for(&database, Duration::from_secs(3), &mut numbers));
                std::thread::sleep(Duration::from_secs(2));
                cluster.cut_power();
                // The errors are those of the lost server.
                drop(moves.join().expect("no panic"));
            });
            cluster.restart();
        }
        move_for(&database, Duration::from_secs(2), &mut numbers);
    });
    check(&database, &outcome);
}

/// The subscriber has other partitions, and what it does with columns that are not sealed is its own affair.
#[test]
fn a_logical_replica_takes_moves_over() {
    let (from, to) = (Cluster::new(&["wal_level=logical"]), Cluster::new(&[]));
    let (source, copy) = (from.database(), to.database());
    let (mut publisher, mut subscriber) = (source.superuser(), copy.superuser());
    let table = "entity int NOT NULL, key text NOT NULL, payload jsonb, seen bool, UNIQUE (entity, key)";
    publisher.run(&format!(
        "CREATE TABLE events ({table}) PARTITION BY RANGE (key);
         CREATE TABLE events_default PARTITION OF events DEFAULT;
         SELECT add_chain('events', '{{entity}}', exclude => '{{seen}}');
         ALTER TABLE events REPLICA IDENTITY FULL;
         ALTER TABLE events_default REPLICA IDENTITY FULL;
         INSERT INTO events (entity, key) SELECT n % 4, 'key-' || n FROM generate_series(1, 40) AS n;
         CREATE PUBLICATION events FOR TABLE events WITH (publish_via_partition_root)"
    ));
    subscriber.run(&format!(
        "CREATE TABLE events ({table}); SELECT add_chain('events', '{{entity}}', exclude => '{{seen}}')"
    ));
    // Not in the transaction of other statements.
    subscriber.run(&format!(
        "CREATE SUBSCRIPTION events CONNECTION 'host={} user={SUPERUSER} dbname={}' PUBLICATION events",
        from.folder.display(),
        source.name
    ));
    let arrived = |subscriber: &mut Session, count: &str| {
        wait_until("the events have arrived", || subscriber.value("SELECT count(*) FROM events") == count);
    };
    wait_for_copies(&mut subscriber);
    arrived(&mut subscriber, "40");
    let moved = move_for(&source, Duration::from_secs(1), &mut (0..));
    assert!(moved.0 > 0 && moved.1.is_empty(), "{moved:?}");
    publisher.run("INSERT INTO events (entity, key) VALUES (1, 'last')");
    arrived(&mut subscriber, "41");
    subscriber.verifies("41 events in 4 chains of 1 table");
    let hashes = "SELECT entity, seq, key, event_hash FROM events ORDER BY entity, seq";
    assert_eq!(subscriber.rows(hashes), publisher.rows(hashes));
    // By itself, it deletes nothing.
    subscriber.refused("DELETE FROM events").with_code("23001");
}
