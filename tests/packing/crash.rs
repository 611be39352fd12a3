//! Crashes under load: the periods that were acknowledged are there, and packed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER};

const SOME_TIME: Duration = Duration::from_secs(1);
const CRASHES: usize = 3;

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
    session.is_packed("3 periods in 3 keys of 2 tables");
}
