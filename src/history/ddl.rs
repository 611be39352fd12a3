//! The callbacks of a history for the event triggers.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::triggers::History;
use super::{as_of, events, partitions, requirements, triggers, verify};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::table::columns::Columns;
use crate::table::feature::{Ddl, Kind, Lost, Partitions, Reason, Renamed};
use crate::table::topology;
use crate::table::triggers::{self as table_triggers, rearm};

/// The callbacks of a history for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check: requirements::check,
    follow,
    adopt: Some(adopt),
    verify: verify::verify,
    indexes_text: false,
    on_new_column: None,
    partitions: Some(&Partitions {
        refuse_to_detach: partitions::refuse_to_detach_rows,
        detached: None,
        attached: None,
        refuse_key: |_, _| Ok(()),
        guard: partitions::guard,
        unguard: partitions::unguard,
        dropped: (
            "Its rows would leave the table without an event in the history.",
            "A partition without rows can be detached, and dropped then. Use drop_history() to end the history.",
        ),
    }),
    lost: Some(&Lost { find: lost, clear: clear_lost }),
};

fn reason(kind: Kind) -> Reason {
    let detail = match kind {
        Kind::Trigger => "The trigger is part of the history.",
        Kind::Index => "Each event of the history belongs to the row of a key.",
        _ => "The history is about it.",
    };
    Reason { detail: Some(detail), hint: "Use drop_history() to end the history." }
}

/// Keeps the names that events have for columns with other names, and for columns that are gone.
fn follow(session: &Session, table: Oid, renamed: &[Renamed]) -> Result<()> {
    let history = {
        let relation = Relation::open(table, Lock::AccessShare)?;
        if FEATURE.root_of(&relation)?.is_some() {
            return Ok(());
        }
        let Some(history) = triggers::table_of(&relation)? else { return Ok(()) };
        Columns::of(&Relation::open(history, Lock::AccessShare)?)
    };
    configure(session, table, |arguments| arguments.after(renamed, |name| history.find(name).is_ok()))
}

/// Changes the arguments of all triggers, on the table and its partitions.
fn configure(session: &Session, table: Oid, change: impl Fn(Arguments) -> Arguments) -> Result<()> {
    for table in std::iter::once(table).chain(topology::below(session, table)?) {
        rearm(session, &FEATURE, table, |trigger| {
            Ok((trigger.name.clone(), change(Arguments::parse(&trigger.arguments)?).render()))
        })?;
    }
    Ok(())
}

/// Gives the history what its table has got: columns, the owner, row-level security; and generates the function anew.
fn adopt(session: &Session, table: Oid, former_owner: Option<Oid>) -> Result<()> {
    let (history, arguments, has_new_names) = {
        let relation = Relation::open(table, Lock::AccessShare)?;
        if FEATURE.root_of(&relation)?.is_some() {
            return Ok(());
        }
        let Ok(Some(History { mut arguments, table: history, .. })) = History::of(&relation) else { return Ok(()) };
        if let Some(former) = former_owner {
            events::follow_owner(session, &relation, history, former)?;
        }
        // Nothing is done to a table of another role: the checks refuse it.
        if !relation.has_same_owner(&Relation::open(history, Lock::AccessShare)?) {
            return Ok(());
        }
        events::follow_row_security(session, &relation, history)?;
        let former = arguments.clone();
        let new = events::adopt_columns(session, &relation, history, &mut arguments)?;
        if !new.is_empty() && events::has_values(session, &relation, &new)? {
            return Err(filled(&relation, &new[0]));
        }
        let has_new_names = arguments != former;
        (history, arguments, has_new_names)
    };
    if has_new_names {
        configure(session, table, |_| arguments.clone())?;
    }
    as_of::generate(session, table, history, &arguments, None)
}

/// The history of a table that has lost the table of its events.
fn lost(relation: &Relation) -> Result<Vec<(String, bool)>> {
    let is_lost = FEATURE.is_on(relation)? && triggers::table_of(relation)?.is_none();
    Ok(if is_lost { vec![("history".to_string(), true)] } else { Vec::new() })
}

/// Ends the history of a table that has lost the table of its events.
fn clear_lost(session: &Session, table: Oid) -> Result<()> {
    let (name, own) = {
        let relation = Relation::open(table, Lock::AccessShare)?;
        if lost(&relation)?.is_empty() {
            return Ok(());
        }
        (relation.qualified_name(), FEATURE.triggers(&relation)?)
    };
    as_of::drop(session, table)?;
    table_triggers::drop(session, &name, own.into_iter().map(|trigger| trigger.name))?;
    partitions::unguard(session, &topology::below(session, table)?)
}

/// The error of a new column with values in rows that were there before: no event says so.
fn filled(relation: &Relation, column: &str) -> Error {
    let (table, name) = (relation.qualified_name(), quote::identifier(column));
    Error::new(
        Class::State,
        format!("cannot add column \"{column}\" with values to recorded table \"{}\"", relation.name()),
    )
    .detail("The rows that are there would have values that no event says.")
    .hint(format!(
        "Add the column without a default, then: ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT …; UPDATE {table} SET {name} = …;"
    ))
}
