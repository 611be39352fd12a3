//! Clients that register while others insert: a name's versions have no gaps, every row matches the version that it was
//! given, and that is one that counted when it was inserted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use postgres::{Client, Error};

use crate::support::random::Random;
use crate::support::{Cluster, Database, SUPERUSER, Session, explain, is_serialization_failure};

const NAMES: u32 = 4;
const CLIENTS: u64 = 8;

/// Of every name a version, and the table of documents. `marks` is what a client has been told.
pub const TABLES: &str = "
    CREATE TABLE documents (id bigserial PRIMARY KEY, name text NOT NULL, document jsonb NOT NULL, version int);
    SELECT add_validation('documents', 'document', type => 'name', version => 'version');
    SELECT register_schema('name ' || n, '{\"minimum\": 0}') FROM generate_series(0, 3) AS n";

/// What became of the clients' work.
#[derive(Default)]
pub struct Outcome {
    /// Versions whose registration was acknowledged: the name, the version, and the number that its schema demands.
    pub registered: Vec<(u32, i32, u32)>,
    /// Rows whose commit was acknowledged, by their ids.
    pub inserted: Vec<i64>,
    /// Documents that were refused.
    pub refused: usize,
    /// Sessions that the server ended.
    pub lost: usize,
    /// What must not be.
    pub failures: Vec<String>,
}

/// A client of one kind or the other.
struct Worker<'work> {
    database: &'work Database<'work>,
    registers: bool,
    random: Random,
    outcome: Outcome,
}

/// Lets 8 clients register and 8 insert until `act` is done. Where the server is allowed to go away, they come back.
pub fn during(database: &Database, returning: bool, act: impl FnOnce()) -> Outcome {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = |number| {
            let stop = &stop;
            let registers = number < CLIENTS;
            let worker = Worker { database, registers, random: Random(number << 32), outcome: Outcome::default() };
            scope.spawn(move || worker.work_until(stop, returning))
        };
        let workers: Vec<_> = (0..2 * CLIENTS).map(worker).collect();
        act();
        stop.store(true, Ordering::Relaxed);
        let mut sum = Outcome::default();
        for worker in workers {
            let outcome = worker.join().expect("a client that does not panic");
            sum.registered.extend(outcome.registered);
            sum.inserted.extend(outcome.inserted);
            sum.refused += outcome.refused;
            sum.lost += outcome.lost;
            sum.failures.extend(outcome.failures);
        }
        sum
    })
}

impl Worker<'_> {
    fn work_until(mut self, stop: &AtomicBool, returning: bool) -> Outcome {
        let mut session = None;
        while !stop.load(Ordering::Relaxed) && self.outcome.failures.is_empty() {
            let Some(connected) = &mut session else {
                session = self.database.cluster.try_connect(&self.database.name, SUPERUSER).ok();
                continue;
            };
            let done = if self.registers { self.register(connected) } else { self.insert(connected) };
            let Err(error) = done else { continue };
            match error.code().map(|code| code.code()) {
                Some("23514") => self.outcome.refused += 1,
                _ if is_serialization_failure(&error) => (),
                None | Some("57P01" | "57P02" | "57P03" | "08P01") if returning => {
                    self.outcome.lost += 1;
                    session = None;
                }
                _ => self.outcome.failures.push(explain(&error)),
            }
        }
        self.outcome
    }

    /// Registers a version that is like no other, or takes it back.
    fn register(&mut self, client: &mut Client) -> Result<(), Error> {
        let name = self.random.below(NAMES);
        let minimum = self.random.below(1000);
        let stamp = self.random.below(u32::MAX);
        let register =
            format!("SELECT register_schema('name {name}', '{{\"minimum\": {minimum}, \"title\": \"{stamp}\"}}')");
        let mut transaction = client.transaction()?;
        let version: i32 = transaction.query_one(&register, &[])?.get(0);
        let own =
            format!("INSERT INTO documents (name, document) VALUES ('name {name}', '{minimum}') RETURNING id, version");
        let row = transaction.query_one(&own, &[])?;
        let id: i64 = row.get(0);
        // What it has registered counts for itself at once, and nobody else can have registered since.
        self.expect(row.get::<_, i32>(1) == version, || format!("{row:?} but version {version}"));
        let mut registered = vec![(name, version, minimum)];
        match self.random.below(4) {
            0 => return transaction.rollback(),
            1 => {
                let mut savepoint = transaction.savepoint("here")?;
                savepoint.query_one(&register.replace("title", "description"), &[])?;
                savepoint.rollback()?;
                let again: i32 = transaction.query_one(&register.replace("title", "$comment"), &[])?.get(0);
                self.expect(again == version + 1, || format!("version {again} after {version}"));
                registered.push((name, again, minimum));
            }
            _ => (),
        }
        transaction.commit()?;
        self.outcome.registered.extend(registered);
        self.outcome.inserted.push(id);
        Ok(())
    }

    /// Inserts some documents, and looks whether their version is one that could count.
    fn insert(&mut self, client: &mut Client) -> Result<(), Error> {
        let name = self.random.below(NAMES);
        let number = self.random.below(2000);
        let count = 1 + self.random.below(20);
        let newest = format!("SELECT max(version)::int FROM veritable.event_schemas WHERE name = 'name {name}'");
        let insert = format!(
            "INSERT INTO documents (name, document) SELECT 'name {name}', to_jsonb({number} + n)
             FROM generate_series(1, {count}) AS n RETURNING id, version"
        );
        let (before, rows, after): (i32, _, i32);
        if self.random.below(2) == 0 {
            before = client.query_one(&newest, &[])?.get(0);
            rows = client.query(&insert, &[])?;
            after = client.query_one(&newest, &[])?.get(0);
        } else {
            let isolation = self.random.of(&["READ COMMITTED", "REPEATABLE READ"]);
            client.batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}"))?;
            let inserted = client.query_one(&newest, &[]).and_then(|row| Ok((row.get(0), client.query(&insert, &[])?)));
            let end = if inserted.is_ok() { "COMMIT" } else { "ROLLBACK" };
            client.batch_execute(end)?;
            (before, rows) = inserted?;
            after = client.query_one(&newest, &[])?.get(0);
        }
        for row in &rows {
            let version: i32 = row.get(1);
            self.expect((before..=after).contains(&version), || format!("{version} is not in {before}..={after}"));
        }
        self.outcome.inserted.extend(rows.iter().map(|row| row.get::<_, i64>(0)));
        Ok(())
    }

    fn expect(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.outcome.failures.push(otherwise());
        }
    }
}

