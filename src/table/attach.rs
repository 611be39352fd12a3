//! The common checks before a feature is attached to a table.

use super::feature::Feature;
use super::topology;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;

impl Feature {
    /// Opens a table that the caller owns in order to attach the feature: locks the table exclusively, and checks that
    /// the caller sees all its rows.
    pub fn open(&self, target: Oid) -> Result<Relation> {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        relation.require_table()?;
        if relation.hides_rows() {
            let hint = format!(
                "Disable it for the owner while the {} is added: ALTER TABLE … NO FORCE ROW LEVEL SECURITY.",
                self.name
            );
            return Err(relation.hidden_rows().hint(hint));
        }
        self.check_exclusions(&relation)?;
        topology::check_children(self, &relation)?;
        Ok(relation)
    }
}
