//! Making rows one: the absorbed ones are deleted, the surviving ones get the union for their period.

use pgrx::spi::quote_identifier;
use veritable_core::packing::{Island, Period};

use super::layout::Layout;
use crate::pg::period::{Bound, RangeType};
use crate::pg::relation::name_of;
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{Kept, Session};
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
    relation: pgrx::pg_sys::Oid,
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
        // The deletion first: a unique key may contain the period.
        commands.run(session, &commands.delete, &self.absorbed, None)?;
        if !self.widened.is_empty() {
            commands.run(session, &commands.update, &self.widened, Some(&self.periods))?;
        }
        Ok(self.absorbed.len() as u64)
    }
}

impl Commands {
    /// The commands for a table.
    pub fn of(layout: &Layout) -> Commands {
        let (table, period) = (&layout.table, quote_identifier(&layout.period.name));
        Commands {
            delete: Kept::new(format!("DELETE FROM ONLY {table} WHERE ctid OPERATOR(pg_catalog.=) ANY ($1)")),
            update: Kept::new(format!(
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
