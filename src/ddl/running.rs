//! The commands that are running, one within the other: a function that a command calls may run commands of its own.
//!
//! A command is judged by what has changed in the catalogs since its start. All that has to be kept for that is the
//! moment; what the command drops is noted when PostgreSQL tells it, shortly before the end.

use std::cell::RefCell;

use crate::pg::command::{Command, Object};
use crate::pg::snapshot::Mark;

/// A command that is running.
pub struct Running {
    command: usize,
    /// Its start.
    pub start: Mark,
    /// What it has dropped.
    pub dropped: Vec<Object>,
}

thread_local! {
    static RUNNING: RefCell<Vec<Running>> = const { RefCell::new(Vec::new()) };
}

/// A command starts. Those that ended in an error, which nobody is told of, are forgotten now.
pub fn start(command: &Command) {
    RUNNING.with_borrow_mut(|running| {
        running.retain(|other| other.start.is_open());
        running.push(Running { command: command.identity(), start: Mark::now(), dropped: Vec::new() });
    });
}

/// A running command has dropped these.
pub fn note_dropped(command: &Command, dropped: Vec<Object>) {
    RUNNING.with_borrow_mut(|running| {
        if let Some(place) = place_of(running, command) {
            running[place].dropped.extend(dropped);
        }
    });
}

/// A command ends; `None` where its start was not seen, since the event triggers were off then.
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

/// The present, to read the catalogs as they are now: what the command has done is visible in it.
pub fn now() -> Mark {
    crate::pg::snapshot::advance();
    Mark::now()
}
