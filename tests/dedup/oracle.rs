//! Many clients that insert the same keys into twelve partitions on three levels, in every way that a client can: each key that a
//! client was told is committed is there exactly once, and no key is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use postgres::{Client, Error};

use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, is_serialization_failure};

/// Twelve months; the even ones are partitioned again, by two levels.
const TABLE: &str = "
    CREATE TABLE events (tx int NOT NULL, entity int NOT NULL, at date NOT NULL, note text NOT NULL) PARTITION BY RANGE (at);
    DO $$ BEGIN
        FOR n IN 1..12 LOOP
            EXECUTE format('CREATE TABLE events_%1$s PARTITION OF events FOR VALUES FROM (%2$L) TO (%3$L) %4$s', n,
                date '2026-01-01' + (n - 1) * interval '1 month', date '2026-01-01' + n * interval '1 month',
                CASE WHEN n % 2 = 0 THEN 'PARTITION BY HASH (tx)' ELSE '' END);
            IF n % 2 = 0 THEN
                EXECUTE format('CREATE TABLE events_%1$s_0 PARTITION OF events_%1$s FOR VALUES WITH (MODULUS 2, REMAINDER 0)', n);
                EXECUTE format('CREATE TABLE events_%1$s_1 PARTITION OF events_%1$s FOR VALUES WITH (MODULUS 2, REMAINDER 1)
                    PARTITION BY LIST (entity)', n);
                EXECUTE format('CREATE TABLE events_%1$s_1_0 PARTITION OF events_%1$s_1 FOR VALUES IN (0, 1, 2, 3)', n);
                EXECUTE format('CREATE TABLE events_%1$s_1_d PARTITION OF events_%1$s_1 DEFAULT', n);
            END IF;
        END LOOP;
    END $$";

const CLIENTS: usize = 16;

#[derive(Default)]
struct Outcome {
    /// The keys of committed transactions.
    told: BTreeSet<i32>,
    /// The rows of committed transactions that RETURNING has shown: note by key.
    stored: BTreeMap<i32, String>,
    committed: usize,
    retried: usize,
    lost: usize,
    failures: Vec<String>,
}

/// What a transaction has done so far.
#[derive(Default, Clone)]
struct Done {
    keys: Vec<i32>,
    returned: Vec<(i32, String)>,
}

struct Writer<'a> {
    database: &'a Database<'a>,
    random: Random,
    number: usize,
    next: &'a AtomicU32,
    isolation: &'a str,
    outcome: Outcome,
}

