//! The triggers that make a table a chain: which they are, and whether they are as `add_chain` made them.

use super::arguments::Arguments;
use super::layout::Layout;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lookup;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::TriggerInfo;

sql_function! {
    /// `veritable.trigger_arguments(bytea) → text[]`
    veritable_trigger_arguments = trigger_arguments
}

sql_function! {
    /// `veritable.configuration_line(bytea) → text`
    veritable_configuration_line = configuration_line
}
sql_function! {
    /// `veritable.chain_genesis(regclass) → text`
    veritable_chain_genesis = chain_genesis
}

/// The name of the sealing trigger. PostgreSQL fires triggers in the order of their names: one that fired after it
/// could change the row after it was hashed.
pub const SEAL: &str = "zz_veritable_chain";
/// The name of the trigger that refuses UPDATE and DELETE.
pub const GUARD: &str = "zz_veritable_chain_guard";
/// The name of the trigger that refuses TRUNCATE.
pub const TRUNCATE: &str = "zz_veritable_chain_truncate";

/// A chained table's configuration, and what is wrong with its triggers.
pub struct Chain {
    /// The configuration.
    pub arguments: Arguments,
    /// Each a sentence; none where all triggers are in place.
    pub problems: Vec<String>,
}

/// The oids of our trigger functions.
#[derive(Clone, Copy)]
struct Functions {
    seal: Oid,
    guard: Oid,
}

impl Functions {
    fn find() -> Result<Functions> {
        let find = |name| {
            lookup::function(c"veritable", name)
                .ok_or_else(|| Error::new(Class::State, "extension veritable is not installed in this database"))
        };
        Ok(Functions { seal: find(c"seal")?, guard: find(c"guard")? })
    }
}

/// The partitioned table from which the relation has its sealing trigger; `None` where that is the relation's own.
pub fn root_of(relation: &Relation) -> Result<Option<Relation>> {
    let functions = Functions::find()?;
    let of = |relation: &Relation| relation.triggers().into_iter().find(|trigger| trigger.function == functions.seal);
    if of(relation).is_none_or(|trigger| !trigger.clone) {
        return Ok(None);
    }
    for ancestor in relation.ancestors() {
        let ancestor = Relation::open(ancestor, Lock::AccessShare)?;
        if of(&ancestor).is_some_and(|trigger| !trigger.clone) {
            return Ok(Some(ancestor));
        }
    }
    Ok(None)
}

impl Chain {
    /// The chain whose triggers the relation has, if it has any of them.
    pub fn of(relation: &Relation) -> Result<Option<Chain>> {
        let functions = Functions::find()?;
        let triggers: Vec<_> = relation
            .triggers()
            .into_iter()
            .filter(|trigger| trigger.function == functions.seal || trigger.function == functions.guard)
            .collect();
        let seals = |trigger: &&TriggerInfo| trigger.function == functions.seal && trigger.precedes_insert();
        let guards_rows = |trigger: &&TriggerInfo| trigger.function == functions.guard && trigger.guards_rows();
        let guards_table = |trigger: &&TriggerInfo| trigger.function == functions.guard && trigger.guards_table();
        let parts = [
            ("seals inserted rows", triggers.iter().find(seals)),
            ("refuses UPDATE and DELETE", triggers.iter().find(guards_rows)),
            ("refuses TRUNCATE", triggers.iter().find(guards_table)),
        ];
        let Some(arguments) = agreed(&parts) else { return Ok(None) };
        let on = if relation.is_partition() { format!(" on partition \"{}\"", relation.name()) } else { String::new() };
        let mut problems = Vec::new();
        for (role, trigger) in parts {
            match trigger {
                None => problems.push(format!("No trigger{on} {role}.")),
                Some(trigger) if !trigger.enabled() => {
                    problems.push(format!("The trigger \"{}\"{on}, which {role}, is disabled.", trigger.name));
                }
                Some(trigger) if trigger.conditional => {
                    problems.push(format!(
                        "The trigger \"{}\"{on}, which {role}, does not do so for every row.",
                        trigger.name
                    ));
                }
                Some(trigger) if trigger.arguments != *arguments => problems.push(format!(
                    "The arguments of the trigger \"{}\"{on}, which {role}, are not those of the others.",
                    trigger.name
                )),
                Some(_) => {}
            }
        }
        Ok(Some(Chain { arguments: Arguments::parse(arguments)?, problems }))
    }

