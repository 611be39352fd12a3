//! Refusals before a command begins, for commands that commit midway: at their end it is too late to undo them.

use super::definitions::Definitions;
use super::judge;
use super::touched::{Functions, Objects, Touched};
use crate::pg::acting::with_settings;
use crate::pg::command::Command;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::privilege::is_owner;
use crate::pg::relation::{Lock, Relation};
use crate::pg::relatives::{ancestors_of, is_being_detached};
use crate::pg::report::Result;
use crate::pg::sequence;
use crate::pg::snapshot::{self, Mark};
use crate::pg::spi;
use crate::table::feature::{self, Departure, Kind};
use crate::table::topology;

/// Refuses `DROP INDEX CONCURRENTLY` of the last index that a guarantee needs, and `DETACH PARTITION … CONCURRENTLY` of
/// a partition with rows under a guarantee. PostgreSQL itself refuses a command that the caller may not run.
pub fn judge(command: &Command, departure: Option<&Departure>) -> Result<()> {
    let indexes: Vec<_> = command.indexes_dropped_concurrently().into_iter().filter(|index| is_owned(*index)).collect();
    if !indexes.is_empty() {
        judge_indexes(&indexes)?;
    }
    if let Some(departure) = departure
        && command.detached_concurrently().is_some()
    {
        for partitions in feature::all().iter().filter_map(|listed| listed.ddl.partitions) {
            (partitions.refuse_to_detach)(departure)?;
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

/// The partition that the command detaches, if the caller may do so. The tables above are locked first, as for a statement that
/// inserts rows, and the table with the lock of the command itself: a stronger one later could wait for another command's.
pub fn departure(command: &Command) -> Result<Option<Departure>> {
    let (named, lock) = match (command.detached_at_once(), command.detached_concurrently()) {
        (Some(named), _) => {
            (named, if command.finalizes() { Lock::ShareUpdateExclusive } else { Lock::AccessExclusive })
        }
        (None, Some(named)) => (named, Lock::ShareUpdateExclusive),
        (None, None) => return Ok(None),
    };
    let (table, partition) = named;
    // FINALIZE waits for older transactions after it has locked the partition. They may look for the head of an entity there: a
    // deadlock, if they were not waited for before.
    if command.finalizes() && is_owner(table) && is_being_detached(partition)? {
        snapshot::outlast_older();
    }
    if !is_owner(table) || ancestors_of(partition).first() != Some(&table) {
        return Ok(None);
    }
    let above = ancestors_of(table);
    for oid in above.iter().rev() {
        Relation::open(*oid, Lock::AccessShare)?;
    }
    let mut below = Relation::open(table, lock)?.ranges_below(partition);
    for (oid, part) in above.iter().zip([table].iter().chain(&above)) {
        below.extend(Relation::open(*oid, Lock::AccessShare)?.ranges_below(*part));
    }
    Ok(Some(Departure { partition, table, below }))
}

/// The partitions without rows that a DROP TABLE of the caller's names. They are locked as the command does: the table above first.
pub fn dropped_without_rows(command: &Command) -> Result<Vec<Oid>> {
    let mut empty = Vec::new();
    for table in command.dropped_tables().into_iter().filter(|table| is_owner(*table)) {
        let Some(&parent) = ancestors_of(table).first() else { continue };
        Relation::open(parent, Lock::AccessExclusive)?;
        let relation = Relation::open(table, Lock::AccessExclusive)?;
        if relation.require_table().is_err() {
            continue;
        }
        // Its own partitions go with it.
        let mut parts = relation.with_partitions().into_iter().filter(|part| *part != table);
        parts.try_for_each(|part| Relation::open(part, Lock::AccessExclusive).map(drop))?;
        if !has_rows(table)? {
            empty.push(table);
        }
    }
    Ok(empty)
}

/// The sequence that the command alters, and the last value that it has given, if the caller owns the sequence. The lock is that
/// of the command itself: nobody takes a value meanwhile.
pub fn sequence(command: &Command) -> Result<Option<(Oid, i64)>> {
    let Some(oid) = command.altered_sequence().filter(|oid| is_owned(*oid)) else { return Ok(None) };
    let sequence = Relation::open(oid, Lock::ShareRowExclusive)?;
    Ok(sequence.is_sequence().then(|| (oid, sequence::last(&sequence))))
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