impl Writer<'_> {
    /// A transaction takes its keys in ascending order, and so its entities: no two transactions wait in a circle.
    fn keys(&mut self) -> Vec<i32> {
        let base = self.next.fetch_add(1, Ordering::Relaxed) / 6;
        let count = 1 + self.random.below(5);
        let mut keys: Vec<i32> = (0..count).map(|_| (base + self.random.below(12)) as i32).collect();
        keys.sort_unstable();
        keys
    }

    fn row(&mut self, key: i32) -> (String, String) {
        let note = format!("{}-{}-{}", self.number, self.random.below(u32::MAX), key);
        let day = format!("2026-{:02}-{:02}", 1 + self.random.below(12), 1 + self.random.below(28));
        (day, note)
    }

    fn step(
        &mut self,
        transaction: &mut impl postgres::GenericClient,
        keys: &[i32],
        done: &mut Done,
    ) -> Result<(), Error> {
        let rows: Vec<_> = keys.iter().map(|&key| (key, self.row(key))).collect();
        let values = |(key, (day, note)): &(i32, (String, String))| format!("({key}, {}, '{day}', '{note}')", key / 50);
        let list = rows.iter().map(values).collect::<Vec<_>>().join(", ");
        done.keys.extend(keys);
        let sql = match self.random.below(4) {
            0 => {
                for row in &rows {
                    let sql = format!("INSERT INTO events VALUES {} RETURNING tx, note", values(row));
                    let returned = transaction.query(&sql, &[])?;
                    done.returned.extend(returned.iter().map(|row| (row.get(0), row.get(1))));
                }
                return Ok(());
            }
            1 => format!("INSERT INTO events VALUES {list} RETURNING tx, note"),
            2 => format!("INSERT INTO events SELECT v.tx, v.entity, v.at::date, v.note FROM (VALUES {list}) AS v (tx, entity, at, note)
                          ON CONFLICT DO NOTHING RETURNING tx, note"),
            _ => {
                let mut copy = transaction.copy_in("COPY events (tx, entity, at, note) FROM STDIN")?;
                for (key, (day, note)) in &rows {
                    // An error of the connection comes again from the end.
                    let _ = writeln!(copy, "{key}\t{}\t{day}\t{note}", key / 50);
                }
                copy.finish()?;
                return Ok(());
            }
        };
        let returned = transaction.query(&sql, &[])?;
        done.returned.extend(returned.iter().map(|row| (row.get(0), row.get(1))));
        Ok(())
    }

    fn transaction(&mut self, client: &mut Client, keys: &[i32]) -> Result<Option<Done>, Error> {
        let mut transaction = client.transaction()?;
        transaction.batch_execute(&format!("SET TRANSACTION ISOLATION LEVEL {}", self.isolation))?;
        let mut done = Done::default();
        let middle = self.random.below(keys.len() as u32 + 1) as usize;
        self.step_if_any(&mut transaction, &keys[..middle], &mut done)?;
        match self.random.below(4) {
            0 => {
                let mut savepoint = transaction.savepoint("s")?;
                let mut lost = Done::default();
                self.step_if_any(&mut savepoint, &keys[middle..], &mut lost)?;
                savepoint.rollback()?;
                if self.random.below(2) == 0 {
                    self.step_if_any(&mut transaction, &keys[middle..], &mut done)?;
                }
            }
            _ => self.step_if_any(&mut transaction, &keys[middle..], &mut done)?,
        }
        if self.random.below(8) == 0 {
            transaction.rollback()?;
            return Ok(None);
        }
        transaction.commit()?;
        Ok(Some(done))
    }

    fn step_if_any(
        &mut self,
        at: &mut impl postgres::GenericClient,
        keys: &[i32],
        done: &mut Done,
    ) -> Result<(), Error> {
        if keys.is_empty() { Ok(()) } else { self.step(at, keys, done) }
    }

    fn write_until(mut self, stop: &AtomicBool, reconnects: bool) -> Outcome {
        let mut session: Option<Session> = None;
        while !stop.load(Ordering::Relaxed) && self.outcome.failures.is_empty() {
            let Some(connected) = &mut session else {
                match self.database.cluster.try_connect(&self.database.name, SUPERUSER) {
                    Ok(connected) => session = Some(connected),
                    Err(error) => {
                        self.judge(&error, reconnects);
                        sleep(Duration::from_millis(50));
                    }
                }
                continue;
            };
            let keys = self.keys();
            loop {
                match self.transaction(connected, &keys) {
                    Ok(done) => {
                        self.outcome.committed += 1;
                        let done = done.unwrap_or_default();
                        self.outcome.told.extend(done.keys);
                        self.outcome.stored.extend(done.returned);
                    }
                    Err(error) if is_serialization_failure(&error) && self.isolation != "read committed" => {
                        self.outcome.retried += 1;
                        continue;
                    }
                    Err(error) => {
                        self.judge(&error, reconnects);
                        session = None;
                    }
                }
                break;
            }
        }
        self.outcome
    }

    fn judge(&mut self, error: &Error, reconnects: bool) {
        let ended = error.code().is_none_or(|code| code.code().starts_with("57P") || code.code() == "08P01");
        if reconnects && ended {
            self.outcome.lost += 1;
        } else {
            self.outcome.failures.push(explain(error));
        }
    }
}

/// Lets the clients loose until `act` is done.
fn during(database: &Database, isolation: &str, reconnects: bool, act: impl FnOnce()) -> Outcome {
    let (stop, next) = (AtomicBool::new(false), AtomicU32::new(0));
    std::thread::scope(|scope| {
        let client = |number| {
            let (stop, next) = (&stop, &next);
            let random = Random(number as u64);
            let writer = Writer { database, random, number, next, isolation, outcome: Outcome::default() };
            scope.spawn(move || writer.write_until(stop, reconnects))
        };
        let writers: Vec<_> = (0..CLIENTS).map(client).collect();
        act();
        stop.store(true, Ordering::Relaxed);
        let mut sum = Outcome::default();
        for writer in writers {
            let outcome = writer.join().expect("a client that does not panic");
            sum.told.extend(outcome.told);
            sum.stored.extend(outcome.stored);
            sum.committed += outcome.committed;
            sum.retried += outcome.retried;
            sum.lost += outcome.lost;
            sum.failures.extend(outcome.failures);
        }
        sum
    })
}

