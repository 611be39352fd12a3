//! What is told of commands that may let rows into a table past its triggers, or give values of its columns another hash: what
//! is remembered of the table may be wrong from then on.

use std::sync::OnceLock;

use crate::pg::oid::Oid;
use crate::pg::report::Result;

/// Is told of a table.
pub type Listener = fn(Oid) -> Result<()>;

static ALL: OnceLock<&[Listener]> = OnceLock::new();

/// Registers who is told when the library is loaded.
pub fn register(listeners: &'static [Listener]) {
    // A process loads the library once.
    let _ = ALL.set(listeners);
}

/// Tells all of these tables.
pub fn tell(tables: &[Oid]) -> Result<()> {
    let listeners = ALL.get().copied().unwrap_or_default();
    tables.iter().try_for_each(|table| listeners.iter().try_for_each(|listener| listener(*table)))
}
