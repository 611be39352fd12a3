//! `veritable.record()`, the trigger that brings the history up to date with the rows that a statement has changed.
//!
//! For each of these keys, the newest event must say what the row now is. The transition tables tell what the statement did;
//! whether the newest event and the table agree tells what is left to record. Both are needed: statements within a statement
//! (of triggers and functions) are over, and recorded, before the triggers of the outer one fire, and one statement may
//! delete a key and insert it again, with its firings in another order.

use std::collections::HashSet;

use super::layout::{Layout, Operation};
use super::recorder::{Present, Recorder, misplaced};
use crate::pg::acting::as_owner;
use crate::pg::batch::Batch;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::held_row::HeldRow;
use crate::pg::last_row::Found;
use crate::pg::lock;
use crate::pg::open_transaction::{self, OpenTransaction};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::{self, Session};
use crate::pg::trigger::{Event, Firing};
use crate::pg::version::Command;
use crate::table::{recorded, scan};

sql_function! {
    /// `veritable.history()`: names the history's table, and never fires.
    veritable_history = never
}
sql_function! {
    /// `veritable.record()`: AFTER INSERT, UPDATE or DELETE FOR EACH STATEMENT, with the rows as tables; BEFORE TRUNCATE.
    veritable_record = record
}

/// The most keys whose changes go into one INSERT.
const KEYS_MAX: usize = 1000;

fn never(_call: &Call) -> Result<Answer> {
    Err(super::feature::FEATURE.misplaced(super::feature::HISTORY))
}

fn record(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_for_statement() || firing.is_before() != (firing.event() == Event::Truncate) {
        return Err(misplaced());
    }
    let recorder = Recorder::of(&firing)?;
    if firing.event() == Event::Truncate {
        truncate(&firing, &recorder)?;
    } else {
        changes(&firing, &recorder)?;
    }
    Ok(Answer::VOID)
}

/// Records the deletion of all rows. PostgreSQL has locked the table; each partition has a trigger of its own. TRUNCATE also
/// removes the rows that the snapshot of the transaction does not see.
fn truncate(firing: &Firing, recorder: &Recorder) -> Result<()> {
    if firing.relation().is_partitioned() {
        return Ok(());
    }
    act(recorder, |session| {
        Latest::during(|_| {
            let cursor = session.cursor(&recorder.rows, &[], true)?;
            let mut events = Events::new(recorder, session, true);
            let layout = &recorder.layout;
            scan::each(&cursor, |fetched| {
                let row = fetched.composite(0).ok_or_else(|| Error::damaged("a row of the table"))?;
                events.push(&layout.event(&row.row(&layout.descriptor), Operation::Delete))
            })?;
            events.end()
        })
    })
}

fn changes(firing: &Firing, recorder: &Recorder) -> Result<()> {
    let is_latest = Command::running().is_latest();
    act(recorder, |session| {
        // What the statement did must be seen, and another firing of it must learn of this one, even if nothing is recorded.
        snapshot::advance();
        snapshot::count_command();
        let layout = &recorder.layout;
        let mut events = Events::new(recorder, session, is_latest);
        firing.each_change(&layout.descriptor, |old, new| match (old, new) {
            (Some(old), Some(new)) if layout.is_unchanged(old, new) => Ok(()),
            (Some(old), Some(new)) if !layout.has_same_key(old, new) => {
                events.change(Some(old), None)?;
                events.change(None, Some(new))
            }
            (old, new) => events.change(old, new),
        })?;
        events.end()
    })
}

/// Acts as the owner of the table and its history, whatever the caller may do with them: the caller was allowed to change
/// the rows, and nobody but the owner writes the history.
fn act(recorder: &Recorder, body: impl FnOnce(&Session) -> Result<()>) -> Result<()> {
    let history = Relation::open(recorder.history, Lock::RowExclusive)?;
    as_owner(&history, |_| recorded::in_one_moment(|| spi::connect(body)))
}

/// The events of one statement, on their way to the history.
pub struct Events<'a> {
    recorder: &'a Recorder,
    session: &'a Session,
    batch: Batch<'a>,
    /// The hashes of the keys of the batch: what is on its way is not found yet.
    keys: HashSet<u64>,
    /// Whether the statement was the last to change rows: no statement within it has, and no other firing of it.
    is_latest: bool,
}

