//! `settled_at()`: the time at and before which a table's record can no longer change.

use super::chain::{Chain, without_time};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::pg::types::time_unit;
use crate::pg::{snapshot, transaction};
use crate::table::columns::Columns;
use crate::table::recorded;

sql_function! {
    /// `settled_at(regclass) → timestamptz`
    veritable_settled_at = settled_at
}

fn settled_at(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    if transaction::is_on_standby() {
        return Err(Error::new(Class::State, "a standby does not know which transactions are still recording")
            .hint("Ask the primary, and wait until the standby has replayed what was written before the answer."));
    }
    if snapshot::is_kept() {
        return Err(Error::new(Class::State, "the answer would be about later commits than the transaction can see")
            .detail("A transaction of this isolation level reads with the snapshot of its first statement.")
            .hint("Ask in a READ COMMITTED transaction, and then begin the transaction that reads."));
    }
    let relation = Relation::open(target, Lock::AccessShare)?;
    relation.require_table()?;
    relation.require_select()?;
    let (root, recorded) = spi::connect(|session| recording(session, &relation))?;
    let root = Relation::open(root, Lock::AccessShare)?;
    let unit = time_unit(Columns::of(&root).find(&recorded)?);
    Ok(Answer::timestamp(recorded::settled(root.oid(), unit)))
}

/// The chain that records the table, by its root and its column of recorded times: its own, or that of its history.
fn recording(session: &Session, table: &Relation) -> Result<(Oid, String)> {
    let own = Chain::of(session, table)?;
    if let Some(Chain { table, recorded: Some(recorded), .. }) = own {
        return Ok((table, recorded));
    }
    if let Some(history) = history(session, table)? {
        let history = Relation::open(history, Lock::AccessShare)?;
        return match Chain::of(session, &history)? {
            Some(Chain { table, recorded: Some(recorded), .. }) => Ok((table, recorded)),
            _ => Err(without_time(&history.name())),
        };
    }
    let name = table.name();
    match own {
        Some(_) => Err(without_time(&name)),
        None => Err(Error::new(Class::State, format!("table \"{name}\" is neither chained nor has a history"))
            .hint("Use add_chain(…, recorded => …), or add_history().")),
    }
}

/// The history of the table, or of the nearest partitioned table above it that has one.
fn history(session: &Session, table: &Relation) -> Result<Option<Oid>> {
    let view = session.query("SELECT pg_catalog.to_regclass('veritable.histories') IS NOT NULL", &[])?;
    if view.rows().next().and_then(|row| row.get(0)) != Some(true) {
        return Ok(None);
    }
    let mut tables = vec![table.oid()];
    tables.extend(table.ancestors());
    let found = session.query(
        "SELECT history::pg_catalog.oid FROM veritable.histories WHERE target = ANY ($1)
         ORDER BY pg_catalog.array_position($1, target::pg_catalog.oid) LIMIT 1",
        &[tables.into()],
    )?;
    Ok(found.rows().next().and_then(|row| row.get(0)))
}
