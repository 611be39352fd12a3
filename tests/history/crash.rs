//! Crashes under load: the history knows what the table holds, no more and no less.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::oracle::NO_FAULTS;
use crate::program::{Program, is_refusal, plain_table};
use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER, explain};

const SOME_TIME: Duration = Duration::from_secs(1);
const CRASHES: usize = 3;

/// Runs random transactions until it is told to stop. Gives how many were acknowledged.
fn change_until(stop: &AtomicBool, database: &Database, seed: u64) -> usize {
    let mut program = Program { random: Random(seed), names: &["t"], prepared: None };
    let mut committed = 0;
    while !stop.load(Ordering::Relaxed) {
        let Ok(mut session) = database.cluster.try_connect(&database.name, SUPERUSER) else {
            std::thread::sleep(Duration::from_millis(20));
            continue;
        };
        let _ = session.batch_execute("SET deadlock_timeout = '5ms'");
        while !stop.load(Ordering::Relaxed) {
            let transaction = program.transaction();
            match transaction.try_run(&mut session) {
                Ok(()) => committed += 1,
                Err(error) if is_refusal(&error) => drop(session.batch_execute("ROLLBACK")),
                Err(error) => {
                    let code = error.code().map(|code| code.code().to_string());
                    // The server has ended the session, or is not there.
                    let ended = code.is_none_or(|code| code.starts_with("57P") || code.starts_with("08"));
                    assert!(ended, "{transaction:#?}\n{}", explain(&error));
                    break;
                }
            }
        }
    }
    committed
}

#[test]
fn a_history_is_that_of_its_table_when_the_power_is_cut() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(&plain_table());
    session.run("SELECT add_history('t')");
    let stop = AtomicBool::new(false);
    let committed: usize = std::thread::scope(|scope| {
        let (stop, database) = (&stop, &database);
        let writers: Vec<_> = (0..8).map(|seed| scope.spawn(move || change_until(stop, database, seed))).collect();
        for _ in 0..CRASHES {
            std::thread::sleep(SOME_TIME);
            cluster.cut_power();
            cluster.restart();
        }
        std::thread::sleep(SOME_TIME);
        stop.store(true, Ordering::Relaxed);
        writers.into_iter().map(|writer| writer.join().expect("no panic")).sum()
    });
    assert!(committed > 100, "only {committed} transactions");
    assert_eq!(cluster.log().matches("automatic recovery in progress").count(), CRASHES);
    let mut session = database.superuser();
    assert_eq!(session.rows(NO_FAULTS), [""; 0]);
    let rows = session.rows("SELECT t::text FROM t ORDER BY 1");
    assert_eq!(session.rows("SELECT t::text FROM t_as_of() AS t ORDER BY 1"), rows);
    // Nothing of before the crash holds back what is settled.
    let last = session.value("SELECT max(recorded) FROM t_history");
    assert_eq!(session.value(&format!("SELECT settled_at('t') >= '{last}'")), "t");
    session.run("INSERT INTO t (id, amount) VALUES (1000, 0)");
    assert_eq!(session.rows(NO_FAULTS), [""; 0]);
}
