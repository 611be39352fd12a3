//! The demands of a reference on its tables, except triggers: checked by `add_reference()`, when a trigger first fires in a
//! session, and after each command.

use super::feature::{FEATURE, REFER};
use super::find;
use super::layout::Layout;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::table::problems;

/// Checks a table that has the triggers of references, to it or from it.
pub fn check(relation: &Relation) -> Result<()> {
    relation.require_plain(FEATURE.participle)?;
    problems::refuse_rules(&[relation.oid()], "checked by a reference")?;
    for reference in find::of(relation)? {
        // A restored dump creates the triggers in any order, and that which names the other table maybe last. Until then, rows
        // are refused.
        let Some(other) = reference.other else { continue };
        let other = if other == relation.oid() { None } else { Some(Relation::open(other, Lock::AccessShare)?) };
        let other = other.as_ref().unwrap_or(relation);
        let (child, parent) = if reference.function == REFER { (relation, other) } else { (other, relation) };
        check_pair(child, parent, &Layout::of(child, parent, &reference.arguments)?)?;
    }
    Ok(())
}

/// Checks the tables and the columns of a reference.
pub fn check_pair(child: &Relation, parent: &Relation, layout: &Layout) -> Result<()> {
    for relation in [child, parent] {
        relation.require_plain(FEATURE.participle)?;
    }
    layout.check_types()?;
    child.check_type_owners(layout.child.columns())?;
    parent.check_type_owners(layout.parent.columns())?;
    if let Some(column) = layout.child.columns().chain(layout.parent.columns()).find(|column| column.is_virtual) {
        return Err(Error::new(
            Class::Unsupported,
            format!("virtual generated column \"{}\" cannot be in a reference", column.name),
        ));
    }
    // As for foreign keys: rows of a temporary table are not seen by other sessions, and those of an unlogged one are lost in
    // a crash.
    let refused = |what: &str, whose: &str| {
        Err(Error::new(Class::State, format!("references on {what} tables may reference only {whose} tables")))
    };
    if child.is_temporary() != parent.is_temporary() {
        return if child.is_temporary() {
            refused("temporary", "temporary")
        } else {
            refused("permanent", "permanent")
        };
    }
    if child.is_permanent() && !parent.is_permanent() {
        return refused("permanent", "permanent");
    }
    Ok(())
}
