//! The state for packing the rows of one table, cached until the table changes.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::arguments::Arguments;
use super::constraint;
use super::feature::FEATURE;
use super::layout::Layout;
use super::merge::Commands;
use crate::pg::cache::{Cache, Derived};
use crate::pg::lock;
use crate::pg::oid::Oid;
use crate::pg::range_scan::Touching;
use crate::pg::relation::schema_of;
use crate::pg::report::Result;
use crate::pg::trigger::{Firing, TriggerInfo};

/// The state for packing the rows of one table.
pub struct Packer {
    layout: Layout,
    /// The search for rows that touch a period.
    pub index: Touching,
    index_oid: Oid,
    /// The statements that merge rows.
    pub commands: Commands,
    /// Whether a trigger of the table may change the rows that an UPDATE writes.
    pub is_bent: bool,
}

thread_local! {
    static PACKERS: Cache<Packer> = Cache::default();
}

impl Derived for Packer {
    fn depends_on(&self, relation: Oid) -> bool {
        relation == self.layout.relation || relation == self.index_oid
    }

    fn is_current(&self) -> bool {
        schema_of(self.layout.relation).as_ref() == Some(&self.layout.schema)
    }
}

impl Packer {
    /// The packer for the table of a firing.
    pub fn of(firing: &Firing) -> Result<Rc<Packer>> {
        PACKERS.with(|packers| {
            packers.get(firing.relation_oid(), || {
                let relation = firing.relation();
                relation.require_plain(FEATURE.participle)?;
                let layout = Layout::of(&relation, &Arguments::parse(&firing.arguments())?)?;
                let index =
                    constraint::index_of(&relation, &layout).ok_or_else(|| constraint::missing_index(&relation))?;
                Ok(Packer {
                    index: constraint::scan_of(&relation, &layout, &index)
                        .ok_or_else(|| constraint::missing_index(&relation))?,
                    index_oid: index.oid,
                    commands: Commands::of(&layout),
                    // A column that is generated can change with the period.
                    is_bent: relation.triggers().iter().any(TriggerInfo::before_update_row)
                        || layout.key.iter().chain(&layout.value).any(|compared| compared.column.generated),
                    layout,
                })
            })
        })
    }

    /// The places of the columns.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The keys of the statement's rows: at most one more than the number of keys that are locked one by one.
    pub fn keys(&self, firing: &Firing) -> Result<BTreeSet<lock::Key>> {
        let mut keys = BTreeSet::new();
        let places = self.layout.places();
        firing.each_changed_row(&self.layout.descriptor, &places, |row| {
            self.layout.period(row)?;
            if keys.len() <= lock::fair_share() {
                keys.extend(self.layout.lock_key(row));
            }
            Ok(())
        })?;
        Ok(keys)
    }
}
