//! Crashes under load: what was acknowledged is there, the chains are whole, and inserts go on.

use std::thread::sleep;
use std::time::Duration;

use crate::support::load::{EVENTS, Load, Outcome, PARTITIONED_EVENTS, stored};
use crate::support::{Cluster, Session, signal, wait_until};

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
