//! Partitions that a command has added or removed: no rows leave a guarantee, and new partitions are guarded.

use super::definitions::{Definitions, Key};
use super::refusal;
use super::running::Running;
use super::touched::Touched;
use crate::pg::command;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::pg::role;
use crate::pg::spi::Session;
use crate::table::feature;
use crate::table::feature::{Departure, Kind, Listed, Partitions};

/// Refuses the removal of partitions with rows under a guarantee, or records it.
pub fn removed(
    session: &Session,
    before: &Definitions,
    after: &Definitions,
    running: &Running,
    touched: &Touched,
) -> Result<()> {
    let mut departed = Vec::new();
    let gone: Vec<_> = before.but_not(after).filter(|(key, _)| key.kind == Kind::Partition).collect();
    for (key, definition) in &gone {
        // If the parent is gone, so is the rest of the chain there. If the parent is itself a partition, it is judged on its own.
        let (partition, parent) = (key.table(), key.parent());
        let Some(rules) = key.ddl().partitions else { continue };
        if !exists(parent) || gone.iter().any(|(other, _)| other.table() == parent) {
            continue;
        }
        if exists(partition) {
            let is_it = |departure: &&Departure| departure.partition == partition && departure.table == parent;
            let below =
                running.departure.as_ref().filter(is_it).map_or(Vec::new(), |departure| departure.below.clone());
            let departure = Departure { partition, table: parent, below };
            match rules.detached {
                Some(record) => departed.push((record, departure)),
                None => (rules.refuse_to_detach)(&departure)?,
            }
        } else if running.empty.contains(&partition) {
            // Nothing leaves with it.
        } else if touched.is_addressed(partition) || role::has_privileges_of(definition.owner, role::caller()) {
            return Err(refusal::of_partition(key, rules, definition));
        } else {
            refusal::let_pass("drop", key, definition, touched);
        }
    }
    let _own = command::own_commands();
    each(gone.iter().map(|(key, _)| *key), |rules, tables| (rules.unguard)(session, tables))?;
    departed.iter().try_for_each(|(record, departure)| record(session, departure))
}

/// Checks new partitions, and returns those whose rows need no verification.
pub fn check<'d>(session: &Session, before: &'d Definitions, after: &'d Definitions) -> Result<Vec<&'d Key>> {
    let mut known = Vec::new();
    for (key, _) in new(before, after) {
        if let Some(take_in) = key.ddl().partitions.and_then(|rules| rules.attached)
            && take_in(session, key.table(), key.parent())?
        {
            known.push(key);
        }
        let partition = Relation::open(key.table(), Lock::AccessShare)?;
        key.feature().check(&partition)?;
        (key.ddl().check)(&partition)?;
    }
    Ok(known)
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
