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
use crate::table::topology;

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
    if let Some((table, partition)) = command.attached()
        && is_owned(table)
        && is_owned(partition)
    {
        judge_attached(&Relation::open(table, Lock::AccessShare)?, partition)?;
    }
    if let Some((table, key)) = command.created_subpartitioned()
        && is_owned(table)
    {
        refuse_key(&Relation::open(table, Lock::AccessShare)?, &key)?;
    }
    Ok(())
}

/// Refuses a partition key that PostgreSQL would refuse without saying what to do.
fn refuse_key(table: &Relation, key: &[Option<String>]) -> Result<()> {
    let mut rules = feature::all().iter().filter_map(|listed| listed.ddl.partitions);
    with_settings(|settings| {
        settings.set(c"search_path", c"pg_catalog, pg_temp");
        rules.try_for_each(|rules| (rules.refuse_key)(table, key))
    })
}

/// Refuses a partition that has a guarantee of its own which the table has, too: both have triggers of the same names, which
/// PostgreSQL would call a conflict, without saying what to do.
fn judge_attached(table: &Relation, partition: Oid) -> Result<()> {
    let mut features = Vec::new();
    for feature in feature::all().iter().map(|listed| listed.feature) {
        if feature.is_on(table)? {
            features.push(feature);
        }
    }
    if features.is_empty() {
        return Ok(());
    }
    let parts = Relation::open(partition, Lock::AccessShare)?.with_partitions();
    for &part in &parts {
        let part = Relation::open(part, Lock::AccessShare)?;
        for feature in &features {
            if feature.is_on(&part)? && feature.root_of(&part)?.is_none() {
                let before =
                    format!("Use drop_{}() before it becomes a partition of a {}.", feature.name, feature.noun());
                return Err(feature.duplicate(&part.name()).hint(before));
            }
        }
    }
    let key = with_settings(|settings| {
        settings.set(c"search_path", c"pg_catalog, pg_temp");
        spi::connect(|session| topology::partition_keys(session, &parts))
    })?;
    refuse_key(table, &key)
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