    /// The chain of the relation, or the error that there is none.
    pub fn required(relation: &Relation) -> Result<Chain> {
        Chain::of(relation)?.ok_or_else(|| {
            Error::new(Class::State, format!("table \"{}\" is not chained", relation.name()))
                .hint("Use add_chain() to chain it.")
        })
    }
}

/// All three triggers have the same arguments. Where somebody changed those of one, the other two tell.
fn agreed<'t>(parts: &'t [(&str, Option<&'t TriggerInfo>)]) -> Option<&'t Vec<String>> {
    let all: Vec<_> = parts.iter().filter_map(|(_, trigger)| trigger.map(|trigger| &trigger.arguments)).collect();
    let votes = |arguments: &Vec<String>| all.iter().filter(|other| **other == arguments).count();
    let most = all.iter().map(|arguments| votes(arguments)).max()?;
    all.iter().copied().find(|arguments| votes(arguments) == most)
}

/// The trigger fires after the one that seals a row, and could change the row then.
pub fn is_late(relation: &Relation, trigger: &TriggerInfo) -> bool {
    let Ok(functions) = Functions::find() else { return true };
    let is_ours = |trigger: &TriggerInfo| trigger.function == functions.seal || trigger.function == functions.guard;
    let triggers = relation.triggers();
    let seal = triggers.iter().find(|trigger| trigger.function == functions.seal).map_or(SEAL, |seal| &seal.name);
    trigger.before_insert_row() && trigger.name.as_str() > seal && !is_ours(trigger)
}

/// The error, unless rows can be sealed in the relation: in a table that lasts, whose rows are in no other one's.
pub fn check_table(relation: &Relation) -> Result<()> {
    let name = relation.name();
    if relation.is_temporary() {
        return Err(Error::new(Class::WrongObject, format!("temporary table \"{name}\" cannot be chained")));
    }
    if !relation.is_partitioned() && !relation.is_heap() {
        return Err(Error::new(Class::Unsupported, format!("table \"{name}\" cannot be chained"))
            .detail("The newest event of an entity can be found in tables with access method heap only."));
    }
    for parent in relation.parents()? {
        let parent = Relation::open(parent, Lock::AccessShare)?;
        if parent.has_trigger_of(c"veritable", c"seal") {
            return Err(Error::new(
                Class::State,
                format!("table \"{name}\" inherits from chained table \"{}\"", parent.name()),
            )
            .detail("Its events would be in the parent, but in chains of their own.")
            .hint("Use declarative partitioning."));
        }
    }
    Ok(())
}

/// Our triggers on the relation fire when they can do their work.
fn check_placement(relation: &Relation) -> Result<()> {
    let functions = Functions::find()?;
    for trigger in relation.triggers() {
        if trigger.function == functions.seal && !trigger.precedes_insert() {
            return Err(Error::new(Class::TriggerProtocol, MISPLACED_SEAL));
        }
        if trigger.function == functions.guard && !trigger.guards_rows() && !trigger.guards_table() {
            return Err(Error::new(Class::TriggerProtocol, MISPLACED_GUARD));
        }
    }
    Ok(())
}

/// A trigger made by hand is on a table that can be a chain, fires at the right time, and has arguments that fit.
pub fn check_by_hand(table: Oid) -> Result<()> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    check_placement(&relation)?;
    relation.require_table()?;
    check_table(&relation)?;
    if relation.has_trigger_of(c"veritable", c"pack") {
        return Err(packed(&relation));
    }
    if seals(&relation)? > 1 {
        return Err(Error::new(Class::Duplicate, format!("table \"{}\" is already chained", relation.name())));
    }
    if let Some(chain) = Chain::of(&relation)? {
        check_columns(&relation, &Layout::of(&relation, &chain.arguments)?)?;
    }
    Ok(())
}

/// A new partition of a chain: rows can be sealed in it, and nobody else seals them.
pub fn check_partition(table: Oid) -> Result<()> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    check_table(&relation)?;
    if seals(&relation)? > 1 {
        return Err(Error::new(Class::Duplicate, format!("table \"{}\" is already chained", relation.name()))
            .hint("Use drop_chain() before it becomes a partition of a chained table."));
    }
    Ok(())
}

