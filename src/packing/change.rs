//! Making rows one: the absorbed ones are deleted, the surviving ones get the union for their period.

use std::cell::Cell;

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use veritable_core::packing::{Island, Period};

use super::layout::Layout;
use crate::pg::period::{Bound, RangeType};
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Kept, Session};
use crate::pg::trigger;
use crate::pg::version::{Intent, Tid, Version};

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
    relation: pg_sys::Oid,
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
            .hint("Retry the transaction."));
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

    /// Does it, and says how many rows were absorbed.
    pub fn apply(&self, session: &Session, commands: &Commands) -> Result<u64> {
        let _applying = Applying::to(commands.relation);
        // The deletion first: a unique key may contain the period.
        commands.run(session, &commands.delete, &self.absorbed, None)?;
        if !self.widened.is_empty() {
            commands.run(session, &commands.update, &self.widened, Some(&self.periods))?;
        }
        Ok(self.absorbed.len() as u64)
    }
}

thread_local! {
    /// The table that is being changed here, and how deep in triggers.
    static APPLYING: Cell<Option<(pg_sys::Oid, i32)>> = const { Cell::new(None) };
}

struct Applying {
    before: Option<(pg_sys::Oid, i32)>,
}

impl Applying {
    fn to(relation: pg_sys::Oid) -> Applying {
        Applying { before: APPLYING.replace(Some((relation, trigger::depth()))) }
    }
}

impl Drop for Applying {
    fn drop(&mut self) {
        APPLYING.set(self.before);
    }
}

/// The statement whose trigger is running on this table is one of [`Changes::apply`], not one of a trigger in between.
pub fn is_own_statement(relation: pg_sys::Oid) -> bool {
    APPLYING.get() == Some((relation, trigger::depth() - 1))
}

impl Commands {
    /// The commands for a table.
    pub fn of(layout: &Layout) -> Commands {
        let (table, period) = (&layout.table, quote_identifier(&layout.period.name));
        Commands {
            delete: Kept::by_tid(format!("DELETE FROM ONLY {table} WHERE ctid OPERATOR(pg_catalog.=) ANY ($1)")),
            update: Kept::by_tid(format!(
                "UPDATE ONLY {table} AS t SET {period} = change.period
                 FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS change (tid, period)
                 WHERE t.ctid OPERATOR(pg_catalog.=) change.tid"
            )),
            range: layout.range,
            relation: layout.relation,
        }
    }

    fn run(&self, session: &Session, command: &Kept, tids: &[Tid], periods: Option<&[Period<Bound>]>) -> Result<()> {
        let mut parameters = vec![Tid::parameter(tids)];
        parameters.extend(periods.map(|periods| self.range.parameters(periods)));
        if command.run(session, &parameters)? == tids.len() as u64 {
            return Ok(());
        }
        Err(Error::new(
            Class::State,
            format!(
                "a trigger or rule of packed table \"{}\" keeps its rows from being packed",
                name_of(self.relation)
            ),
        ))
    }
}
