//! The triggers that make a table a packing: which they are, and whether they are as `add_packing` made them.

use super::arguments::Arguments;
use super::layout::Layout;
use crate::pg::lookup;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::{Event, TriggerInfo};

/// The name of the trigger that takes the lock of a row's key. Last, when the row is what it will be.
pub const EARLY: &str = "zz_veritable_packing";
/// The name of the trigger that packs after an INSERT. First, so that others find the table packed.
pub const INSERT: &str = "aa_veritable_packing_insert";
/// The name of the trigger that packs after an UPDATE.
pub const UPDATE: &str = "aa_veritable_packing_update";

/// The error of a trigger that takes locks otherwise.
pub const MISPLACED_EARLY: &str = "veritable.pack_early() must be fired BEFORE INSERT FOR EACH ROW";
/// The error of a trigger that packs otherwise.
pub const MISPLACED_PACK: &str =
    "veritable.pack() must be fired AFTER INSERT or AFTER UPDATE, REFERENCING NEW TABLE, FOR EACH STATEMENT";

/// A packed table's configuration, and what is wrong with its triggers.
pub struct Packing {
    /// The configuration.
    pub arguments: Arguments,
    /// Each a sentence; none where all triggers are in place.
    pub problems: Vec<String>,
}

/// The oids of our trigger functions.
#[derive(Clone, Copy)]
struct Functions {
    early: Oid,
    pack: Oid,
}

impl Functions {
    fn find() -> Result<Functions> {
        let find = |name| {
            lookup::function(c"veritable", name)
                .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
        };
        Ok(Functions { early: find(c"pack_early")?, pack: find(c"pack")? })
    }

    fn has(self, trigger: &TriggerInfo) -> bool {
        trigger.function == self.early || trigger.function == self.pack
    }
}

impl Packing {
    /// The packing whose triggers the relation has, if it has any of them.
    pub fn of(relation: &Relation) -> Result<Option<Packing>> {
        let functions = Functions::find()?;
        let triggers: Vec<_> = relation.triggers().into_iter().filter(|trigger| functions.has(trigger)).collect();
        let early = |trigger: &&TriggerInfo| trigger.function == functions.early && trigger.precedes_insert();
        let packs = |event| move |trigger: &&TriggerInfo| trigger.function == functions.pack && trigger.follows(event);
        let parts = [
            ("packs after an INSERT", triggers.iter().find(packs(Event::Insert))),
            ("packs after an UPDATE", triggers.iter().find(packs(Event::Update))),
            ("takes the locks of new rows", triggers.iter().find(early)),
        ];
        let Some(arguments) = parts.iter().find_map(|(_, trigger)| *trigger).map(|trigger| &trigger.arguments) else {
            return Ok(None);
        };
        let problem = |(role, trigger): (&str, Option<&TriggerInfo>)| match trigger {
            None => Some(format!("No trigger {role}.")),
            Some(trigger) if !trigger.enabled() => {
                Some(format!("The trigger \"{}\", which {role}, is disabled.", trigger.name))
            }
            Some(trigger) if trigger.conditional => {
                Some(format!("The trigger \"{}\", which {role}, does not do so always.", trigger.name))
            }
            Some(trigger) if trigger.arguments != *arguments => Some(format!(
                "The arguments of the trigger \"{}\", which {role}, are not those of the others.",
                trigger.name
            )),
            Some(_) => None,
        };
        Ok(Some(Packing {
            arguments: Arguments::parse(arguments)?,
            problems: parts.into_iter().filter_map(problem).collect(),
        }))
    }

    /// The packing of the relation, or the error that there is none.
    pub fn required(relation: &Relation) -> Result<Packing> {
        Packing::of(relation)?.ok_or_else(|| {
            Error::new(Class::State, format!("table \"{}\" is not packed", relation.name()))
                .hint("Use add_packing() to pack it.")
        })
    }
}

/// A trigger made by hand is on a table that can be packed, fires at the right time, and has arguments that fit.
pub fn check_by_hand(table: Oid) -> Result<()> {
    let functions = Functions::find()?;
    let relation = Relation::open(table, Lock::AccessShare)?;
    relation.require_table()?;
    relation.require_plain("packed")?;
    if relation.has_trigger_of(c"veritable", c"seal") {
        return Err(chained(&relation));
    }
    let triggers = relation.triggers();
    for event in [Event::Insert, Event::Update] {
        let packs = |trigger: &&TriggerInfo| trigger.function == functions.pack && trigger.follows(event);
        if triggers.iter().filter(packs).count() > 1 {
            return Err(Error::new(Class::Duplicate, format!("table \"{}\" is already packed", relation.name())));
        }
    }
    for trigger in triggers {
        if trigger.function == functions.early && !trigger.precedes_insert() {
            return Err(Error::new(Class::TriggerProtocol, MISPLACED_EARLY));
        }
        if trigger.function == functions.pack && !trigger.follows(Event::Insert) && !trigger.follows(Event::Update) {
            return Err(Error::new(Class::TriggerProtocol, MISPLACED_PACK));
        }
    }
    if let Some(packing) = Packing::of(&relation)? {
        check_columns(&relation, &Layout::of(&relation, &packing.arguments)?)?;
    }
    Ok(())
}

/// The error of a chained table.
pub fn chained(relation: &Relation) -> Error {
    Error::new(Class::Unsupported, format!("chained table \"{}\" cannot be packed", relation.name()))
        .detail("Packing changes and deletes rows, and a chain allows neither.")
        .hint("Record the changes of a packed table in a chained table of their own.")
}

/// The types of the columns that are compared are the table owner's to decide on.
pub fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    let compared = layout.key.iter().chain(&layout.value).map(|compared| &compared.column);
    relation.check_type_owners(compared.chain([&layout.period]))
}

/// The names of our triggers on the relation.
pub fn names(relation: &Relation) -> Result<Vec<String>> {
    let functions = Functions::find()?;
    let ours = relation.triggers().into_iter().filter(|trigger| functions.has(trigger));
    Ok(ours.map(|trigger| trigger.name).collect())
}
