//! Random statements, one after the other, and after each the table holds what the oracle says.
//!
//! The constraint judges each row as the statement writes it. An INSERT is refused exactly when its rows, or one of
//! them and one that is there, conflict at the end. An UPDATE or a MERGE is refused when that is so; and it may be, or
//! not, when a new version of a row conflicts with the old version of another that the same statement has yet to change.

use std::io::Write;

use postgres::error::SqlState;
use postgres::{Error, SimpleQueryMessage};

use crate::oracle::{Change, INSTANTS, Row, cleared, packed};
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
    /// A new table `t`, and one for the rows of statements that read theirs from a table.
    fn new<'a>(session: &'a mut Session, shape: &'a Shape, seed: u64) -> Table<'a> {
        let random = Random(seed << 32);
        let mut table = Table { session, shape, seed, random, rows: Vec::new(), open: false, history: Vec::new() };
        table.run(&format!(
            "DROP TABLE IF EXISTS t, source; CREATE TABLE t (id bigserial PRIMARY KEY, note text, {});
             CREATE TABLE source AS SELECT *, false AS gone FROM t;
             SELECT add_packing('t', 'period', '{{{}}}', exclude => '{{note}}')",
            shape.columns,
            names(shape.key).join(", ")
        ));
        table
    }

    /// A statement, or a transaction of some, of which some are rolled back.
    fn step(&mut self) {
        if self.random.below(8) > 0 {
            return self.statement();
        }
        self.run("BEGIN");
        self.open = true;
        for _ in 0..self.random.below(5) {
            let before = self.rows.clone();
            self.run("SAVEPOINT here");
            self.statement();
            if self.random.below(3) == 0 {
                self.run("ROLLBACK TO here");
                self.check(&before);
            }
        }
        self.run("COMMIT");
        self.open = false;
        let rows = self.rows.clone();
        self.check(&rows);
    }

    fn statement(&mut self) {
        match self.random.below(16) {
            0..=2 => self.insert(1),
            3 => self.insert(40),
            4 => self.copy(),
            5 => self.insert_on_conflict_do_nothing(),
            6 => self.insert_on_conflict_do_update(),
            7 => self.insert_what_is_there(),
            8 => self.update_value(),
            9 => self.update_period(),
            10 => self.update_key(),
            11 => self.delete(),
            12 => self.merge(),
            13 => self.set_period(),
            14 => self.clear_period(),
            _ => self.insert_what_is_no_period(),
        }
    }

    fn insert(&mut self, count: u32) {
        let rows = self.new_rows(count);
        let sql = format!("INSERT INTO t ({}) VALUES {}", self.columns(), self.values(&rows));
        self.change(&sql, inserted(&rows));
    }

    fn copy(&mut self) {
        let rows = self.new_rows(40);
        let sql = format!("COPY t ({}) FROM STDIN", self.columns());
        let fields = |row| self.texts(row).into_iter().map(copied).collect::<Vec<_>>().join("\t") + "\n";
        let lines: String = rows.iter().map(fields).collect();
        self.history.push(format!("{sql};\n{lines}\\."));
        let copy = |session: &mut Session| {
            let mut writer = session.copy_in(&sql)?;
            writer.write_all(lines.as_bytes()).expect("kept in memory");
            writer.finish().map(drop)
        };
        let outcome = self.attempt(copy);
        self.judge(outcome, inserted(&rows));
    }

    /// A row that conflicts with one that is there, or with one before it, is left out.
    fn insert_on_conflict_do_nothing(&mut self) {
        let rows: Vec<Row> = (0..1 + self.random.below(20)).map(|_| self.any_row()).collect();
        let mut accepted: Vec<Row> = Vec::new();
        for row in &rows {
            if self.rows.iter().chain(&accepted).all(|other| !row.conflicts(other)) {
                accepted.push(*row);
            }
        }
        let sql = format!("INSERT INTO t ({}) VALUES {} ON CONFLICT DO NOTHING", self.columns(), self.values(&rows));
        self.change(&sql, inserted(&accepted));
    }

    /// The rows of a fact get another period by an INSERT that also adds rows.
    fn insert_on_conflict_do_update(&mut self) {
        let Some(fact) = self.row_of_the_table() else { return };
        let (period, new) = (self.any_row(), self.new_rows(2));
        let mut changes = self.updates(|row| row.is_same_fact(&fact), |row| row.over(&period));
        changes.extend(inserted(&new));
        let (columns, range) = (self.columns(), self.range(&period));
        let sql = format!(
            "{}; INSERT INTO t (id, {columns}) SELECT id, {columns} FROM t WHERE {}
             UNION ALL SELECT nextval('t_id_seq'), {columns} FROM source
             ON CONFLICT (id) DO UPDATE SET period = '{range}'",
            self.source(&new, &[false; 2]),
            self.is_fact(&fact),
        );
        self.change(&sql, changes);
    }

    /// The rows of a key once more, under another.
    fn insert_what_is_there(&mut self) {
        let (from, to) = (self.random.below(self.shape.keys), self.random.below(self.shape.keys));
        let rows = self.rows.iter().filter(|row| row.key == from);
        let rows: Vec<Row> = rows.map(|row| Row { key: to, id: None, ..*row }).collect();
        let key = self.shape.key.iter().map(|column| literal(column.text(to, &mut self.random)));
        let rest = names(self.shape.value).into_iter().chain(["period"]).map(str::to_string);
        let list: Vec<String> = key.chain(rest).collect();
        let sql = format!(
            "INSERT INTO t ({}) SELECT {} FROM t WHERE {}",
            self.columns(),
            list.join(", "),
            is(self.shape.key, from)
        );
        self.change(&sql, inserted(&rows));
    }

    /// The rows of a key, or some of them, get another value, whatever theirs was.
    fn update_value(&mut self) {
        let (row, everywhere) = (self.any_row(), self.random.below(2) == 0);
        let hit = |other: &Row| other.key == row.key && (everywhere || other.overlaps(&row));
        let changes = self.updates(hit, |other| Row { value: row.value, ..*other });
        let condition = if everywhere { is(self.shape.key, row.key) } else { self.is_over(&row) };
        // Where there is no value, the row is written as it was.
        let same =
            if self.shape.value.is_empty() { "note = note".to_string() } else { self.set(self.shape.value, row.value) };
        self.change(&format!("UPDATE t SET {same} WHERE {condition}"), changes);
    }

    /// The rows of a key, or those of a fact, or one of them, get another period.
    fn update_period(&mut self) {
        let Some(row) = self.row_of_the_table() else { return };
        let (period, which) = (self.any_row(), self.random.below(3));
        let hit = |other: &Row| match which {
            0 => other.key == row.key,
            1 => other.is_same_fact(&row),
            _ => other.id == row.id,
        };
        let changes = self.updates(hit, |other| other.over(&period));
        let condition = match which {
            0 => is(self.shape.key, row.key),
            1 => self.is_fact(&row),
            _ => format!("id = {}", row.id.expect("read from the table")),
        };
        let range = self.range(&period);
        self.change(&format!("UPDATE t SET period = '{range}' WHERE {condition}"), changes);
    }

    /// Rows move to another key.
    fn update_key(&mut self) {
        let (row, to) = (self.any_row(), self.random.below(self.shape.keys));
        let hit = |other: &Row| other.key == row.key && other.overlaps(&row);
        let changes = self.updates(hit, |other| Row { key: to, ..*other });
        let condition = self.is_over(&row);
        // Where there is no key, the rows are written as they were.
        let set = if self.shape.key.is_empty() { "note = note".to_string() } else { self.set(self.shape.key, to) };
        self.change(&format!("UPDATE t SET {set} WHERE {condition}"), changes);
    }

    fn delete(&mut self) {
        let row = self.any_row();
        let gone = self.rows.iter().filter(|other| other.key == row.key && other.overlaps(&row));
        let changes = gone.map(|row| (Some(*row), None)).collect();
        let condition = self.is_over(&row);
        self.change(&format!("DELETE FROM t WHERE {condition}"), changes);
    }

    /// For each of some facts, the rows that overlap it are deleted, or moved to its period; where there is none, it
    /// is inserted.
    fn merge(&mut self) {
        let mut facts = self.new_rows(12);
        facts.sort_unstable();
        facts.dedup_by(|one, other| one.is_same_fact(other));
        let gone: Vec<bool> = facts.iter().map(|_| self.random.below(4) == 0).collect();
        let mut changes = Vec::new();
        for (fact, &gone) in facts.iter().zip(&gone) {
            let matched = self.updates(|row| row.is_same_fact(fact) && row.overlaps(fact), |row| row.over(fact));
            if matched.is_empty() {
                changes.push((None, Some(*fact)));
            }
            changes.extend(matched.into_iter().map(|(old, new)| (old, new.filter(|_| !gone))));
        }
        let columns = self.columns();
        let same = |column: &Column| format!("t.\"{0}\" IS NOT DISTINCT FROM source.\"{0}\"", column.name);
        let same: Vec<String> = self.shape.key.iter().chain(self.shape.value).map(same).collect();
        let sql = format!(
            "{}; MERGE INTO t USING source ON {} AND t.period && source.period
             WHEN MATCHED AND source.gone THEN DELETE
             WHEN MATCHED THEN UPDATE SET period = source.period
             WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({columns})",
            self.source(&facts, &gone),
            same.join(" AND "),
        );
        self.change(&sql, changes);
    }

    fn set_period(&mut self) {
        let fact = self.any_row();
        let mut rows = cleared(&self.rows, &fact);
        rows.push(fact);
        self.set_or_clear("set_period", [self.shape.key, self.shape.value].map(names).concat(), &fact, rows);
    }

    fn clear_period(&mut self) {
        let hole = self.any_row();
        self.set_or_clear("clear_period", names(self.shape.key), &hole, cleared(&self.rows, &hole));
    }

    /// They answer with the rows of the key that hold over the period or adjoin it, in order. Which of the rows of the
    /// key survive is no part of what they promise.
    fn set_or_clear(&mut self, function: &str, names: Vec<&str>, fact: &Row, rows: Vec<Row>) {
        let without_id = |row: Row| Row { id: row.id.filter(|_| row.key != fact.key), ..row };
        let rows: Vec<Row> = packed(&rows, &[]).into_iter().map(without_id).collect();
        let texts = self.texts(fact);
        let pairs = names.iter().zip(&texts).map(|(name, text)| (*name, text.as_deref()));
        let pairs = pairs.chain([("period", texts.last().expect("a period").as_deref())]);
        let object = pairs.map(|(name, text)| format!("{}: {}", json(name), text.map_or("null".to_string(), json)));
        let sql = format!(
            "SELECT {} FROM {function}(NULL::t, {}) AS t",
            self.numbers(),
            literal(Some(format!("{{{}}}", object.collect::<Vec<_>>().join(", "))))
        );
        self.history.push(sql.clone());
        let answer = match self.session.simple_query(&sql) {
            Ok(messages) => read(&messages),
            Err(error) => panic!("{}\n{}", explain(&error), self.story()),
        };
        self.check(&rows);
        let mut held: Vec<Row> =
            self.rows.iter().filter(|row| row.key == fact.key && row.touches(fact)).copied().collect();
        held.sort_unstable_by_key(|row| row.start);
        assert_eq!(answer, held, "{}", self.story());
    }

    fn insert_what_is_no_period(&mut self) {
        let row = self.any_row();
        for period in [Some("empty".to_string()), None] {
            let mut texts = self.texts(&row);
            texts.pop();
            texts.push(period);
            let texts: Vec<String> = texts.into_iter().map(literal).collect();
            let sql = format!("INSERT INTO t ({}) VALUES ({})", self.columns(), texts.join(", "));
            self.history.push(sql.clone());
            let error = self.attempt(|session| session.batch_execute(&sql)).expect_err("no period");
            assert_eq!(error.code(), Some(&SqlState::CHECK_VIOLATION), "{}\n{}", explain(&error), self.story());
        }
        let rows = self.rows.clone();
        self.check(&rows);
    }

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

    fn any_row(&mut self) -> Row {
        // Mostly short periods; now and then long ones, and ones without bounds.
        let length = 1 + if self.random.below(8) == 0 { self.random.below(INSTANTS) } else { self.random.below(4) };
        let start = self.random.below(INSTANTS);
        let end = (start + length).min(INSTANTS);
        Row {
            key: self.random.below(self.shape.keys),
            value: self.random.below(self.shape.values),
            start,
            end,
            id: None,
        }
    }

    /// Some rows, at most this many; mostly such that none conflicts.
    fn new_rows(&mut self, most: u32) -> Vec<Row> {
        let careless = self.random.below(4) == 0;
        let mut rows: Vec<Row> = Vec::new();
        for _ in 0..=self.random.below(most) {
            let row = self.any_row();
            if careless || self.rows.iter().chain(&rows).all(|other| !row.conflicts(other)) {
                rows.push(row);
            }
        }
        if rows.is_empty() { vec![self.any_row()] } else { rows }
    }

    fn row_of_the_table(&mut self) -> Option<Row> {
        (!self.rows.is_empty()).then(|| *self.random.of(&self.rows))
    }

    /// The change of all rows that are hit.
    fn updates(&self, hit: impl Fn(&Row) -> bool, new: impl Fn(&Row) -> Row) -> Vec<Change> {
        self.rows.iter().filter(|row| hit(row)).map(|row| (Some(*row), Some(new(row)))).collect()
    }

    /// The columns of the key, those of the value, and the period.
    fn columns(&self) -> String {
        let columns = [names(self.shape.key), names(self.shape.value), vec!["period"]];
        columns.concat().iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    }

    /// What is in them.
    fn texts(&mut self, row: &Row) -> Vec<Option<String>> {
        let key = self.shape.key.iter().map(|column| (column, row.key));
        let columns: Vec<_> = key.chain(self.shape.value.iter().map(|column| (column, row.value))).collect();
        let mut texts: Vec<_> =
            columns.into_iter().map(|(column, number)| column.text(number, &mut self.random)).collect();
        texts.push(Some(self.range(row)));
        texts
    }

    fn range(&mut self, row: &Row) -> String {
        let mut bound = |position: u32| match position {
            0 | INSTANTS => String::new(),
            position => (self.shape.bound)(position, &mut self.random),
        };
        format!("[{},{})", bound(row.start), bound(row.end))
    }

    /// Rows for `VALUES`.
    fn values(&mut self, rows: &[Row]) -> String {
        let row = |row| format!("({})", self.texts(row).into_iter().map(literal).collect::<Vec<_>>().join(", "));
        rows.iter().map(row).collect::<Vec<_>>().join(", ")
    }

    /// A command that puts rows into the table `source`.
    fn source(&mut self, rows: &[Row], gone: &[bool]) -> String {
        let values = |(row, gone): (&Row, &bool)| {
            let texts = self.texts(row).into_iter().map(literal);
            format!("({}, {gone})", texts.collect::<Vec<_>>().join(", "))
        };
        let values: Vec<String> = rows.iter().zip(gone).map(values).collect();
        format!("DELETE FROM source; INSERT INTO source ({}, gone) VALUES {}", self.columns(), values.join(", "))
    }

    fn set(&mut self, columns: &[Column], number: u32) -> String {
        let set = |column: &Column| format!("\"{}\" = {}", column.name, literal(column.text(number, &mut self.random)));
        columns.iter().map(set).collect::<Vec<_>>().join(", ")
    }

    fn is_over(&mut self, row: &Row) -> String {
        format!("{} AND period && '{}'", is(self.shape.key, row.key), self.range(row))
    }

    fn is_fact(&self, row: &Row) -> String {
        format!("{} AND {}", is(self.shape.key, row.key), is(self.shape.value, row.value))
    }

    /// A row as numbers.
    fn numbers(&self) -> String {
        let number = |columns| {
            let numbers = (0..4).map(|number| format!(" WHEN {} THEN {number}", is(columns, number)));
            format!("CASE{} END", numbers.collect::<String>())
        };
        let position = |bound: &str| self.shape.position.replace('#', bound);
        format!(
            "{}, {}, COALESCE({}, 0), COALESCE({}, {INSTANTS}), id",
            number(self.shape.key),
            number(self.shape.value),
            position("lower(period)"),
            position("upper(period)")
        )
    }
}