impl<'a> Events<'a> {
    /// No event yet.
    pub fn new(recorder: &'a Recorder, session: &'a Session, is_latest: bool) -> Events<'a> {
        let batch = Batch::new(&recorder.layout.events);
        Events { recorder, session, batch, keys: HashSet::new(), is_latest }
    }

    /// Brings the history up to date after the one row of the table became the other.
    pub fn change(&mut self, old: Option<&Row>, new: Option<&Row>) -> Result<()> {
        let recorder = self.recorder;
        let Some(row) = new.or(old) else { return Ok(()) };
        let key = recorder.layout.hash_of_key(row);
        if self.keys.contains(&key) || self.keys.len() >= KEYS_MAX || self.batch.is_full() {
            self.flush()?;
        }
        self.keys.insert(key);
        loop {
            let layout = &recorder.layout;
            let found = recorder.newest.find(
                Lock::AccessShare,
                row,
                |event| layout.place_of_key(event),
                1,
                |newest| self.judge(Some(newest), row, old, new),
            );
            match found {
                Found::Nothing => return self.judge(None, row, old, new),
                Found::Row(judged) => return judged,
                Found::InProgress(transaction) => self.wait(transaction)?,
            }
        }
    }

    /// Another transaction has recorded the same key: one that has deleted the row before this one inserted it, and that PostgreSQL
    /// no longer waits for, or one that does not change the table at all.
    fn wait(&self, transaction: OpenTransaction) -> Result<()> {
        let history = Relation::open(self.recorder.history, Lock::Held)?;
        open_transaction::wait_for(transaction, &history);
        Ok(())
    }

    /// Adds the events that make the newest event say what the table says.
    fn judge(&mut self, newest: Option<&HeldRow>, row: &Row, old: Option<&Row>, new: Option<&Row>) -> Result<()> {
        let layout = &self.recorder.layout;
        let newest = newest.map(|newest| newest.row(&layout.events));
        let live = newest.as_ref().filter(|newest| !is_deletion(layout, newest));
        let is_as_found = match (old, live) {
            (None, None) => true,
            (Some(old), Some(live)) => layout.is_recorded(old, live),
            _ => false,
        };
        // The table is asked what the row is, unless nothing can have changed the row since.
        if !(self.is_latest && is_as_found) && self.is_present(live, row)? {
            return Ok(());
        }
        let mut is_live = live.is_some();
        match (old, live) {
            // The row was changed by a statement whose own triggers have yet to fire.
            (Some(old), _) if !is_as_found => {
                let operation = if is_live { Operation::Update } else { Operation::Insert };
                self.batch.push(&layout.event(old, operation));
                is_live = true;
            }
            // So was the row that has left the table before this one came.
            (None, Some(live)) => {
                self.batch.push(&layout.event_again(live, Operation::Delete));
                is_live = false;
            }
            _ => {}
        }
        match (new, old) {
            (Some(new), _) => {
                let operation = if is_live { Operation::Update } else { Operation::Insert };
                self.batch.push(&layout.event(new, operation));
            }
            (None, Some(old)) if is_live => self.batch.push(&layout.event(old, Operation::Delete)),
            _ => {}
        }
        Ok(())
    }

    /// Whether the live event holds the present row with the key of `row`, or neither is there.
    fn is_present(&self, live: Option<&Row>, row: &Row) -> Result<bool> {
        let layout = &self.recorder.layout;
        let agrees = |present: Option<&Row>| match (present, live) {
            (None, None) => true,
            (Some(present), Some(live)) => layout.is_recorded(present, live),
            _ => false,
        };
        match &self.recorder.present {
            Present::Index(scan) => Ok(scan.find(row, |present| match present {
                Some(present) => agrees(Some(&present.row(&layout.descriptor))),
                None => agrees(None),
            })),
            Present::Query(query) => {
                let key: Vec<_> = layout.key.iter().map(|key| row.parameter(key.place)).collect();
                let found = query.query(self.session, &key)?;
                let present = found.rows().next().and_then(|row| row.composite(0));
                Ok(match &present {
                    Some(present) => agrees(Some(&present.row(&layout.descriptor))),
                    None => agrees(None),
                })
            }
        }
    }

    /// Adds an event as it is.
    pub fn push(&mut self, event: &Row) -> Result<()> {
        self.batch.push(event);
        if self.batch.is_full() { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        self.keys.clear();
        let count = self.batch.len() as u64;
        if count == 0 {
            return Ok(());
        }
        let (recorder, session) = (self.recorder, self.session);
        let inserted = match count {
            1 => self.batch.flush_one(|event| recorder.insert_one.run(session, &[event])),
            _ => self.batch.flush(|events| recorder.insert.run(session, &[events])),
        }?;
        // Others now find the events. A lock that outlived a rollback to a savepoint would close a circle with the rows' locks.
        lock::let_go();
        if inserted != count {
            return Err(Error::new(
                Class::State,
                "a trigger or a rule of the history keeps events from being recorded",
            ));
        }
        Ok(())
    }

    /// Inserts the events that are left.
    pub fn end(mut self) -> Result<()> {
        self.flush()?;
        self.batch.end();
        Ok(())
    }
}

fn is_deletion(layout: &Layout, event: &Row) -> bool {
    event.bytes(layout.operation).is_some_and(|operation| *operation == *Operation::Delete.name().as_bytes())
}
