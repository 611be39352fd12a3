//! The random statements, each with what it does to the rows.

use std::io::Write;

use postgres::error::SqlState;

use super::sql::{copied, is, json, literal, names};
use super::{Column, Shape, Table, read};
use crate::oracle::{Change, Row, cleared, packed};
use crate::support::random::Random;
use crate::support::{Session, explain};

impl Table<'_> {
    /// A new table `t`, and one for the rows of statements that read theirs from a table.
    pub fn new<'a>(session: &'a mut Session, shape: &'a Shape, seed: u64) -> Table<'a> {
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
    pub fn step(&mut self) {
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
        match self.random.below(17) {
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
            15 => self.update_part(),
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

    /// In a part of a timeline, all facts get this one's value.
    fn update_part(&mut self) {
        let fact = self.any_row();
        if self.shape.value.is_empty() {
            return;
        }
        let mut rows = cleared(&self.rows, &fact);
        let found = self.rows.iter().filter(|row| row.key == fact.key && row.overlaps(&fact));
        rows.extend(found.map(|row| Row { start: row.start.max(fact.start), end: row.end.min(fact.end), ..fact }));
        self.set_or_clear("update_period", [self.shape.key, self.shape.value].map(names).concat(), &fact, rows);
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
}

fn inserted(rows: &[Row]) -> Vec<Change> {
    rows.iter().map(|row| (None, Some(*row))).collect()
}
