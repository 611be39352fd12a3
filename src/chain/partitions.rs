//! The partitions of a chained table: PostgreSQL clones row triggers to them, but not the one that refuses TRUNCATE.

use super::feature::{FEATURE, GUARDS_TABLE};
use crate::pg::acting::as_owner_of;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::table::triggers;

/// Gives each of `tables` that is a partition of a chain the trigger against TRUNCATE that the partitioned table has. As
/// its owner, who need not be the caller: with the row triggers, PostgreSQL does not ask either.
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

/// Takes the trigger against TRUNCATE from each of `tables`, which are partitions of a chain no more. As its owner: the
/// trigger came with the chain, and goes with it.
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

/// Refuses that a partition leaves the chain of `table` with its rows: the chain would have a gap, or begin anew.
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
