//! The validations of a table, read from its triggers: a table can have one for each of its columns.

use super::arguments::Arguments;
use super::feature::{FEATURE, VALIDATES};
use super::layout::Layout;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::text::NAME_LENGTH;

/// The name of the trigger for a column. If the name is too long, the number of the column replaces its end.
pub fn name_for(document: &str, place: usize) -> String {
    let name = format!("{}{document}", VALIDATES.name);
    if name.len() < NAME_LENGTH {
        return name;
    }
    let number = format!("_{}", place + 1);
    let room = NAME_LENGTH - 1 - number.len();
    let end = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!("{}{number}", &name[..end])
}

/// A validation of a table.
pub struct Validation {
    /// The name of the trigger.
    pub trigger: String,
    /// The configuration.
    pub arguments: Arguments,
}

/// The validations of a relation.
pub fn of(relation: &Relation) -> Result<Vec<Validation>> {
    let ours = FEATURE.triggers(relation)?;
    ours.into_iter()
        .map(|trigger| Ok(Validation { arguments: Arguments::parse(&trigger.arguments)?, trigger: trigger.name }))
        .collect()
}

/// Checks that the configuration of each of the relation's validations can be read.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    of(relation).map(|_| ())
}

/// Checks a hand-made trigger: its relation is a table, and the trigger has the right firing time and fitting arguments.
pub fn check_by_hand(relation: &Relation) -> Result<()> {
    let mut documents = Vec::new();
    for Validation { arguments, .. } in of(relation)? {
        Layout::of(relation, &arguments)?;
        if documents.contains(&arguments.document) {
            return Err(already_validated(&arguments.document, &relation.name()));
        }
        documents.push(arguments.document);
    }
    Ok(())
}

/// The error of a column that is already validated.
pub fn already_validated(document: &str, table: &str) -> Error {
    Error::new(Class::Duplicate, format!("column \"{document}\" of table \"{table}\" is already validated"))
}
