//! The running commands, nested: a function that a command calls may run commands of its own.
//!
//! A command is judged by the changes in the catalogs since its start, so only that moment is kept. Dropped objects are
//! noted when PostgreSQL reports them, shortly before the end.

use std::cell::RefCell;

use crate::pg::command::{Command, Object, Rewritten};
use crate::pg::oid::{Oid, catalogs};
use crate::pg::snapshot::Mark;
use crate::table::feature::Departure;

/// A running command.
pub struct Running {
    command: usize,
    /// The start of the command.
    pub start: Mark,
    /// The objects that the command has dropped.
    pub dropped: Vec<Object>,
    /// The tables that the command has rewritten.
    pub rewritten: Vec<Rewritten>,
    /// The sequence of the caller's that the command alters, and the last value that it has given before.
    pub sequence: Option<(Oid, i64)>,
    /// The partition that the command detaches.
    pub departure: Option<Departure>,
    /// The partitions without rows that the command drops.
    pub empty: Vec<Oid>,
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
}

impl Running {
    /// The kind and the name of a dropped relation.
    pub fn name_of_dropped(&self, relation: Oid) -> String {
        let is_it =
            |object: &&Object| object.class == catalogs::RELATIONS && object.id == relation && object.column == 0;
        self.dropped.iter().find(is_it).map_or("table".to_string(), |object| object.name.clone())
    }
}

/// What is known of a command before it begins.
#[derive(Default)]
pub struct Foreseen {
    /// The sequence of the caller's that the command alters, and the last value that it has given.
    pub sequence: Option<(Oid, i64)>,
    /// The partition that the command detaches.
    pub departure: Option<Departure>,
    /// The partitions without rows that the command drops.
    pub empty: Vec<Oid>,
}

/// Notes the start of a command, and forgets commands that ended in an error, which PostgreSQL does not report.
pub fn start(command: &Command, foreseen: Foreseen) {
    let Foreseen { sequence, departure, empty } = foreseen;
    RUNNING.with_borrow_mut(|running| {
        running.retain(|other| other.start.is_open());
        running.push(Running {
            command: command.identity(),
            start: Mark::now(),
            dropped: Vec::new(),
            rewritten: Vec::new(),
            sequence,
            departure,
            empty,
        });
    });
}

/// Notes the objects that a running command has dropped.
pub fn note_dropped(command: &Command, dropped: Vec<Object>) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(place) = place_of(running, command) {
            running[place].dropped.extend(dropped);
        }
    });
}

/// Notes a table that a running command rewrites.
pub fn note_rewritten(command: &Command, table: Rewritten) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(place) = place_of(running, command) {
            running[place].rewritten.push(table);
        }
    });
}

/// Ends a command; `None` if its start was not seen because the event triggers were disabled then.
pub fn end(command: &Command) -> Option<Running> {
    RUNNING.with_borrow_mut(|running| {
        let place = place_of(running, command)?;
        running.truncate(place + 1);
        running.pop()
    })
}

fn place_of(running: &[Running], command: &Command) -> Option<usize> {
    running.iter().rposition(|running| running.command == command.identity())
}

/// The present, including the command's own effects, to read the catalogs.
pub fn now() -> Mark {
    crate::pg::snapshot::advance();
    Mark::now()
}
