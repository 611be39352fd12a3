//! What was pruned from a log: the events are in the tree before they leave the table, and their leaves are marked.
//!
//! A mark acquits nobody: verification counts the marked leaves against the runs in `veritable.prunings`.

use std::collections::VecDeque;

use veritable_log::places;
use veritable_log::tree::NodeHash;

use super::checkpoint::{extend, hold};
use super::events::{Event, Events};
use super::kept;
use crate::log::found::Found;
use crate::log::trees::{self, as_extension};
use crate::pg::acting::as_owner;
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{Cursor, Session};

/// The number of events that are read at a time.
const BATCH: usize = 2048;

/// The number of bytes for the marks of a tile.
const MARKS: usize = 32;

/// Adds the settled events of a log to its tree, and those of another table that was its partition.
pub fn settle(session: &Session, table: &Relation, also: Option<&Relation>) -> Result<()> {
    let Some(found) = of(table)? else { return Ok(()) };
    trees::claim(session, table, &found)?;
    hold(table.oid());
    let settled = found.extent()?.settled;
    Latest::during(|_| extend(session, table, &found, settled, also)).map(drop)
}

fn of(table: &Relation) -> Result<Option<Found>> {
    let has_log = crate::chain::triggers::Chain::of(table)?.is_some_and(|chain| chain.arguments.log.is_some());
    if has_log { Found::of(table, |root| root.to_string()).map(Some) } else { Ok(None) }
}

/// Passes events to `take` as [`Events::each_batch`] does: those of a table, and those of another one that was its partition, in
/// one order.
pub fn each_batch(
    session: &Session,
    events: &Events,
    (table, also): (&Relation, Option<&Relation>),
    found: &Found,
    range: (i64, i64),
    mut take: impl FnMut(&mut dyn Iterator<Item = Result<Event>>) -> Result<()>,
) -> Result<()> {
    let Some(also) = also else { return events.each_batch(session, table, range, take) };
    let others = Events::of(also, found)?;
    let mut one = Stream::open(session, events, table, range)?;
    let mut other = Stream::open(session, &others, also, range)?;
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        while batch.len() < BATCH {
            let next = match (one.peek()?, other.peek()?) {
                (Some(first), Some(second)) if second < first => other.next(),
                (Some(_), _) => one.next(),
                (None, _) => other.next(),
            };
            let Some(event) = next else { break };
            batch.push(event);
        }
        if batch.is_empty() {
            return Ok(());
        }
        take(&mut batch.into_iter().map(Ok))?;
    }
}

/// The events of one table in the order of their positions.
struct Stream<'s> {
    events: &'s Events,
    table: &'s Relation,
    cursor: Cursor<'s>,
    read: VecDeque<Event>,
    is_over: bool,
}

impl<'s> Stream<'s> {
    fn open(session: &'s Session, events: &'s Events, table: &'s Relation, range: (i64, i64)) -> Result<Stream<'s>> {
        let parameters = [range.0.into(), range.1.into()];
        let cursor = as_owner(table, |_| session.cursor(&events.in_order(), &parameters, true))?;
        Ok(Stream { events, table, cursor, read: VecDeque::new(), is_over: false })
    }

    /// The position of the next event.
    fn peek(&mut self) -> Result<Option<i64>> {
        if self.read.is_empty() && !self.is_over {
            let read = memory::scratch(|| -> Result<Vec<Event>> {
                // The owner's functions can run while rows are read.
                let batch = as_owner(self.table, |_| self.cursor.fetch(BATCH));
                batch.rows().map(|row| self.events.event(self.table, &row)).collect()
            })?;
            self.is_over = read.is_empty();
            self.read.extend(read);
        }
        Ok(self.read.front().map(|event| event.position))
    }

    fn next(&mut self) -> Option<Event> {
        self.read.pop_front()
    }
}

/// Marks the leaves of events at these positions, in ascending order, as pruned or as no longer pruned.
pub fn mark(session: &Session, table: &Relation, positions: &[i64], is_pruned: bool) -> Result<()> {
    if positions.is_empty() || of(table)?.is_none() {
        return Ok(());
    }
    let target = table.oid();
    hold(target);
    as_extension(|| {
        Latest::during(|_| {
            let mut rest = positions;
            while let Some(&first) = rest.first() {
                let unsettled = || unsettled(table, first);
                let tile = kept::tile_of(session, target, first)?.ok_or_else(unsettled)?;
                let (Some(least), Some(last), Some(hashes)) = (tile.first, tile.last, &tile.hashes) else {
                    return Err(damaged());
                };
                let bytes = tile.places.as_deref().unwrap_or_default();
                let leaves = places::decode(bytes, least, hashes.len()).map_err(|_| damaged())?;
                let mut marks = [0_u8; MARKS];
                let count = rest.partition_point(|position| *position <= last);
                for position in &rest[..count.max(1)] {
                    let place = leaves.binary_search_by_key(position, |leaf| leaf.position).map_err(|_| damaged())?;
                    marks[place / 8] |= 1 << (place % 8);
                }
                put(session, table, tile.number, &marks, is_pruned)?;
                rest = &rest[count.max(1)..];
            }
            Ok(())
        })
    })
}

/// Sets or clears the marks of a tile.
fn put(session: &Session, table: &Relation, number: u64, marks: &[u8; MARKS], is_pruned: bool) -> Result<()> {
    let parameters = [table.oid().into(), kept::signed(number).into()];
    let former = {
        let found = session.query(
            "SELECT pruned FROM veritable.tiles WHERE target = $1::pg_catalog.oid AND level = 0 AND number = $2",
            &parameters,
        )?;
        found.rows().next().and_then(|row| row.bytes(0).map(std::borrow::Cow::into_owned))
    };
    let mut all = former.unwrap_or_default();
    all.resize(MARKS, 0);
    for (byte, mark) in all.iter_mut().zip(marks) {
        *byte = if is_pruned { *byte | mark } else { *byte & !mark };
    }
    let [target, number] = parameters;
    session
        .run(
            "UPDATE veritable.tiles SET pruned = NULLIF($3, pg_catalog.decode(pg_catalog.repeat('00', 32), 'hex'))
             WHERE target = $1::pg_catalog.oid AND level = 0 AND number = $2",
            &[target, number, all.into()],
        )
        .map(drop)
}

fn damaged() -> Error {
    Error::new(Class::State, "the tree of the log is damaged")
        .detail("The leaves of pruned events cannot be found in it.")
        .hint("SELECT * FROM verify_log() says what is there.")
}

/// The error of an event that is in the way of an open transaction.
fn unsettled(table: &Relation, position: i64) -> Error {
    Error::new(
        Class::InUse,
        format!("cannot prune events of the log of table \"{}\" that are not settled", table.name()),
    )
    .detail(format!("The event at position {position} is after settled()."))
    .hint("Retry when older transactions that write to the table have ended.")
}

/// The leaf of an event that was pruned, by its position. Runs as the owner of the extension's tables.
pub fn leaf_at(session: &Session, target: Oid, position: i64) -> Result<Option<NodeHash>> {
    let Some(tile) = kept::tile_of(session, target, position)? else { return Ok(None) };
    let (Some(first), Some(hashes)) = (tile.first, &tile.hashes) else { return Ok(None) };
    let Ok(places) = places::decode(tile.places.as_deref().unwrap_or_default(), first, hashes.len()) else {
        return Ok(None);
    };
    let offset = places.iter().position(|place| place.position == position);
    Ok(offset.filter(|offset| tile.is_pruned(*offset)).and_then(|offset| hashes.get(offset).copied()))
}
