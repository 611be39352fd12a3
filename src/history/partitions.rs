//! The partitions of a table with a history: PostgreSQL clones the trigger that names the history to them, but no statement
//! triggers. A statement that names a partition fires the triggers of the partition alone.

use super::feature::{FEATURE, HISTORY};
use crate::pg::acting::as_owner_of;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::table::feature::Departure;
use crate::table::{topology, triggers};

/// Adds the recording triggers to each of `tables` that is a partition of a table with a history, and to the partitions below
/// it. Acts as the table's owner: PostgreSQL clones row triggers without asking the owner either.
pub fn guard(session: &Session, tables: &[Oid]) -> Result<()> {
    let mut tables = tables.to_vec();
    for place in 0..tables.len() {
        tables.extend(topology::below(session, tables[place])?);
    }
    let unguarded = session.query(
        "SELECT c.oid, veritable.trigger_arguments(named.tgargs)
         FROM pg_catalog.pg_trigger named
         JOIN pg_catalog.pg_class c ON c.oid = named.tgrelid
         WHERE c.oid = ANY ($1) AND named.tgfoid = 'veritable.history'::pg_catalog.regproc AND named.tgparentid <> 0
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_trigger own
               WHERE own.tgrelid = c.oid AND own.tgfoid = 'veritable.record'::pg_catalog.regproc)",
        &[tables.into()],
    )?;
    for row in unguarded.rows() {
        let (Some(table), Some(arguments)) = (row.get(0), row.get::<Vec<String>>(1)) else {
            return Err(Error::damaged("pg_trigger"));
        };
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| -> Result<()> {
            let own = FEATURE.parts.iter().filter(|part| !part.refers);
            own.into_iter().try_for_each(|part| part.create(session, &FEATURE, &name, part.name, &arguments))
        })??;
    }
    Ok(())
}

/// Drops the recording triggers from each of `tables`, which are no longer partitions of a table with a history.
pub fn unguard(session: &Session, tables: &[Oid]) -> Result<()> {
    triggers::drop_former_clones(session, tables, FEATURE.oids()?[HISTORY])?;
    let mut tables = tables.to_vec();
    for place in 0..tables.len() {
        tables.extend(topology::below(session, tables[place])?);
    }
    let guarded = session.query(
        "SELECT own.tgrelid, own.tgname::pg_catalog.text
         FROM pg_catalog.pg_trigger own
         WHERE own.tgrelid = ANY ($1) AND own.tgfoid = 'veritable.record'::pg_catalog.regproc
           AND NOT EXISTS (
               SELECT FROM pg_catalog.pg_trigger named
               WHERE named.tgrelid = own.tgrelid AND named.tgfoid = 'veritable.history'::pg_catalog.regproc)",
        &[tables.into()],
    )?;
    for row in guarded.rows() {
        let (Some(table), Some(trigger)) = (row.get(0), row.get::<String>(1)) else {
            return Err(Error::damaged("pg_trigger"));
        };
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| triggers::drop(session, &name, [trigger]))??;
    }
    Ok(())
}

/// Refuses to detach a partition with rows: they would leave the table without an event.
pub fn refuse_to_detach_rows(departure: &Departure) -> Result<()> {
    let partition = departure.partition;
    let table = Relation::open(departure.table, Lock::AccessShare)?;
    if !FEATURE.is_on(&table)? || !has_rows(partition)? {
        return Ok(());
    }
    Err(Error::new(
        Class::State,
        format!("cannot detach partition \"{}\" of recorded table \"{}\"", name_of(partition), table.name()),
    )
    .detail("Its rows would leave the table without an event in the history.")
    .hint("Move or delete its rows first, or use drop_history() to end the history."))
}
