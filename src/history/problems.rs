//! Problems of a history's triggers, and ways around them: each a sentence, for a row `unguarded`.

use super::feature::FEATURE;
use super::triggers::History;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::table::{problems, topology};

/// The problems of the triggers on a table and its partitions, and the ways around these triggers.
pub fn of(relation: &Relation, history: &Relation, own: &History) -> Result<Vec<String>> {
    let tables = topology::with_leaves(relation)?;
    let mut found = own.problems.clone();
    for &table in tables.iter().filter(|table| **table != relation.oid()) {
        let table = Relation::open(table, Lock::AccessShare)?;
        match FEATURE.attached(&table)? {
            None => found.push(format!("Partition \"{}\" has none of the history's triggers.", table.name())),
            Some(own) => found.extend(own.problems),
        }
    }
    found.extend(problems::rules(&tables)?);
    if !relation.has_same_owner(history) {
        found.push("The table and its history have different owners.".to_string());
    }
    Ok(found)
}
