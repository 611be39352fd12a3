//! The runs of a table without faults, gathered in the order in which the rows are stored: nothing is sorted but the runs.
//!
//! An event goes on with the run of its entity that was there last, or begins another; at the end, runs that adjoin become one.
//! What is not as it should be ends the gathering, and [`super::runs::read`] reads in the order of the chains, which names
//! faults. So does an entity whose equal values are stored differently, and more runs than there is memory for.

use std::collections::HashMap;
use std::rc::Rc;

use veritable_core::chain::{LinkHash, Stored};

use super::runs::{Amount, Run};
use crate::chain::arguments::Arguments;
use crate::chain::layout::{Layout, Whole};
use crate::pg::acting::as_owner;
use crate::pg::memory;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::row::Row;
use crate::pg::snapshot::Latest;
use crate::pg::spi::Session;
use crate::table::{topology, verification};

/// The number of events that are read at a time.
const BATCH: usize = 1000;
/// What an entity takes in the map, and a run among the runs, with the room that both keep free; in bytes.
const ENTITY: usize = 128;
const RUN: usize = 2 * size_of::<Run>();

/// All runs of a table.
pub struct Gathered {
    /// The runs, ordered by the texts of their entities, and by their seqs.
    pub runs: Vec<Run>,
    /// The positions of the events in the log.
    pub positions: Vec<i64>,
    /// How much was read.
    pub amount: Amount,
}

/// The runs of a table that is or was a partition; `None` if its events have to be read in order. The table is read as its owner,
/// restricted, without indexes, with a snapshot that sees all committed rows.
pub fn all(session: &Session, table: &Relation, arguments: &Arguments) -> Result<Option<Gathered>> {
    let layout = Layout::of(table, arguments)?;
    if !layout.equal_entities_are_stored_alike() {
        return Ok(None);
    }
    let alias = table.alias("event");
    let sql = format!("SELECT {alias} FROM {}", topology::from_clause(table, &alias));
    let mut gathering = Gathering::new(&layout);
    let is_whole = Latest::during(|_| -> Result<bool> {
        let cursor = as_owner(table, |acting| {
            verification::without_indexes(acting);
            // Another scan of the table would make this one begin in its middle, in the middle of each run.
            acting.set(c"synchronize_seqscans", c"off");
            session.cursor(&sql, &[], true)
        })?;
        loop {
            let goes_on = memory::scratch(|| {
                as_owner(table, |_| -> Result<_> {
                    let batch = cursor.fetch(BATCH);
                    let unlike = batch.find(|fetched| {
                        let event = fetched.composite(0).ok_or_else(|| Error::damaged("the rows of a chain"))?;
                        Ok((!gathering.event(&event.row(&layout.descriptor))?).then_some(()))
                    })?;
                    Ok(unlike.is_none().then_some(!batch.is_empty()))
                })
            })?;
            match goes_on {
                Some(true) => {}
                Some(false) => return Ok(true),
                None => return Ok(false),
            }
        }
    })?;
    Ok(if is_whole { gathering.end() } else { None })
}

/// The gathering so far.
struct Gathering<'l> {
    layout: &'l Layout,
    runs: Vec<Run>,
    /// The place of the newest run of each entity, by the stored bytes of the entity's values.
    newest: HashMap<Box<[u8]>, usize>,
    positions: Vec<i64>,
    events: u64,
    /// The bytes that are left.
    room: usize,
}

impl<'l> Gathering<'l> {
    fn new(layout: &'l Layout) -> Gathering<'l> {
        let room = memory::share_of_maintenance();
        Gathering { layout, runs: Vec::new(), newest: HashMap::new(), positions: Vec::new(), events: 0, room }
    }

    /// Takes an event, and returns whether it is as it should be, as far as this can be known now, and there was room for it.
    fn event(&mut self, row: &Row) -> Result<bool> {
        let layout = self.layout;
        if layout.entity.iter().any(|column| row.is_null(column.place)) {
            return Ok(false);
        }
        let event = match layout.whole_event(row) {
            Ok(Whole::Event(event)) => event,
            Ok(Whole::Altered(_)) => return Ok(false),
            Err(error) if error.is_about_value() => return Ok(false),
            Err(error) => return Err(error),
        };
        let (Some(seq), Stored::Hash(before), Stored::Hash(through)) = (event.seq, event.previous, event.hash) else {
            return Ok(false);
        };
        let is_linked = if seq == 1 { before == layout.genesis } else { seq > 1 };
        if !is_linked || through != event.computed {
            return Ok(false);
        }
        self.events += 1;
        if let Some(position) = layout.position {
            let Some(position) = row.integer(position) else { return Ok(false) };
            self.positions.push(position);
            if !self.takes(2 * size_of::<i64>()) {
                return Ok(false);
            }
        }
        let image = layout.entity_image(row);
        let Some(newest) = self.newest.get_mut(&image[..]) else {
            let entity: Rc<[_]> = layout.entity_texts(row).into();
            let texts: usize = entity.iter().flatten().map(|text| text.len() + size_of::<Option<String>>()).sum();
            let size = ENTITY + RUN + image.len() + texts;
            self.newest.insert(image.into(), self.runs.len());
            self.runs.push(begun(layout.entity_key(row), entity, seq, before, through));
            return Ok(self.takes(size));
        };
        let run = &mut self.runs[*newest];
        if run.last.checked_add(1) == Some(seq) {
            run.last = seq;
            return Ok(std::mem::replace(&mut run.through, through) == before);
        }
        let another = begun(run.key, Rc::clone(&run.entity), seq, before, through);
        *newest = self.runs.len();
        self.runs.push(another);
        Ok(self.takes(RUN))
    }

    fn takes(&mut self, bytes: usize) -> bool {
        self.room = self.room.saturating_sub(bytes);
        self.room > 0
    }

    /// The runs; `None` if two of one entity meet, or adjoin and are not linked.
    fn end(self) -> Option<Gathered> {
        let Gathering { mut runs, mut positions, events, newest, .. } = self;
        drop(newest);
        runs.sort_unstable_by(|one, other| (&one.entity, one.first).cmp(&(&other.entity, other.first)));
        let mut is_whole = true;
        runs.dedup_by(|next, run| {
            let is_next = Rc::ptr_eq(&run.entity, &next.entity) && next.first <= run.last.saturating_add(1);
            if is_next {
                is_whole &= next.first > run.last && next.before == run.through;
                (run.last, run.through) = (next.last, next.through);
            }
            is_next
        });
        positions.sort_unstable();
        let amount = Amount { runs: runs.len() as u64, events, faults: 0 };
        is_whole.then_some(Gathered { runs, positions, amount })
    }
}

fn begun(key: i64, entity: Rc<[Option<String>]>, seq: i64, before: LinkHash, through: LinkHash) -> Run {
    Run { key, entity, first: seq, last: seq, before, through, faults: 0, places: Vec::new() }
}
