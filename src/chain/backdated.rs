//! Recorded times that cannot be: null, infinite, or not after that of the event before.
//!
//! The line covers the recorded time, so an edit of it shows as any other. What is looked for here is a time that was
//! wrong when it was sealed, by who can make rows with their hashes: a replica, a superuser, the owner with triggers off.
//! One edit makes one fault: an event that has the seq of another, or comes after a time that is none, is not judged
//! by it.

use crate::pg::report::{Error, Result};
use crate::pg::spi::{Parameter, Session};
use crate::table::scan;

/// Where the recorded times of a chained table are, as SQL.
pub struct Times {
    /// What follows FROM: the table under an alias, and which rows of it.
    pub from: String,
    /// The columns that name the entity, with the alias before them, as all columns are here.
    pub entity: Vec<String>,
    /// The seq.
    pub seq: String,
    /// The hash.
    pub hash: String,
    /// The recorded time.
    pub recorded: String,
}

/// Reports each event whose recorded time cannot be, with the active snapshot: its entity as text, its seq,
/// and what is wrong, as a sentence. PostgreSQL sorts the times within `work_mem`; the events come through a cursor.
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

/// An event that is not sealed is reported as such, and has no recorded time to speak of.
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
