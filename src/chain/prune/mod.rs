//! Pruning: events leave a chained table for good, and what remains stays verifiable.
//!
//! A partition that is detached (`detach`), and the oldest events that `prune()` deletes (`delete`), leave a row in
//! `veritable.prunings` for each run of an entity's events (`gather`, `runs`, `record`). Sealing goes on from there, and verification takes a
//! run as one edge (`prunings`). What was detached has a guard of its own (`guard`), and takes its runs back when it is attached
//! unchanged (`attach`).

mod asked;
pub mod attach;
pub mod delete;
pub mod detach;
mod function;
mod gather;
mod guard;
pub mod prunings;
mod record;
pub mod rekey;
mod runs;

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::triggers::root_of;
use crate::pg::contents::has_rows;
use crate::pg::extension;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// The chained table that this table is, or is a partition of.
fn root(table: Oid) -> Result<Option<Relation>> {
    let table = Relation::open(table, Lock::AccessShare)?;
    if !FEATURE.is_on(&table)? {
        return Ok(None);
    }
    let root = root_of(&table)?;
    Ok(Some(root.unwrap_or(table)))
}

/// Refuses a table of the extension: what it holds is evidence about other tables.
fn refuse_own(table: &Relation) -> Result<()> {
    if !extension::has_relation(c"veritable", table.oid()) {
        return Ok(());
    }
    Err(Error::new(Class::Unsupported, format!("table \"{}\" of extension veritable cannot be pruned", table.name())))
}

/// Whether the chain of a table has or had events: some are there, or were pruned.
pub fn has_events(table: Oid, arguments: &Arguments) -> Result<bool> {
    Ok(has_rows(table)? || prunings::has_any_now(table, &arguments.genesis()?)?)
}

/// Takes back what was pruned from a chain that begins anew under the same configuration.
pub fn begin_anew(session: &Session, table: &Relation, arguments: &Arguments) -> Result<()> {
    let genesis = arguments.genesis()?;
    if !prunings::has_any_now(table.oid(), &genesis)? {
        return Ok(());
    }
    let mut record = record::Record::begin(table, arguments, "drop", None)?;
    let runs = record.take_back_all(session)?;
    if runs == 0 {
        return Ok(());
    }
    record.end(session, runs::Amount { runs, ..runs::Amount::default() })
}
