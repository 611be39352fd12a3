//! The configuration of a packing, in its triggers.

use super::arguments::Arguments;
use super::feature::FEATURE;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::pg::spi::Session;
use crate::table::feature::Renamed;
use crate::table::{columns, triggers};

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

/// Renames the columns of the configuration. A packing cannot do without any of its columns.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    triggers::rearm(session, &FEATURE, table, |trigger| {
        let mut arguments = Arguments::parse(&trigger.arguments)?;
        let columns = std::iter::once(&mut arguments.period).chain(&mut arguments.key).chain(&mut arguments.value);
        columns.for_each(|column| columns::follow(column, renamed));
        Ok((trigger.name.clone(), arguments.render()))
    })
}
