//! Commands that may have changed stored values: the guarantee is verified, and the command stands if it holds.

use std::collections::BTreeMap;

use super::definitions::{Definition, Definitions, Key};
use super::touched::Touched;
use super::{partitions, refusal};
use crate::pg::command::Rewritten;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::Result;
use crate::pg::role;
use crate::table::faults::Faults;
use crate::table::feature::Kind;

/// A change after which existing rows may not be what they were.
pub struct Change<'d> {
    verb: &'static str,
    key: &'d Key,
    definition: &'d Definition,
}

/// Verifies the tables whose stored values may have changed, and refuses the command if a guarantee does not hold. `known` are
/// partitions with which no other values have come than were there before.
pub fn verify(
    before: &Definitions,
    after: &Definitions,
    rewritten: &[Rewritten],
    touched: &Touched,
    known: &[&Key],
) -> Result<()> {
    let mut by_table: BTreeMap<(usize, u32), Vec<Change>> = BTreeMap::new();
    for change in changes(before, after, rewritten)? {
        let is_known = change.verb == "attach" && known.iter().any(|known| std::ptr::eq(*known, change.key));
        if is_known || !exists(change.key.table()) {
            continue;
        }
        if !change.may_refuse(touched) {
            refusal::let_pass(change.verb, change.key, change.definition, touched);
            continue;
        }
        let table = root(change.key)?;
        by_table.entry((change.key.feature_place(), u32::from(table))).or_default().push(change);
    }
    for ((_, table), changes) in &by_table {
        let Some(Change { verb, key, definition }) = changes.first() else { continue };
        // Writers that began before a change of a type would write by the former type.
        let relation = Relation::open(Oid::from(*table), Lock::ShareRowExclusive)?;
        let renames = |change: &&Change| change.key.kind == Kind::Type && change.verb != "add";
        if let Some(change) = changes.iter().find(renames).filter(|_| key.ddl().indexes_text)
            && has_rows(relation.oid())?
        {
            return Err(refusal::of_change(change.verb, change.key, change.definition));
        }
        let mut faults = Faults::first();
        (key.ddl().verify)(&relation, &mut faults)?;
        if faults.count() > 0 {
            return Err(refusal::of_values(verb, key, definition, &relation, faults));
        }
    }
    Ok(())
}

/// Whether existing rows may not be what they were before the command.
pub fn may_differ(before: &Definitions, after: &Definitions, rewritten: &[Rewritten]) -> Result<bool> {
    Ok(!changes(before, after, rewritten)?.is_empty())
}

/// The table that is verified: for a partition, the partitioned table above it.
fn root(key: &Key) -> Result<Oid> {
    let relation = Relation::open(key.table(), Lock::AccessShare)?;
    Ok(key.feature().root_of(&relation)?.map_or(key.table(), |root| root.oid()))
}

fn changes<'d>(before: &'d Definitions, after: &'d Definitions, rewritten: &[Rewritten]) -> Result<Vec<Change<'d>>> {
    let mut changes = Vec::new();
    for (key, was) in before.iter() {
        let now = after.get(key);
        let (counted, verb) = match key.kind {
            Kind::Column => (
                was.role.counts() || now.is_some_and(|now| now.role.counts()),
                if now.is_some_and(|now| now.column != was.column) { "rename" } else { "change" },
            ),
            Kind::Type => (true, if now.is_some_and(|now| now.name != was.name) { "rename" } else { "change" }),
            Kind::Rows => (
                now.is_some() && rewritten.iter().any(|rewritten| rewritten.computes && rewritten.table == key.table()),
                "rewrite",
            ),
            _ => (false, ""),
        };
        let same = verb != "rewrite" && now.is_some_and(|now| now.text == was.text && now.role == was.role);
        // The columns of a dropped type are dropped as well.
        let with_type = key.kind == Kind::Type && now.is_none() && !key.is_attribute_of_existing();
        if counted && !same && !with_type {
            changes.push(Change { verb: if now.is_some() { verb } else { "drop" }, key, definition: was });
        }
    }
    // A new column, or an attribute of a type, has a value in old rows if PostgreSQL has kept one for them, or if the
    // rows were rewritten. A new value of an enum is in no row.
    for (key, now) in after.but_not(before).filter(|(key, _)| before.knows_columns_of(key)) {
        let has_values = now.filled || !rewritten.is_empty();
        let counts = match key.kind {
            Kind::Column => now.role.counts() && has_values,
            Kind::Type => key.place().is_some(),
            _ => false,
        };
        if counts {
            changes.push(Change { verb: "add", key, definition: now });
        }
    }
    for (key, now) in partitions::new(before, after) {
        if has_rows(key.table())? {
            changes.push(Change { verb: "attach", key, definition: now });
        }
    }
    changes.sort_by_key(|change| change.key.kind);
    Ok(changes)
}

impl Change<'_> {
    /// Whether the guarantee may refuse: for a type, the owners of table and type decide, and the loss of an object from
    /// under a type is refused only where the command is about the type. Otherwise the command's target decides.
    fn may_refuse(&self, touched: &Touched) -> bool {
        let (key, table) = (self.key, self.key.table());
        match key.kind {
            Kind::Type => {}
            Kind::Column => return touched.may_refuse_of_column(table, self.definition.owner),
            _ => return touched.may_refuse(table),
        }
        touched.owner(table).is_some_and(|owner| role::has_privileges_of(owner, self.definition.owner))
            && (self.verb != "drop" || touched.may_refuse_of_type(key.parent(), table))
    }
}
