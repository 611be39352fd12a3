//! The events of a table against the leaves of a tree: in no order, as the leaves of a tree of their own, or one by one.
//!
//! All reading is as the owner of the table, restricted, and without indexes.

use veritable_core::chain::{Stored, Tally};
use veritable_log::Builder;
use veritable_log::checkpoint::Checkpoint;
use veritable_log::tree::{NodeHash, leaf_hash};

use super::super::events::Events;
use super::super::sum;
use super::merge::Merge;
use super::tiles::{InOrder, PrunedLeaves, Tree, Walk};
use crate::log::found::Found;
use crate::log::trees::as_extension;
use crate::pg::acting::as_owner;
use crate::pg::line::pinned::Pinned;
use crate::pg::memory;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::row::Row;
use crate::pg::spi::{Fetched, Session};
use crate::table::faults::{Faults, Place};
use crate::table::verification::without_indexes;

/// The number of rows that are read at a time.
const BATCH: usize = 1000;

/// A table with a log.
pub struct Table<'t> {
    /// The connection.
    pub session: &'t Session,
    /// The table.
    pub relation: &'t Relation,
    /// Its log.
    pub found: &'t Found,
}

/// What an event says of itself.
pub enum Said {
    /// It hashes to this leaf, and its stored hash says so.
    Leaf(NodeHash),
    /// It hashes to this leaf, and its stored hash is another.
    Other(NodeHash),
    /// It cannot be hashed, for this reason.
    Nothing(String),
}

impl Table<'_> {
    /// Runs `body` as the owner of the table.
    fn reading<T>(&self, body: impl FnOnce(&Events) -> Result<T>) -> Result<T> {
        as_owner(self.relation, |acting| {
            without_indexes(acting);
            // Settings are pinned here for the leader; a parallel worker pins its own.
            let _pinned = Pinned::new();
            body(&Events::of(self.relation, self.found)?)
        })
    }

    /// The tally of the events up to this position.
    pub fn tally(&self, key: &[u8; 16], last: i64) -> Result<Tally> {
        self.reading(|events| sum::of_table(self.session, events, key, last))
    }

    /// Whether the first events of the table, in the order of their positions and with what was pruned between them, are those of
    /// the checkpoint; and how many of the pruned ones are there all the same.
    pub fn is_what_it_says(&self, checkpoint: &Checkpoint, tree: &Tree) -> Result<(bool, u64)> {
        let mut builder = Builder::new();
        if checkpoint.size() == 0 {
            return Ok((builder.root() == *checkpoint.root(), 0));
        }
        let mut pruned = match tree.pruned {
            0 => None,
            _ => {
                let walk = as_extension(|| Walk::new(self.session, self.relation.oid()))?;
                Some(PrunedLeaves::new(InOrder::new(walk, tree.size)))
            }
        };
        let mut put_back = 0;
        // No tile is kept.
        let mut push = |leaf| -> Result<Option<bool>> {
            builder.push(leaf, &mut |_, _| Ok::<(), Error>(()))?;
            Ok((builder.size() == checkpoint.size()).then(|| builder.root() == *checkpoint.root()))
        };
        let is_ours = self.each(None, |events, row| {
            let event = row.composite(0).ok_or_else(|| Error::damaged("the rows of a log"))?;
            let row = event.row(&events.layout.descriptor);
            let Said::Leaf(leaf) = said(events, &row)? else { return Ok(Some(false)) };
            let position = events.layout.position.and_then(|place| row.integer(place)).unwrap_or(i64::MAX);
            while let Some(before) = pruned.as_mut().map_or(Ok(None), |pruned| pruned.next_up_to(position))? {
                if before.place.position == position {
                    put_back += 1;
                } else if let Some(answer) = push(before.hash)? {
                    return Ok(Some(answer));
                }
            }
            push(leaf)
        })?;
        if is_ours.is_some() {
            return Ok((is_ours == Some(true), put_back));
        }
        while let Some(rest) = pruned.as_mut().map_or(Ok(None), |pruned| pruned.next_up_to(i64::MAX))? {
            if let Some(answer) = push(rest.hash)? {
                return Ok((answer, put_back));
            }
        }
        Ok((false, put_back))
    }

    /// Reports the events without a position: no checkpoint can cover them.
    pub fn name_unplaced(&self, faults: &mut Faults) -> Result<()> {
        let target = self.relation.oid();
        self.reading(|events| {
            let sql =
                format!("SELECT {} FROM {} WHERE ({} > 0) IS UNKNOWN", events.alias, events.from, events.position);
            let cursor = self.session.cursor(&sql, &[], true)?;
            crate::table::scan::each(&cursor, |row| {
                let event = row.composite(0).ok_or_else(|| Error::damaged("the rows of a log"))?;
                let row = event.row(&events.layout.descriptor);
                let seq = row.integer(events.layout.seq);
                faults.put(
                    target,
                    Some(events.layout.entity_texts(&row)),
                    seq,
                    "inserted",
                    "The event has no position.",
                );
                Ok(())
            })
        })
    }

    /// Compares the events up to `last` with the first `size` leaves, and reports each difference.
    pub fn name_faults(&self, size: u64, last: i64, faults: &mut Faults) -> Result<()> {
        let walk = as_extension(|| Walk::new(self.session, self.relation.oid()))?;
        let mut merge = Merge::new(self.relation.oid(), InOrder::new(walk, size), faults)?;
        self.each(Some(last), |events, fetched| {
            let event = fetched.composite(0).ok_or_else(|| Error::damaged("the rows of a log"))?;
            let row = event.row(&events.layout.descriptor);
            let Some(position) = events.layout.position.and_then(|place| row.integer(place)) else {
                return Ok(None::<()>);
            };
            let place = Place::InOrder(position, row.integer(events.layout.seq));
            merge.event(position, said(events, &row)?, || (events.layout.entity_texts(&row), place))?;
            Ok(None)
        })?;
        merge.end()
    }

    /// Passes the events in the order of their positions to `read`, up to this position, until `read` has an answer.
    fn each<T>(
        &self,
        last: Option<i64>,
        mut read: impl FnMut(&Events, &Fetched) -> Result<Option<T>>,
    ) -> Result<Option<T>> {
        self.reading(|events| {
            let Events { alias, from, position, .. } = events;
            let sql = format!("SELECT {alias} FROM {from} WHERE {position} <= $1 ORDER BY {position}");
            let cursor = self.session.cursor(&sql, &[last.unwrap_or(i64::MAX).into()], true)?;
            loop {
                let step = memory::scratch(|| -> Result<Option<Option<T>>> {
                    let batch = cursor.fetch(BATCH);
                    let answer = batch.find(|row| read(events, row))?;
                    Ok(if answer.is_none() && !batch.is_empty() { None } else { Some(answer) })
                })?;
                if let Some(answer) = step {
                    return Ok(answer);
                }
            }
        })
    }
}

fn said(events: &Events, row: &Row) -> Result<Said> {
    let computed = match events.layout.hash_of(row) {
        // A row whose line cannot be written is not what was sealed.
        Err(error) if error.is_about_value() => return Ok(Said::Nothing(error.message().to_string())),
        computed => computed?,
    };
    let leaf = leaf_hash(computed.as_bytes());
    let is_stored = events.layout.hash.stored(row) == Stored::Hash(computed);
    Ok(if is_stored { Said::Leaf(leaf) } else { Said::Other(leaf) })
}
