//! Making rows one: the absorbed ones are deleted, the surviving ones get the union for their period.

use std::cell::Cell;

use veritable_period::{Island, Period};

use super::layout::Layout;
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

/// What is to be done to the rows of a table.
#[derive(Default)]
pub struct Changes {
    absorbed: Vec<Tid>,
    widened: Vec<Tid>,
    /// What the widened rows' periods become.
    periods: Vec<Period<Bound>>,
    /// Those that others can lock or change meanwhile.
    shared: Vec<(Tid, Intent)>,
}

/// The commands that do it.
pub struct Commands {
    delete: Kept,
    update: Kept,
    range: RangeType,
}

impl Changes {
    /// Adds what an island of rows makes necessary.
    pub fn add(&mut self, island: Island<Bound, Version>) -> Result<()> {
        // The survivor also where its period stays: nobody may move it away while the others vanish.
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

    /// There is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.absorbed.is_empty()
    }

    /// The rows that others can lock or change meanwhile.
    pub fn shared(&self) -> &[(Tid, Intent)] {
        &self.shared
    }

    /// Does it, on behalf of the caller, and says how many rows were absorbed.
    pub fn apply(&self, session: &Session, relation: &Relation, commands: &Commands, after: After) -> Result<u64> {
        // Planned as the owner, executed as the caller.
        let (deletion, update) = as_owner(relation, |_| -> Result<_> {
            let deletion = plan(&commands.delete, session, relation, &[Tid::ARRAY])?;
            let is_needed = !self.widened.is_empty();
            let types = [Tid::ARRAY, commands.range.array()];
            Ok((deletion, is_needed.then(|| plan(&commands.update, session, relation, &types)).transpose()?))
        })?;
        let _errors = (!relation.is_readable()).then(Errors::hide_rows);
        // The deletion first: a unique key may contain the period.
        let absorbed = [Tid::parameter(&self.absorbed)];
        if deletion.execute(&absorbed, after, |_| ()) != self.absorbed.len() as u64 {
            return Err(prevented(relation));
        }
        if let Some(update) = update {
            let widened = [Tid::parameter(&self.widened), commands.range.parameters(&self.periods)];
            let rows = self.widened.len() as u64;
            let depth = trigger::depth() + i32::from(after == After::Command);
            let awaited = |command| AWAITED.set(Some(Awaited::of(relation.oid(), command, depth, rows)));
            if update.execute(&widened, after, awaited) != rows {
                return Err(prevented(relation));
            }
        }
        Ok(self.absorbed.len() as u64)
    }
}

fn plan<'s>(command: &'s Kept, session: &'s Session, relation: &Relation, types: &[Oid]) -> Result<Planned<'s>> {
    command.plan(session, relation, types)?.ok_or_else(|| prevented(relation))
}

fn prevented(relation: &Relation) -> Error {
    let table = relation.name();
    let message = format!("a trigger or rule of packed table \"{table}\" keeps its rows from being packed");
    Error::new(Class::State, message)
}

/// The firing of the trigger after an UPDATE that the UPDATE of [`Changes::apply`] leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Awaited {
    moment: Moment,
    relation: Oid,
    /// That of the active snapshot while the trigger runs: the command during which the firing is queued.
    command: Command,
    /// How deep in triggers.
    depth: i32,
    /// How many rows the UPDATE has changed.
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

/// The trigger that is running after an UPDATE has no rows but those that [`Changes::apply`] has widened.
///
/// It is never another UPDATE. PostgreSQL gives no two writing statements of a transaction the same command, also after
/// a rollback to a savepoint; so this trigger runs for the very statement whose packing is awaited. What else that statement
/// updates in the table (in a WITH clause, or by the cascade of a foreign key) either shares the firing, whose rows are
/// more then than the awaited ones; or has its own, with other transition tables. One that was queued before has fired
/// before. One that is queued later fires later, when the awaited one has fired and is awaited no more. If the trigger
/// is disabled, neither is queued, since a table in use cannot be altered. Statements of other triggers, and of
/// functions that run meanwhile, are commands of their own.
pub fn is_awaited(firing: &Firing) -> bool {
    let this = || Awaited::of(firing.relation_oid(), Command::running(), trigger::depth(), firing.new_row_count());
    let is_awaited = firing.event() == Event::Update && AWAITED.get().is_some_and(|awaited| awaited == this());
    if is_awaited {
        AWAITED.set(None);
    }
    is_awaited
}

impl Commands {
    /// The commands for a table.
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
