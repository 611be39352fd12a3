//! The search for erased values: each must have its record in `veritable.erasures`.
//!
//! A value without its salt is found by one more reading of the table, which hashes nothing. The check of values against
//! their commitments belongs to the line of an event, and so to the passes over chains.

use super::super::arguments::Arguments;
use super::super::erasable::State;
use super::super::layout::Layout;
use super::records::{self, About, Record};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result};
use crate::pg::spi::{Parameter, Session};
use crate::table::scan;

/// The number of events whose records are looked up together.
const TOGETHER: usize = 1000;

/// An event of which values were erased.
struct Found {
    entity: Vec<Option<String>>,
    seq: Option<i64>,
    /// The hash of the event, in hexadecimal digits.
    event: String,
    columns: Vec<String>,
}

/// What is wrong with an erased value.
pub enum Wrong {
    /// There is no record of the erasure.
    Unrecorded,
    /// The value was not what was sealed when it was erased.
    Altered,
}

/// The condition for rows of which a value was erased, under `alias`; `None` without erasable columns.
pub fn condition(arguments: &Arguments, alias: &str) -> Option<String> {
    let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
    let erased = arguments.erasable.iter().map(|names| {
        format!(
            "{} IS NULL AND {} IS NOT NULL AND pg_catalog.num_nonnulls({}) = 0",
            column(&names.salt),
            column(&names.commitment),
            column(&names.value)
        )
    });
    let erased: Vec<_> = erased.collect();
    (!erased.is_empty()).then(|| format!("({})", erased.join(" OR ")))
}

/// Reads the rows of a chained table that `sql` selects, each as a whole, and returns the number of erased values with a record.
/// Reports each that has none, or whose record says more.
pub fn erased(
    session: &Session,
    target: Oid,
    layout: &Layout,
    sql: &str,
    parameters: &[Parameter],
    mut wrong: impl FnMut(&[Option<String>], Option<i64>, &str, Wrong),
) -> Result<u64> {
    let cursor = session.cursor(sql, parameters, true)?;
    let about = About::of(&Relation::open(target, Lock::AccessShare)?);
    let (mut recorded, mut found) = (0, Vec::new());
    let mut judge = |found: &mut Vec<Found>| -> Result<()> {
        let known = records::of(session, &about, found.iter().map(|event| event.event.clone()).collect())?;
        for event in found.drain(..) {
            let none = Record::default();
            let (erased, altered) = known.get(&event.event).unwrap_or(&none);
            for column in &event.columns {
                if !erased.contains(column) {
                    wrong(&event.entity, event.seq, column, Wrong::Unrecorded);
                    continue;
                }
                recorded += 1;
                if altered.contains(column) {
                    wrong(&event.entity, event.seq, column, Wrong::Altered);
                }
            }
        }
        Ok(())
    };
    scan::each(&cursor, |fetched| {
        let event = fetched.composite(0).ok_or_else(|| Error::damaged("the rows of a chain"))?;
        let row = event.row(&layout.descriptor);
        let mut columns = Vec::new();
        for column in &layout.erasable {
            // A value that is there is judged with its event.
            if row.is_null(column.value) && layout.state(&row, column)? == State::Erased {
                columns.push(column.name.clone());
            }
        }
        if !columns.is_empty() {
            let event = match layout.hash.stored(&row) {
                veritable_core::chain::Stored::Hash(hash) => hash.to_string(),
                _ => String::new(),
            };
            found.push(Found { entity: layout.entity_texts(&row), seq: row.integer(layout.seq), event, columns });
        }
        if found.len() >= TOGETHER { judge(&mut found) } else { Ok(()) }
    })?;
    if !found.is_empty() {
        judge(&mut found)?;
    }
    Ok(recorded)
}