/// Nothing that a client was told is missing, and no key is there twice.
fn check(session: &mut Session, outcome: &Outcome) {
    assert_eq!(outcome.failures, [""; 0]);
    assert!(outcome.committed > 100, "only {} transactions", outcome.committed);
    let twice = "SELECT tx, count(*) FROM events GROUP BY tx HAVING count(*) > 1";
    assert_eq!(session.rows(twice), [""; 0]);
    assert_eq!(session.rows("SELECT * FROM verify_dedup('events')"), [""; 0]);
    let rows = session.query("SELECT tx, note FROM events", &[]).expect("a table of events");
    let there: BTreeMap<i32, String> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let missing: Vec<_> = outcome.told.iter().filter(|key| !there.contains_key(key)).collect();
    assert!(missing.is_empty(), "told, but missing: {missing:?}");
    let others: Vec<_> = outcome.stored.iter().filter(|(key, note)| there.get(key) != Some(note)).collect();
    assert!(others.is_empty(), "stored, but not there: {others:?}");
    assert!(outcome.stored.len() < outcome.told.len(), "nothing was skipped");
}

const CHAIN: &str = "SELECT add_chain('events', '{entity}')";
const SKIP: &str = "SELECT add_dedup('events', '{tx}')";
const SOME_TIME: Duration = Duration::from_secs(1);

fn run(setup: &[&str], isolation: &str) -> Outcome {
    let database = Database::new();
    let mut session = database.superuser();
    setup.iter().for_each(|sql| session.run(sql));
    let outcome = during(&database, isolation, false, || sleep(5 * SOME_TIME));
    check(&mut session, &outcome);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
    outcome
}

#[test]
fn every_key_is_there_once() {
    run(&[TABLE, SKIP], "read committed");
}

#[test]
fn every_key_is_there_once_in_a_chained_table() {
    run(&[TABLE, CHAIN, SKIP], "read committed");
}

#[test]
fn every_key_is_there_once_within_an_interval() {
    // The greatest distance of two rows.
    run(&[TABLE, CHAIN, "SELECT add_dedup('events', '{tx}', within => '400 days')"], "read committed");
}

#[test]
fn every_key_is_there_once_in_repeatable_read_with_retries() {
    let outcome = run(&[TABLE, CHAIN, SKIP], "repeatable read");
    assert!(outcome.retried > 0, "no snapshot missed a row");
}

#[test]
fn every_key_is_there_once_in_serializable_with_retries() {
    run(&[TABLE, SKIP], "serializable");
}

#[test]
fn every_key_is_there_once_after_crashes() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    [TABLE, CHAIN, SKIP].iter().for_each(|sql| session.run(sql));
    let outcome = during(&database, "read committed", true, || {
        for _ in 0..3 {
            sleep(SOME_TIME);
            cluster.cut_power();
            cluster.restart();
        }
        sleep(SOME_TIME);
    });
    let mut session = database.superuser();
    assert!(outcome.lost > 0, "no client noticed a crash");
    check(&mut session, &outcome);
    assert_eq!(session.rows("SELECT * FROM verify_all()"), [""; 0]);
}

/// What happens to the filter of the keys, or makes it begin again, while rows come.
const DISTURBANCES: [&str; 8] = [
    "TRUNCATE veritable.dedup_filters",
    "DELETE FROM veritable.dedup_filters",
    "VACUUM veritable.dedup_filters",
    "BEGIN; DELETE FROM veritable.dedup_filters; SELECT pg_sleep(0.02); ROLLBACK",
    "VACUUM FULL veritable.dedup_filters",
    "UPDATE veritable.dedup_filters SET page = page",
    "BEGIN; ALTER TABLE events_1 DISABLE TRIGGER veritable_dedup; ALTER TABLE events_1 ENABLE ALWAYS TRIGGER veritable_dedup; COMMIT",
    "CHECKPOINT",
];

#[test]
fn every_key_is_there_once_while_filters_begin_again_and_again() {
    let database = Database::new();
    let mut session = database.superuser();
    [TABLE, SKIP].iter().for_each(|sql| session.run(sql));
    let outcome = during(&database, "read committed", false, || {
        let mut disturbing = database.superuser();
        // Who waits for long would be part of a deadlock.
        disturbing.run("SET lock_timeout = '40ms'");
        let (mut random, mut done) = (Random(7), 0);
        for _ in 0..120 {
            let at = random.below(DISTURBANCES.len() as u32) as usize;
            match disturbing.batch_execute(DISTURBANCES[at]) {
                Ok(()) => done += 1,
                Err(_) => disturbing.run("ROLLBACK"),
            }
            sleep(SOME_TIME / 20);
        }
        assert!(done > 20, "only {done} disturbances");
    });
    check(&mut session, &outcome);
}

#[test]
fn a_transaction_holds_one_lock_however_many_keys_it_has() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run("CREATE TABLE events (tx int); SELECT add_dedup('events', '{tx}')");
    session.run("BEGIN; INSERT INTO events SELECT generate_series(1, 100000)");
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()";
    assert_eq!(session.value(locks), "1");
    session.run("COMMIT");
}
