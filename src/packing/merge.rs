//! Merging rows: absorbed rows are deleted, and surviving rows get the union as their period.

use std::cell::Cell;

use veritable_period::{Island, Period};

use super::layout::Layout;
use super::prevented::Prevented;
use crate::pg::acting::as_owner;
use crate::pg::changing::{After, Errors, Planned};
use crate::pg::oid::Oid;
use crate::pg::period::{Bound, RangeType};
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Kept, Session};
use crate::pg::transaction;
use crate::pg::transaction::Moment;
use crate::pg::trigger::{self, Event, Firing};
use crate::pg::version::{Command, Intent, Tid, Version};

/// The changes to the rows of a table.
#[derive(Default)]
pub struct Changes {
    absorbed: Vec<Tid>,
    widened: Vec<Tid>,
    /// The new periods of the widened rows.
    periods: Vec<Period<Bound>>,
    /// The rows that other transactions can lock or change meanwhile.
    shared: Vec<(Tid, Intent)>,
}

/// The commands that apply the changes.
pub struct Commands {
    delete: Kept,
    update: Kept,
    range: RangeType,
}

impl Changes {
    /// Adds the changes that an island of rows requires.
    pub fn add(&mut self, island: Island<Bound, Version>) -> Result<()> {
        // Includes a survivor with an unchanged period: no transaction may move it away while the absorbed rows vanish.
        let survivor = (&island.survivor, Intent::Update);
        let rows = || island.absorbed.iter().map(|version| (version, Intent::Delete)).chain([survivor]);
        if rows().any(|(version, _)| version.is_newer_than_snapshot()) {
            return Err(Error::new(
                Class::Serialization,
                "could not serialize access: a row that touches the new period was added since the snapshot",
            )
            .hint("The transaction might succeed if retried."));
        }
        self.shared
            .extend(rows().filter(|(version, _)| !version.is_own()).map(|(version, intent)| (version.tid, intent)));
        self.absorbed.extend(island.absorbed.iter().map(|version| version.tid));
        if island.widened {
            self.widened.push(island.survivor.tid);
            self.periods.push(island.period);
        }
        Ok(())
    }

    /// Whether there is nothing to change.
    pub fn is_empty(&self) -> bool {
        self.absorbed.is_empty()
    }

    /// The rows that other transactions can lock or change meanwhile.
    pub fn shared(&self) -> &[(Tid, Intent)] {
        &self.shared
    }

    /// Applies the changes on behalf of the caller, and returns the number of absorbed rows.
    pub fn apply(&self, session: &Session, relation: &Relation, commands: &Commands, after: After) -> Result<u64> {
        // The owner plans the commands, and the caller executes them.
        let (deletion, update) = as_owner(relation, |_| -> Result<_> {
            let deletion = plan(&commands.delete, Event::Delete, session, relation, &[Tid::ARRAY])?;
            let is_needed = !self.widened.is_empty();
            let types = [Tid::ARRAY, commands.range.array()];
            Ok((
                deletion,
                is_needed.then(|| plan(&commands.update, Event::Update, session, relation, &types)).transpose()?,
            ))
        })?;
        let _errors = (!relation.is_readable()).then(Errors::hide_rows);
        // The deletion comes first, because a unique key may contain the period.
        let absorbed = [Tid::parameter(&self.absorbed)];
        if deletion.execute(&absorbed, after, |_| ()) != self.absorbed.len() as u64 {
            return Err(prevented(relation, Event::Delete));
        }
        if let Some(update) = update {
            let widened = [Tid::parameter(&self.widened), commands.range.parameters(&self.periods)];
            let rows = self.widened.len() as u64;
            let depth = trigger::depth() + i32::from(after == After::Command);
            let awaited = |command| AWAITED.set(Some(Awaited::of(relation.oid(), command, depth, rows)));
            if update.execute(&widened, after, awaited) != rows {
                return Err(prevented(relation, Event::Update));
            }
        }
        Ok(self.absorbed.len() as u64)
    }
}

fn plan<'s>(
    command: &'s Kept,
    event: Event,
    session: &'s Session,
    relation: &Relation,
    types: &[Oid],
) -> Result<Planned<'s>> {
    command.plan(session, relation, types)?.ok_or_else(|| prevented(relation, event))
}

fn prevented(relation: &Relation, event: Event) -> Error {
    Prevented { events: &[event], as_owner: true, what: "its rows from being packed" }.error(relation)
}

/// The firing of the trigger after UPDATE that the UPDATE of [`Changes::apply`] causes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Awaited {
    moment: Moment,
    relation: Oid,
    /// The command of the active snapshot while the trigger runs; the firing is queued during this command.
    command: Command,
    /// The nesting depth of triggers.
    depth: i32,
    /// The number of rows that the UPDATE has changed.
    rows: u64,
}

thread_local! {
    static AWAITED: Cell<Option<Awaited>> = const { Cell::new(None) };
}

impl Awaited {
    fn of(relation: Oid, command: Command, depth: i32, rows: u64) -> Awaited {
        Awaited { moment: transaction::moment(), relation, command, depth, rows }
    }
}

/// Whether the running trigger after UPDATE has only rows that [`Changes::apply`] has widened.
///
/// No other UPDATE matches. PostgreSQL never gives the same command to two writing statements of a transaction, even
/// after a rollback to a savepoint; so this trigger runs for the very statement whose packing is awaited. Other updates
/// of the table by that statement (in a WITH clause, or by a foreign key's cascade) either share the firing, which then
/// has more rows than the awaited ones, or have a firing of their own, with other transition tables. A firing queued
/// before has fired before. A firing queued later fires after the awaited firing, which is then no longer awaited. A
/// disabled trigger queues neither firing, since a table in use cannot be altered. Statements of other triggers, and of
/// functions that run meanwhile, have commands of their own.
pub fn is_awaited(firing: &Firing) -> bool {
    let this = || Awaited::of(firing.relation_oid(), Command::running(), trigger::depth(), firing.new_row_count());
    let is_awaited = firing.event() == Event::Update && AWAITED.get().is_some_and(|awaited| awaited == this());
    if is_awaited {
        AWAITED.set(None);
    }
    is_awaited
}

impl Commands {
    /// Builds the commands for a table.
    pub fn of(layout: &Layout) -> Commands {
        let (table, period) = (&layout.table, quote::identifier(&layout.period.name));
        Commands {
            delete: Kept::new(format!("DELETE FROM ONLY {table} WHERE ctid OPERATOR(pg_catalog.=) ANY ($1)")),
            update: Kept::new(format!(
                "UPDATE ONLY {table} AS t SET {period} = change.period
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS change (tid, period)
                 WHERE t.ctid OPERATOR(pg_catalog.=) change.tid"
            )),
            range: layout.range,
        }
    }
}
