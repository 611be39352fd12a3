//! Crashes under load: what was acknowledged is there, the chains are whole, the packings packed, and inserts go on.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use support::load::{EVENTS, Load, Outcome, PARTITIONED_EVENTS, stored};
use support::random::Random;
use support::{Cluster, Database, SUPERUSER, Session, signal, wait_until};

const LOAD: Load = Load { isolation: "read committed", retries: false, reconnects: true };
const SOME_TIME: Duration = Duration::from_secs(1);
const CRASHES: usize = 3;

/// Nothing that a client was told is committed is missing, nothing else is there, and the chains go on.
fn check(session: &mut Session, outcome: &Outcome) {
    assert_eq!(outcome.failures, [""; 0]);
    assert!(outcome.lost > 0, "no client noticed the crash");
    assert!(outcome.committed.len() > 100, "only {} events", outcome.committed.len());
    let stored = stored(session);
    let missing: Vec<_> = outcome.committed.difference(&stored).collect();
    assert!(missing.is_empty(), "acknowledged, but missing: {missing:?}");
    let invented: Vec<_> = stored.difference(&outcome.attempted).collect();
    assert!(invented.is_empty(), "from nobody: {invented:?}");
    session.verifies(&format!("{} events in 4 chains of 1 table", stored.len()));
    session.run("INSERT INTO events SELECT n, 'after' FROM generate_series(0, 3) AS n");
    session.verifies(&format!("{} events in 4 chains of 1 table", stored.len() + 4));
}

/// The sessions that the load has, once they are at work.
fn busy_backends(cluster: &Cluster) -> Vec<u32> {
    let mut backends = Vec::new();
    wait_until("there are busy sessions", || {
        let Ok(mut session) = cluster.try_connect("postgres", "postgres") else { return false };
        let busy = "SELECT pid FROM pg_stat_activity
            WHERE state <> 'idle' AND query LIKE '%events%' AND pid <> pg_backend_pid()";
        let Ok(rows) = session.query(busy, &[]) else { return false };
        backends = rows.iter().map(|row| row.get::<_, i32>(0) as u32).collect();
        !backends.is_empty()
    });
    backends
}

#[test]
fn nothing_is_lost_when_a_backend_is_killed() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    database.superuser().run(EVENTS);
    let (outcome, ()) = LOAD.during(&database, || {
        for _ in 0..CRASHES {
            sleep(SOME_TIME);
            // The server ends all sessions and recovers, without being asked.
            signal("KILL", &busy_backends(&cluster)[..1]);
        }
        sleep(SOME_TIME);
        busy_backends(&cluster);
    });
    check(&mut database.superuser(), &outcome);
    assert_eq!(cluster.log().matches("was terminated by signal 9").count(), CRASHES);
}

fn cut_the_power_under(table: &str) {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    database.superuser().run(table);
    let (outcome, ()) = LOAD.during(&database, || {
        for _ in 0..CRASHES {
            sleep(SOME_TIME);
            busy_backends(&cluster);
            cluster.cut_power();
            cluster.restart();
        }
        sleep(SOME_TIME);
        busy_backends(&cluster);
    });
    check(&mut database.superuser(), &outcome);
    assert_eq!(cluster.log().matches("automatic recovery in progress").count(), CRASHES);
}

#[test]
fn nothing_is_lost_when_the_power_is_cut() {
    cut_the_power_under(EVENTS);
}

#[test]
fn nothing_is_lost_when_the_power_is_cut_with_a_partitioned_table() {
    cut_the_power_under(PARTITIONED_EVENTS);
}

/// Inserts short periods, in statements of one to twelve rows of one key, until it is told to stop. Gives those whose
/// commit was acknowledged, as a list for `VALUES`.
fn pack_until(stop: &AtomicBool, database: &Database, seed: u64) -> Vec<String> {
    let mut random = Random(seed << 32);
    let mut committed = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut session) = database.cluster.try_connect(&database.name, SUPERUSER) else {
            sleep(Duration::from_millis(20));
            continue;
        };
        while !stop.load(Ordering::Relaxed) {
            let place = random.below(3);
            let count = 1 + random.below(12);
            let row = |_| {
                let start = random.below(2000);
                format!("({place}, {}, '[{start},{})'::int4range)", start / 50 % 2, start + 1)
            };
            let rows: Vec<String> = (0..count).map(row).collect();
            let change = match random.below(4) {
                0 => format!("DELETE FROM scratch; INSERT INTO scratch VALUES {}", rows.join(", ")),
                _ => format!("INSERT INTO packed (place, price, period) VALUES {}", rows.join(", ")),
            };
            if session.batch_execute(&change).is_err() {
                break;
            }
            if change.starts_with("INSERT") {
                committed.extend(rows);
            }
        }
    }
    committed
}

#[test]
fn a_packed_table_is_packed_when_the_power_is_cut() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE packed (id bigserial PRIMARY KEY, place int NOT NULL, price int, period int4range);
         CREATE TABLE scratch (place int NOT NULL, price int, period int4range);
         SELECT add_packing('packed', 'period', '{place}'), add_packing('scratch', 'period', '{place}')",
    );
    let stop = AtomicBool::new(false);
    let committed: Vec<String> = std::thread::scope(|scope| {
        let (stop, database) = (&stop, &database);
        let writers: Vec<_> = (0..8).map(|seed| scope.spawn(move || pack_until(stop, database, seed))).collect();
        for _ in 0..CRASHES {
            sleep(SOME_TIME);
            cluster.cut_power();
            cluster.restart();
        }
        sleep(SOME_TIME);
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect()
    });
    assert!(committed.len() > 100, "only {} rows", committed.len());
    assert_eq!(cluster.log().matches("automatic recovery in progress").count(), CRASHES);
    let mut session = database.superuser();
    assert_eq!(session.rows("SELECT * FROM verify_packing()"), [""; 0]);
    let missing = format!(
        "SELECT place, price, period FROM (VALUES {}) AS given (place, price, period) WHERE NOT EXISTS (
             SELECT FROM packed WHERE (packed.place, packed.price) = (given.place, given.price)
                                  AND packed.period @> given.period)",
        committed.join(", ")
    );
    assert_eq!(session.rows(&missing), [""; 0], "acknowledged, but missing");
    session.run("UPDATE packed SET price = 7; DELETE FROM scratch");
    session.run("INSERT INTO packed (place, price, period) SELECT n, 7, '[0,2000)' FROM generate_series(0, 2) AS n");
    session.is_packed("3 periods of 3 keys in 2 tables");
}
