//! What a history needs of its events: the newest one of each row that exists says what the row is, and is not pruned. And what
//! its function says after events were pruned: nothing about moments before.

use super::arguments::Arguments;
use crate::pg::acting::as_owner_of;
use crate::pg::command;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::report::{Error, Result};
use crate::pg::spi::Session;
use crate::table::keepers::{Keeper, Prunes};
use crate::table::makers;

/// A history has a word in what is pruned from it.
pub const KEEPER: Keeper =
    Keeper { forget: |_, _| Ok(Vec::new()), prunes: Prunes { keeps, follow, ..Prunes::NOTHING } };

/// Generates the function of the table anew whose history this is.
fn follow(session: &Session, history: Oid) -> Result<()> {
    let found = session.query(
        "SELECT DISTINCT t.tgrelid FROM pg_catalog.pg_trigger t
         WHERE t.tgconstrrelid = $1 AND t.tgfoid = 'veritable.history'::pg_catalog.regproc AND t.tgparentid = 0",
        &[history.into()],
    )?;
    let tables = found.rows().map(|row| row.get(0).ok_or_else(|| Error::damaged("pg_trigger")));
    let tables: Vec<Oid> = tables.collect::<Result<_>>()?;
    let _own = command::own_commands();
    tables.into_iter().try_for_each(|table| as_owner_of(table, |_| makers::follow(session, table, &[]))?)
}

/// The condition under which the newest event of a row must stay, if the table is a history: the row was not deleted.
fn keeps(session: &Session, table: Oid, alias: &str) -> Result<Option<String>> {
    let found = session.query(
        "SELECT veritable.trigger_arguments(t.tgargs)
         FROM pg_catalog.pg_trigger t
         WHERE t.tgconstrrelid = $1 AND t.tgfoid = 'veritable.history'::pg_catalog.regproc
         ORDER BY t.tgparentid LIMIT 1",
        &[table.into()],
    )?;
    let Some(row) = found.rows().next() else { return Ok(None) };
    let arguments = Arguments::parse(&row.get::<Vec<String>>(0).ok_or_else(|| Error::damaged("pg_trigger"))?)?;
    let operation = quote::identifier(&arguments.own.operation);
    Ok(Some(format!("({alias}.{operation} OPERATOR(pg_catalog.<>) 'delete') IS NOT FALSE")))
}
