//! Many clients that append to few entities, in every way that a client can, and what they were told is committed.
//!
//! A transaction takes its entities in ascending order, so that no two wait for each other in a circle.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postgres::error::SqlState;
use postgres::{Client, Error};

use super::random::Random;
use super::{Database, SUPERUSER, Session, explain, is_serialization_failure};

/// An event: its entity, and a key that is unique within the entity.
pub type Event = (u32, String);

/// The table that the load goes to.
pub const EVENTS: &str =
    "CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key));
    SELECT add_chain('events', '{entity}')";

/// The same as a partitioned table, in which a chain lies across all partitions.
pub const PARTITIONED_EVENTS: &str = "
    CREATE TABLE events (entity int NOT NULL, key text NOT NULL, payload jsonb, UNIQUE (entity, key))
        PARTITION BY HASH (key);
    CREATE TABLE events_0 PARTITION OF events FOR VALUES WITH (MODULUS 3, REMAINDER 0);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES WITH (MODULUS 3, REMAINDER 1);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES WITH (MODULUS 3, REMAINDER 2);
    SELECT add_chain('events', '{entity}')";

/// How the clients behave.
pub struct Load {
    /// `read committed`, …
    pub isolation: &'static str,
    /// A transaction that fails with 40001 is tried again.
    pub retries: bool,
    /// A session that the server ends is replaced.
    pub reconnects: bool,
}

/// READ COMMITTED: nothing fails.
pub const READ_COMMITTED: Load = Load { isolation: "read committed", retries: false, reconnects: false };

const CLIENTS: usize = 16;
const ENTITIES: u32 = 4;
/// Keys that every client tries to be the first with.
const CONTESTED: u32 = 500;

/// What became of it.
#[derive(Default)]
pub struct Outcome {
    /// The events whose commit was acknowledged.
    pub committed: BTreeSet<Event>,
    /// Those that a transaction tried to add: one whose commit was not acknowledged may be there all the same.
    pub attempted: BTreeSet<Event>,
    /// Transactions that were tried again.
    pub retried: usize,
    /// Sessions that the server ended.
    pub lost: usize,
    /// Errors that should not have been.
    pub failures: Vec<String>,
}

impl Load {
    /// Lets the clients loose on the table `events` until `act` is done.
    pub fn during<T>(&self, database: &Database, act: impl FnOnce() -> T) -> (Outcome, T) {
        struct Stop<'a>(&'a AtomicBool);
        impl Drop for Stop<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let client = |number| {
                let stop = &stop;
                scope.spawn(move || Writer::new(self, database, number).write_until(stop))
            };
            let writers: Vec<_> = (0..CLIENTS).map(client).collect();
            let answer = {
                let _stop = Stop(&stop);
                act()
            };
            let mut sum = Outcome::default();
            for writer in writers {
                let outcome = writer.join().expect("a client that does not panic");
                sum.committed.extend(outcome.committed);
                sum.attempted.extend(outcome.attempted);
                sum.retried += outcome.retried;
                sum.lost += outcome.lost;
                sum.failures.extend(outcome.failures);
            }
            (sum, answer)
        })
    }

    /// Lets the clients loose for some time.
    pub fn run(&self, database: &Database, time: Duration) -> Outcome {
        self.during(database, || std::thread::sleep(time)).0
    }
}

/// The events that are in the table.
pub fn stored(session: &mut Session) -> BTreeSet<Event> {
    let rows = session.query("SELECT entity, key FROM events", &[]).expect("a table of events");
    rows.iter().map(|row| (row.get::<_, i32>(0) as u32, row.get(1))).collect()
}

struct Writer<'load> {
    load: &'load Load,
    database: &'load Database<'load>,
    number: usize,
    random: Random,
    events: usize,
    outcome: Outcome,
}

