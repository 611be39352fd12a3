//! `add_history()` and `drop_history()`: start and stop recording the changes of a table.

use super::arguments::{Arguments, Own};
use super::differences;
use super::feature::FEATURE;
use super::recorder::check_owners;
use super::triggers::History;
use super::{as_of, events, partitions, requirements};
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::columns::{self, Columns};
use crate::table::{self, journal, topology};

sql_function! {
    /// `add_history(regclass, name, name, name[], name, name, name, name, name, name, name, name, boolean) → bigint`
    veritable_add_history = add_history
}
sql_function! {
    /// `drop_history(regclass) → void`
    veritable_drop_history = drop_history
}

fn add_history(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let name = |position, name| call.name(position).ok_or_else(|| Error::null_argument(name));
    let own = Own {
        operation: name(6, "operation")?,
        recorded: name(7, "recorded")?,
        by: name(8, "recorded_by")?,
        seq: name(9, "seq")?,
    };
    let chain = events::Chain { previous: name(10, "previous")?, hash: name(11, "hash")? };
    let is_existing = call.boolean(12).unwrap_or(false);
    let (ignore, valid) = (call.names(3)?, call.name(4));
    let recorded = spi::connect(|session| {
        let _own = own_commands();
        let (table, about, place) = {
            let relation = FEATURE.open(target)?;
            if FEATURE.is_on(&relation)? {
                return Err(FEATURE.duplicate(&relation.name()));
            }
            requirements::check_table(&relation)?;
            requirements::check_has_key(&relation)?;
            let schema = call.name(2).unwrap_or_else(|| relation.schema());
            let place = events::Place::of(&relation, schema, call.name(1));
            (relation.qualified_name(), relation.stable_name(), place)
        };
        let (arguments, history) = {
            let relation = Relation::open(target, Lock::Held)?;
            let valid = match valid {
                Some(valid) => Some(valid),
                None => packed_period(session, target)?,
            };
            let mut arguments =
                Arguments { key: key_of(&relation), ignore, valid, own, renamed: Vec::new(), retired: Vec::new() };
            check_roles(&relation, &arguments)?;
            let history = if is_existing {
                let history = place.existing()?;
                let events = Relation::open(history, Lock::AccessExclusive)?;
                check_owners(&relation, &events)?;
                arguments.retired = events::retyped_columns(&relation, &events);
                drop(events);
                events::adopt_columns(session, &relation, history, &mut arguments)?;
                history
            } else {
                events::create(session, &relation, &place, &arguments, &chain)?
            };
            events::check(session, &relation, history, &arguments)?;
            (arguments, history)
        };
        add_triggers(session, target, &table, history, &arguments)?;
        let recorded = differences::record(session, target, history, &arguments, is_existing)?;
        as_of::generate(session, target, history, &arguments, call.name(5).as_deref())?;
        journal::record(session, &about, "add_history", None, Some(&journal::arguments(&arguments.render())))?;
        Ok(recorded)
    })?;
    Ok(Answer::from(recorded as i64))
}

fn drop_history(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, about, detail, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let triggers = FEATURE.triggers(&relation)?;
        if triggers.is_empty() {
            return Err(FEATURE.missing(&relation.name()));
        }
        FEATURE.refuse_partition(&relation, |root| format!("SELECT drop_history({root});"))?;
        // Triggers whose arguments cannot be read can be dropped, too.
        let history = History::of(&relation).ok().flatten();
        let detail = history.map(|history| journal::arguments(&history.arguments.render()));
        (relation.qualified_name(), relation.stable_name(), detail, triggers)
    };
    spi::connect(|session| {
        let _own = own_commands();
        as_of::drop(session, target)?;
        table::triggers::drop(session, &table, triggers.into_iter().map(|trigger| trigger.name))?;
        partitions::unguard(session, &topology::below(session, target)?)?;
        journal::record(session, &about, "drop_history", None, detail.as_deref())
    })?;
    Ok(Answer::VOID)
}

fn add_triggers(session: &Session, target: Oid, table: &str, history: Oid, arguments: &Arguments) -> Result<()> {
    let arguments = arguments.render();
    let other = Relation::open(history, Lock::AccessShare)?.qualified_name();
    for part in FEATURE.parts {
        let other = part.refers.then_some(other.as_str());
        part.create_referring(session, &FEATURE, table, part.name, &arguments, other)?;
    }
    partitions::guard(session, &topology::below(session, target)?)
}

/// The names of the primary key's columns.
fn key_of(relation: &Relation) -> Vec<String> {
    let columns = relation.columns();
    let name = |place: &usize| columns.iter().find(|column| column.place == *place).map(|column| column.name.clone());
    relation.primary_key().iter().filter_map(name).collect()
}

/// The period of the table's packing, if the table is packed.
fn packed_period(session: &Session, target: Oid) -> Result<Option<String>> {
    let found = session.query(
        "SELECT period::pg_catalog.text FROM veritable.packings WHERE target = $1::pg_catalog.regclass",
        &[target.into()],
    )?;
    Ok(found.rows().next().and_then(|row| row.get(0)))
}

/// Checks the columns that the configuration names.
fn check_roles(relation: &Relation, arguments: &Arguments) -> Result<()> {
    let columns = Columns::of(relation);
    arguments.check()?;
    arguments.ignore.iter().try_for_each(|name| columns.find(name).map(|_| ()))?;
    columns::distinct(arguments.key.iter().chain(&arguments.ignore))?;
    if let Some(valid) = &arguments.valid {
        let column = columns.find(valid)?;
        if as_of::element_of(column.type_id).is_none() {
            let message = format!("column \"{valid}\" of relation \"{}\" must be of a range type", relation.name());
            return Err(Error::new(Class::WrongType, message));
        }
    }
    Ok(())
}

/// The relation of this qualified name.
pub(super) fn named(session: &Session, name: &str) -> Result<Oid> {
    let found = session.query("SELECT pg_catalog.to_regclass($1)::pg_catalog.oid", &[name.into()])?;
    let found = found.rows().next().and_then(|row| row.get(0)).filter(|oid| relation::exists(*oid));
    found.ok_or_else(|| Error::new(Class::UndefinedObject, format!("relation {name} does not exist")))
}
