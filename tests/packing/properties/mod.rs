//! Random statements, one after the other, and after each the table holds what the oracle says.
//!
//! The constraint judges each row as the statement writes it. An INSERT is refused exactly when its rows, or one of
//! them and one that is there, conflict at the end. An UPDATE or a MERGE is refused when that is so; and it may be, or
//! not, when a new version of a row conflicts with the old version of another that the same statement has yet to change.

mod sql;
mod statements;

use postgres::error::SqlState;
use postgres::{Error, SimpleQueryMessage};

use crate::dead_entries;
use crate::oracle::{Change, Row, packed};
use crate::support::random::Random;
use crate::support::{Database, Session, explain};

const SEQUENCES: u64 = 10;
const STEPS: u32 = 150;

/// A column, and how each key or value of the model is spelled in it: in one of several ways that are equal, or, where
/// there is none, as NULL.
struct Column {
    name: &'static str,
    spellings: [&'static [&'static str]; 4],
}

/// A packed table.
struct Shape {
    columns: &'static str,
    key: &'static [Column],
    /// How many keys there are.
    keys: u32,
    value: &'static [Column],
    /// How many values there are.
    values: u32,
    /// The position of a bound among those of the model, in SQL.
    position: &'static str,
    /// The bound at a position.
    bound: fn(u32, &mut Random) -> String,
}

const PLACE: Column = Column { name: "place", spellings: [&["0"], &["1"], &["2"], &["3"]] };

#[test]
fn one_value_column_over_integers() {
    check(&Shape {
        columns: "place int NOT NULL, price int NOT NULL, period int4range",
        key: &[PLACE],
        keys: 3,
        value: &[Column { name: "price", spellings: [&["0"], &["1"], &["-2"], &["3"]] }],
        values: 4,
        position: "#",
        bound: |position, _| position.to_string(),
    });
}

#[test]
fn several_value_columns_over_days() {
    check(&Shape {
        columns: "place int NOT NULL, \"Kind\" text NOT NULL, price numeric, currency text, period daterange",
        key: &[PLACE, Column { name: "Kind", spellings: [&["a"], &["a"], &["b"], &["b"]] }],
        keys: 3,
        value: &[
            Column { name: "price", spellings: [&[], &["5", "5.0", "5.00"], &[], &["5", "5.000"]] },
            Column { name: "currency", spellings: [&[], &[], &["EUR"], &["EUR"]] },
        ],
        values: 4,
        position: "# - date '2024-02-20'",
        bound: |position, _| {
            if position <= 9 { format!("2024-02-{}", position + 20) } else { format!("2024-03-{:02}", position - 9) }
        },
    });
}

#[test]
fn a_nullable_value_column_over_instants() {
    check(&Shape {
        columns: "place text COLLATE \"C\" NOT NULL, state text, period tstzrange",
        key: &[Column { name: "place", spellings: [&["one"], &["two"], &["{3,\"\\"], &["four"]] }],
        keys: 3,
        value: &[Column { name: "state", spellings: [&[], &[""], &["null"], &["{}\""]] }],
        values: 4,
        position: "(extract(epoch FROM # - timestamptz '2024-03-31 00:00+00') / 3600)::int",
        bound: |position, random| match random.below(2) {
            0 => format!("2024-03-31 {position:02}:00:00+00"),
            // The same in another time zone.
            _ => format!("2024-03-31 {position:02}:30:00+00:30"),
        },
    });
}

#[test]
fn values_without_an_operator_of_their_own_over_numbers() {
    check(&Shape {
        columns: "place bigint NOT NULL, states text[], flags bool, period numrange",
        key: &[PLACE],
        keys: 3,
        value: &[
            Column { name: "states", spellings: [&["{}"], &["{NULL}"], &["{\"a,b\",c}"], &["{a,b,c}"]] },
            Column { name: "flags", spellings: [&["t", "true"], &["t"], &["t"], &["f", "false"]] },
        ],
        values: 4,
        position: "(# * 2)::int",
        bound: |position, random| {
            let zeros = "0".repeat(random.below(3) as usize);
            format!("{}.{}{zeros}", position / 2, if position % 2 == 0 { 0 } else { 5 })
        },
    });
}

#[test]
fn no_value_column() {
    check(&Shape {
        columns: "place int NOT NULL, period int4range",
        key: &[PLACE],
        keys: 3,
        value: &[],
        values: 1,
        position: "#",
        bound: |position, _| position.to_string(),
    });
}

#[test]
fn no_key_column() {
    check(&Shape {
        columns: "price numeric NOT NULL, period int4range",
        key: &[],
        keys: 1,
        value: &[Column { name: "price", spellings: [&["0", "0.0"], &["1", "1.00"], &["-2"], &["NaN"]] }],
        values: 4,
        position: "#",
        bound: |position, _| position.to_string(),
    });
}

