//! Impossible recorded times: null, infinite, or not after the previous event's time.
//!
//! The line covers the recorded time, so verification already detects an edit. This check finds times that were wrong
//! at sealing. A replica, a superuser, or an owner with disabled triggers can insert such rows with their hashes.
//! One edit makes one fault: an event that shares its seq with another event, or follows an event without a finite
//! time, is not compared with that event.

use crate::pg::report::{Error, Result};
use crate::pg::spi::{Parameter, Session};
use crate::table::scan;

/// The recorded times of a chained table, as SQL.
pub struct Times {
    /// The FROM clause: the table under an alias, and the condition on its rows.
    pub from: String,
    /// The entity columns, qualified with the alias, like all columns here.
    pub entity: Vec<String>,
    /// The seq.
    pub seq: String,
    /// The hash.
    pub hash: String,
    /// The recorded time.
    pub recorded: String,
}

/// Reports each event with an impossible recorded time under the active snapshot: entity as text, seq, and a sentence
/// that names the fault. PostgreSQL sorts the times within `work_mem`; a cursor delivers the events.
pub fn report(
    session: &Session,
    times: &Times,
    parameters: &[Parameter],
    mut found: impl FnMut(Vec<Option<String>>, i64, &str),
) -> Result<()> {
    let cursor = session.cursor(&statement(times), parameters, true)?;
    let width = times.entity.len();
    scan::each(&cursor, |row| {
        let seq: i64 = row.get(width).ok_or_else(|| Error::damaged("the times of a chain"))?;
        let detail = match row.get::<bool>(width + 1) {
            None => "The recorded time is null.",
            Some(false) => "The recorded time is infinite.",
            Some(true) => "The recorded time is not after that of the event before.",
        };
        found((0..width).map(|position| row.text(position)).collect(), seq, detail);
        Ok(())
    })
}

/// The query for [`report`]. Verification reports an unsealed event as such; the event has no recorded time to check.
fn statement(times: &Times) -> String {
    let Times { from, entity, seq, hash, recorded } = times;
    let named: Vec<_> = entity.iter().enumerate().map(|(i, column)| format!("{column} AS k{i}, ")).collect();
    let keys: Vec<_> = (0..entity.len()).map(|i| format!("t.k{i}")).collect();
    let select: String = keys.iter().map(|key| format!("{key}, ")).collect();
    let partition = if keys.is_empty() { String::new() } else { format!("PARTITION BY {}", keys.join(", ")) };
    format!(
        "SELECT {select}t.seq, pg_catalog.isfinite(t.at)
         FROM (SELECT t.*, pg_catalog.lag(t.at) OVER chain AS at_before, pg_catalog.lag(t.seq) OVER chain AS seq_before
               FROM (SELECT {}{seq} AS seq, {recorded} AS at, {hash} IS NOT NULL AS sealed FROM {from}) AS t
               WHERE t.sealed AND t.seq IS NOT NULL
               WINDOW chain AS ({partition} ORDER BY t.seq)) AS t
         WHERE t.at IS NULL
            OR NOT pg_catalog.isfinite(t.at)
            OR t.at OPERATOR(pg_catalog.<=) t.at_before AND pg_catalog.isfinite(t.at_before)
               AND t.seq OPERATOR(pg_catalog.>) t.seq_before",
        named.concat(),
    )
}
