//! The configuration of a packing, as its triggers have it, and which tables may have them.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use crate::pg::relation::Relation;
use crate::pg::report::Result;

/// A packed table's configuration, and what is wrong with its triggers.
pub struct Packing {
    /// The configuration.
    pub arguments: Arguments,
    /// Each a sentence; none where all triggers are in place.
    pub problems: Vec<String>,
}

impl Packing {
    /// The packing of the relation, or the error that there is none.
    pub fn required(relation: &Relation) -> Result<Packing> {
        let attached = FEATURE.required(relation)?;
        Ok(Packing { arguments: Arguments::parse(&attached.arguments)?, problems: attached.problems })
    }
}

/// The configuration of the relation's packing can be read, if it has one.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    let attached = FEATURE.attached(relation)?;
    attached.map_or(Ok(()), |attached| Arguments::parse(&attached.arguments).map(|_| ()))
}

/// A trigger made by hand is on a table that can be packed, fires at the right time, and has arguments that fit.
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

/// The types of the columns that are compared are the table owner's to decide on.
pub fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    let compared = layout.key.iter().chain(&layout.value).map(|compared| &compared.column);
    relation.check_type_owners(compared.chain([&layout.period]))
}
