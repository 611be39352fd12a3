//! Refusals before a command begins, for commands that commit midway: at their end it is too late to undo them.

use super::definitions::Definitions;
use super::judge;
use super::touched::{Functions, Objects, Touched};
use crate::pg::acting::with_settings;
use crate::pg::command::Command;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::pg::snapshot::Mark;
use crate::pg::spi;
use crate::table::feature::{self, Kind};

/// Refuses `DROP INDEX CONCURRENTLY` of the last index that a guarantee needs, and `DETACH PARTITION … CONCURRENTLY` of
/// a partition with rows under a guarantee. PostgreSQL itself refuses a command that the caller may not run.
pub fn judge(command: &Command) -> Result<()> {
    let indexes: Vec<_> = command.indexes_dropped_concurrently().into_iter().filter(|index| is_owned(*index)).collect();
    if !indexes.is_empty() {
        judge_indexes(&indexes)?;
    }
    if let Some((table, partition)) = command.detached_concurrently()
        && is_owned(table)
        && Relation::open(partition, Lock::AccessShare)?.ancestors().first() == Some(&table)
    {
        for partitions in feature::all().iter().filter_map(|listed| listed.ddl.partitions) {
            (partitions.refuse_to_detach)(partition, table)?;
        }
    }
    Ok(())
}

fn is_owned(relation: Oid) -> bool {
    Relation::open(relation, Lock::AccessShare).is_ok_and(|relation| relation.is_owned_by_caller())
}

fn judge_indexes(indexes: &[Oid]) -> Result<()> {
    let Some(functions) = Functions::find()? else { return Ok(()) };
    // Names in the command resolve with the caller's search_path, names in our statements with PostgreSQL's.
    with_settings(|settings| {
        settings.set(c"search_path", c"pg_catalog, pg_temp");
        spi::connect(|session| {
            Mark::now().during(|| {
                let mut touched = Touched::default();
                touched.find(session, &functions, &Objects::of_relations(indexes.to_vec()))?;
                let before = Definitions::read(session, &functions, &touched, &[])?;
                let after = Definitions::read(session, &functions, &touched, indexes)?;
                judge::what_was(Kind::Index, &before, &after, &touched)
            })
        })
    })
}
