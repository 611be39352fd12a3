//! The partitions of a chained table: PostgreSQL clones row triggers to partitions, but not the trigger against TRUNCATE.

use super::arguments::Arguments;
use super::feature::{FEATURE, GUARDS_TABLE};
use super::pointers;
use super::triggers::Chain;
use crate::pg::acting::as_owner_of;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Fetched, Session};
use crate::table::{topology, triggers};

/// Adds the partitioned table's trigger against TRUNCATE to each of `tables` that is a partition of a chain, and to the
/// partitions below it. Acts as the table's owner, not the caller: PostgreSQL clones row triggers without asking the owner
/// either.
pub fn guard(session: &Session, tables: &[Oid]) -> Result<()> {
    let mut tables = tables.to_vec();
    for place in 0..tables.len() {
        tables.extend(topology::below(session, tables[place])?);
    }
    for &table in &tables {
        pointers::arrive(&Relation::open(table, Lock::AccessShare)?)?;
    }
    let unguarded = session.query(
        "SELECT c.oid, veritable.trigger_arguments(rows.tgargs)
         FROM pg_catalog.pg_trigger rows
         JOIN pg_catalog.pg_class c ON c.oid = rows.tgrelid
         WHERE c.oid = ANY ($1) AND rows.tgfoid = 'veritable.guard'::pg_catalog.regproc AND rows.tgparentid <> 0
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger own WHERE own.tgrelid = c.oid AND own.tgname = $2)",
        &[tables.into(), GUARDS_TABLE.name.into()],
    )?;
    for row in unguarded.rows() {
        let (Some(table), Some(arguments)) = (row.get(0), row.get::<Vec<String>>(1)) else {
            return Err(Error::damaged("pg_trigger"));
        };
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| GUARDS_TABLE.create(session, &FEATURE, &name, GUARDS_TABLE.name, &arguments))??;
    }
    Ok(())
}

/// Drops the trigger against TRUNCATE from each of `tables`, which are no longer partitions of a chain. Acts as the
/// owner, because the trigger comes and goes with the chain.
pub fn unguard(session: &Session, tables: &[Oid]) -> Result<()> {
    let guarded = session.query(
        "SELECT own.tgrelid
         FROM pg_catalog.pg_trigger own
         WHERE own.tgrelid = ANY ($1) AND own.tgfoid = 'veritable.guard'::pg_catalog.regproc AND own.tgname = $2",
        &[tables.to_vec().into(), GUARDS_TABLE.name.into()],
    )?;
    for row in guarded.rows() {
        let table = row.get(0).ok_or_else(|| Error::damaged("pg_trigger"))?;
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| triggers::drop(session, &name, [GUARDS_TABLE.name.to_string()]))??;
    }
    Ok(())
}

/// Refuses a partition with rows under a table with a log: their positions would be below what readers have passed.
pub fn refuse_rows(partition: Oid, table: Oid) -> Result<()> {
    let table = Relation::open(table, Lock::AccessShare)?;
    let has_log = Chain::of(&table)?.is_some_and(|chain| chain.arguments.log.is_some());
    if !has_log || !has_rows(partition)? {
        return Ok(());
    }
    Err(Error::new(
        Class::State,
        format!(
            "cannot attach partition \"{}\" with rows to table \"{}\", which has a log",
            name_of(partition),
            table.name()
        ),
    )
    .detail("Readers of the log may have passed the positions of its events.")
    .hint("Attach it without rows, and insert them; or use drop_log() before and add_log() after."))
}

/// Whether an index on the entity and seq can be unique under these partition keys: PostgreSQL wants a unique index to
/// contain all columns of the key, at every level.
pub fn may_be_unique(arguments: &Arguments, keys: &[Option<String>]) -> bool {
    keys.iter().all(|key| key.as_ref().is_some_and(|column| arguments.entity.contains(column)))
}

/// The names of the table's indexes on exactly the entity and seq, partitioned or not.
pub fn indexes(session: &Session, table: Oid, arguments: &Arguments, unique: bool) -> Result<Vec<String>> {
    let columns: Vec<_> = arguments.entity.iter().chain([&arguments.seq]).cloned().collect();
    let found = session.query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
         FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE i.indrelid = $1 AND i.indisunique = $3 AND i.indpred IS NULL AND i.indisvalid
           AND i.indnatts = pg_catalog.cardinality($2)
           AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname::pg_catalog.text)
                FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1 AND a.attnum = ANY (i.indkey::pg_catalog.int2[]))
               = (SELECT pg_catalog.array_agg(name ORDER BY name) FROM pg_catalog.unnest($2) AS name)
         ORDER BY 1",
        &[table.into(), columns.into(), unique.into()],
    )?;
    let name = |row: Fetched| row.get(0).ok_or_else(|| Error::damaged("pg_index"));
    found.rows().map(name).collect()
}

/// Refuses a partition that is partitioned by a column which the unique index of the chain lacks.
pub fn refuse_key(table: &Relation, key: &[Option<String>]) -> Result<()> {
    let root = FEATURE.root_of(table)?;
    let root = root.as_ref().unwrap_or(table);
    let Ok(Some(Chain { arguments, .. })) = Chain::of(root) else { return Ok(()) };
    let is_outside = |key: &&Option<String>| key.as_ref().is_none_or(|column| !arguments.entity.contains(column));
    let Some(outside) = key.iter().find(is_outside) else { return Ok(()) };
    let unique = spi::connect(|session| indexes(session, root.oid(), &arguments, true))?;
    if unique.is_empty() {
        return Ok(());
    }
    let by = outside.as_ref().map_or("an expression".to_string(), |column| format!("column \"{column}\""));
    let columns: Vec<_> = arguments.entity.iter().chain([&arguments.seq]).map(quote::identifier).collect();
    let drop: Vec<_> = unique.iter().map(|index| format!(" DROP INDEX {index};")).collect();
    Err(Error::new(
        Class::State,
        format!("a partition of chained table \"{}\" cannot be partitioned by {by}", root.name()),
    )
    .detail("The unique index on entity and seq would have to contain it. Without uniqueness, the index still finds the newest event.")
    .hint(format!("CREATE INDEX ON {} ({});{}", root.qualified_name(), columns.join(", "), drop.concat())))
}