fn check(shape: &Shape) {
    let database = Database::new();
    let mut session = database.superuser();
    if dead_entries::are_made_by(&mut session) {
        // Then no statement finds a row by such an entry. A scan for a bitmap makes none.
        session.run("SET enable_indexscan = off; SET enable_indexonlyscan = off");
    }
    for seed in 0..SEQUENCES {
        let mut table = Table::new(&mut session, shape, seed);
        for _ in 0..STEPS {
            table.step();
        }
    }
}

/// The table, and what the oracle knows of it.
struct Table<'a> {
    session: &'a mut Session,
    shape: &'a Shape,
    seed: u64,
    random: Random,
    /// The rows that are there.
    rows: Vec<Row>,
    /// A transaction is open.
    open: bool,
    /// The statements so far.
    history: Vec<String>,
}

impl Table<'_> {
    /// Runs a statement that does this, if it is not refused.
    fn change(&mut self, sql: &str, changes: Vec<Change>) {
        self.history.push(sql.to_string());
        let outcome = self.attempt(|session| session.batch_execute(sql));
        self.judge(outcome, changes);
    }

    fn attempt(&mut self, act: impl FnOnce(&mut Session) -> Result<(), Error>) -> Result<(), Error> {
        if self.open {
            self.session.run("SAVEPOINT attempt");
            let last = self.history.len() - 1;
            self.history.insert(last, "SAVEPOINT attempt".to_string());
        }
        let outcome = act(self.session);
        if self.open && outcome.is_err() {
            self.run("ROLLBACK TO attempt");
        }
        outcome
    }

    /// What the statement did, or that it was refused, was right.
    fn judge(&mut self, outcome: Result<(), Error>, changes: Vec<Change>) {
        let old: Vec<(usize, Row)> =
            changes.iter().enumerate().filter_map(|(n, change)| Some((n, change.0?))).collect();
        let new: Vec<(usize, Row)> =
            changes.iter().enumerate().filter_map(|(n, change)| Some((n, change.1?))).collect();
        let is_kept = |row: &&Row| old.iter().all(|(_, old)| old.id != row.id);
        let kept: Vec<Row> = self.rows.iter().filter(is_kept).copied().collect();
        let conflicts_at_the_end = new
            .iter()
            .any(|(_, row)| kept.iter().chain(new.iter().map(|(_, other)| other)).any(|other| row.conflicts(other)));
        let conflicts_on_the_way =
            new.iter().any(|(n, row)| old.iter().any(|(other_n, other)| n != other_n && row.conflicts(other)));
        match outcome {
            Ok(()) => {
                assert!(!conflicts_at_the_end, "rows that conflict were accepted\n{}", self.story());
                let new: Vec<Row> = new.into_iter().map(|(_, row)| row).collect();
                self.check(&packed(&kept, &new));
            }
            Err(error) => {
                let refusal = explain(&error);
                assert_eq!(error.code(), Some(&SqlState::EXCLUSION_VIOLATION), "{refusal}\n{}", self.story());
                assert!(conflicts_at_the_end || conflicts_on_the_way, "{refusal}\n{}", self.story());
                let rows = self.rows.clone();
                self.check(&rows);
            }
        }
    }

    /// The table holds these rows, and verifies.
    fn check(&mut self, expected: &[Row]) {
        let sql = format!("SELECT {} FROM t; SELECT 1 FROM verify_packing('t')", self.numbers());
        let messages = self.session.simple_query(&sql).expect("no error");
        let results: Vec<_> =
            messages.split(|message| matches!(message, SimpleQueryMessage::CommandComplete(_))).collect();
        let mut rows = read(results[0]);
        rows.sort_unstable();
        let same = |(row, expected): (&Row, &Row)| {
            Row { id: None, ..*row } == Row { id: None, ..*expected } && expected.id.is_none_or(|id| row.id == Some(id))
        };
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        let is_same = rows.len() == expected.len() && rows.iter().zip(&expected).all(same);
        assert!(is_same, "there is {rows:#?}\nbut should be {expected:#?}\nafter {:#?}\n{}", self.rows, self.story());
        assert!(read(results[1]).is_empty(), "faults\n{}", self.story());
        self.rows = rows;
    }

    /// How it came to this.
    fn story(&self) -> String {
        format!("in sequence {}:\n{};", self.seed, self.history.join(";\n"))
    }

    #[track_caller]
    fn run(&mut self, sql: &str) {
        self.history.push(sql.to_string());
        self.session.run(sql);
    }
}

fn read(messages: &[SimpleQueryMessage]) -> Vec<Row> {
    let row = |message: &SimpleQueryMessage| {
        let SimpleQueryMessage::Row(row) = message else { return None };
        let number = |place| row.get(place).and_then(|text| text.parse::<u32>().ok()).unwrap_or(u32::MAX);
        let id = row.get(4).and_then(|text| text.parse().ok());
        Some(Row { key: number(0), value: number(1), start: number(2), end: number(3), id })
    };
    messages.iter().filter_map(row).collect()
}
