//! A random program: which role gives which command next, over what there is.

use crate::grammar::Grammar;
use crate::model::{Column, Model, Table};
use crate::support::random::Random;
use crate::values;

/// A statement of a program.
#[derive(Clone, Debug)]
pub struct Statement {
    pub role: &'static str,
    pub sql: String,
    /// The tables that it names first.
    pub table: Option<String>,
    /// An INSERT that leaves to the triggers what is theirs, and keeps to what PostgreSQL demands of a row.
    pub is_plain_insert: bool,
}

impl Statement {
    /// Whether it is more than the beginning and the end of transactions.
    pub fn is_command(&self) -> bool {
        !matches!(self.sql.as_str(), "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT s" | "RELEASE s" | "ROLLBACK TO s")
    }
}

/// Where a session is in its transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    pub is_open: bool,
    pub has_failed: bool,
    pub savepoints: u32,
}

impl Place {
    /// Where the session is after a statement.
    pub fn after(mut self, sql: &str, succeeded: bool) -> Place {
        if !succeeded {
            self.has_failed = self.is_open;
            // A COMMIT that fails ends the transaction, too.
            return if sql == "COMMIT" { Place::default() } else { self };
        }
        match sql {
            "BEGIN" => Place { is_open: true, ..Place::default() },
            "COMMIT" | "ROLLBACK" => Place::default(),
            "SAVEPOINT s" => Place { savepoints: self.savepoints + 1, ..self },
            "RELEASE s" => Place { savepoints: self.savepoints - 1, ..self },
            "ROLLBACK TO s" => Place { has_failed: false, ..self },
            _ => self,
        }
    }
}

/// What makes a program up.
pub struct Program<'grammar> {
    random: Random,
    grammar: &'grammar Grammar,
    role: &'static str,
    count: u32,
}

impl<'grammar> Program<'grammar> {
    /// The program of a seed.
    pub fn new(seed: u64, grammar: &'grammar Grammar) -> Program<'grammar> {
        Program { random: Random(seed), grammar, role: "alice", count: 0 }
    }

    /// The next statement.
    pub fn next(&mut self, model: &Model, place: Place) -> Statement {
        let control = |role, sql: &str| Statement { role, sql: sql.to_string(), table: None, is_plain_insert: false };
        if !place.is_open {
            self.role = *self.random.of::<&str>(&[
                "alice", "alice", "alice", "alice", "alice", "postgres", "postgres", "postgres", "mallory",
            ]);
            if self.random.below(8) == 0 {
                return control(self.role, "BEGIN");
            }
            return self.expand("<outside>", model);
        }
        let chance = self.random.below(100);
        if place.has_failed {
            let sql = if place.savepoints > 0 && chance < 90 { "ROLLBACK TO s" } else { "ROLLBACK" };
            return control(self.role, sql);
        }
        match chance {
            0..12 => control(self.role, "COMMIT"),
            12..14 => control(self.role, "ROLLBACK"),
            14..17 if place.savepoints > 0 => control(self.role, "ROLLBACK TO s"),
            17..19 if place.savepoints > 0 => control(self.role, "RELEASE s"),
            19..50 if place.savepoints < 20 => control(self.role, "SAVEPOINT s"),
            _ => self.expand("<statement>", model),
        }
    }

    fn expand(&mut self, start: &str, model: &Model) -> Statement {
        let grammar = self.grammar;
        // A plain role that owns nothing mostly writes rows.
        let start = if self.role == "mallory" && self.random.below(4) > 0 { "<rows>" } else { start };
        let mut names = Names {
            model,
            count: &mut self.count,
            table: None,
            column: None,
            kind: String::new(),
            is_plain_insert: false,
            first: None,
        };
        let sql = grammar.expand(start, &mut self.random, &mut |name, random| names.find(name, random));
        let (table, is_plain_insert) =
            (names.first, names.is_plain_insert && sql.starts_with("INSERT") && !sql.contains(" ON CONFLICT"));
        Statement { role: self.role, sql, table, is_plain_insert }
    }
}

/// What the names of the grammar stand for, within one statement.
struct Names<'model> {
    model: &'model Model,
    count: &'model mut u32,
    table: Option<&'model Table>,
    column: Option<&'model Column>,
    kind: String,
    is_plain_insert: bool,
    first: Option<String>,
}

impl<'model> Names<'model> {
    fn choose(&mut self, random: &mut Random, fits: impl Fn(&Table) -> bool) -> String {
        let fitting: Vec<_> = self.model.tables.iter().filter(|table| fits(table)).collect();
        let Some(table) = (!fitting.is_empty()).then(|| *random.of(&fitting)) else { return "nothing".to_string() };
        self.table = Some(table);
        self.first.get_or_insert_with(|| table.name.clone());
        table.name.clone()
    }

