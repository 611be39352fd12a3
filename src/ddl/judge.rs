//! The definitions that a guarantee cannot do without, and those that its owner should hear of.

use super::definitions::Definitions;
use super::refusal;
use super::running::Running;
use super::touched::Touched;
use crate::pg::command::Command;
use crate::pg::contents::has_rows;
use crate::pg::relation::{Relation, exists};
use crate::pg::report::Result;
use crate::pg::sequence;
use crate::table::feature::Kind;

/// Refuses a command that has dropped or changed a definition of this kind: a trigger of a feature, the last index that a
/// guarantee needs, a sequence.
pub fn what_was(kind: Kind, before: &Definitions, after: &Definitions, touched: &Touched) -> Result<()> {
    for (key, definition) in before.iter().filter(|(key, _)| key.kind == kind) {
        let verb = match after.get(key) {
            Some(now) if now.text == definition.text => continue,
            // One that belongs to nothing any more, or a second one that belongs to the same column.
            _ if kind == Kind::Sequence && exists(definition.owner) => "change",
            Some(now) if now.name == definition.name => "change",
            Some(_) => "rename",
            None if !exists(key.table()) => continue,
            None => "drop",
        };
        if touched.may_refuse(key.table()) {
            return Err(refusal::of_change(verb, key, definition));
        }
        refusal::let_pass(verb, key, definition, touched);
    }
    Ok(())
}

/// Refuses a command that has computed the values of a column anew which no verification can check.
pub fn places(before: &Definitions, command: &Command, running: &Running, touched: &Touched) -> Result<()> {
    if !running.rewritten.iter().any(|rewritten| rewritten.computes) {
        return Ok(());
    }
    let computed = command.computed_columns();
    for (key, definition) in before.iter().filter(|(key, _)| key.kind == Kind::Place && exists(key.table())) {
        if !computed.contains(&definition.column) || !has_rows(key.table())? {
            continue;
        }
        if touched.may_refuse(key.table()) {
            return Err(refusal::of_change("change", key, definition));
        }
        refusal::let_pass("change", key, definition, touched);
    }
    Ok(())
}

/// Refuses a command that has set a sequence back: the sequence would give numbers that it has given before.
pub fn numbers(after: &Definitions, running: &Running, touched: &Touched) -> Result<()> {
    let Some((sequence, last)) = running.sequence else { return Ok(()) };
    if !exists(sequence) || sequence::last(&Relation::open_sequence(sequence)?) >= last {
        return Ok(());
    }
    for (key, definition) in after.iter().filter(|(key, _)| key.kind == Kind::Sequence) {
        if definition.owner == sequence && touched.may_refuse(key.table()) {
            return Err(refusal::of_change("set back", key, definition));
        }
    }
    Ok(())
}

/// Gives a NOTICE of each new column that a guarantee does not cover, if the feature has one.
pub fn tell_of_columns(before: &Definitions, after: &Definitions) {
    let new = after.but_not(before).filter(|(key, _)| key.kind == Kind::Column && before.knows_columns_of(key));
    for (key, definition) in new.filter(|(_, definition)| !definition.role.counts()) {
        refusal::tell_of_column(key, definition);
    }
}
