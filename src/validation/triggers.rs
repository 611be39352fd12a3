//! The validations of a table, read from its triggers: a table can have one for each of its columns.

use super::arguments::{Arguments, Named};
use super::feature::{FEATURE, VALIDATES};
use super::layout::Layout;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::pg::text::NAME_LENGTH;
use crate::table::columns::{self, Columns};
use crate::table::feature::Renamed;
use crate::table::triggers;

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

/// Checks all that a validation demands of its table, except the trigger.
pub fn check(relation: &Relation) -> Result<()> {
    let mut documents = Vec::new();
    for Validation { trigger, arguments } in of(relation)? {
        Layout::of(relation, &arguments)?;
        FEATURE.check_late(relation, &trigger)?;
        if documents.contains(&arguments.document) {
            return Err(already_validated(&arguments.document, &relation.name()));
        }
        documents.push(arguments.document);
    }
    Ok(())
}

/// Renames the columns of the configurations. A validation cannot do without any of its columns.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    let layout = Columns::of(&Relation::open(table, Lock::AccessShare)?);
    triggers::rearm(session, &FEATURE, table, |trigger| {
        let mut arguments = Arguments::parse(&trigger.arguments)?;
        let is_by_default = trigger.name.starts_with(VALIDATES.name);
        let by = match &mut arguments.named {
            Named::By(column) => Some(column),
            Named::As(_) => None,
        };
        let columns = std::iter::once(&mut arguments.document).chain(by).chain(&mut arguments.version);
        columns.for_each(|column| columns::follow(column, renamed));
        // The name of the trigger is that of the column, so that a later column of the former name can have its own.
        let place = layout.find(&arguments.document)?.place;
        let name = if is_by_default { name_for(&arguments.document, place) } else { trigger.name.clone() };
        Ok((name, arguments.render()))
    })
}

/// The error of a column that is already validated.
pub fn already_validated(document: &str, table: &str) -> Error {
    Error::new(Class::Duplicate, format!("column \"{document}\" of table \"{table}\" is already validated"))
}