fn seals(relation: &Relation) -> Result<usize> {
    let seal = Functions::find()?.seal;
    Ok(relation.triggers().iter().filter(|trigger| trigger.function == seal).count())
}

/// The error of a packed table.
pub fn packed(relation: &Relation) -> Error {
    Error::new(Class::Unsupported, format!("packed table \"{}\" cannot be chained", relation.name()))
        .detail("Packing changes and deletes rows, and a chain allows neither.")
        .hint("Record the changes of the table in a chained table of their own.")
}

/// The types of the columns that lines cover are the table owner's to decide on.
pub fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    relation.check_type_owners(relation.columns().iter().filter(|column| layout.sealed.contains(&column.place)))
}

/// The error of a sealing trigger that fires otherwise.
pub const MISPLACED_SEAL: &str = "veritable.seal() must be fired BEFORE INSERT FOR EACH ROW";
/// The error of a guard that fires otherwise.
pub const MISPLACED_GUARD: &str =
    "veritable.guard() must be fired BEFORE UPDATE OR DELETE FOR EACH ROW or BEFORE TRUNCATE FOR EACH STATEMENT";

/// The names of our triggers on the relation.
pub fn names(relation: &Relation) -> Result<Vec<String>> {
    let functions = Functions::find()?;
    let ours = |trigger: &TriggerInfo| trigger.function == functions.seal || trigger.function == functions.guard;
    Ok(relation.triggers().into_iter().filter(ours).map(|trigger| trigger.name).collect())
}

/// A trigger that could change a row after it was hashed.
pub fn fires_too_late(trigger: &str, table: &str) -> Error {
    Error::new(
        Class::State,
        format!("trigger \"{trigger}\" of table \"{table}\" would change rows after they are sealed"),
    )
    .detail(format!("BEFORE triggers fire in the order of their names, and \"{trigger}\" sorts after \"{SEAL}\"."))
    .hint("Give it a name that sorts before.")
}

fn trigger_arguments(call: &Call) -> Result<Answer> {
    Ok(taken_apart(call.bytes(0).unwrap_or_default()).into())
}

/// `pg_trigger.tgargs` holds each argument with a NUL after it.
fn taken_apart(arguments: &[u8]) -> Vec<String> {
    arguments
        .split_inclusive(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument.strip_suffix(&[0]).unwrap_or(argument)).into_owned())
        .collect()
}

/// Line 0 of the chain with these arguments of triggers; NULL where they are those of no chain, so that the view of all
/// chains does not fail because of one.
fn configuration_line(call: &Call) -> Result<Answer> {
    let line = Arguments::parse(&taken_apart(call.bytes(0).unwrap_or_default())).and_then(|chain| chain.line());
    Ok(line.ok().into())
}

fn chain_genesis(call: &Call) -> Result<Answer> {
    let Some(target) = call.oid(0) else { return Ok(Answer::NULL) };
    let relation = Relation::open(target, Lock::AccessShare)?;
    Ok(Chain::required(&relation)?.arguments.line()?.into())
}
