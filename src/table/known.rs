//! Moments of which a table can still tell what was known: since the last pruning of its chain.
//!
//! Events that were pruned were known before, so an answer about an earlier moment would lack them. From the pruning on the table
//! knows what it has. A generated function that asks as of a moment has this as a condition, with constants: PostgreSQL plans it away.

use crate::pg::acting::as_owner_of;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{name_of, named};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

sql_function! {
    /// `veritable.is_known(boolean, text, text) → boolean`
    veritable_is_known = is_known
}

/// True, or the error of a moment before the last pruning.
fn is_known(call: &Call) -> Result<Answer> {
    if call.boolean(0) == Some(true) {
        return Ok(true.into());
    }
    let (table, at) = (call.text(1)?.unwrap_or_default(), call.text(2)?.unwrap_or_default());
    let message = format!("what was known before the last pruning of table \"{table}\" cannot be told");
    Err(Error::new(Class::Argument, message)
        .detail(format!("Events that were known before were pruned at {at}."))
        .hint("Ask for a moment since then. veritable.prunings says which events were pruned."))
}

/// The condition, in SQL, that a moment is one of which this chained table can tell what was known; nothing if nothing is pruned.
pub fn condition(session: &Session, table: Oid, moment: &str) -> Result<String> {
    let Some(prunings) = named(c"veritable", c"prunings") else { return Ok(String::new()) };
    let since = as_owner_of(prunings, |_| -> Result<Option<String>> {
        let found = session.query(
            "SELECT pg_catalog.to_char(pg_catalog.max(r.at) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')
             FROM (SELECT pg_catalog.max(p.at) FILTER (WHERE p.action IN ('detach', 'delete')) AS at
                   FROM veritable.prunings p
                   WHERE p.target = $1::pg_catalog.oid
                   GROUP BY p.genesis, p.key, p.first, p.last, p.before, p.through
                   HAVING pg_catalog.sum(CASE WHEN p.action IN ('detach', 'delete') THEN 1 ELSE -1 END) > 0) AS r",
            &[table.into()],
        )?;
        Ok(found.rows().next().and_then(|row| row.get(0)))
    })??;
    let Some(since) = since else { return Ok(String::new()) };
    let name = quote::literal(name_of(table));
    Ok(format!(
        " AND veritable.is_known({moment} OPERATOR(pg_catalog.>=) '{since}+00'::pg_catalog.timestamptz, {name}, '{since} UTC')"
    ))
}
