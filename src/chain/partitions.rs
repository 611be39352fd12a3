//! The partitions of a chained table: PostgreSQL clones row triggers to partitions, but not the trigger against TRUNCATE.

use super::feature::{FEATURE, GUARDS_TABLE};
use crate::pg::acting::as_owner_of;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::table::triggers;

/// Adds the partitioned table's trigger against TRUNCATE to each of `tables` that is a partition of a chain. Acts as
/// the table's owner, not the caller: PostgreSQL clones row triggers without asking the owner either.
pub fn guard(session: &Session, tables: &[Oid]) -> Result<()> {
    let unguarded = session.query(
        "SELECT c.oid, veritable.trigger_arguments(rows.tgargs)
         FROM pg_catalog.pg_trigger rows
         JOIN pg_catalog.pg_class c ON c.oid = rows.tgrelid
         WHERE c.oid = ANY ($1) AND rows.tgfoid = 'veritable.guard'::pg_catalog.regproc AND rows.tgparentid <> 0
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger own WHERE own.tgrelid = c.oid AND own.tgname = $2)",
        &[tables.to_vec().into(), GUARDS_TABLE.name.into()],
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

/// Refuses to detach a partition with rows from the chain of `table`: the chain would have a gap, or restart.
pub fn refuse_to_detach_rows(partition: Oid, table: Oid) -> Result<()> {
    let table = Relation::open(table, Lock::AccessShare)?;
    if !FEATURE.is_on(&table)? || !has_rows(partition)? {
        return Ok(());
    }
    Err(Error::new(
        Class::AppendOnly,
        format!("cannot detach partition \"{}\" of chained table \"{}\"", name_of(partition), table.name()),
    )
    .detail("It holds events, which would be missing from their chains.")
    .hint("Use drop_chain() to end the chain first."))
}
