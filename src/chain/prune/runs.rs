//! The runs of a table, read in order: what leaves with a partition, or comes back with it.

use std::rc::Rc;

use veritable_core::chain::{Event, FaultKind, LinkHash, Stored, Walk};

use super::gather;
use crate::chain::arguments::Arguments;
use crate::chain::layout::{Layout, Whole};
use crate::chain::verdict::Verdict;
use crate::pg::acting::as_owner;
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::row::Row;
use crate::pg::snapshot::Latest;
use crate::pg::spi::{Fetched, Parameter, Session};
use crate::table::faults::Faults;
use crate::table::{topology, verification};

/// The number of events that are read at a time.
const BATCH: usize = 1000;
/// The number of runs, and of positions, that are passed on at a time if all are known.
const PASSED: usize = 5000;
/// The number of rows of a run whose places are kept, each in some 400 bytes until the row is deleted. A longer run is passed on in
/// pieces that adjoin.
const PLACES_MAX: usize = 50_000;

/// Events of one entity whose seqs have no gap.
#[derive(Clone, Debug)]
pub struct Run {
    /// The key of the entity.
    pub key: i64,
    /// The values of the entity columns, as texts.
    pub entity: Rc<[Option<String>]>,
    /// The seq of the first event.
    pub first: i64,
    /// The seq of the last event.
    pub last: i64,
    /// The hash before the first event.
    pub before: LinkHash,
    /// The hash of the last event.
    pub through: LinkHash,
    /// The number of faults of the events.
    pub faults: u64,
    /// The places of the rows, if the statement reads them.
    pub places: Vec<Place>,
}

/// The place of a row.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The table or partition.
    pub table: Oid,
    /// The number of the block.
    pub block: u32,
    /// The number in the block.
    pub number: u16,
}

/// A statement that reads events in the order of their chains.
pub struct Source<'p> {
    /// The statement, whose first column is the event.
    pub sql: String,
    /// Its parameters.
    pub parameters: Vec<Parameter<'p>>,
    /// Whether the next columns are the place of the row: its ctid as text, and its tableoid.
    pub has_places: bool,
}

/// How much was read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Amount {
    /// The number of runs.
    pub runs: u64,
    /// The number of events.
    pub events: u64,
    /// The number of faults.
    pub faults: u64,
}

/// Passes the runs of a table that is or was a partition of the chain `root` to `take`, gathered, or if that is not possible
/// in the order of their chains: see [`read`].
pub fn each(
    session: &Session,
    table: &Relation,
    arguments: &Arguments,
    root: Oid,
    faults: &mut Faults,
    mut take: impl FnMut(Vec<Run>, Vec<i64>) -> Result<()>,
) -> Result<Amount> {
    if let Some(gathered) = gather::all(session, table, arguments)? {
        let mut runs = gathered.runs.into_iter();
        while runs.len() > 0 {
            take(runs.by_ref().take(PASSED).collect(), Vec::new())?;
        }
        gathered.positions.chunks(PASSED).try_for_each(|positions| take(Vec::new(), positions.to_vec()))?;
        return Ok(gathered.amount);
    }
    let alias = table.alias("event");
    let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
    let order: Vec<_> = arguments.entity.iter().chain([&arguments.seq]).map(column).collect();
    let sql = format!("SELECT {alias} FROM {} ORDER BY {}", topology::from_clause(table, &alias), order.join(", "));
    let source = Source { sql, parameters: Vec::new(), has_places: false };
    read(session, table, arguments, root, source, faults, take)
}

/// Passes the runs of events to `take`, batch by batch, with the positions in the log of the events that were read meanwhile. The
/// table is read as its owner, restricted, in one statement without indexes, with a snapshot that sees all committed rows; `take`
/// runs as the caller. What is wrong with the events themselves goes to `faults`; gaps between runs are no faults.
pub fn read(
    session: &Session,
    table: &Relation,
    arguments: &Arguments,
    root: Oid,
    source: Source,
    faults: &mut Faults,
    mut take: impl FnMut(Vec<Run>, Vec<i64>) -> Result<()>,
) -> Result<Amount> {
    let layout = Layout::of(table, arguments)?;
    let mut reader =
        Reader { layout: &layout, root, walk: None, open: None, amount: Amount::default(), positions: Vec::new() };
    Latest::during(|_| {
        let cursor = as_owner(table, |acting| {
            verification::without_indexes(acting);
            session.cursor(&source.sql, &source.parameters, true)
        })?;
        loop {
            let (done, is_over) = memory::scratch(|| {
                as_owner(table, |_| -> Result<_> {
                    let (batch, mut done) = (cursor.fetch(BATCH), Vec::new());
                    batch.find(|fetched| {
                        let event = fetched.composite(0).ok_or_else(|| Error::damaged("the rows of a chain"))?;
                        let place = source.has_places.then(|| place(fetched)).transpose()?;
                        reader.event(&event.row(&layout.descriptor), place, faults, &mut done).map(|()| None::<()>)
                    })?;
                    if batch.is_empty() {
                        done.extend(reader.open.take());
                    }
                    Ok((done, batch.is_empty()))
                })
            })?;
            reader.amount.runs += done.len() as u64;
            if !done.is_empty() || !reader.positions.is_empty() {
                take(done, std::mem::take(&mut reader.positions))?;
            }
            if is_over {
                return Ok(reader.amount);
            }
        }
    })
}

