//! The chain of a table, as the view of chains tells it.

use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;

/// The columns of a chain that an answer depends on.
pub struct Chain {
    /// The table that has the chain: for a partition, its root.
    pub table: Oid,
    /// The columns that name the entity.
    pub entity: Vec<String>,
    /// The column of the place in the chain.
    pub seq: String,
    /// The column of the recorded time.
    pub recorded: Option<String>,
}

impl Chain {
    /// The chain of a table, or of the partitioned table above it; the nearest one.
    pub fn of(session: &Session, table: &Relation) -> Result<Option<Chain>> {
        let mut tables = vec![table.oid()];
        tables.extend(table.ancestors());
        let found = session.query(
            "SELECT target::pg_catalog.oid, entity::pg_catalog.text[], seq::pg_catalog.text, recorded::pg_catalog.text
             FROM veritable.chains
             WHERE target = ANY ($1) AND seq IS NOT NULL
             ORDER BY pg_catalog.array_position($1, target::pg_catalog.oid)
             LIMIT 1",
            &[tables.into()],
        )?;
        let Some(row) = found.rows().next() else { return Ok(None) };
        let chain = || {
            let (table, entity, seq) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Some(Chain { table, entity, seq, recorded: row.get(3) })
        };
        chain().map(Some).ok_or_else(|| Error::damaged("veritable.chains"))
    }

    /// The chain of a table that has the triggers itself, with its recorded time.
    pub fn required(session: &Session, table: &Relation) -> Result<(Chain, String)> {
        let name = table.name();
        let Some(chain) = Chain::of(session, table)? else {
            return Err(Error::new(Class::State, format!("table \"{name}\" is not chained"))
                .hint("Use add_chain(…, recorded => …) to chain it."));
        };
        if chain.table != table.oid() {
            let root = Relation::open(chain.table, Lock::AccessShare)?;
            let message = format!("\"{name}\" is a partition of chained table \"{}\"", root.name());
            let hint = format!("SELECT add_as_of({});", root.literal());
            return Err(Error::new(Class::WrongObject, message).hint(hint));
        }
        match chain.recorded.clone() {
            Some(recorded) => Ok((chain, recorded)),
            None => Err(without_time(&name)),
        }
    }
}

/// The error of a chain without a recorded time.
pub fn without_time(table: &str) -> Error {
    Error::new(Class::State, format!("chain of table \"{table}\" has no recorded time"))
        .detail("What was known at a moment is told by the recorded times.")
        .hint("Use alter_chain(…, recorded => …) if a column has times that increase; otherwise drop_chain() and add_chain(…, recorded => …).")
}
