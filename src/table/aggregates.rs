//! Aggregates of verification: SQL finds them by name, and they must be this library's.

use crate::pg::report::{Error, Result};
use crate::pg::spi::Session;

/// The functions that each aggregate has: of transition, combination, serialization and deserialization, and a final one.
const FUNCTIONS: usize = 5;

/// Refuses these aggregates of the schema `veritable` if one of their functions is not of this library.
pub fn require_own(session: &Session, names: &[&str]) -> Result<()> {
    let found = session.query_as_caller(
        "SELECT pg_catalog.count(*)
         FROM pg_catalog.pg_aggregate a
         JOIN pg_catalog.pg_proc p ON p.oid = a.aggfnoid
         JOIN pg_catalog.pg_proc f
           ON f.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn)
         JOIN pg_catalog.pg_language l ON l.oid = f.prolang
         WHERE p.pronamespace = 'veritable'::pg_catalog.regnamespace AND p.proname::pg_catalog.text = ANY ($1)
           AND l.lanname = 'c' AND f.probin = '$libdir/veritable' AND f.prosrc = pg_catalog.concat('veritable_', f.proname)",
        &[names.iter().map(ToString::to_string).collect::<Vec<_>>().into()],
    )?;
    match found.rows().next().and_then(|row| row.get::<i64>(0)) {
        Some(count) if usize::try_from(count) == Ok(FUNCTIONS * names.len()) => Ok(()),
        _ => Err(Error::damaged("the aggregates of verification")),
    }
}