fn place(fetched: &Fetched) -> Result<Place> {
    let read = || {
        let (text, table) = (fetched.get::<String>(1)?, fetched.get(2)?);
        let (block, number) = text.strip_prefix('(')?.strip_suffix(')')?.split_once(',')?;
        Some(Place { table, block: block.parse().ok()?, number: number.parse().ok()? })
    };
    read().ok_or_else(|| Error::damaged("the place of a row"))
}

/// The reading so far.
struct Reader<'l> {
    layout: &'l Layout,
    root: Oid,
    /// The entity of the newest event, as stored and as texts, and the check of its events.
    walk: Option<(Vec<u8>, Vec<Option<String>>, Walk)>,
    /// The run of the newest event.
    open: Option<Run>,
    amount: Amount,
    /// The positions in the log of the events that were read since the last batch.
    positions: Vec<i64>,
}

impl Reader<'_> {
    /// Takes the next event, and puts the run before it into `done` if the event begins another.
    fn event(&mut self, row: &Row, place: Option<Place>, faults: &mut Faults, done: &mut Vec<Run>) -> Result<()> {
        self.amount.events += 1;
        self.positions.extend(self.layout.position.and_then(|place| row.integer(place)));
        if !self.is_of_entity(row)? {
            done.extend(self.open.take());
            let image = if self.has_null(row) { Vec::new() } else { self.layout.entity_image(row) };
            self.walk = Some((image, self.layout.entity_texts(row), Walk::new(self.layout.genesis)));
        }
        let event = match self.layout.whole_event(row) {
            Err(error) if error.is_about_value() => self.layout.unwritable_event(row),
            // A value that does not have its commitment.
            Ok(Whole::Altered(_)) => self.layout.unwritable_event(row),
            Ok(Whole::Event(event)) => event,
            Err(error) => return Err(error),
        };
        let found = self.judge(&event, row, faults)?;
        if let Some(seq) = event.seq {
            let goes_on = self.open.as_ref().is_some_and(|run| {
                seq == run.last || run.last.checked_add(1) == Some(seq) && run.places.len() < PLACES_MAX
            });
            if !goes_on {
                done.extend(self.open.take());
                self.open = Some(self.begun(&event, seq, row));
            }
            if let Some(run) = &mut self.open {
                // Of two events in one place, which is a fault, the first counts.
                if seq > run.last || !goes_on {
                    (run.last, run.through) = (seq, hash_of(&event));
                }
            }
        }
        if let Some(run) = &mut self.open {
            run.faults += found;
            run.places.extend(place);
        }
        self.amount.faults += found;
        Ok(())
    }

    fn has_null(&self, row: &Row) -> bool {
        self.layout.entity.iter().any(|column| row.is_null(column.place))
    }

    /// Whether the event is of the same entity as the one before. Equal values may be stored differently.
    fn is_of_entity(&self, row: &Row) -> Result<bool> {
        let Some((image, texts, _)) = &self.walk else { return Ok(false) };
        if self.has_null(row) || texts.iter().any(Option::is_none) {
            return Ok(false);
        }
        if *image == self.layout.entity_image(row) {
            return Ok(true);
        }
        if self.layout.equal_entities_are_stored_alike() {
            return Ok(false);
        }
        let texts: Vec<_> = texts.iter().flatten().cloned().collect();
        Ok(self.layout.is_same_entity(row, &self.layout.row_of_entity(&texts)?))
    }

    fn begun(&self, event: &Event, seq: i64, row: &Row) -> Run {
        let before = match event.previous {
            Stored::Hash(hash) => hash,
            Stored::Null | Stored::Malformed => self.layout.genesis,
        };
        let entity = self.walk.as_ref().map(|(_, texts, _)| texts.as_slice().into()).unwrap_or_default();
        let through = hash_of(event);
        Run {
            key: self.layout.entity_key(row),
            entity,
            first: seq,
            last: seq,
            before,
            through,
            faults: 0,
            places: Vec::new(),
        }
    }

    /// Reports the faults of the event itself, and returns their number.
    fn judge(&mut self, event: &Event, row: &Row, faults: &mut Faults) -> Result<u64> {
        let (layout, mut found) = (self.layout, Vec::new());
        let Some((_, texts, walk)) = &mut self.walk else { return Ok(0) };
        let recompute = |previous: LinkHash| {
            let mut row = row.clone();
            layout.previous.put(&mut row, &previous);
            match layout.hash_of(&row) {
                Err(error) if error.is_about_value() => Ok(event.computed),
                hash => hash,
            }
        };
        walk.step(event, recompute, &mut found)?;
        found.retain(|fault| !matches!(fault.kind, FaultKind::Missing { .. }));
        for fault in &found {
            Verdict { faults }.fault(self.root, texts, fault, Some(&event.computed));
        }
        Ok(found.len() as u64)
    }
}

/// The hash that the next event links to.
fn hash_of(event: &Event) -> LinkHash {
    match event.hash {
        Stored::Hash(hash) => hash,
        Stored::Null | Stored::Malformed => event.computed,
    }
}
