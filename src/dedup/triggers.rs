//! The configuration of a deduplication, in its trigger.

use super::arguments::Arguments;
use super::feature::FEATURE;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::pg::spi::Session;
use crate::table::feature::Renamed;
use crate::table::{columns, triggers};

/// A deduplicated table's configuration, and the problems of its trigger.
pub struct Dedup {
    /// The configuration.
    pub arguments: Arguments,
    /// One sentence for each problem; empty if the trigger is in place.
    pub problems: Vec<String>,
}

impl Dedup {
    /// The deduplication of the relation, or the error that the relation has none.
    pub fn required(relation: &Relation) -> Result<Dedup> {
        let attached = FEATURE.required(relation)?;
        Ok(Dedup { arguments: Arguments::parse(&attached.arguments)?, problems: attached.problems })
    }
}

/// The partitioned table from which the relation has its trigger; `None` if the trigger is the relation's own.
pub fn root_of(relation: &Relation) -> Result<Option<Relation>> {
    FEATURE.root_of(relation)
}

/// Checks that the configuration of the relation's deduplication can be read, if the relation has one.
pub fn check_configuration(relation: &Relation) -> Result<()> {
    let attached = FEATURE.attached(relation)?;
    attached.map_or(Ok(()), |attached| Arguments::parse(&attached.arguments).map(|_| ()))
}

/// Renames the columns of the configuration. A deduplication cannot do without any of its columns.
pub fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    triggers::rearm(session, &FEATURE, table, |trigger| {
        let mut arguments = Arguments::parse(&trigger.arguments)?;
        arguments.columns_mut().for_each(|column| columns::follow(column, renamed));
        Ok((trigger.name.clone(), arguments.render()))
    })
}
