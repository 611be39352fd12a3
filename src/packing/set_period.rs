//! `set_period()`, `update_period()` and `clear_period()`. The caller puts a fact over a part of a key's timeline, changes
//! columns of the facts there (SQL:2011's `FOR PORTION OF`), or clears the part.
//!
//! They act with the caller's rights, under the key's lock. The triggers pack after each step.

use super::copies::{RANDOM, RowName};
use super::layout::{Compared, Layout};
use super::portion::{Change, Portion};
use super::triggers::Packing;
use crate::pg::composite::Composite;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Fetched, Parameter, Session};
use crate::pg::trigger::Event;
use crate::table::together;

sql_function! {
    /// `set_period(anyelement, jsonb) → set of anyelement`
    veritable_set_period = set_period
}
sql_function! {
    /// `update_period(anyelement, jsonb) → set of anyelement`
    veritable_update_period = update_period
}
sql_function! {
    /// `clear_period(anyelement, jsonb) → set of anyelement`
    veritable_clear_period = clear_period
}

/// What becomes of a part of a timeline.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Action {
    Set,
    Update,
    Clear,
}

fn set_period(call: &Call) -> Result<Answer> {
    together::run(|| change(call, Action::Set))
}

fn update_period(call: &Call) -> Result<Answer> {
    together::run(|| change(call, Action::Update))
}

fn clear_period(call: &Call) -> Result<Answer> {
    together::run(|| change(call, Action::Clear))
}

fn change(call: &Call, action: Action) -> Result<Answer> {
    let target = call.table_of_argument(0).ok_or_else(|| {
        Error::new(Class::WrongObject, "argument \"target\" is not a row of a table")
            .hint("Name the table by the type of a null row: NULL::tariffs.")
    })?;
    let mut rows = call.rows();
    let fact = call.jsonb(1).ok_or_else(|| Error::null_argument("fact"))?;
    let relation = Relation::open(target, Lock::RowExclusive)?;
    let packing = Packing::required(&relation)?;
    relation.require_plain("packed")?;
    let layout = Layout::of(&relation, &packing.arguments)?;
    // This check precedes all locks. The statements themselves check the other privileges.
    relation.require_delete()?;
    spi::connect(|session| {
        let request = Request { session, relation: &relation, layout: &layout, action };
        let named = request.columns_of(&fact)?;
        let populated = session.query(
            &format!("SELECT pg_catalog.jsonb_populate_record(NULL::{}, $1)", layout.table),
            std::slice::from_ref(&fact),
        )?;
        let Some(fact) = populated.rows().next().and_then(|row| row.composite(0)) else { return Ok(()) };
        let is_given = |value: &&Compared| named.contains(&value.column.name);
        let given: Vec<_> = layout.value.iter().filter(is_given).collect();
        let others = request.others(&named);
        let (spares, change) = match action {
            // If a value column is left to its default, the rows with that value are not yet known.
            Action::Set => (given.len() == layout.value.len(), Change::Cut { given: &[] }),
            Action::Update => (given.len() == others.len(), Change::Update { columns: &others }),
            Action::Clear => (false, Change::Cut { given: &others }),
        };
        let portion = Portion { session, relation: &relation, layout: &layout, compared: given, spares };
        portion.change(&fact, &change)?;
        if action == Action::Set {
            request.insert(&portion, &fact, &named)?;
        }
        for row in portion.neighbours(&fact)?.rows() {
            if let Some(row) = row.composite(0) {
                rows.put_row(&row.row(&layout.descriptor));
            }
        }
        Ok(())
    })?;
    Ok(Answer::NULL)
}

/// A call of one of the functions.
struct Request<'s> {
    session: &'s Session,
    relation: &'s Relation,
    layout: &'s Layout,
    action: Action,
}

impl Request<'_> {
    /// The columns that the fact names: columns of the table, with the key and the period among them.
    fn columns_of(&self, fact: &Parameter) -> Result<Vec<String>> {
        let refused = |message: String| Err(Error::new(Class::Argument, message));
        let kind = self.session.query("SELECT pg_catalog.jsonb_typeof($1)", std::slice::from_ref(fact))?;
        if kind.rows().next().and_then(|row| row.get::<String>(0)).as_deref() != Some("object") {
            return refused("argument \"fact\" must be a JSON object".to_string());
        }
        let names = self.session.query("SELECT pg_catalog.jsonb_object_keys($1)", std::slice::from_ref(fact))?;
        let name = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("the names of a fact"));
        let names = names.rows().map(name).collect::<Result<Vec<String>>>()?;
        if let Some(missing) = self.needed().find(|name| !names.contains(name)) {
            return refused(format!("argument \"fact\" has no \"{missing}\""));
        }
        let columns = self.relation.columns();
        let row_name = RowName::of(self.relation, self.layout);
        for name in &names {
            if columns.iter().all(|column| column.name != *name) {
                return Err(Error::new(
                    Class::UndefinedColumn,
                    format!("column \"{name}\" of relation \"{}\" does not exist", self.relation.name()),
                ));
            }
            let is_other = self.needed().all(|needed| needed != name);
            if self.action == Action::Clear && is_other && !row_name.contains(name) {
                return Err(Error::new(
                    Class::Argument,
                    format!("column \"{name}\" is neither in the key nor the period"),
                )
                .hint("Give the key and the period alone."));
            }
            if self.action == Action::Update && row_name.contains(name) {
                return Err(Error::new(Class::Argument, format!("column \"{name}\" is in the primary key"))
                    .hint("Give the key, the period, and the columns to change."));
            }
        }
        if self.action == Action::Update && self.others(&names).is_empty() {
            return Err(Error::new(Class::Argument, "argument \"fact\" has no column to change")
                .hint("Give the key, the period, and the columns to change."));
        }
        Ok(names)
    }

    /// The columns of the key and the period.
    fn needed(&self) -> impl Iterator<Item = &String> {
        self.layout.key.iter().map(|key| &key.column.name).chain([&self.layout.period.name])
    }

    /// The named columns that are neither in the key nor the period, and that the table does not generate.
    fn others(&self, named: &[String]) -> Vec<String> {
        let generated: Vec<_> = self.relation.columns().into_iter().filter(|column| column.generated).collect();
        let is_other = |name: &&String| {
            self.needed().all(|needed| needed != *name) && generated.iter().all(|column| column.name != **name)
        };
        named.iter().filter(is_other).cloned().collect()
    }

    fn insert(&self, portion: &Portion, fact: &Composite, named: &[String]) -> Result<()> {
        // The key may contain a generated column, which the fact names to choose the timeline; the table generates its value.
        let generated: Vec<_> = self.relation.columns().into_iter().filter(|column| column.generated).collect();
        let is_given = |name: &&String| generated.iter().all(|column| column.name != **name);
        let mut list: Vec<_> = named.iter().filter(is_given).map(quote::identifier).collect();
        let mut values: Vec<_> = list.iter().map(|name| format!("($1).{name}")).collect();
        let row_name = RowName::of(self.relation, self.layout);
        if let Some(column) = row_name.of_fact(named)? {
            list.push(quote::identifier(&column.name));
            values.push(RANDOM.to_string());
        }
        let count = self.session.run(
            &format!("INSERT INTO {} ({}) SELECT {}", self.layout.table, list.join(", "), values.join(", ")),
            &[fact.parameter()],
        )?;
        if count == 1 { Ok(()) } else { Err(portion.prevented(&[Event::Insert])) }
    }
}
