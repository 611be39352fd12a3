//! Functions that were generated for a table: they follow its names, its types and its owner.

use std::collections::BTreeMap;
use std::ffi::CStr;

use super::running;
use super::touched::Touched;
use crate::pg::acting::as_owner_of;
use crate::pg::command;
use crate::pg::extension;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, exists, is_free, name_of};
use crate::pg::report::{Error, Result, warning};
use crate::pg::role;
use crate::pg::snapshot::{Latest, Mark};
use crate::pg::spi::{Fetched, Kept, Session};
use crate::pg::transaction;
use crate::table::feature::Renamed;
use crate::table::{generated, makers};

/// How long a function of somebody else is waited for.
const PATIENCE: &CStr = c"100ms";

thread_local! {
    /// The owner of a table, and its columns, at one moment.
    static STATE: Kept = Kept::new(
        "SELECT c.relowner, a.attnum, a.attname::pg_catalog.text
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
         WHERE c.oid = $1 AND a.attnum > 0 AND NOT a.attisdropped"
            .to_string(),
    );
}

/// Lets the generated functions of the touched tables follow. Not within the script of an extension: the functions would
/// become members of it. The next command on the table makes up for it.
pub fn follow(session: &Session, start: Mark, latest: &Latest, touched: &Touched) -> Result<()> {
    if extension::is_any_scripted() {
        return Ok(());
    }
    for table in touched.tables() {
        if !exists(table) || !generated::are_there(session, table)? {
            continue;
        }
        let state = |at: Mark| at.during_on(latest, || State::read(session, table));
        let (before, now) = (state(start)?, state(running::now())?);
        let _own = command::own_commands();
        if let (Some(former), Some(owner)) = (before.owner, now.owner)
            && former != owner
        {
            // As the caller, who could give the table away.
            let given = transaction::attempt(|| makers::give(session, table, former));
            given.unwrap_or_else(|failure| cannot_follow(table, &failure.message));
        }
        one(session, table, &now.renamed_since(&before), touched.may_refuse(table))?;
    }
    Ok(())
}

/// Lets all generated functions follow a command that renames or moves what they name: a schema, or an operator.
pub fn follow_all(session: &Session) -> Result<()> {
    if extension::is_any_scripted() {
        return Ok(());
    }
    let _own = command::own_commands();
    for (table, owner) in generated::tables(session)? {
        // The command names none of them. So it is refused for a function of the caller's own at most, whatever else the caller may do.
        one(session, table, &[], owner == role::caller())?;
    }
    Ok(())
}

/// Lets the functions of one table follow. A table that may not refuse the command only warns, and is not waited for.
fn one(session: &Session, table: Oid, renamed: &[Renamed], may_refuse: bool) -> Result<()> {
    if may_refuse {
        return as_owner_of(table, |_| makers::follow(session, table, renamed))?;
    }
    if !is_free(table, Lock::AccessShare) {
        cannot_follow(table, "The table is locked");
        return Ok(());
    }
    let follow = || {
        as_owner_of(table, |acting| {
            acting.set(c"lock_timeout", PATIENCE);
            makers::follow(session, table, renamed)
        })?
    };
    transaction::attempt(follow).unwrap_or_else(|failure| cannot_follow(table, &failure.message));
    Ok(())
}

fn cannot_follow(table: Oid, reason: &str) {
    let message = format!("functions that were generated for table \"{}\" cannot follow the command", name_of(table));
    warning(message, format!("{reason}."));
}

struct State {
    owner: Option<Oid>,
    /// The names of the columns, by their numbers.
    columns: BTreeMap<i16, String>,
}

impl State {
    fn read(session: &Session, table: Oid) -> Result<State> {
        let found = STATE.with(|state| state.query_as_caller(session, &[table.into()]))?;
        let column = |row: &Fetched| Some((row.get(0)?, row.get(1)?, row.get(2)?));
        let mut state = State { owner: None, columns: BTreeMap::new() };
        for row in found.rows() {
            let (owner, number, name) = column(&row).ok_or_else(|| Error::damaged("pg_attribute"))?;
            state.owner = Some(owner);
            state.columns.insert(number, name);
        }
        Ok(state)
    }

    /// The columns of `before` that have other names now, or are gone.
    fn renamed_since(&self, before: &State) -> Vec<Renamed> {
        let now = |(number, was): (&i16, &String)| (was.clone(), self.columns.get(number).cloned());
        before.columns.iter().map(now).filter(|(was, now)| now.as_ref() != Some(was)).collect()
    }
}
