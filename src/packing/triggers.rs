//! The configuration of a packing, read from its triggers, and the check of tables that may have these triggers.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use crate::pg::relation::Relation;
use crate::pg::report::Result;

/// A packed table's configuration, and the problems of its triggers.
pub struct Packing {
    /// The configuration.
    pub arguments: Arguments,
    /// One sentence for each problem; empty if all triggers are in place.
    pub problems: Vec<String>,
}

impl Packing {
    /// The packing of the relation, or the error that the relation has none.
    pub fn required(relation: &Relation) -> Result<Packing> {
        let attached = FEATURE.required(relation)?;
        Ok(Packing { arguments: Arguments::parse(&attached.arguments)?, problems: attached.problems })
    }
}

/// Checks that the configuration of the relation's packing can be read, if the relation has a packing.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    let attached = FEATURE.attached(relation)?;
    attached.map_or(Ok(()), |attached| Arguments::parse(&attached.arguments).map(|_| ()))
}

/// Checks a hand-made trigger: the table can be packed, and the trigger has the right firing time and fitting arguments.
pub fn check_by_hand(relation: &Relation) -> Result<()> {
    relation.require_plain(FEATURE.participle)?;
    if FEATURE.has_twice(relation)? {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    if let Some(attached) = FEATURE.attached(relation)? {
        check_columns(relation, &Layout::of(relation, &Arguments::parse(&attached.arguments)?)?)?;
    }
    Ok(())
}

/// Refuses compared columns whose types the table's owner does not control.
pub fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    let compared = layout.key.iter().chain(&layout.value).map(|compared| &compared.column);
    relation.check_type_owners(compared.chain([&layout.period]))
}
