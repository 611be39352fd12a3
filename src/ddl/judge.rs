//! The definitions that a guarantee cannot do without, and those that its owner should hear of.

use super::definitions::Definitions;
use super::refusal;
use super::touched::Touched;
use crate::pg::relation::exists;
use crate::pg::report::Result;
use crate::table::feature::Kind;

/// Refuses a command that has dropped or changed a definition of this kind: a trigger of a feature, or the last index that a
/// guarantee needs.
pub fn what_was(kind: Kind, before: &Definitions, after: &Definitions, touched: &Touched) -> Result<()> {
    for (key, definition) in before.iter().filter(|(key, _)| key.kind == kind) {
        let verb = match after.get(key) {
            Some(now) if now.text == definition.text => continue,
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

/// Gives a NOTICE of each new column that a guarantee does not cover, if the feature has one.
pub fn tell_of_columns(before: &Definitions, after: &Definitions) {
    let new = after.but_not(before).filter(|(key, _)| key.kind == Kind::Column && before.knows_columns_of(key));
    for (key, definition) in new.filter(|(_, definition)| !definition.role.counts()) {
        refusal::tell_of_column(key, definition);
    }
}
