//! Tables that a command has dropped, and that triggers of other tables name.
//!
//! As with foreign keys: a table that others refer to is dropped only with CASCADE, and then their guarantees end. A table that
//! refers to another can be dropped, and the other keeps nothing of it.

use std::collections::{BTreeMap, BTreeSet};

use super::definitions::Definitions;
use super::refusal;
use super::running::Running;
use crate::pg::command::{self, Command};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::{Result, notice};
use crate::pg::spi::Session;
use crate::table::feature::{self, Kind};

/// The tables whose guarantees have ended with another table, each with the place of the feature.
pub type Cleared = BTreeSet<(usize, u32)>;

/// Refuses a command that has dropped a table to which another refers, or ends what the other table had for it. Whoever has
/// let others refer to the table has agreed to that, so roles do not count.
pub fn tables(
    session: &Session,
    command: &Command,
    running: &Running,
    before: &Definitions,
    after: &Definitions,
) -> Result<Cleared> {
    let mut bereft = BTreeMap::new();
    for (key, was) in before.but_not(after).filter(|(key, _)| key.kind == Kind::Trigger && exists(key.table())) {
        if key.ddl().lost.is_some() && u32::from(was.owner) != 0 && !exists(was.owner) {
            bereft.entry((key.feature_place(), u32::from(key.table()))).or_insert((key, was));
        }
    }
    for (&(place, table), (key, was)) in &bereft {
        let Some(rules) = feature::all()[place].ddl.lost else { continue };
        let (table, other) = (Oid::from(table), running.name_of_dropped(was.owner));
        let relation = Relation::open(table, Lock::AccessShare)?;
        for (guarantee, _) in (rules.find)(&relation)?.into_iter().filter(|(_, depends)| *depends) {
            if !command.cascades() {
                return Err(refusal::of_lost(key, &guarantee, &relation, &other));
            }
            notice(format!("drop cascades to {} \"{guarantee}\" of table \"{}\"", key.feature().name, relation.name()));
        }
        drop(relation);
        let _own = command::own_commands();
        (rules.clear)(session, table)?;
    }
    Ok(bereft.into_keys().collect())
}
