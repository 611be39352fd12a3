//! The common checks of a table that a feature is attached to.

use super::feature::{self, Feature, Listed};
use super::topology;
use crate::pg::extension;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;

impl Feature {
    /// Opens a table that the caller owns in order to attach the feature: locks the table exclusively, and checks that
    /// the caller sees all its rows.
    pub fn open(&self, target: Oid) -> Result<Relation> {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        if relation.hides_rows() {
            let hint = format!(
                "Disable it for the owner while the {} is added: ALTER TABLE … NO FORCE ROW LEVEL SECURITY.",
                self.name
            );
            return Err(relation.hidden_rows().hint(hint));
        }
        self.check(&relation)?;
        Ok(relation)
    }

    /// Checks what every feature demands of a table, when the feature is attached and after each command.
    pub fn check(&self, relation: &Relation) -> Result<()> {
        relation.require_table()?;
        self.check_exclusions(relation)?;
        topology::check_children(self, relation)
    }
    /// Checks what the other features of the table demand, now that it has this one, too: its triggers fill in columns.
    pub fn check_others(&self, relation: &Relation) -> Result<()> {
        // The script of the extension gives its tables one feature each, before it has the functions of all.
        if extension::is_scripted(c"veritable") {
            return Ok(());
        }
        for Listed { feature, ddl } in feature::all() {
            if feature.name != self.name && feature.is_on(relation)? {
                (ddl.check)(relation)?;
            }
        }
        Ok(())
    }
}