impl Writer<'_> {
    fn new<'load>(load: &'load Load, database: &'load Database, number: usize) -> Writer<'load> {
        Writer { load, database, number, random: Random(number as u64), events: 0, outcome: Outcome::default() }
    }

    fn write_until(mut self, stop: &AtomicBool) -> Outcome {
        let mut session = None;
        while !stop.load(Ordering::Relaxed) && self.outcome.failures.is_empty() {
            let connected = match &mut session {
                Some(connected) => connected,
                None => match self.connect() {
                    Ok(connected) => session.insert(connected),
                    Err(error) => {
                        self.judge(&error);
                        std::thread::sleep(Duration::from_millis(50));
                        continue;
                    }
                },
            };
            // A retry has the same choices before it.
            let before = self.random;
            while let Err(error) = self.transaction(connected) {
                if self.load.retries && is_serialization_failure(&error) {
                    self.outcome.retried += 1;
                    self.random = before;
                    continue;
                }
                self.judge(&error);
                session = None;
                break;
            }
        }
        self.outcome
    }

    fn connect(&self) -> Result<Session, Error> {
        let mut session = self.database.cluster.try_connect(&self.database.name, SUPERUSER)?;
        session.batch_execute(&format!("SET default_transaction_isolation = '{}'", self.load.isolation))?;
        Ok(session)
    }

    fn judge(&mut self, error: &Error) {
        const ENDED: [SqlState; 4] = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::PROTOCOL_VIOLATION,
        ];
        let ended = error.code().is_none_or(|code| ENDED.contains(code));
        if self.load.reconnects && ended {
            self.outcome.lost += 1;
        } else {
            self.outcome.failures.push(explain(error));
        }
    }

    /// One transaction of some kind.
    fn transaction(&mut self, client: &mut Client) -> Result<(), Error> {
        let events = self.new_events();
        let (first, rest) = events.split_at(events.len() / 2);
        let committed = match self.random.below(7) {
            0 => {
                client.batch_execute(&insert(&events[..1]))?;
                events[..1].to_vec()
            }
            1 => {
                client.batch_execute(&insert(&events))?;
                events
            }
            2 => {
                copy(client.copy_in(COPY)?, &events)?;
                events
            }
            3 => insert_contested(client, &self.contested_events())?,
            4 => {
                let mut transaction = client.transaction()?;
                transaction.batch_execute(&insert(&events))?;
                transaction.rollback()?;
                Vec::new()
            }
            5 => {
                let mut transaction = client.transaction()?;
                transaction.batch_execute(&insert(first))?;
                let mut savepoint = transaction.savepoint("here")?;
                savepoint.batch_execute(&insert(rest))?;
                savepoint.rollback()?;
                copy(transaction.copy_in(COPY)?, rest)?;
                transaction.commit()?;
                events
            }
            _ => {
                let mut transaction = client.transaction()?;
                transaction.batch_execute(&insert(first))?;
                let mut savepoint = transaction.savepoint("here")?;
                copy(savepoint.copy_in(COPY)?, rest)?;
                let mut within = savepoint.savepoint("within")?;
                within.batch_execute(&insert(&self.new_events_of(rest)))?;
                within.rollback()?;
                savepoint.commit()?;
                transaction.commit()?;
                events
            }
        };
        self.outcome.committed.extend(committed);
        Ok(())
    }

    /// One to six events, in the order of their entities.
    fn new_events(&mut self) -> Vec<Event> {
        let count = 2 + self.random.below(5);
        let mut entities: Vec<u32> = (0..count).map(|_| self.random.below(ENTITIES)).collect();
        entities.sort_unstable();
        let events: Vec<Event> = entities.into_iter().map(|entity| self.new_event(entity)).collect();
        self.outcome.attempted.extend(events.iter().cloned());
        events
    }

    /// Others, of the last of these entities.
    fn new_events_of(&mut self, events: &[Event]) -> Vec<Event> {
        let last = events.last().map_or(0, |event| event.0);
        vec![self.new_event(last)]
    }

    fn new_event(&mut self, entity: u32) -> Event {
        self.events += 1;
        (entity, format!("{}-{}", self.number, self.events))
    }

    fn contested_events(&mut self) -> Vec<Event> {
        let mut events: BTreeSet<Event> = BTreeSet::new();
        for _ in 0..4 {
            events.insert((self.random.below(ENTITIES), format!("contested-{}", self.random.below(CONTESTED))));
        }
        self.outcome.attempted.extend(events.iter().cloned());
        events.into_iter().collect()
    }
}

const COPY: &str = "COPY events (entity, key, payload) FROM STDIN";

fn insert(events: &[Event]) -> String {
    let values = events.iter().map(|(entity, key)| format!("({entity}, '{key}', '{{\"by\": \"insert\"}}')"));
    format!("INSERT INTO events (entity, key, payload) VALUES {}", values.collect::<Vec<_>>().join(", "))
}

/// Gives the events that were not there.
fn insert_contested(client: &mut Client, events: &[Event]) -> Result<Vec<Event>, Error> {
    let statement = format!("{} ON CONFLICT (entity, key) DO NOTHING RETURNING entity, key", insert(events));
    let rows = client.query(&statement, &[])?;
    Ok(rows.iter().map(|row| (row.get::<_, i32>(0) as u32, row.get(1))).collect())
}

fn copy(mut writer: postgres::CopyInWriter, events: &[Event]) -> Result<(), Error> {
    for (entity, key) in events {
        // Kept in memory by the client until it is finished: what can fail fails there.
        let _ = writeln!(writer, "{entity}\t{key}\t{{\"by\": \"copy\"}}");
    }
    writer.finish().map(drop)
}
