//! Columns that a configuration names, renamed or dropped. The configuration follows them, as PostgreSQL's own
//! constraints do; a column that the guarantee needs must not be dropped.

use std::collections::BTreeMap;

use super::definitions::{Definitions, Key, Role};
use super::refusal;
use super::touched::Touched;
use crate::pg::acting::as_owner_of;
use crate::pg::command;
use crate::pg::oid::Oid;
use crate::pg::relation::exists;
use crate::pg::report::Result;
use crate::pg::snapshot::{Latest, Mark};
use crate::pg::spi::{Kept, Session};
use crate::table::feature::{self, Kind, Listed, Renamed};

/// Lets the configurations follow the columns that they name, and returns whether any has changed.
pub fn columns(session: &Session, before: &Definitions, after: &Definitions, touched: &Touched) -> Result<bool> {
    let mut moved: BTreeMap<(usize, u32), (&Key, Vec<Renamed>)> = BTreeMap::new();
    for (key, was) in before.iter() {
        if !matches!(key.kind, Kind::Column | Kind::Place) || !was.role.is_in_configuration() || !exists(key.table()) {
            continue;
        }
        let now = after.get(key).or_else(|| after.get(&key.as_column())).map(|now| now.column.clone());
        if now.as_ref() == Some(&was.column) {
            continue;
        }
        let verb = if now.is_some() { "rename" } else { "drop" };
        if !touched.may_refuse_of_column(key.table(), was.owner) {
            refusal::let_pass(verb, key, was, touched);
            continue;
        }
        if now.is_none() && was.role == Role::Named {
            return Err(refusal::of_change(verb, key, was));
        }
        let (_, renamed) = moved.entry((key.feature_place(), u32::from(key.table()))).or_insert((key, Vec::new()));
        renamed.push((was.column.clone(), now));
    }
    // A column that was excluded is gone since a command that could not be followed: its name is free for another column.
    for (key, now) in after.but_not(before).filter(|(key, _)| key.kind == Kind::Column && before.knows_columns_of(key))
    {
        if now.role == Role::Excluded && touched.may_refuse(key.table()) {
            let (_, renamed) = moved.entry((key.feature_place(), u32::from(key.table()))).or_insert((key, Vec::new()));
            // This command may have dropped it, too.
            let gone = (now.column.clone(), None);
            if !renamed.contains(&gone) {
                renamed.push(gone);
            }
        }
    }
    let _own = command::own_commands();
    for ((_, table), (key, renamed)) in &moved {
        as_owner_of(Oid::from(*table), |_| (key.ddl().follow)(session, Oid::from(*table), renamed))??;
    }
    Ok(!moved.is_empty())
}

/// Lets the features bring what belongs to the touched tables up to date. `start` is the beginning of the command.
pub fn belongings(session: &Session, start: Mark, latest: &Latest, touched: &Touched) -> Result<()> {
    let _own = command::own_commands();
    for (place, Listed { ddl, .. }) in feature::all().iter().enumerate() {
        let Some(adopt) = ddl.adopt else { continue };
        for table in touched.tables_of(place).into_iter().filter(|table| exists(*table) && touched.may_refuse(*table)) {
            let former = start.during_on(latest, || owner(session, table))?;
            let now = owner(session, table)?;
            adopt(session, table, former.filter(|former| Some(*former) != now))?;
        }
    }
    Ok(())
}

thread_local! {
    static OWNER: Kept = Kept::new("SELECT relowner FROM pg_catalog.pg_class WHERE oid = $1".to_string());
}

/// The owner of a table at the moment of the active snapshot.
fn owner(session: &Session, table: Oid) -> Result<Option<Oid>> {
    let found = OWNER.with(|owner| owner.query_as_caller(session, &[table.into()]))?;
    Ok(found.rows().next().and_then(|row| row.get(0)))
}
