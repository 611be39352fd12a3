//! Random statements, judged by a naive model, and on PostgreSQL 18 by its own foreign keys with PERIOD: all three agree.

use std::collections::BTreeMap;

use crate::support::random::Random;
use crate::support::{Database, Session};

/// The days of a period, and the numbers of keys and rows.
const DAYS: i32 = 12;
const KEYS: u32 = 3;
const IDS: u32 = 24;

/// A row: its key, and its period, which is empty if it ends where it starts.
type Row = (Option<u32>, Option<(i32, i32)>);

/// The rows of the table that is referred to, and of the table that refers, by their ids.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    parent: BTreeMap<u32, Row>,
    child: BTreeMap<u32, Row>,
}

impl Model {
    /// Whether every row that refers to something is covered, day by day.
    fn holds(&self) -> bool {
        self.child.values().all(|(key, period)| {
            let (Some(key), Some((start, end))) = (key, period) else { return true };
            let is_covered = |day: i32| {
                self.parent.values().any(|(other, period)| {
                    *other == Some(*key) && period.is_some_and(|(from, to)| from <= day && day < to)
                })
            };
            start < end && (*start..*end).all(is_covered)
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Insert,
    Update,
    Delete,
}

/// A statement on one of the tables: rows by their ids.
#[derive(Clone, Debug)]
struct Statement {
    is_parent: bool,
    kind: Kind,
    rows: Vec<(u32, Row)>,
}

/// A period; those of the table that is referred to are longer.
fn period(random: &mut Random, is_parent: bool) -> (i32, i32) {
    let start = random.below(DAYS as u32) as i32;
    (start, start + 1 + random.below(if is_parent { 8 } else { 3 }) as i32)
}

impl Statement {
    fn random(random: &mut Random, model: &Model) -> Statement {
        let is_parent = random.below(2) == 0;
        let rows = if is_parent { &model.parent } else { &model.child };
        let kind = *random.of(&[Kind::Insert, Kind::Insert, Kind::Update, Kind::Update, Kind::Delete]);
        let row = |random: &mut Random| -> Row {
            let key = Some(random.below(KEYS)).filter(|_| is_parent || random.below(12) > 0);
            let period = match random.below(40) {
                0 if !is_parent => None,
                1 if !is_parent => Some((3, 3)),
                _ => Some(period(random, is_parent)),
            };
            (key, period)
        };
        let mut chosen = BTreeMap::new();
        // More rows than those that are looked up one by one.
        let most = if random.below(5) == 0 { IDS * 2 } else { 3 };
        for _ in 0..1 + random.below(most) {
            let id = random.below(IDS);
            let fits = match kind {
                Kind::Insert => !rows.contains_key(&id),
                _ => rows.contains_key(&id),
            };
            if fits {
                chosen.insert(id, row(random));
            }
        }
        Statement { is_parent, kind, rows: chosen.into_iter().collect() }
    }

    fn apply(&self, model: &mut Model) {
        let rows = if self.is_parent { &mut model.parent } else { &mut model.child };
        for (id, row) in &self.rows {
            match self.kind {
                Kind::Delete => drop(rows.remove(id)),
                _ => drop(rows.insert(*id, *row)),
            }
        }
    }

    /// The statement, on the tables whose names end so.
    fn sql(&self, ending: &str) -> String {
        let table = if self.is_parent { "parent" } else { "child" };
        let values = self.rows.iter().map(|(id, (key, period))| {
            let key = key.map_or("NULL".to_string(), |key| key.to_string());
            let period = period.map_or("NULL".to_string(), |(start, end)| {
                if start == end { "'empty'".to_string() } else { format!("'[{start},{end})'") }
            });
            format!("({id}, {key}::int, {period}::int4range)")
        });
        let values = values.collect::<Vec<_>>().join(", ");
        match self.kind {
            Kind::Insert => format!("INSERT INTO {table}{ending} (id, place, during) VALUES {values}"),
            Kind::Update => format!(
                "UPDATE {table}{ending} AS t SET place = v.place, during = v.during
                 FROM (VALUES {values}) AS v (id, place, during) WHERE t.id = v.id"
            ),
            Kind::Delete => {
                format!("DELETE FROM {table}{ending} WHERE id IN (SELECT v.id FROM (VALUES {values}) AS v (id, k, p))")
            }
        }
    }
}

/// The SQLSTATE of what statements are refused with; empty if they are not.
fn refusal(session: &mut Session, sql: &str) -> String {
    match session.batch_execute(sql) {
        Ok(()) => String::new(),
        Err(error) => {
            let code = error.code().map(|code| code.code().to_string());
            session.run("ROLLBACK");
            code.unwrap_or_else(|| panic!("{sql}\n{error}"))
        }
    }
}

/// Runs random transactions of up to `most` statements. Without `deferred`, each statement is judged for itself.
fn run(seed: u64, transactions: usize, most: u32, deferred: bool) {
    let database = Database::new();
    let mut session = database.superuser();
    let has_period_keys = session.value("SHOW server_version_num").parse::<u32>().expect("a number") >= 180_000;
    let deferral = if deferred { ", initially_deferred => true" } else { "" };
    session.run(&format!(
        "CREATE TABLE parent (id int, place int NOT NULL, during int4range NOT NULL);
         CREATE INDEX ON parent USING gist (place, during);
         CREATE TABLE child (id int PRIMARY KEY, place int, during int4range);
         SELECT add_reference('child', '{{place}}', 'during', 'parent'{deferral})"
    ));
    if has_period_keys {
        let deferral = if deferred { "DEFERRABLE INITIALLY DEFERRED" } else { "" };
        session.run(&format!(
            "CREATE TABLE parent_key (id int, place int, during int4range, PRIMARY KEY (place, during WITHOUT OVERLAPS));
             CREATE TABLE child_key (id int PRIMARY KEY, place int, during int4range,
                 FOREIGN KEY (place, PERIOD during) REFERENCES parent_key (place, PERIOD during) {deferral})"
        ));
    }
    let mut random = Random(seed);
    let mut model = Model::default();
    let (mut stood, mut refused) = (0, 0);
    for _ in 0..transactions {
        let mut next = model.clone();
        let mut statements = Vec::new();
        let mut holds = true;
        for _ in 0..1 + random.below(most) {
            let statement = Statement::random(&mut random, &next);
            if statement.rows.is_empty() {
                continue;
            }
            statement.apply(&mut next);
            holds &= deferred || next.holds();
            statements.push(statement);
        }
        holds &= next.holds();
        let sql = |ending: &str| {
            let all: Vec<_> = statements.iter().map(|statement| statement.sql(ending)).collect();
            format!("BEGIN; {}; COMMIT", all.join("; "))
        };
        let expected = if holds { "" } else { "23503" };
        // A key WITHOUT OVERLAPS refuses more than the reference, and not where the end of a transaction is judged.
        if has_period_keys {
            let by_key = refusal(&mut session, &sql("_key"));
            if by_key == "23P01" {
                continue;
            }
            assert_eq!(by_key, expected, "seed {seed}: PostgreSQL and the model\n{}\n{model:?}", sql("_key"));
        }
        assert_eq!(refusal(&mut session, &sql("")), expected, "seed {seed}\n{}\n{model:?}", sql(""));
        if holds {
            (model, stood) = (next, stood + 1);
        } else {
            refused += 1;
        }
    }
    assert!(stood > transactions / 10 && refused > transactions / 10, "{stood} stood, {refused} refused");
    assert_eq!(session.rows("SELECT * FROM verify_references()"), [""; 0]);
    let rows = |table: &str| format!("SELECT id, place, during FROM {table} ORDER BY id");
    assert_eq!(session.rows(&rows("child")).len(), model.child.len());
    assert_eq!(session.rows(&rows("parent")).len(), model.parent.len());
}

#[test]
fn each_statement_is_judged_as_the_model_and_postgresql_judge_it() {
    (1..=4).for_each(|seed| run(seed, 400, 1, false));
}

#[test]
fn the_statements_of_a_transaction_are_judged_one_by_one() {
    (11..=12).for_each(|seed| run(seed, 300, 3, false));
}

#[test]
fn a_deferred_reference_is_judged_at_the_end_of_the_transaction() {
    (21..=23).for_each(|seed| run(seed, 300, 4, true));
}

/// Verification finds exactly the rows that the model finds, for what came in while triggers were off.
#[test]
fn verification_finds_exactly_what_is_not_covered() {
    let database = Database::new();
    let mut session = database.superuser();
    session.run(
        "CREATE TABLE parent (id int, place int, during int4range);
         CREATE TABLE child (id int, place int, during int4range);
         SELECT add_reference('child', '{place}', 'during', 'parent');
         SET session_replication_role = replica",
    );
    for seed in 31..=60 {
        let mut random = Random(seed);
        let mut model = Model::default();
        session.run("TRUNCATE parent, child");
        for _ in 0..12 {
            let statement = Statement::random(&mut random, &model);
            if !statement.rows.is_empty() {
                session.run(&statement.sql(""));
                statement.apply(&mut model);
            }
        }
        let orphans = model.child.values().filter(|row| {
            let alone = BTreeMap::from([(0, **row)]);
            !Model { parent: model.parent.clone(), child: alone }.holds()
        });
        let text = |(key, period): &Row| match (key, period) {
            (Some(key), Some((start, end))) if start < end => format!("{{{key}}}|[{start},{end})"),
            (Some(key), _) => format!("{{{key}}}|empty"),
            _ => unreachable!("refers to nothing"),
        };
        let mut orphans: Vec<_> = orphans.map(text).collect();
        orphans.sort();
        orphans.dedup();
        let mut found = session.rows("SELECT key, period FROM verify_references('child') WHERE fault = 'orphaned'");
        found.sort();
        assert_eq!(found, orphans, "seed {seed}\n{model:?}");
    }
}