impl Column {
    /// One of the spellings; `None` for NULL.
    fn text(&self, number: u32, random: &mut Random) -> Option<String> {
        let spellings = self.spellings[number as usize];
        (!spellings.is_empty()).then(|| random.of(spellings).to_string())
    }
}

fn names(columns: &[Column]) -> Vec<&'static str> {
    columns.iter().map(|column| column.name).collect()
}

/// The columns hold the key or value of this number.
fn is(columns: &[Column], number: u32) -> String {
    let is = |column: &Column| {
        let text = column.spellings[number as usize].first().map(|text| text.to_string());
        format!(" AND \"{}\" IS NOT DISTINCT FROM {}", column.name, literal(text))
    };
    format!("true{}", columns.iter().map(is).collect::<String>())
}

fn inserted(rows: &[Row]) -> Vec<Change> {
    rows.iter().map(|row| (None, Some(*row))).collect()
}

/// As SQL has it.
fn literal(text: Option<String>) -> String {
    text.map_or("NULL".to_string(), |text| format!("'{}'", text.replace('\'', "''")))
}

/// As COPY has it.
fn copied(text: Option<String>) -> String {
    text.map_or("\\N".to_string(), |text| text.replace('\\', "\\\\"))
}

/// As JSON has it.
fn json(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
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
