//! The partitions of a chained table: PostgreSQL clones row triggers to them, but not the one that refuses TRUNCATE.

use super::triggers::{Chain, TRUNCATE};
use crate::pg::acting::as_owner_of;
use crate::pg::contents::has_rows;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// Gives each of `tables` that is a partition of a chain the trigger against TRUNCATE that the partitioned table has. As
/// its owner, who need not be the caller: with the row triggers, PostgreSQL does not ask either.
pub fn guard(session: &Session, tables: &[Oid]) -> Result<()> {
    let unguarded = session.query(
        "SELECT c.oid, veritable.trigger_arguments(rows.tgargs)
         FROM pg_catalog.pg_trigger rows
         JOIN pg_catalog.pg_class c ON c.oid = rows.tgrelid
         WHERE c.oid = ANY ($1) AND rows.tgfoid = 'veritable.guard'::pg_catalog.regproc AND rows.tgparentid <> 0
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger own WHERE own.tgrelid = c.oid AND own.tgname = $2)",
        &[tables.to_vec().into(), TRUNCATE.into()],
    )?;
    for row in unguarded.rows() {
        if let (Some(table), Some(arguments)) = (row.get(0), row.get::<Vec<String>>(1)) {
            let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
            as_owner_of(table, |_| add_truncate_guard(session, &name, &arguments))??;
        }
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
        &[tables.to_vec().into(), TRUNCATE.into()],
    )?;
    for table in guarded.rows().filter_map(|row| row.get(0)) {
        let name = Relation::open(table, Lock::AccessShare)?.qualified_name();
        as_owner_of(table, |_| session.run(&format!("DROP TRIGGER {TRUNCATE} ON {name}"), &[]))??;
    }
    Ok(())
}

/// Refuses that a partition leaves the chain of `table` with its rows: the chain would have a gap, or begin anew.
pub fn refuse_to_detach_rows(partition: Oid, table: Oid) -> Result<()> {
    let table = Relation::open(table, Lock::AccessShare)?;
    if Chain::of(&table)?.is_none() || !has_rows(partition)? {
        return Ok(());
    }
    Err(Error::new(
        Class::AppendOnly,
        format!("cannot detach partition \"{}\" of chained table \"{}\"", name_of(partition), table.name()),
    )
    .detail("It holds events, which would be missing from their chains.")
    .hint("Use drop_chain() to end the chain first."))
}

/// The partitions below a partitioned table, of all levels.
pub fn below(session: &Session, table: Oid) -> Result<Vec<Oid>> {
    let tree = session
        .query("SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1) WHERE level > 0", &[table.into()])?;
    Ok(tree.rows().filter_map(|row| row.get(0)).collect())
}

/// Creates the trigger that refuses TRUNCATE.
pub fn add_truncate_guard(session: &Session, table: &str, arguments: &[String]) -> Result<()> {
    let arguments = arguments.iter().map(quote::literal).collect::<Vec<_>>().join(", ");
    session.run(
        &format!(
            "CREATE TRIGGER {TRUNCATE} BEFORE TRUNCATE ON {table}
             FOR EACH STATEMENT EXECUTE FUNCTION veritable.guard({arguments})"
        ),
        &[],
    )?;
    session.run(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {TRUNCATE}"), &[])?;
    Ok(())
}
