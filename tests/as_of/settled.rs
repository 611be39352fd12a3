//! What `settled_at()` answers stays true, whatever writers do.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::load::{Load, READ_COMMITTED};
use crate::support::{Cluster, Database, SUPERUSER, Session};

const TIME: Duration = Duration::from_secs(5);

const EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, at timestamptz, UNIQUE (entity, key));
    SELECT add_chain('events', '{entity}', recorded => 'at')";

const PARTITIONED_EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, at timestamptz(3), UNIQUE (entity, key))
        PARTITION BY HASH (key);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    SELECT add_chain('events', '{entity}', recorded => 'at')";

/// The events that are known at a time: their number, and a sum that tells them apart.
fn known(session: &mut Session, settled: &str) -> String {
    session.rows(&format!(
        "SELECT count(*), coalesce(sum(hashtextextended(key, entity)), 0) FROM events WHERE at <= '{settled}'"
    ))[0]
        .clone()
}

/// What a checker has been told, and saw at once.
fn check_until(stop: &AtomicBool, database: &Database) -> Vec<(String, String)> {
    let mut session = database.superuser();
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let settled = session.value("SELECT settled_at('events')");
        let known = known(&mut session, &settled);
        seen.push((settled, known));
    }
    seen
}

/// Lets many clients append, roll back and use savepoints, and others take long, while checkers ask.
fn stays_true(table: &str, load: &Load) {
    let database = &Database::new();
    let mut session = database.superuser();
    session.run(table);
    let stop = &AtomicBool::new(false);
    let (outcome, seen) = std::thread::scope(|scope| {
        let checkers: Vec<_> = (0..2).map(|_| scope.spawn(|| check_until(stop, database))).collect();
        // Transactions that are open for a while, with entities of their own.
        let slow: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn(move || {
                    let mut session = database.superuser();
                    for n in 0.. {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        let append = format!(
                            "INSERT INTO events (entity, key) VALUES ({}, 'slow {number} {n} ' || random())",
                            100 + number
                        );
                        let end = if n % 3 == 0 { "ROLLBACK" } else { "COMMIT" };
                        session.run(&format!(
                            "BEGIN; SAVEPOINT s; {append}; ROLLBACK TO s; {append}; SELECT pg_sleep(0.03 * random()); {append}; {end}"
                        ));
                    }
                })
            })
            .collect();
        let outcome = load.run(database, TIME);
        stop.store(true, Ordering::Relaxed);
        slow.into_iter().for_each(|slow| slow.join().expect("a client that does not panic"));
        let seen: Vec<_> =
            checkers.into_iter().flat_map(|checker| checker.join().expect("a checker that does not panic")).collect();
        (outcome, seen)
    });
    assert_eq!(outcome.failures, [""; 0]);
    assert!(seen.len() > 100, "only {} answers", seen.len());
    let wrong: Vec<_> = seen
        .iter()
        .filter_map(|(settled, before)| {
            let now = known(&mut session, settled);
            (now != *before).then(|| format!("{settled}: {before} became {now}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} answers became wrong, such as {}", wrong.len(), seen.len(), wrong[0]);
    // The answers are not all from before the first event, either.
    assert!(seen.iter().filter(|(_, known)| !known.starts_with("0|")).count() > 50, "nothing was ever settled");
}

#[test]
fn what_is_settled_stays_settled() {
    stays_true(EVENTS, &READ_COMMITTED);
}

#[test]
fn what_is_settled_stays_settled_in_partitions_and_milliseconds() {
    stays_true(PARTITIONED_EVENTS, &READ_COMMITTED);
}

#[test]
fn what_is_settled_stays_settled_in_serializable() {
    stays_true(EVENTS, &Load { isolation: "serializable", retries: true, reconnects: false });
}

#[test]
fn a_prepared_transaction_holds_the_answer_back_after_a_crash_too() {
    let cluster = Cluster::new(&["max_prepared_transactions=2"]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    session.run("BEGIN; INSERT INTO events (entity, key) VALUES (1, 'prepared'); PREPARE TRANSACTION 'veritable'");
    cluster.cut_power();
    cluster.restart();
    let mut session = database.superuser();
    session.run("INSERT INTO events (entity, key) VALUES (2, 'after')");
    let settled = session.value("SELECT settled_at('events')");
    assert!(known(&mut session, &settled).starts_with("0|"));
    session.run("COMMIT PREPARED 'veritable'");
    assert!(known(&mut session, &settled).starts_with("0|"), "the prepared event came late");
    let settled = session.value("SELECT settled_at('events')");
    assert!(known(&mut session, &settled).starts_with("2|"));
}

#[test]
fn a_standby_does_not_answer_and_a_promoted_one_does() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    session.run("SELECT add_as_of('events'); INSERT INTO events (entity, key) VALUES (1, 'one')");
    let standby = primary.standby();
    let mut reader = standby.connect(&database.name, SUPERUSER);
    assert_eq!(reader.value("SELECT key FROM events_as_of()"), "one");
    reader.refused("SELECT settled_at('events')").with_code("55000");
    standby.promote();
    let settled = reader.value("SELECT settled_at('events')");
    assert!(known(&mut reader, &settled).starts_with("1|"));
}

#[test]
fn a_transaction_holds_one_lock_however_much_it_appends() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(EVENTS);
    session.run("BEGIN; INSERT INTO events SELECT n, 'first' FROM generate_series(1, 10000) AS n");
    session.run(
        "SAVEPOINT s; INSERT INTO events VALUES (1, 'second'); ROLLBACK TO s; INSERT INTO events VALUES (1, 'third')",
    );
    let locks = "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY mode";
    assert_eq!(session.rows(locks), ["ExclusiveLock", "ShareLock"]);
    session.run("COMMIT");
    assert_eq!(session.rows(locks), [""; 0]);
}
