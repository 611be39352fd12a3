//! Many clients at work on a few keys: nothing fails but what must, and the table is what the commits make of it.
//!
//! All write to where the present is, as clients of such tables do: each key's timeline grows with the time that the
//! test takes, and what one client inserts meets what the others insert at the same time.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, Error, GenericClient};

use crate::support::random::Random;
use crate::support::{Database, Session, explain, is_serialization_failure};

const KEYS: u32 = 3;

/// How many clients there are, for how long, and what they do.
struct Load {
    clients: u64,
    time: Duration,
    settings: &'static str,
    /// The errors that a transaction may end with.
    allowed: &'static [SqlState],
    /// A statement has rows of one key alone.
    one_key: bool,
    /// All clients agree which price holds when.
    agreed: bool,
}

const ONE_KEY: Load = Load {
    clients: 16,
    time: Duration::from_secs(60),
    settings: "",
    allowed: &[SqlState::EXCLUSION_VIOLATION],
    one_key: true,
    agreed: false,
};

/// Fewer, for a shorter time, while others run.
const BRIEF: Load = Load { clients: 8, time: Duration::from_secs(10), ..ONE_KEY };

const TABLE: &str =
    "CREATE TABLE t (id bigserial PRIMARY KEY, place int NOT NULL, price int NOT NULL, period int4range);
    SELECT add_packing('t', 'period', '{place}')";

/// With a value that the constraint compares as text.
const TABLE_OF_SEVERAL_VALUES: &str =
    "CREATE TABLE t (id bigserial PRIMARY KEY, place int NOT NULL, price int, unit text, period int4range);
    SELECT add_packing('t', 'period', '{place}')";

/// A row to insert.
#[derive(Clone, Copy)]
struct Fact {
    place: u32,
    price: u32,
    start: u32,
    end: u32,
}

/// A client, and what became of what it did.
struct Writer<'load> {
    load: &'load Load,
    random: Random,
    since: Instant,
    committed: Vec<Fact>,
    /// How many transactions ended with each SQLSTATE.
    errors: BTreeMap<String, u64>,
    /// Errors that nobody expects.
    failures: Vec<String>,
}

/// One transaction. It gives the facts that it has inserted.
type Transaction<'load> = fn(&mut Writer<'load>, &mut Client) -> Result<Vec<Fact>, Error>;

impl Load {
    /// Lets the clients run transactions until the time is over, and sums up what became of them.
    fn run<'load>(&'load self, database: &Database, transaction: Transaction<'load>) -> Writer<'load> {
        let since = Instant::now();
        let mut sum = Writer::new(self, 0, since);
        std::thread::scope(|scope| {
            let client = |number| scope.spawn(move || Writer::new(self, number, since).write(database, transaction));
            for thread in (0..self.clients).map(client).collect::<Vec<_>>() {
                let writer = thread.join().expect("a client that does not panic");
                sum.committed.extend(writer.committed);
                sum.failures.extend(writer.failures);
                for (code, count) in writer.errors {
                    *sum.errors.entry(code).or_default() += count;
                }
            }
        });
        println!("{} rows; errors {:?}", sum.committed.len(), sum.errors);
        assert_eq!(sum.failures, [""; 0]);
        sum
    }
}

