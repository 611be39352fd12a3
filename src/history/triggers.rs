//! The history of a table, read from the table's triggers.

use super::arguments::Arguments;
use super::feature::{FEATURE, HISTORY};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::TriggerInfo;

/// A table's history.
pub struct History {
    /// The configuration.
    pub arguments: Arguments,
    /// The history's table.
    pub table: Oid,
    /// One sentence for each problem of the triggers; empty if all are in place.
    pub problems: Vec<String>,
}

impl History {
    /// The history of the relation, if it has any of the triggers in place.
    pub fn of(relation: &Relation) -> Result<Option<History>> {
        let Some(attached) = FEATURE.attached(relation)? else { return Ok(None) };
        let table = table_of(relation)?.ok_or_else(|| {
            Error::new(Class::State, format!("no trigger of table \"{}\" names its history", relation.name()))
                .hint("Use drop_history(), and then add_history(…, existing => true).")
        })?;
        Ok(Some(History { arguments: Arguments::parse(&attached.arguments)?, table, problems: attached.problems }))
    }

    /// The history of the relation, or the error that the relation has none.
    pub fn required(relation: &Relation) -> Result<History> {
        History::of(relation)?.ok_or_else(|| FEATURE.missing(&relation.name()))
    }

    /// The history of the relation, or of the partitioned table that it is a partition of.
    pub fn of_root(relation: &Relation) -> Result<(Relation, History)> {
        let root = match FEATURE.root_of(relation)? {
            Some(root) => root,
            None => Relation::open(relation.oid(), Lock::Held)?,
        };
        let history = History::required(&root)?;
        Ok((root, history))
    }
}

/// The table that the relation's trigger names.
pub fn table_of(relation: &Relation) -> Result<Option<Oid>> {
    let function = FEATURE.oids()?[HISTORY];
    let names =
        |trigger: &TriggerInfo| (trigger.function == function && trigger.refers()).then_some(trigger.referenced);
    Ok(relation.triggers().iter().find_map(names).flatten())
}

/// Checks that the configuration of the relation's history can be read, if the relation has one. A restored dump may create the
/// trigger that names the history after the others.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    let attached = FEATURE.attached(relation)?;
    attached.map_or(Ok(()), |attached| Arguments::parse(&attached.arguments).map(|_| ()))
}
