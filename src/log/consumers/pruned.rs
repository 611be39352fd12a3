//! Warnings about consumers that do not get events, because these were pruned before, or have come back behind them.

use std::ops::RangeInclusive;

use crate::log::trees::as_extension;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result, warning, warning_with_hint};
use crate::pg::spi::{Fetched, Session};

/// Warns of the consumers that never get some of these events of a log: those that are behind when the events are pruned, and
/// those that are past them when they come back.
pub fn tell(session: &Session, table: &Relation, positions: RangeInclusive<i64>, is_pruned: bool) -> Result<()> {
    let (least, greatest) = positions.into_inner();
    let having = if is_pruned {
        "pg_catalog.min(m.\"position\") OPERATOR(pg_catalog.<) $2"
    } else {
        "pg_catalog.max(m.\"position\") OPERATOR(pg_catalog.>=) $2"
    };
    let bound = if is_pruned { greatest } else { least };
    let names = as_extension(|| {
        let found = session.query(
            &format!(
                "SELECT m.consumer::pg_catalog.text FROM veritable.consumer_members m
                 WHERE m.target = $1::pg_catalog.oid GROUP BY m.consumer HAVING {having} ORDER BY m.consumer"
            ),
            &[table.oid().into(), bound.into()],
        )?;
        let name = |row: Fetched| row.get::<String>(0).ok_or_else(|| Error::damaged("veritable.consumer_members"));
        found.rows().map(name).collect::<Result<Vec<_>>>()
    })?;
    let Some(first) = names.first() else { return Ok(()) };
    let all = names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    if is_pruned {
        warning(
            format!("consumers of table \"{}\" have not read all events that were pruned", table.name()),
            format!("These stand before position {greatest}, and never get them: {all}."),
        );
    } else {
        warning_with_hint(
            format!("consumers of table \"{}\" are past events that have come back", table.name()),
            format!(
                "These stand at or after position {least}, and do not get what they had not read when it was pruned: {all}."
            ),
            &format!(
                "To have the events from there on again: SELECT seek_consumer({}, {}, {});",
                table.stable_literal(),
                quote::literal(first),
                least.saturating_sub(1)
            ),
        );
    }
    Ok(())
}
