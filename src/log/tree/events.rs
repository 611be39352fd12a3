//! The events of a log, as SQL reads them.

use crate::chain::layout::Layout;
use crate::log::found::Found;
use crate::pg::acting::as_owner;
use crate::pg::memory;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Fetched, Session};
use crate::table::topology;

/// The number of events that are read at a time.
const BATCH: usize = 2048;

/// A table with a log, with the SQL parts of the statements that read it.
pub struct Events {
    /// The layout of a row.
    pub layout: Layout,
    /// The alias of a row in SQL.
    pub alias: String,
    /// `ONLY schema.table AS alias`; without ONLY for a partitioned table.
    pub from: String,
    /// The position, in SQL.
    pub position: String,
    hash: String,
    seq: String,
}

/// An event of the log.
pub struct Event {
    /// The position.
    pub position: i64,
    /// The stored hash.
    pub hash: [u8; 32],
    /// Whether the event is the first of its entity.
    pub is_first: bool,
}

impl Events {
    /// Resolves the table of a log.
    pub fn of(relation: &Relation, found: &Found) -> Result<Events> {
        let alias = relation.alias("event");
        let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
        Ok(Events {
            layout: Layout::of(relation, &found.arguments)?,
            from: topology::from_clause(relation, &alias),
            position: column(&found.log.position),
            hash: column(&found.arguments.hash),
            seq: column(&found.arguments.seq),
            alias,
        })
    }

    /// What [`Events::event`] reads.
    pub fn columns(&self) -> String {
        format!("{}, {}, {} = 1", self.position, self.hash, self.seq)
    }

    /// The event in a row of [`Events::columns`].
    pub fn event(&self, relation: &Relation, row: &Fetched) -> Result<Event> {
        let position = row.get(0).ok_or_else(|| Error::damaged("the positions of a log"))?;
        let hash = row.bytes(1).and_then(|bytes| self.layout.hash.form.read(&bytes)).ok_or_else(|| {
            Error::new(
                Class::State,
                format!("event at position {position} of table \"{}\" has no hash", relation.name()),
            )
            .hint("SELECT * FROM verify_chain() says what is wrong with it.")
        })?;
        Ok(Event { position, hash: *hash.as_bytes(), is_first: row.get(2).unwrap_or(false) })
    }

    /// The statement that reads the events with a position above $1 and up to $2, in the order of their positions.
    pub fn in_order(&self) -> String {
        format!(
            "SELECT {} FROM {} WHERE {position} > $1 AND {position} <= $2 ORDER BY {position}",
            self.columns(),
            self.from,
            position = self.position,
        )
    }

    /// Passes the events with a position above `after` and up to `until` to `take`, batch by batch, in the order of their
    /// positions. Reads as the owner of the table; `take` runs as the caller.
    pub fn each_batch(
        &self,
        session: &Session,
        relation: &Relation,
        (after, until): (i64, i64),
        mut take: impl FnMut(&mut dyn Iterator<Item = Result<Event>>) -> Result<()>,
    ) -> Result<()> {
        let cursor = as_owner(relation, |_| session.cursor(&self.in_order(), &[after.into(), until.into()], true))?;
        loop {
            let is_over = memory::scratch(|| -> Result<bool> {
                // The owner's functions can run while rows are read: those of an index, for example.
                let batch = as_owner(relation, |_| cursor.fetch(BATCH));
                take(&mut batch.rows().map(|row| self.event(relation, &row)))?;
                Ok(batch.is_empty())
            })?;
            if is_over {
                return Ok(());
            }
        }
    }
}