    fn any_table(&mut self, random: &mut Random) -> String {
        // Mostly what is under a guarantee.
        let guarded = random.below(8) > 0;
        self.choose(random, |table| {
            matches!(table.kind.as_str(), "r" | "p")
                && (!guarded || !table.guarantees.is_empty() && table.parent.is_none())
        })
    }

    fn choose_column(&mut self, random: &mut Random, fits: impl Fn(&Column) -> bool) -> String {
        let columns: Vec<_> =
            self.table.iter().flat_map(|table| &table.columns).filter(|column| fits(column)).collect();
        self.column = (!columns.is_empty()).then(|| *random.of(&columns));
        self.column.map_or("nothing".to_string(), |column| column.name.clone())
    }

    fn column(&mut self, random: &mut Random) -> String {
        let any = random.below(7) == 0;
        self.choose_column(random, |column| any || !column.is_of_chain)
    }

    fn of_table(&self, names: impl Fn(&Table) -> &Vec<String>, random: &mut Random) -> String {
        let names = self.table.map(|table| names(table).as_slice()).unwrap_or_default();
        if names.is_empty() { "nothing".to_string() } else { random.of(names).clone() }
    }

    fn find(&mut self, name: &str, random: &mut Random) -> Option<String> {
        let model = self.model;
        let some = |names: &[String], random: &mut Random| {
            if names.is_empty() { "nothing".to_string() } else { random.of(names).clone() }
        };
        let second = |names: &[(String, String)], random: &mut Random| {
            if names.is_empty() { "nothing".to_string() } else { random.of(names).1.clone() }
        };
        Some(match name {
            "t" => self.any_table(random),
            "same" => self.table.map_or("nothing".to_string(), |table| table.name.clone()),
            "empty" => String::new(),
            "same_or" => self.any_table(random),
            "p" => self.choose(random, |table| table.kind == "p"),
            "leaf" => {
                let parent = self.table.map(|table| table.name.clone());
                let leaves: Vec<_> =
                    model.tables.iter().filter(|table| table.parent == parent && parent.is_some()).collect();
                if leaves.is_empty() { "nothing".to_string() } else { random.of(&leaves).name.clone() }
            }
            "any_leaf" => self.choose(random, |table| table.parent.is_some()),
            "made" => self.choose(random, |table| table.name.starts_with('n') && table.kind != "v"),
            "gone" => format!("n{}", random.below(*self.count + 1)),
            "dropped" => {
                let guarded = random.below(4) == 0;
                self.choose(random, |table| {
                    table.kind == "r" && table.guarantees.is_empty() != guarded && !table.name.starts_with("vacant")
                })
            }
            "chained" => self.choose(random, |table| table.guarantees.contains("chain")),
            "deduped" => self.choose(random, |table| table.guarantees.contains("dedup")),
            "recorded" => self.choose(random, |table| {
                table.guarantees.contains("chain") && table.columns.iter().any(|column| column.name == "at")
            }),
            "erasable" => self.choose(random, |table| {
                table.guarantees.contains("chain")
                    && table.columns.iter().any(|column| column.name.ends_with("_commitment"))
            }),
            "pruned" => self.choose(random, |table| table.triggers.iter().any(|name| name == "veritable_pruned")),
            "sequence" => some(&model.sequences, random),
            "packed" => self.choose(random, |table| table.guarantees.contains("packing")),
            "c" => self.column(random),
            "that" => self.column.map_or("nothing".to_string(), |column| column.name.clone()),
            "int_column" => self.choose_column(random, |column| column.kind == "integer" && !column.is_generated),
            "generated" => {
                let any = random.below(6) == 0;
                self.choose_column(random, |column| column.is_generated || any)
            }
            "entity" => self.choose_column(random, |column| column.is_needed),
            "seq" => "seq".to_string(),
            "cols" => {
                let first = self.column(random);
                if random.below(2) == 0 { first } else { format!("{first}, {}", self.column(random)) }
            }
            "cols_two" => format!("{}, {}", self.column(random), self.column(random)),
            "value" => self.column.map_or("NULL".to_string(), |column| or_null(&column.kind, random)),
            "retype" => {
                self.column.map_or("TYPE text".to_string(), |column| values::retype(&column.name, &column.kind, random))
            }
            "typed" => {
                self.kind = values::any(random);
                self.kind.clone()
            }
            "typed_value" => values::literal(&spelt(&self.kind), random),
            "column_name" => {
                (*random.of(&["extra", "more", "note", "seen", "flagged", "gen", "amount", "kept"])).to_string()
            }
            "new" => {
                *self.count += 1;
                format!("n{}", self.count)
            }
            "index" => {
                if self.table.is_none() {
                    self.any_table(random);
                }
                self.of_table(|table| &table.indexes, random)
            }
            "constraint" => self.of_table(|table| &table.constraints, random),
            "trigger" => {
                if self.table.is_none() {
                    let guarded = random.below(5) == 0;
                    self.choose(random, |table| {
                        table.triggers.iter().any(|name| name.starts_with("veritable") == guarded)
                    });
                }
                self.of_table(|table| &table.triggers, random)
            }
            "rule" => {
                if self.table.is_none() {
                    self.choose(random, |table| !table.rules.is_empty());
                }
                self.of_table(|table| &table.rules, random)
            }
            "policy" => {
                if self.table.is_none() {
                    self.choose(random, |table| !table.policies.is_empty());
                }
                self.of_table(|table| &table.policies, random)
            }
            "statistics" => some(&model.statistics, random),
            "label" => second(&model.labels, random),
            "attribute" => second(&model.attributes, random),
            "domain_constraint" => second(&model.domain_constraints, random),
            "insert" => {
                self.choose(random, |table| {
                    matches!(table.kind.as_str(), "r" | "p")
                        && !table.name.starts_with("vacant")
                        && !table.guarantees.is_empty()
                        && table.parent.is_none()
                });
                self.is_plain_insert = true;
                let columns = self.written(random);
                let rows = 1 + random.below(3);
                let rows: Vec<_> = (0..rows).map(|_| format!("({})", row(&columns, random))).collect();
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                format!("INSERT INTO {} ({}) VALUES {}", self.table?.name, names.join(", "), rows.join(", "))
            }
            "update" => {
                self.choose(random, |table| matches!(table.kind.as_str(), "r" | "p") && !table.guarantees.is_empty());
                let column = self.column(random);
                let value = self.column.map_or("NULL".to_string(), |column| or_null(&column.kind, random));
                format!("UPDATE {} SET {column} = {value}", self.table?.name)
            }
            "copy" => {
                self.choose(random, |table| {
                    table.kind == "r" && !table.name.starts_with("vacant") && table.guarantees == "chain"
                });
                let columns: Vec<_> =
                    self.written(random).into_iter().filter(|column| column.kind != "place").collect();
                let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
                let row = row(&columns, random).replace("NULL", "\"\"").replace('\'', "");
                format!("COPY {} ({}) FROM PROGRAM 'echo \"{row}\"' (FORMAT csv)", self.table?.name, names.join(", "))
            }
            "set_period" => {
                self.choose(random, |table| table.guarantees.contains("packing"));
                let columns = self.written(random);
                let pairs: Vec<_> = columns
                    .iter()
                    .map(|column| format!("'{}', {}", column.name, or_null(&column.kind, random)))
                    .collect();
                let name = ["clear_period", "update_period", "set_period", "set_period"][random.below(4) as usize];
                format!("{name}(NULL::{}, jsonb_build_object({}))", self.table?.name, pairs.join(", "))
            }
            _ => return None,
        })
    }

