//! The checks of the features' `add_…` functions, made again after a command: what they would refuse, the command is
//! refused for.

use std::collections::BTreeSet;

use super::definitions::Definitions;
use super::refusal;
use super::touched::Touched;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::table::feature::{self, Kind, Listed};

/// What is demanded of a touched table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Demands {
    /// A configuration that can be read: otherwise it is unknown what the guarantee depends on, and what the command has
    /// dropped of that.
    Configuration,
    /// All that the features' `add_…` functions demand.
    All,
}

/// Checks the touched tables as they are now.
///
/// Only tables whose locks the caller could have taken anyway are opened. A partition is checked with the table above it,
/// unless the command names the partition.
pub fn tables(touched: &Touched, demands: Demands) -> Result<()> {
    for (place, Listed { feature, ddl }) in feature::all().iter().enumerate() {
        for table in touched.tables_of(place).into_iter().filter(|table| exists(*table)) {
            if !touched.may_refuse(table) {
                continue;
            }
            let relation = Relation::open(table, Lock::AccessShare)?;
            let is_named = touched.is_named(table);
            if !feature.is_on(&relation)? || !is_named && feature.root_of(&relation)?.is_some() {
                continue;
            }
            (ddl.check_configuration)(&relation).map_err(|error| refusal::unreadable(feature, &relation, &error))?;
            if demands == Demands::All {
                feature.check(&relation)?;
                (ddl.check)(&relation)?;
            }
        }
    }
    Ok(())
}

/// Checks triggers of a feature that were created without its `add_…` function. A trigger's function acts for the owner of
/// the table, so only the owner may create one: the privilege TRIGGER is for a role's own functions.
pub fn made_by_hand(before: &Definitions, after: &Definitions) -> Result<()> {
    let mut checked = BTreeSet::new();
    for (key, _) in after.but_not(before).filter(|(key, _)| key.kind == Kind::Trigger) {
        if checked.insert((key.feature_place(), u32::from(key.table()))) {
            let (feature, relation) = (key.feature(), Relation::open(key.table(), Lock::AccessShare)?);
            relation.require_ownership()?;
            feature.check_placement(&relation)?;
            feature.check(&relation)?;
            (key.ddl().check)(&relation)?;
        }
    }
    Ok(())
}
