//! The references of a table, read from its triggers: those that it makes, and those to it.

use super::arguments::Arguments;
use super::feature::{self, FEATURE, REFER};
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::TriggerInfo;
use crate::table::feature::Part;

/// The triggers that one table has for a reference.
pub struct Reference {
    /// Which of the functions they execute: whether the table refers, or is referred to.
    pub function: usize,
    /// The configuration.
    pub arguments: Arguments,
    /// The other table; `None` if no trigger names it.
    pub other: Option<Oid>,
    /// Whether the reference can be deferred, and whether it is so at first.
    pub deferral: (bool, bool),
    /// The triggers.
    pub triggers: Vec<TriggerInfo>,
}

/// All references of a table. The configuration of each is that of the trigger that names the other table.
pub fn of(relation: &Relation) -> Result<Vec<Reference>> {
    let functions = FEATURE.oids()?;
    let mut found: Vec<Reference> = Vec::new();
    let mut triggers = FEATURE.triggers(relation)?;
    triggers.sort_by_key(|trigger| trigger.referenced.is_none());
    for trigger in triggers {
        let function = functions.iter().position(|function| *function == trigger.function).unwrap_or_default();
        let arguments = Arguments::parse(&trigger.arguments)?;
        let is_it = |other: &&mut Reference| other.function == function && other.arguments.name == arguments.name;
        match found.iter_mut().find(is_it) {
            Some(reference) => reference.triggers.push(trigger),
            None => found.push(Reference {
                function,
                arguments,
                other: trigger.referenced,
                deferral: trigger.deferral,
                triggers: vec![trigger],
            }),
        }
    }
    found.sort_by(|one, other| (one.function, &one.arguments.name).cmp(&(other.function, &other.arguments.name)));
    Ok(found)
}

/// Checks that the configuration of each of the relation's references can be read.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    of(relation).map(|_| ())
}

/// The reference that the table makes under this name.
pub fn made(relation: &Relation, name: &str) -> Result<Option<Reference>> {
    Ok(of(relation)?.into_iter().find(|reference| reference.function == REFER && reference.arguments.name == name))
}

impl Reference {
    /// The triggers that the table should have for the reference.
    pub fn kit(&self) -> &'static [Part] {
        feature::kit(self.function, self.deferral)
    }
}

/// The error of a reference whose other table is gone, or unknown.
pub fn without_table(name: &str, relation: &Relation) -> Error {
    Error::new(Class::State, format!("reference \"{name}\" of table \"{}\" has lost its other table", relation.name()))
        .detail("The trigger that names the other table is missing.")
        .hint("Use drop_reference() to end the reference; add_reference() can begin a new one.")
}
