//! Problems of a deduplication's triggers and indexes, and ways around them: each a sentence, for a row `unguarded`.

use super::feature::FEATURE;
use super::layout::Layout;
use super::requirements;
use super::triggers::Dedup;
use crate::pg::duplicate_scan::DuplicateScan;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::pg::trigger::TriggerInfo;
use crate::table::{problems, topology, triggers};

/// The problems of a table's deduplication, on the table and on its partitions.
pub fn of(relation: &Relation, dedup: &Dedup) -> Result<Vec<String>> {
    let mut found = dedup.problems.clone();
    let tables = topology::with_leaves(relation)?;
    let rendered = dedup.arguments.render();
    for &table in &tables {
        let table = Relation::open(table, Lock::AccessShare)?;
        let name = table.name();
        if let Err(error) = requirements::check_kind(&table) {
            found.push(format!("The keys of \"{name}\" cannot be looked up: {}.", error.message()));
        }
        if table.oid() != relation.oid() {
            match &FEATURE.triggers(&table)?[..] {
                [] => found.push(format!("Partition \"{name}\" has no trigger that looks for duplicates.")),
                [first, ..] => {
                    found.extend(triggers::problem_of(&table, first, super::feature::DEDUPLICATES.role, &rendered));
                }
            }
        }
        if !table.is_partitioned() {
            let layout = Layout::of(&table, &dedup.arguments);
            if layout.is_ok_and(|layout| DuplicateScan::new(&table, &layout.places()).is_none()) {
                found.push(format!("Table \"{name}\" has no index on the key."));
            }
        }
        let late = FEATURE.late(&table, &requirements::name_on(&table)?)?;
        found.extend(late.into_iter().find(TriggerInfo::enabled).map(|late| {
            format!("The trigger \"{}\" on \"{name}\" may change the key of a row after it is looked up.", late.name)
        }));
    }
    found.extend(problems::sentences(
        "SELECT pg_catalog.format('The keys of rows in \"%s\", which inherits from \"%s\", are not looked up.', c.relname, p.relname)
         FROM pg_catalog.pg_inherits i
         JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
         WHERE i.inhparent = ANY ($1) AND NOT c.relispartition
         ORDER BY 1",
        &[tables.into()],
    )?);
    Ok(found)
}