    /// What an INSERT writes: what must be there, and some of the rest.
    fn written(&self, random: &mut Random) -> Vec<&'model Column> {
        let columns = self.table.iter().flat_map(|table| &table.columns);
        columns
            .filter(|column| !column.is_generated && !column.is_of_chain && (column.is_needed || random.below(3) > 0))
            .collect()
    }
}

fn row(columns: &[&Column], random: &mut Random) -> String {
    let values: Vec<_> = columns
        .iter()
        .map(
            |column| {
                if column.is_needed { values::literal(&column.kind, random) } else { or_null(&column.kind, random) }
            },
        )
        .collect();
    values.join(", ")
}

fn or_null(kind: &str, random: &mut Random) -> String {
    if random.below(6) == 0 { "NULL".to_string() } else { values::literal(kind, random) }
}

/// The name that the catalogs have for a type of ours.
fn spelt(kind: &str) -> String {
    match kind {
        "int" => "integer".to_string(),
        "int[]" => "integer[]".to_string(),
        "float8" => "double precision".to_string(),
        "timestamptz" | "timestamptz(3)" => "timestamp with time zone".to_string(),
        "timestamp" => "timestamp without time zone".to_string(),
        other if other.starts_with("varchar") => "text".to_string(),
        other if other.starts_with("char") => "text".to_string(),
        other => other.to_string(),
    }
}
