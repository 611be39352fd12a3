//! The configuration of a chain, read from its triggers, and the check of tables that may have these triggers.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::requirements;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};

/// A chained table's configuration, and the problems of its triggers.
pub struct Chain {
    /// The configuration.
    pub arguments: Arguments,
    /// One sentence for each problem; empty if all triggers are in place.
    pub problems: Vec<String>,
}

impl Chain {
    /// The chain of the relation, if the relation has any of the triggers.
    pub fn of(relation: &Relation) -> Result<Option<Chain>> {
        let Some(attached) = FEATURE.attached(relation)? else { return Ok(None) };
        Ok(Some(Chain { arguments: Arguments::parse(&attached.arguments)?, problems: attached.problems }))
    }

    /// The chain of the relation, or the error that the relation has none.
    pub fn required(relation: &Relation) -> Result<Chain> {
        let attached = FEATURE.required(relation)?;
        Ok(Chain { arguments: Arguments::parse(&attached.arguments)?, problems: attached.problems })
    }
}

/// The name of the trigger that seals the relation's rows; the default name if the relation has no such trigger.
pub fn sealing_name(relation: &Relation) -> Result<String> {
    let seal = FEATURE.oids()?[super::feature::SEAL];
    let trigger = relation.triggers().into_iter().find(|trigger| trigger.function == seal);
    Ok(trigger.map_or(super::feature::SEALS.name.to_string(), |trigger| trigger.name))
}

/// Refuses a relation whose rows cannot be sealed: the table must be permanent, and must not share rows with another table.
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
        if FEATURE.is_on(&parent)? {
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

/// Checks that the configuration of the relation's chain can be read, if the relation has a chain.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    Chain::of(relation).map(|_| ())
}

/// Checks all that a chain demands of the relation as it is now, a table or a partition, except the index.
pub fn check(relation: &Relation) -> Result<()> {
    check_table(relation)?;
    if seals(relation)? > 1 {
        let error = FEATURE.duplicate(&relation.name());
        return Err(if relation.is_partition() {
            error.hint("Use drop_chain() before it becomes a partition of a chained table.")
        } else {
            error
        });
    }
    requirements::check_attached(relation)
}

/// The number of sealing triggers of the relation.
pub fn seals(relation: &Relation) -> Result<usize> {
    let seal = FEATURE.oids()?[super::feature::SEAL];
    Ok(relation.triggers().iter().filter(|trigger| trigger.function == seal).count())
}

/// The partitioned table from which the relation has its sealing trigger; `None` if the trigger is the relation's own.
pub fn root_of(relation: &Relation) -> Result<Option<Relation>> {
    FEATURE.root_of(relation)
}

/// The oid of `veritable.seal()`.
pub fn sealing_function() -> Result<Oid> {
    Ok(FEATURE.oids()?[super::feature::SEAL])
}
