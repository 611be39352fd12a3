//! Nobody adds an event at or below what `settled()` has answered, whatever writers do and whatever becomes of the server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::load::{Load, READ_COMMITTED};
use crate::support::{Cluster, Database, SUPERUSER, Session};

const TIME: Duration = Duration::from_secs(4);

const EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key));
    SELECT add_chain('events', '{entity}');
    SELECT add_log('events')";

const PARTITIONED_EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key))
        PARTITION BY HASH (key);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    SELECT add_chain('events', '{entity}');
    SELECT add_log('events')";

fn settled(session: &mut Session) -> i64 {
    session.value("SELECT settled('events')").parse().expect("a position")
}

fn append(session: &mut Session, entity: u32) -> i64 {
    session
        .value(&format!("INSERT INTO events (entity, key) VALUES ({entity}, gen_random_uuid()) RETURNING position"))
        .parse()
        .expect("a position")
}

/// The events up to a position: their number, and a sum that tells them apart.
fn known(session: &mut Session, settled: &str) -> String {
    session.value(&format!(
        "SELECT count(*) || ' ' || coalesce(sum(hashtextextended(key, entity)), 0) FROM events WHERE position <= {settled}"
    ))
}

fn check_until(stop: &AtomicBool, database: &Database) -> Vec<(String, String)> {
    let mut session = database.superuser();
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let settled = session.value("SELECT settled('events')");
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
        for number in 0..4 {
            scope.spawn(move || {
                let mut session = database.superuser();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let append = format!("INSERT INTO events (entity, key) VALUES ({}, gen_random_uuid())", 100 + number);
                    let end = if n % 3 == 0 { "ROLLBACK" } else { "COMMIT" };
                    session.run(&format!(
                        "BEGIN; SAVEPOINT s; {append}; ROLLBACK TO s; {append}; SELECT pg_sleep(0.03 * random()); {append}; {end}"
                    ));
                }
            });
        }
        let outcome = load.run(database, TIME);
        stop.store(true, Ordering::Relaxed);
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
    assert!(seen.iter().filter(|(_, known)| !known.starts_with("0 ")).count() > 50, "nothing was ever settled");
    // Nobody is left who holds it back.
    assert_eq!(session.value("SELECT settled('events') >= max(position) FROM events"), "t");
}

#[test]
fn what_is_settled_stays_settled() {
    stays_true(EVENTS, &READ_COMMITTED);
}

#[test]
fn what_is_settled_stays_settled_in_partitions() {
    stays_true(PARTITIONED_EVENTS, &READ_COMMITTED);
}

#[test]
fn what_is_settled_stays_settled_in_serializable() {
    stays_true(EVENTS, &Load { isolation: "serializable", retries: true, reconnects: false });
}

/// The tag of a lock has the lower 40 bits of a watermark, in two of its fields.
#[test]
fn a_watermark_is_right_where_its_bits_run_out() {
    let database = Database::new();
    let (mut writer, mut other) = (database.superuser(), database.superuser());
    for bits in [16, 31, 32, 33, 39, 40, 41, 62] {
        writer.run(EVENTS);
        let before = (1i64 << bits) - 3;
        other.run(&format!("SELECT setval('events_position_seq', {before})"));
        writer.run("BEGIN");
        assert_eq!(append(&mut writer, 1), before + 1);
        for n in 2..=8 {
            assert_eq!(append(&mut other, 2), before + n);
            assert_eq!(settled(&mut other), before, "around 2^{bits}");
        }
        // Further, as if many had written meanwhile.
        for further in [1i64 << 31, 1 << 32, (1 << 32) + 1, 1 << 39] {
            if before.checked_add(further + 1).is_some() {
                other.run(&format!("SELECT setval('events_position_seq', {})", before + further));
                append(&mut other, 2);
                assert_eq!(settled(&mut other), before, "{further} beyond 2^{bits}");
            }
        }
        writer.run("COMMIT");
        assert_eq!(other.value("SELECT settled('events') = last_value FROM events_position_seq"), "t");
        writer.run("DROP TABLE events");
    }
}

#[test]
fn a_prepared_transaction_holds_the_answer_back_after_a_crash_too() {
    let cluster = Cluster::new(&["max_prepared_transactions=2"]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    let first = append(&mut session, 1);
    session.run("BEGIN");
    let prepared = append(&mut session, 2);
    session.run("PREPARE TRANSACTION 'veritable'");
    for _ in 0..2 {
        cluster.cut_power();
        cluster.restart();
        let mut session = database.superuser();
        assert!(append(&mut session, 3) > prepared);
        assert_eq!(settled(&mut session), first);
    }
    let mut session = database.superuser();
    session.run("COMMIT PREPARED 'veritable'");
    assert!(settled(&mut session) > prepared);
    assert!(known(&mut session, &prepared.to_string()).starts_with("2 "));
}

/// What nobody has committed is not written to the disk: whoever has told a position must have written it.
#[test]
fn a_position_that_was_answered_is_not_given_again_after_a_crash() {
    // Nobody else writes what is in the buffers of the WAL.
    let cluster = Cluster::new(&["wal_writer_delay=10s", "autovacuum=off", "bgwriter_lru_maxpages=0"]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    let mut highest = append(&mut session, 1);
    for _ in 0..3 {
        let mut session = database.superuser();
        // The first value after a checkpoint is logged, and then each 33rd.
        session.run("CHECKPOINT; BEGIN");
        let lost = append(&mut session, 2);
        assert!(lost > highest);
        session.run("ROLLBACK");
        highest = settled(&mut session);
        assert_eq!(highest, lost);
        cluster.cut_power();
        cluster.restart();
        let mut session = database.superuser();
        assert!(settled(&mut session) >= highest);
        let next = append(&mut session, 3);
        assert!(next > highest, "{next} after {highest} was settled");
        highest = next;
    }
}

#[test]
fn a_standby_answers_with_the_newest_checkpoint() {
    let primary = Cluster::new(&[]);
    let database = primary.database();
    let mut session = database.superuser();
    session.run(EVENTS);
    let standby = primary.standby();
    append(&mut session, 1);
    session.run("SELECT checkpoint('events')");
    append(&mut session, 1);
    let covered = session.value("SELECT position FROM veritable.checkpoints ORDER BY size DESC LIMIT 1");
    let mut reader = standby.connect(&database.name, SUPERUSER);
    standby.catches_up(&mut session, &mut reader);
    assert_eq!(reader.value("SELECT settled('events')"), covered);
    assert_eq!(reader.value("SELECT count(*) FROM read_events(NULL::events)"), "1");
    primary.cut_power();
    standby.promote();
    assert_eq!(reader.value("SELECT count(*) FROM read_events(NULL::events)"), "2");
    let next = append(&mut reader, 1);
    assert_eq!(settled(&mut reader), next);
}

#[test]
fn a_transaction_holds_one_lock_for_a_log_however_much_it_appends() {
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
