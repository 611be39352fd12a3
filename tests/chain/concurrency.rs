//! Many sessions that append to the same chains: none fails for a reason of ours, and the chains are whole.

use std::time::Duration;

use crate::support::load::{EVENTS, Load, PARTITIONED_EVENTS, READ_COMMITTED, stored};
use crate::support::{Database, explain, wait_until};

const TIME: Duration = Duration::from_secs(5);

/// Runs a load and looks at what it left; says how many transactions were tried again.
fn check(table: &str, load: &Load) -> usize {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(table);
    let outcome = load.run(&database, TIME);
    assert_eq!(outcome.failures, [""; 0]);
    assert!(outcome.committed.len() > 100, "only {} events", outcome.committed.len());
    assert_eq!(stored(&mut session), outcome.committed);
    session.verifies(&format!("{} events in 4 chains of 1 table", outcome.committed.len()));
    outcome.retried
}

#[test]
fn no_transaction_fails_in_read_committed() {
    check(EVENTS, &READ_COMMITTED);
}

#[test]
fn no_transaction_fails_in_read_committed_on_a_partitioned_table() {
    check(PARTITIONED_EVENTS, &READ_COMMITTED);
}

#[test]
fn every_transaction_succeeds_in_repeatable_read_with_retries() {
    let retried = check(EVENTS, &Load { isolation: "repeatable read", retries: true, reconnects: false });
    assert!(retried > 0, "nobody was told that somebody else appended");
}

#[test]
fn every_transaction_succeeds_in_serializable_with_retries() {
    let retried = check(EVENTS, &Load { isolation: "serializable", retries: true, reconnects: false });
    assert!(retried > 0, "nobody was told that somebody else appended");
}

#[test]
fn every_transaction_succeeds_in_serializable_with_retries_on_a_partitioned_table() {
    check(PARTITIONED_EVENTS, &Load { isolation: "serializable", retries: true, reconnects: false });
}

/// A search for the newest event must not miss it because somebody gives it a new version meanwhile, far from the old one.
#[test]
fn events_that_are_updated_meanwhile_are_not_missed() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE outbox (id int NOT NULL, tx int, day int NOT NULL, done int) PARTITION BY LIST (day);
         CREATE TABLE outbox_1 PARTITION OF outbox FOR VALUES IN (1);
         SELECT add_chain('outbox', '{id}', exclude => '{done}');
         CREATE INDEX ON outbox (done);
         INSERT INTO outbox VALUES (1, 0, 1)",
    );
    let until = std::time::Instant::now() + TIME;
    std::thread::scope(|scope| {
        for number in 0..4 {
            let database = &database;
            scope.spawn(move || {
                while std::time::Instant::now() < until {
                    // Another session each time: one that has looked before begins its search at what it has seen.
                    let mut session = database.superuser();
                    for _ in 0..20 {
                        if number % 2 == 0 {
                            session.run("BEGIN; INSERT INTO outbox VALUES (1, 0, 1); ROLLBACK; INSERT INTO outbox VALUES (1, 0, 1)");
                        } else {
                            session.run(
                                "UPDATE outbox SET done = 1 + COALESCE(done, 0)
                                 WHERE id = 1 AND seq = (SELECT max(seq) FROM outbox WHERE id = 1)",
                            );
                        }
                    }
                }
            });
        }
    });
    let count = session.value("SELECT count(*) FROM outbox");
    session.verifies(&format!("{count} events in 1 chain of 1 table"));
}

#[test]
fn opposite_orders_give_a_deadlock_and_nothing_else() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(EVENTS);
    let append = |entity: i32, by: &str, n: i32| format!("INSERT INTO events VALUES ({entity}, '{by}-{n}')");
    // So that they do meet: each has its first entity before either goes for its second.
    let both = &std::sync::Barrier::new(2);
    let client = |by: &'static str, order: [i32; 2]| {
        let mut session = database.superuser();
        move || {
            session.run("SET deadlock_timeout = '10ms'");
            let mut deadlocks = 0;
            let mut is_first = true;
            for n in 0..50 {
                loop {
                    let mut transaction = session.transaction().expect("a transaction");
                    let appended = order.iter().try_for_each(|&entity| {
                        transaction.batch_execute(&append(entity, by, n))?;
                        if std::mem::take(&mut is_first) {
                            both.wait();
                        }
                        Ok(())
                    });
                    match appended.and_then(|()| transaction.commit()) {
                        Ok(()) => break,
                        Err(error) if error.code() == Some(&postgres::error::SqlState::T_R_DEADLOCK_DETECTED) => {
                            deadlocks += 1
                        }
                        Err(error) => panic!("{}", explain(&error)),
                    }
                }
            }
            deadlocks
        }
    };
    let deadlocks: usize = std::thread::scope(|scope| {
        let clients = [scope.spawn(client("up", [1, 2])), scope.spawn(client("down", [2, 1]))];
        clients.into_iter().map(|client| client.join().expect("no other error")).sum()
    });
    assert!(deadlocks > 0, "they never met");
    session.verifies("200 events in 2 chains of 1 table");
}

#[test]
fn a_transaction_holds_one_lock_however_many_entities_it_touches() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(EVENTS);
    session.run("BEGIN; INSERT INTO events SELECT n, 'first' FROM generate_series(1, 200000) AS n");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"),
        "1"
    );
    session.run("COMMIT");
    session.verifies("200000 events in 200000 chains of 1 table");
}

#[test]
fn who_appends_waits_for_the_open_transaction_that_appended_before() {
    let database = Database::new();
    let mut first = database.superuser();
    first.run(EVENTS);
    let mut observer = database.superuser();
    for end in ["COMMIT", "ROLLBACK"] {
        first.run(&format!("BEGIN; INSERT INTO events VALUES (1, 'first {end}'), (2, 'first {end}')"));
        let mut second = database.superuser();
        let backend = second.backend();
        std::thread::scope(|scope| {
            let appended = scope
                .spawn(move || second.value(&format!("INSERT INTO events VALUES (1, 'second {end}') RETURNING seq")));
            let waits = format!("SELECT wait_event_type FROM pg_stat_activity WHERE pid = {backend}");
            wait_until("the second session waits", || observer.value(&waits) == "Lock");
            first.run(end);
            // After the commit it is the second event; after the rollback, the one after both of before.
            assert_eq!(appended.join().expect("no error"), if end == "COMMIT" { "2" } else { "3" });
        });
    }
    observer.verifies("4 events in 2 chains of 1 table");
}

#[test]
fn a_user_s_advisory_locks_never_meet_those_of_an_append() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(EVENTS);
    session.run("BEGIN; INSERT INTO events VALUES (1, 'a')");
    // What identifies the lock in pg_locks, as the key of the one and of the other kind of advisory lock.
    let mut other = database.superuser();
    let taken = "SELECT pg_try_advisory_xact_lock((high || low)::bit(64)::bigint),
               pg_try_advisory_xact_lock(high::int, low::int)
        FROM pg_locks JOIN pg_database ON datname = current_database() AND pg_database.oid = database,
             LATERAL (SELECT classid::bigint::bit(32) AS high, objid::bigint::bit(32) AS low) AS key
        WHERE locktype = 'advisory'";
    assert_eq!(other.value(taken), "t|t");
    session.run("COMMIT");
}
