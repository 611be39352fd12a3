//! Many clients at once, at all isolation levels: whatever is refused, no row is left uncovered.

use std::time::{Duration, Instant};

use crate::support::Database;
use crate::support::random::Random;

const CLIENTS: u64 = 8;
const TIME: Duration = Duration::from_secs(5);

/// What a client may be refused with: the reference, packing's constraint, a snapshot that is too old, and deadlocks.
const REFUSED: [&str; 4] = ["23503", "23P01", "40001", "40P01"];

/// The orphans by PostgreSQL's own means alone.
const ORPHANS: &str = "SELECT * FROM child AS c WHERE place IS NOT NULL AND during IS NOT NULL AND NOT COALESCE(
    (SELECT range_agg(p.during) FROM parent AS p WHERE p.place = c.place) @> c.during, false)";

fn statement(random: &mut Random) -> String {
    let (key, start, length) = (random.below(2), random.below(30), 1 + random.below(10));
    let period = format!("'[{start},{})'", start + length);
    match random.below(10) {
        0 | 1 => format!("INSERT INTO child (place, during) VALUES ({key}, {period})"),
        2 => format!(
            "INSERT INTO child (place, during) SELECT n % 2, int4range(n, n + 2) FROM generate_series(1, 20) AS n"
        ),
        3 => format!("UPDATE child SET during = {period} WHERE id = (SELECT id FROM child LIMIT 1 OFFSET {start})"),
        4 => format!("DELETE FROM child WHERE place = {key}"),
        5 => format!(
            "SELECT set_period(NULL::parent, '{{\"place\": {key}, \"price\": {length}, \"during\": \"[{start},{})\"}}')",
            start + length
        ),
        6 => format!(
            "SELECT clear_period(NULL::parent, '{{\"place\": {key}, \"during\": \"[{start},{})\"}}')",
            start + length
        ),
        7 => format!("SELECT set_period(NULL::parent, '{{\"place\": {key}, \"price\": 1, \"during\": \"[0,50)\"}}')"),
        8 => format!("DELETE FROM parent WHERE place = {key} AND during && {period}"),
        _ => format!("UPDATE parent SET price = 1 WHERE place = {key}"),
    }
}

fn work(database: &Database, seed: u64) -> (u64, u64) {
    let mut random = Random(seed << 32);
    let mut session = database.superuser();
    session.run("SET deadlock_timeout = 20");
    let (end, mut done, mut refused) = (Instant::now() + TIME, 0, 0);
    while Instant::now() < end {
        let level = random.of(&["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]).to_string();
        let statements: Vec<_> = (0..1 + random.below(3)).map(|_| statement(&mut random)).collect();
        let savepoint = if random.below(4) == 0 { "SAVEPOINT a; DELETE FROM child; ROLLBACK TO a;" } else { "" };
        // What others commit between a check and the end of the transaction is what the locks are for.
        let pause = format!("SELECT pg_sleep({})", f64::from(random.below(10)) / 1000.0);
        let sql = format!("BEGIN ISOLATION LEVEL {level}; {savepoint} {}; {pause}; COMMIT", statements.join("; "));
        match session.batch_execute(&sql) {
            Ok(()) => done += 1,
            Err(error) => {
                let code = error.code().map_or(String::new(), |code| code.code().to_string());
                assert!(REFUSED.contains(&code.as_str()), "{sql}\n{}", crate::support::explain(&error));
                session.run("ROLLBACK");
                refused += 1;
            }
        }
    }
    (done, refused)
}

fn many_clients(options: &str) {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(&format!(
        "CREATE TABLE parent (place int NOT NULL, price int, during int4range NOT NULL);
         SELECT add_packing('parent', 'during', '{{place}}');
         CREATE TABLE child (id bigserial PRIMARY KEY, place int, during int4range);
         CREATE INDEX ON child (place);
         SELECT add_reference('child', '{{place}}', 'during', 'parent'{options})"
    ));
    let counts: Vec<_> = std::thread::scope(|scope| {
        let database = &database;
        let clients: Vec<_> = (1..=CLIENTS).map(|seed| scope.spawn(move || work(database, seed))).collect();
        // At any moment: what comes later may mend what was broken.
        while !clients.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            assert_eq!(session.rows(ORPHANS), [""; 0]);
        }
        clients.into_iter().map(|client| client.join().expect("no panic")).collect()
    });
    let (done, refused) = counts.iter().fold((0, 0), |(done, refused), count| (done + count.0, refused + count.1));
    assert!(done > 100 && refused > 10, "{done} done, {refused} refused");
    assert_eq!(session.rows(ORPHANS), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

#[test]
fn many_clients_leave_no_orphan() {
    many_clients("");
}

#[test]
fn many_clients_leave_no_orphan_of_a_deferred_reference() {
    many_clients(", initially_deferred => true");
}
