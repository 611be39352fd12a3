//! The partitions of a chained table: PostgreSQL clones row triggers to them, but not the one that refuses TRUNCATE.

use pgrx::pg_sys;
use pgrx::spi::quote_literal;

use super::triggers::TRUNCATE;
use crate::pg::report::Result;
use crate::pg::spi::Session;

/// Gives each of `tables` that is a partition of a chain the trigger against TRUNCATE that the partitioned table has.
pub fn guard(session: &Session, tables: &[pg_sys::Oid]) -> Result<()> {
    let unguarded = session.query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), veritable.trigger_arguments(rows.tgargs)
         FROM pg_catalog.pg_trigger rows
         JOIN pg_catalog.pg_class c ON c.oid = rows.tgrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = ANY ($1) AND rows.tgfoid = 'veritable.guard'::pg_catalog.regproc AND rows.tgparentid <> 0
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger own WHERE own.tgrelid = c.oid AND own.tgname = $2)",
        &[tables.to_vec().into(), TRUNCATE.into()],
    )?;
    for row in unguarded.rows() {
        if let (Some(table), Some(arguments)) = (row.get::<String>(0), row.get::<Vec<String>>(1)) {
            add_truncate_guard(session, &table, &arguments)?;
        }
    }
    Ok(())
}

/// Takes the trigger against TRUNCATE from each of `tables`, which are partitions of a chain no more.
pub fn unguard(session: &Session, tables: &[pg_sys::Oid]) -> Result<()> {
    let guarded = session.query(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
         FROM pg_catalog.pg_trigger own
         JOIN pg_catalog.pg_class c ON c.oid = own.tgrelid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid = ANY ($1) AND own.tgfoid = 'veritable.guard'::pg_catalog.regproc AND own.tgname = $2",
        &[tables.to_vec().into(), TRUNCATE.into()],
    )?;
    for table in guarded.rows().filter_map(|row| row.get::<String>(0)) {
        session.run(&format!("DROP TRIGGER {TRUNCATE} ON {table}"), &[])?;
    }
    Ok(())
}

/// The partitions below a partitioned table, of all levels.
pub fn below(session: &Session, table: pg_sys::Oid) -> Result<Vec<pg_sys::Oid>> {
    let tree = session
        .query("SELECT relid::pg_catalog.oid FROM pg_catalog.pg_partition_tree($1) WHERE level > 0", &[table.into()])?;
    Ok(tree.rows().filter_map(|row| row.get(0)).collect())
}

/// Creates the trigger that refuses TRUNCATE.
pub fn add_truncate_guard(session: &Session, table: &str, arguments: &[String]) -> Result<()> {
    let arguments = arguments.iter().map(quote_literal).collect::<Vec<_>>().join(", ");
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
