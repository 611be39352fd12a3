//! Many clients at once, at every isolation level: what is settled does not change any more, and the last known state is that
//! of the table.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::oracle::NO_FAULTS;
use crate::program::{Program, is_refusal, plain_table};
use crate::support::random::Random;
use crate::support::{Database, SUPERUSER, Session, explain, wait_until};

const CLIENTS: u64 = 8;
const SOME_TIME: Duration = Duration::from_secs(4);
const LEVELS: [&str; 3] = ["read committed", "repeatable read", "serializable"];

/// A session that begins each transaction at this level, and does not wait long to see that it is in a deadlock.
fn session_at(database: &Database, level: &str) -> Session {
    let mut session = database.connect(SUPERUSER);
    session.run(&format!("SET default_transaction_isolation = '{level}'; SET deadlock_timeout = '5ms'"));
    session
}

/// Lets clients loose until `act` is done. Gives what each of them answers.
fn during<T: Send, A>(client: impl Fn(u64, &AtomicBool) -> T + Sync, act: impl FnOnce() -> A) -> (Vec<T>, A) {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (client, stop) = (&client, &stop);
        let clients: Vec<_> = (0..CLIENTS).map(|number| scope.spawn(move || client(number, stop))).collect();
        let answer = {
            let _stop = Stop(stop);
            act()
        };
        (clients.into_iter().map(|client| client.join().expect("no panic")).collect(), answer)
    })
}

fn sleep() {
    std::thread::sleep(Duration::from_millis(20));
}

/// What was known of `t` at a moment.
fn known(session: &mut Session, moment: &str) -> Vec<String> {
    session.rows(&format!("SELECT t::text FROM t_as_of('{moment}') AS t ORDER BY 1"))
}

#[test]
fn what_is_settled_stays_as_it_is() {
    for level in LEVELS {
        let database = Database::new();
        let mut session = database.superuser();
        session.run(&plain_table());
        session.run("SELECT add_history('t')");
        let run = |number: u64, stop: &AtomicBool| {
            let mut session = session_at(&database, level);
            let mut program = Program { random: Random(number), names: &["t"], prepared: None };
            let mut committed = 0;
            while !stop.load(Ordering::Relaxed) {
                let transaction = program.transaction();
                match transaction.try_run(&mut session) {
                    Ok(()) => committed += 1,
                    Err(error) => {
                        assert!(is_refusal(&error), "{transaction:#?}\n{}", explain(&error));
                        let _ = session.batch_execute("ROLLBACK");
                    }
                }
            }
            committed
        };
        let watch = || {
            let (mut reader, mut states) = (database.superuser(), Vec::<(String, Vec<String>)>::new());
            let start = std::time::Instant::now();
            while start.elapsed() < SOME_TIME {
                let settled = reader.value("SELECT settled_at('t')");
                let rows = known(&mut reader, &settled);
                states.push((settled, rows));
                sleep();
            }
            states
        };
        let (committed, states) = during(run, watch);
        assert!(committed.iter().sum::<u32>() > 200, "{level}: {committed:?}");
        for (moment, rows) in &states {
            assert_eq!(known(&mut session, moment), *rows, "{level}: at {moment}, which was settled");
        }
        let distinct = states.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
        assert!(distinct > 10, "{level}: {distinct} states");

        // Nobody writes any more: soon all is settled, and as it is in the table.
        let rows = session.rows("SELECT t::text FROM t ORDER BY 1");
        let last = session.value("SELECT max(recorded) FROM t_history");
        wait_until("all is settled", || session.value(&format!("SELECT settled_at('t') >= '{last}'")) == "t");
        let settled = session.value("SELECT settled_at('t')");
        assert_eq!(known(&mut session, &settled), rows);
        assert_eq!(session.rows("SELECT t::text FROM t_as_of() AS t ORDER BY 1"), rows);
        assert_eq!(session.rows(NO_FAULTS), [""; 0], "{level}");
    }
}

const ACCOUNTS: &str = "
    CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL);
    INSERT INTO accounts SELECT n, 0 FROM generate_series(0, 9) AS n;
    SELECT add_history('accounts')";

/// Moves amounts between accounts, in statements of one or of two accounts each. Gives how many times it had to try again.
fn transfer_until(stop: &AtomicBool, database: &Database, level: &str, seed: u64) -> usize {
    let (mut session, mut random) = (session_at(database, level), Random(seed));
    let mut refused = 0;
    while !stop.load(Ordering::Relaxed) {
        let (from, amount) = (random.below(10), random.below(100));
        let to = (from + 1 + random.below(9)) % 10;
        let transfer = match random.below(3) {
            0 => format!(
                "UPDATE accounts SET amount = amount + CASE id WHEN {from} THEN -{amount} ELSE {amount} END
                 WHERE id IN ({from}, {to})"
            ),
            _ => format!(
                "BEGIN;
                 UPDATE accounts SET amount = amount - {amount} WHERE id = {from};
                 UPDATE accounts SET amount = amount + {amount} WHERE id = {to};
                 COMMIT"
            ),
        };
        if let Err(error) = session.batch_execute(&transfer) {
            assert!(is_refusal(&error), "{transfer}\n{}", explain(&error));
            let _ = session.batch_execute("ROLLBACK");
            refused += 1;
        }
    }
    refused
}

/// The moments at which the sum that was known is not 0, and how many there are in all.
const HALVES: &str = "
    SELECT count(*) FILTER (WHERE sum <> 0), count(*)
    FROM (SELECT recorded, sum(sum(change)) OVER (ORDER BY recorded) AS sum
          FROM (SELECT recorded, amount - coalesce(lag(amount) OVER (PARTITION BY id ORDER BY seq), 0) AS change
                FROM accounts_history) AS event
          GROUP BY recorded) AS moment";

/// From REPEATABLE READ on, a transaction that finds a row changed by another one that was not over when it began fails.
#[test]
fn no_moment_shows_half_of_a_transaction() {
    for level in &LEVELS[1..] {
        let database = Database::new();
        let mut session = database.superuser();
        session.run(ACCOUNTS);
        let run = |number: u64, stop: &AtomicBool| transfer_until(stop, &database, level, number);
        let (refused, ()) = during(run, || std::thread::sleep(SOME_TIME));
        let halves = session.value(HALVES);
        let (halves, moments) = halves.split_once('|').expect("two columns");
        assert_eq!(halves, "0", "{level}: of {moments} moments");
        assert!(moments.parse::<usize>().expect("a number") > 200, "{level}: {moments} moments");
        assert!(refused.iter().sum::<usize>() > 10, "{level}: no two met: {refused:?}");
        assert_eq!(session.rows(NO_FAULTS), [""; 0], "{level}");
    }
}
