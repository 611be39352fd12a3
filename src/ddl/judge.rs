//! The judgement of a command by its effects on guarded tables.

use std::collections::BTreeSet;

use super::definitions::{Definition, Definitions, Key};
use super::touched::{Functions, Touched};
use super::{inheritance, refusal};
use crate::pg::command;
use crate::pg::relation::{Lock, Relation, exists, name_of};
use crate::pg::report::{Error, Result};
use crate::pg::role;
use crate::pg::spi::Session;
use crate::table::feature::{self, Kind, Listed, Partitions};

/// Refuses a command unless all previous definitions still exist unchanged.
pub fn what_was(before: &Definitions, after: &Definitions, touched: &Touched) -> Result<()> {
    let mut told = BTreeSet::new();
    for (key, definition) in before.iter() {
        let verb = match after.get(key) {
            Some(now) if now.text == definition.text => continue,
            Some(now) if now.name == definition.name => "change",
            Some(_) => "rename",
            None if after.has_renamed(key) => "rename",
            None if key.kind.may_go() || !exists(key.table()) => continue,
            None => "drop",
        };
        let is_dropped_with_others =
            key.kind == Kind::Type && verb == "drop" && !touched.may_refuse_of_type(key.parent(), key.table());
        if may_refuse(key, definition, touched) && !is_dropped_with_others {
            return Err(refusal::of_change(verb, key, definition));
        }
        if told.insert(u32::from(key.table())) {
            refusal::let_pass(verb, key, definition);
        }
    }
    Ok(())
}

/// Refuses new definitions that do not fit the previous ones.
pub fn what_is_new(
    session: &Session,
    functions: &Functions,
    before: &Definitions,
    after: &Definitions,
    touched: &Touched,
) -> Result<()> {
    let mut checked = BTreeSet::new();
    for (key, definition) in after.but_not(before) {
        let was_guarded = || before.guards(key);
        match key.kind {
            Kind::Trigger if checked.insert((key.feature().name, u32::from(key.table()))) => {
                check_by_hand(key)?;
                inheritance::refuse(session, functions, key.table())?;
            }
            Kind::LateTrigger => {
                if !may_refuse(key, definition, touched) {
                    refusal::let_pass("add", key, definition);
                    continue;
                }
                let (trigger, table) = (&definition.name, name_of(key.table()));
                return Err(key.feature().fires_too_late(trigger, &table));
            }
            Kind::Column | Kind::Type if definition.fixed && was_guarded() => {
                if !may_refuse(key, definition, touched) {
                    refusal::let_pass("add", key, definition);
                    continue;
                }
                return Err(refusal::of_addition(key, definition));
            }
            Kind::Column if was_guarded() && may_refuse(key, definition, touched) => {
                let table = Relation::open(key.table(), Lock::AccessShare)?;
                table.check_type_owners(table.columns().iter().filter(|column| key.is_column(column.place)))?;
            }
            Kind::OtherColumn if was_guarded() => refusal::tell_of_column(key, definition),
            _ => {}
        }
    }
    Ok(())
}

/// Checks a hand-made trigger of a feature. The trigger's function acts for the owner of the table, so only the owner
/// may create one: the privilege TRIGGER is for a role's own functions.
fn check_by_hand(key: &Key) -> Result<()> {
    let (feature, relation) = (key.feature(), Relation::open(key.table(), Lock::AccessShare)?);
    relation.require_ownership()?;
    feature.check_placement(&relation)?;
    relation.require_table()?;
    feature.check_exclusions(&relation)?;
    (key.ddl().check_by_hand)(&relation)
}

/// Judges partitions that were added or removed: they have triggers, and no rows leave a guarantee.
pub fn partitions(
    session: &Session,
    tag: &str,
    before: &Definitions,
    after: &Definitions,
    touched: &Touched,
) -> Result<()> {
    let of = |one: &Definitions, other: &Definitions| -> Vec<_> {
        let new = one.but_not(other).filter(|(key, _)| key.kind == Kind::Partition);
        new.map(|(key, definition)| (key.clone(), definition.owner)).collect()
    };
    let gone = of(before, after);
    for (key, owner) in &gone {
        // If the parent is gone, so is the rest of the chain there. If the parent is itself a partition, it is judged on its own.
        let (partition, parent) = (key.table(), key.parent());
        if !exists(parent) || gone.iter().any(|(other, _)| other.table() == parent) {
            continue;
        }
        if exists(partition) {
            (of_feature(key)?.refuse_to_detach)(partition, parent)?;
        } else if let Some(definition) = before.get(key) {
            if touched.is_addressed(partition) || role::has_privileges_of(*owner, role::caller()) {
                return Err(refusal::of_partition(key, of_feature(key)?, definition));
            }
            refusal::let_pass("drop", key, definition);
        }
    }
    let _own = command::own_commands();
    for Listed { feature, ddl } in feature::all() {
        let Some(partitions) = ddl.partitions else { continue };
        let tables = |keys: &[(Key, _)]| -> Vec<_> {
            let theirs = keys.iter().filter(|(key, _)| key.feature().name == feature.name);
            theirs.map(|(key, _)| key.table()).filter(|table| exists(*table)).collect()
        };
        // A restored dump creates the triggers of the table after its partitions, and the triggers of the partitions last.
        if tag != "CREATE TRIGGER" {
            let new = tables(&of(after, before));
            for partition in &new {
                (partitions.check)(&Relation::open(*partition, Lock::AccessShare)?)?;
            }
            (partitions.guard)(session, &new)?;
        }
        (partitions.unguard)(session, &tables(&gone))?;
    }
    Ok(())
}

/// The partition rules of the feature of a partition's key.
fn of_feature(key: &Key) -> Result<&'static Partitions> {
    key.ddl().partitions.ok_or_else(|| Error::damaged("the definitions of partitions"))
}

/// Refuses a command about a table whose configuration cannot be read, because what its guarantee depends on is unknown.
/// Only tables that the command names are opened: the command has locked these already, so nothing waits for a lock here.
pub fn configurations(touched: &Touched) -> Result<()> {
    for (place, Listed { feature, ddl }) in feature::all().iter().enumerate() {
        let tables = touched.tables_of(place);
        for table in tables.into_iter().filter(|table| exists(*table) && touched.is_addressed(*table)) {
            let relation = Relation::open(table, Lock::AccessShare)?;
            (ddl.check_configuration)(&relation).map_err(|error| refusal::unreadable(feature, &relation, &error))?;
        }
    }
    Ok(())
}

/// Whether a guarantee may refuse: for a type, the owners of table and type decide; otherwise the command's target decides.
fn may_refuse(key: &Key, definition: &Definition, touched: &Touched) -> bool {
    match key.kind {
        Kind::Type => touched.owner(key.table()).is_some_and(|owner| role::has_privileges_of(owner, definition.owner)),
        _ => touched.may_refuse(key.table()),
    }
}
