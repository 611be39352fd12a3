//! Partitions that a command has added or removed: no rows leave a guarantee, and new partitions are guarded.

use super::definitions::{Definitions, Key};
use super::refusal;
use super::touched::Touched;
use crate::pg::command;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::pg::role;
use crate::pg::spi::Session;
use crate::table::feature;
use crate::table::feature::{Kind, Listed, Partitions};

/// Refuses the removal of partitions with rows under a guarantee.
pub fn removed(session: &Session, before: &Definitions, after: &Definitions, touched: &Touched) -> Result<()> {
    let gone: Vec<_> = before.but_not(after).filter(|(key, _)| key.kind == Kind::Partition).collect();
    for (key, definition) in &gone {
        // If the parent is gone, so is the rest of the chain there. If the parent is itself a partition, it is judged on its own.
        let (partition, parent) = (key.table(), key.parent());
        let Some(rules) = key.ddl().partitions else { continue };
        if !exists(parent) || gone.iter().any(|(other, _)| other.table() == parent) {
            continue;
        }
        if exists(partition) {
            (rules.refuse_to_detach)(partition, parent)?;
        } else if touched.is_addressed(partition) || role::has_privileges_of(definition.owner, role::caller()) {
            return Err(refusal::of_partition(key, rules, definition));
        } else {
            refusal::let_pass("drop", key, definition, touched);
        }
    }
    let _own = command::own_commands();
    each(gone.iter().map(|(key, _)| *key), |rules, tables| (rules.unguard)(session, tables))
}

/// Checks new partitions.
pub fn check(before: &Definitions, after: &Definitions) -> Result<()> {
    new(before, after).try_for_each(|(key, _)| {
        let partition = Relation::open(key.table(), Lock::AccessShare)?;
        key.feature().check(&partition)?;
        (key.ddl().check)(&partition)
    })
}

/// Adds to new partitions the triggers that PostgreSQL does not clone.
pub fn guard(session: &Session, before: &Definitions, after: &Definitions) -> Result<()> {
    let new: Vec<_> = new(before, after).map(|(key, _)| key).collect();
    let _own = command::own_commands();
    each(new.into_iter(), |rules, tables| (rules.guard)(session, tables))
}

/// The partitions that have come to a table with the feature. They are not new if the command has created the triggers of the
/// table: a restored dump does so after the partitions, and creates the other triggers of the partitions last.
pub fn new<'d>(
    before: &'d Definitions,
    after: &'d Definitions,
) -> impl Iterator<Item = (&'d Key, &'d super::definitions::Definition)> {
    let has_new_triggers = move |feature| {
        let mut new = after.but_not(before);
        new.any(|(key, _)| key.kind == Kind::Trigger && key.feature_place() == feature)
    };
    let is_new =
        move |key: &Key| key.kind == Kind::Partition && exists(key.table()) && !has_new_triggers(key.feature_place());
    after.but_not(before).filter(move |(key, _)| is_new(key))
}

/// Calls `act` with the rules of each feature that has some, and the existing tables of its keys.
fn each<'k>(
    keys: impl Iterator<Item = &'k Key> + Clone,
    act: impl Fn(&Partitions, &[Oid]) -> Result<()>,
) -> Result<()> {
    for (place, Listed { ddl, .. }) in feature::all().iter().enumerate() {
        let theirs = keys.clone().filter(|key| key.feature_place() == place && exists(key.table()));
        if let Some(rules) = ddl.partitions {
            act(rules, &theirs.map(Key::table).collect::<Vec<_>>())?;
        }
    }
    Ok(())
}
