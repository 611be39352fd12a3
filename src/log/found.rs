//! The log of a table, found by its chain.

use super::trees;
use crate::chain::arguments::{Arguments, Log};
use crate::chain::feature::FEATURE;
use crate::chain::position::{self, Extent, Positions};
use crate::chain::triggers::Chain;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi;

/// A log, and its chain.
pub struct Found {
    /// The configuration of the chain.
    pub arguments: Arguments,
    /// The configuration of the log.
    pub log: Log,
    /// The source of positions.
    pub positions: Positions,
}

impl Found {
    /// The log of a table that is no partition of another log. `how` gives the call for that log's table.
    pub fn of(relation: &Relation, how: impl FnOnce(&str) -> String) -> Result<Found> {
        FEATURE.refuse_partition(relation, how)?;
        let arguments = Chain::required(relation)?.arguments;
        let Some(mut log) = arguments.log.clone() else { return Err(without(relation)) };
        if trees::is_own(relation) {
            log.origin = spi::connect(|session| trees::own_origin(session, relation))?;
        }
        let positions = Positions::of(relation, &log)?;
        Ok(Found { arguments, log, positions })
    }

    /// How far the log is: see [`position::extent`].
    pub fn extent(&self) -> Result<Extent> {
        position::extent(&self.positions)
    }
}

/// The error of a table without a log.
pub fn without(relation: &Relation) -> Error {
    Error::new(Class::State, format!("table \"{}\" has no log", relation.name())).hint("Use add_log() to add one.")
}