impl<'load> Writer<'load> {
    fn new(load: &'load Load, number: u64, since: Instant) -> Writer<'load> {
        Writer {
            load,
            random: Random(number << 32),
            since,
            committed: Vec::new(),
            errors: BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    fn write(mut self, database: &Database, transaction: Transaction<'load>) -> Self {
        let mut session = database.superuser();
        session.run(self.load.settings);
        while self.since.elapsed() < self.load.time && self.failures.is_empty() {
            // A retry has the same choices before it.
            let before = self.random;
            match transaction(&mut self, &mut session) {
                Ok(facts) => self.committed.extend(facts),
                Err(error) => {
                    if is_serialization_failure(&error) {
                        self.random = before;
                    }
                    self.note(&error);
                }
            }
        }
        self
    }

    fn note(&mut self, error: &Error) {
        if error.code().is_none_or(|code| !self.load.allowed.contains(code)) {
            self.failures.push(explain(error));
        }
        let code = error.code().map_or(String::new(), |code| code.code().to_string());
        *self.errors.entry(code).or_default() += 1;
    }

    /// A short period about now.
    fn fact(&mut self, place: u32) -> Fact {
        let now = self.since.elapsed().as_millis() as u32 / 5;
        let start = now + self.random.below(60);
        let mut price = start / 40 % 2;
        if self.load.agreed {
            // They meet where one price ends and the other begins.
            let end = (start + 1 + self.random.below(8)).min(start / 40 * 40 + 40);
            return Fact { place, price, start, end };
        }
        if self.random.below(10) == 0 {
            price = 1 - price;
        }
        Fact { place, price, start, end: start + 1 + self.random.below(8) }
    }

    fn place(&mut self) -> u32 {
        self.random.below(KEYS)
    }

    /// Some facts, at most this many.
    fn facts(&mut self, most: u32) -> Vec<Fact> {
        let place = self.place();
        let fact = |writer: &mut Self| {
            let place = if writer.load.one_key { place } else { writer.place() };
            writer.fact(place)
        };
        (0..=self.random.below(most)).map(|_| fact(self)).collect()
    }

    /// A transaction that inserts.
    fn insert(&mut self, client: &mut Client) -> Result<Vec<Fact>, Error> {
        match self.random.below(8) {
            0..=2 => insert(client, self.facts(1)),
            3 => insert(client, self.facts(5)),
            // So many that they are sorted, not looked up.
            4 => insert(client, self.facts(40)),
            5 => copy(client, self.facts(40)),
            6 => insert_on_conflict_do_nothing(client, &self.facts(5)),
            // All of one key, since the order of keys is the client's business.
            _ => {
                let place = self.place();
                let facts: Vec<Fact> = (0..4).map(|_| self.fact(place)).collect();
                let mut transaction = client.transaction()?;
                transaction.batch_execute(&insertion(&facts[..1]))?;
                let mut savepoint = transaction.savepoint("here")?;
                savepoint.batch_execute(&insertion(&facts[1..2]))?;
                savepoint.rollback()?;
                transaction.batch_execute(&insertion(&facts[2..]))?;
                transaction.commit()?;
                Ok([&facts[..1], &facts[2..]].concat())
            }
        }
    }

    /// A statement of any kind that changes one row of one key, but for what packing does.
    fn change_one(&mut self, client: &mut Client) -> Result<Vec<Fact>, Error> {
        let place = self.place();
        let Fact { price, start, end, .. } = self.fact(place);
        let here = format!("place = {place} AND period && '[{start},{end})'");
        let one = format!("id = (SELECT id FROM t WHERE {here} LIMIT 1)");
        let object = format!("\"place\": {place}, \"period\": \"[{start},{end})\"");
        let sql = match self.random.below(9) {
            0 => return insert(client, self.facts(4)),
            1 => format!("UPDATE t SET price = {price} WHERE {one}"),
            2 => {
                format!("UPDATE t SET period = range_merge(period, '[{start},{end})') WHERE {one} AND price = {price}")
            }
            3 => format!("UPDATE t SET place = (place + 1) % {KEYS} WHERE {one}"),
            4 => format!("DELETE FROM t WHERE {one}"),
            5 => format!("SELECT set_period(NULL::t, '{{\"price\": {price}, {object}}}')"),
            7 => format!("SELECT update_period(NULL::t, '{{\"price\": {price}, {object}}}')"),
            6 => format!("SELECT clear_period(NULL::t, '{{{object}}}')"),
            _ => format!("SELECT * FROM t WHERE {one} FOR {}", self.random.of(&["UPDATE", "SHARE", "KEY SHARE"])),
        };
        client.batch_execute(&sql)?;
        Ok(Vec::new())
    }

    /// The same, where the statement changes as many rows as there are, in the order in which it finds them.
    fn change_many(&mut self, client: &mut Client) -> Result<Vec<Fact>, Error> {
        let Fact { place, price, start, .. } = self.fact(0);
        let here = format!("period && '[{start},{})'", start + 40);
        let sql = match self.random.below(6) {
            0 | 1 => return self.insert(client),
            2 => format!("UPDATE t SET price = {price} WHERE {here}"),
            3 => format!("DELETE FROM t WHERE {here} AND id % 3 = 0"),
            4 => format!("SELECT * FROM t WHERE {here} FOR UPDATE"),
            _ => format!(
                "WITH gone AS (DELETE FROM t WHERE {here} AND place = {place} RETURNING *)
                 INSERT INTO t (place, price, period) SELECT (place + 1) % {KEYS}, price, period FROM gone"
            ),
        };
        client.batch_execute(&sql)?;
        Ok(Vec::new())
    }
}

fn insertion(facts: &[Fact]) -> String {
    let values = facts.iter().map(|Fact { place, price, start, end }| format!("({place}, {price}, '[{start},{end})')"));
    format!("INSERT INTO t (place, price, period) VALUES {}", values.collect::<Vec<_>>().join(", "))
}

fn insert(client: &mut Client, facts: Vec<Fact>) -> Result<Vec<Fact>, Error> {
    client.batch_execute(&insertion(&facts)).map(|()| facts)
}

/// In a transaction of its own: the client does not wait for the commit that ends a COPY, and so not for its errors.
fn copy(client: &mut Client, facts: Vec<Fact>) -> Result<Vec<Fact>, Error> {
    let mut transaction = client.transaction()?;
    copy_into(&mut transaction, "t", &facts)?;
    transaction.commit().map(|()| facts)
}

fn copy_into(client: &mut impl GenericClient, table: &str, facts: &[Fact]) -> Result<(), Error> {
    let mut writer = client.copy_in(&format!("COPY {table} (place, price, period) FROM STDIN"))?;
    for Fact { place, price, start, end } in facts {
        // Kept in memory by the client until it is finished: what can fail fails there.
        let _ = writeln!(writer, "{place}\t{price}\t[{start},{end})");
    }
    writer.finish().map(drop)
}

/// Gives the facts that met no other value.
fn insert_on_conflict_do_nothing(client: &mut Client, facts: &[Fact]) -> Result<Vec<Fact>, Error> {
    let sql =
        format!("{} ON CONFLICT DO NOTHING RETURNING place, price, lower(period), upper(period)", insertion(facts));
    let rows = client.query(&sql, &[])?;
    let number = |row: &postgres::Row, place: usize| row.get::<_, i32>(place) as u32;
    let fact = |row: &postgres::Row| Fact {
        place: number(row, 0),
        price: number(row, 1),
        start: number(row, 2),
        end: number(row, 3),
    };
    Ok(rows.iter().map(fact).collect())
}

/// The table holds what these facts amount to, and verifies.
fn check(session: &mut Session, writer: &Writer) {
    assert!(writer.committed.len() > 1000, "only {} rows", writer.committed.len());
    session.run("CREATE TABLE given (place int, price int, period int4range)");
    copy_into(&mut **session, "given", &writer.committed).expect("no error");
    let expected = "SELECT place, price, unnest(range_agg(period)) AS period FROM given GROUP BY place, price";
    let actual = "SELECT place, price, period FROM t";
    assert_eq!(session.rows(&format!("({actual}) EXCEPT ALL ({expected})")), [""; 0], "nobody has committed that");
    assert_eq!(session.rows(&format!("({expected}) EXCEPT ALL ({actual})")), [""; 0], "it was committed");
    verify(session);
}

fn verify(session: &mut Session) {
    assert_eq!(session.rows("SELECT * FROM verify_packing('t')"), [""; 0]);
}

fn inserts(table: &str, load: &Load) -> BTreeMap<String, u64> {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(table);
    let writer = load.run(&database, Writer::insert);
    check(&mut session, &writer);
    writer.errors
}

#[test]
fn inserts_are_refused_where_values_meet_and_for_no_other_reason() {
    let errors = inserts(TABLE, &ONE_KEY);
    assert!(errors.contains_key("23P01"), "no two values ever met");
}

#[test]
fn inserts_of_several_values_are_refused_where_they_meet_and_for_no_other_reason() {
    let errors = inserts(TABLE_OF_SEVERAL_VALUES, &BRIEF);
    assert!(errors.contains_key("23P01"), "no two values ever met");
}

#[test]
fn inserts_of_any_keys_succeed_where_no_values_meet() {
    inserts(TABLE, &Load { one_key: false, agreed: true, allowed: &[], ..BRIEF });
}

/// Two statements that each have a row which the other's constraint waits for: as without packing.
#[test]
fn inserts_of_any_keys_end_in_a_deadlock_at_worst_where_values_meet() {
    let allowed = &[SqlState::EXCLUSION_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED];
    inserts(TABLE, &Load { one_key: false, settings: "SET deadlock_timeout = '20ms'", allowed, ..BRIEF });
}

#[test]
fn who_reads_a_snapshot_is_told_to_retry_rather_than_left_unpacked() {
    let allowed = &[SqlState::EXCLUSION_VIOLATION, SqlState::T_R_SERIALIZATION_FAILURE];
    for settings in
        ["SET default_transaction_isolation = 'repeatable read'", "SET default_transaction_isolation = 'serializable'"]
    {
        let errors = inserts(TABLE, &Load { settings, allowed, ..BRIEF });
        assert!(errors.contains_key("40001"), "nobody was told to retry");
    }
}

/// An INSERT that meets another value which an UPDATE is just changing waits for that, with the key's lock in hand.
#[test]
fn statements_that_change_one_row_leave_them_packed() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    let allowed = &[SqlState::EXCLUSION_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED];
    Load { settings: "SET deadlock_timeout = '20ms'", allowed, ..BRIEF }.run(&database, Writer::change_one);
    verify(&mut session);
}

/// Those that change several may take them in opposite orders, as without packing.
#[test]
fn statements_that_change_many_rows_leave_them_packed() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(TABLE);
    let allowed = &[SqlState::EXCLUSION_VIOLATION, SqlState::T_R_DEADLOCK_DETECTED];
    let settings = "SET deadlock_timeout = '20ms'";
    Load { one_key: false, settings, allowed, ..BRIEF }.run(&database, Writer::change_many);
    verify(&mut session);
}