/// The registry and the table are what the clients were told.
pub fn check(session: &mut Session, outcome: &Outcome) {
    println!(
        "{} versions, {} rows, {} refused, {} sessions lost",
        outcome.registered.len(),
        outcome.inserted.len(),
        outcome.refused,
        outcome.lost
    );
    assert_eq!(outcome.failures, [""; 0]);
    assert!(outcome.registered.len() > 100 && outcome.inserted.len() > 1000 && outcome.refused > 10);
    let versions = session.value("SELECT count(*) FROM veritable.event_schemas");
    session.verifies(&format!("{versions} events in {NAMES} chains of 1 table"));
    let gaps =
        "SELECT name FROM veritable.event_schemas GROUP BY name HAVING max(version) <> count(*) OR min(version) <> 1";
    assert_eq!(session.rows(gaps), [""; 0]);
    assert_eq!(session.value("SELECT count(*) FROM veritable.event_schemas WHERE schema ? 'description'"), "0");

    let told =
        outcome.registered.iter().map(|(name, version, minimum)| format!("('name {name}', {version}, {minimum})"));
    let missing = format!(
        "SELECT * FROM (VALUES {}) AS told (name, version, minimum) WHERE NOT EXISTS (
             SELECT FROM veritable.event_schemas e WHERE (e.name, e.version) = (told.name, told.version)
                                                     AND (schema->>'minimum')::int = minimum)",
        told.collect::<Vec<_>>().join(", ")
    );
    assert_eq!(session.rows(&missing), [""; 0], "acknowledged, but missing");
    let ids: Vec<String> = outcome.inserted.iter().map(i64::to_string).collect();
    let missing = format!("SELECT unnest('{{{}}}'::bigint[]) EXCEPT SELECT id FROM documents", ids.join(","));
    assert_eq!(session.rows(&missing), [""; 0], "acknowledged, but missing");

    let without = "SELECT * FROM documents d LEFT JOIN veritable.event_schemas e USING (name, version)
        WHERE schema IS NULL OR (document)::int < (schema->>'minimum')::int
           OR NOT jsonb_matches_schema(schema::json, document)";
    assert_eq!(session.rows(without), [""; 0], "rows that do not match their version");
}

#[test]
fn every_row_matches_the_version_that_it_was_given() {
    let cluster = Cluster::new(&[]);
    let database = cluster.database();
    let mut session = database.superuser();
    session.run(TABLES);
    let outcome = during(&database, false, || std::thread::sleep(Duration::from_secs(15)));
    check(&mut session, &outcome);
}
