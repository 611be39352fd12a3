//! The triggers that make a table's documents match their schemas.

use super::arguments::Arguments;
use super::layout::Layout;
use crate::pg::lookup;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::text::NAME_LENGTH;
use crate::pg::trigger::TriggerInfo;

/// The error of a trigger that fires otherwise.
pub const MISPLACED: &str =
    "veritable.validate() must be fired BEFORE INSERT OR UPDATE FOR EACH ROW, without a condition or a list of columns";

/// How the name of a trigger begins. It sorts before those that seal and pack, which want the row as it will be.
const PREFIX: &str = "veritable_validate_";

/// The name of the trigger for a column. Where that is too long for a name, its end gives way to the number of the column.
pub fn name_for(document: &str, place: usize) -> String {
    let name = format!("{PREFIX}{document}");
    if name.len() < NAME_LENGTH {
        return name;
    }
    let number = format!("_{}", place + 1);
    let room = NAME_LENGTH - 1 - number.len();
    let end = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or_default();
    format!("{}{number}", &name[..end])
}

/// One of a table's validations.
pub struct Validation {
    /// The name of its trigger.
    pub trigger: String,
    /// Its configuration.
    pub arguments: Arguments,
}

fn function() -> Result<Oid> {
    lookup::function(c"veritable", c"validate")
        .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
}

fn is_placed(trigger: &TriggerInfo) -> bool {
    trigger.before_insert_row() && trigger.before_update_row() && !trigger.conditional
}

/// The validations of a relation.
pub fn of(relation: &Relation) -> Result<Vec<Validation>> {
    let function = function()?;
    let ours = relation.triggers().into_iter().filter(|trigger| trigger.function == function);
    ours.map(|trigger| Ok(Validation { arguments: Arguments::parse(&trigger.arguments)?, trigger: trigger.name }))
        .collect()
}

/// A trigger made by hand is on a table, fires at the right time, and has arguments that fit.
pub fn check_by_hand(table: Oid) -> Result<()> {
    let function = function()?;
    let relation = Relation::open(table, Lock::AccessShare)?;
    relation.require_table()?;
    let mut documents = Vec::new();
    for trigger in relation.triggers().iter().filter(|trigger| trigger.function == function) {
        if !is_placed(trigger) {
            return Err(Error::new(Class::TriggerProtocol, MISPLACED));
        }
        let arguments = Arguments::parse(&trigger.arguments)?;
        Layout::of(&relation, &arguments)?;
        if documents.contains(&arguments.document) {
            let message =
                format!("column \"{}\" of table \"{}\" is already validated", arguments.document, relation.name());
            return Err(Error::new(Class::Duplicate, message));
        }
        documents.push(arguments.document);
    }
    Ok(())
}

/// A trigger of the relation that could change a document after the trigger of this name has validated it.
pub fn late(relation: &Relation, name: &str) -> Option<String> {
    let ours = [c"validate", c"seal", c"guard", c"pack_early"];
    let ours: Vec<_> = ours.iter().filter_map(|name| lookup::function(c"veritable", name)).collect();
    let changes = |trigger: &TriggerInfo| trigger.before_insert_row() || trigger.before_update_row();
    let is_late =
        |trigger: &TriggerInfo| trigger.name.as_str() > name && changes(trigger) && !ours.contains(&trigger.function);
    relation.triggers().into_iter().find(is_late).map(|trigger| trigger.name)
}

/// The error of a trigger that could change a document after it was validated.
pub fn fires_too_late(trigger: &str, table: &str) -> Error {
    Error::new(
        Class::State,
        format!("trigger \"{trigger}\" of table \"{table}\" could change documents after they are validated"),
    )
    .detail("BEFORE triggers fire in the order of their names, and it sorts after the trigger that validates.")
    .hint(format!("Give it a name that sorts before \"{}\".", PREFIX))
}
