//! `add_reference()` and `drop_reference()`: begin and end a reference, all or nothing.

use super::arguments::Arguments;
use super::check;
use super::feature::{FEATURE, GUARD, REFER, kit};
use super::find;
use super::layout::Layout;
use super::verify;
use super::{requirements, triggers};
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::pg::types::base_type;
use crate::table::columns::{self, Columns};
use crate::table::{journal, problems};

sql_function! {
    /// `add_reference(regclass, name[], name, regclass, name[], name, boolean, boolean, name) → bigint`
    veritable_add_reference = add_reference
}
sql_function! {
    /// `drop_reference(regclass, name) → void`
    veritable_drop_reference = drop_reference
}

fn add_reference(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let columns = call.given_names(1)?.ok_or_else(|| Error::null_argument("columns"))?;
    let period = call.name(2).ok_or_else(|| Error::null_argument("period"))?;
    let referenced = call.oid(3).ok_or_else(|| Error::null_argument("referenced"))?;
    let referenced_columns = call.given_names(4)?.unwrap_or_else(|| columns.clone());
    let deferrable = call.boolean(6).ok_or_else(|| Error::null_argument("deferrable"))?;
    let deferred = call.boolean(7).ok_or_else(|| Error::null_argument("initially_deferred"))?;
    let deferral = (deferrable || deferred, deferred);
    let checked = spi::connect(|session| {
        let _own = own_commands();
        let child = FEATURE.open(target)?;
        let other = if referenced == target { None } else { Some(open_referenced(referenced)?) };
        let parent = other.as_ref().unwrap_or(&child);
        columns::distinct(columns.iter().chain([&period]))?;
        let referenced_period = match call.name(5) {
            Some(period) => period,
            None => period_of(session, &child, &period, parent)?,
        };
        columns::distinct(referenced_columns.iter().chain([&referenced_period]))?;
        let mut arguments = Arguments { name: String::new(), columns, period, referenced_columns, referenced_period };
        arguments.name = name_for(&child, parent, &arguments, call.name(8))?;
        let layout = Layout::of(&child, parent, &arguments)?;
        parent.require_references(&layout.parent.places())?;
        requirements::check_pair(&child, parent, &layout)?;
        for relation in [&child, parent] {
            problems::refuse_rules(&[relation.oid()], "checked by a reference")?;
        }
        let mut first = None;
        let checked = verify::each_row(&child, parent, &layout, |violation| {
            first.get_or_insert(violation);
            false
        })?;
        if let Some(first) = first {
            return Err(check::violated(&layout, REFER, &first)?);
        }
        let names = triggers::create(session, &child, kit(REFER, deferral), &arguments, &layout.parent.table, &[])?;
        let reserved = if other.is_none() { names } else { Vec::new() };
        triggers::create(session, parent, kit(GUARD, deferral), &arguments, &layout.child.table, &reserved)?;
        let detail = journal::arguments(&arguments.render());
        let mut about = vec![child.stable_name(), parent.stable_name()];
        about.dedup();
        about.iter().try_for_each(|about| journal::record(session, about, "add_reference", None, Some(&detail)))?;
        Ok(checked)
    })?;
    Ok(Answer::from(checked as i64))
}

fn drop_reference(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let name = call.name(1).ok_or_else(|| Error::null_argument("name"))?;
    let child = Relation::open_owned(target, Lock::AccessExclusive)?;
    let Some(reference) = find::made(&child, &name)? else {
        return Err(Error::new(
            Class::UndefinedObject,
            format!("reference \"{name}\" of table \"{}\" does not exist", child.name()),
        ));
    };
    spi::connect(|session| {
        let _own = own_commands();
        let (table, about) = (child.qualified_name(), child.stable_name());
        let mut abouts = vec![about];
        let mut guards = None;
        if let Some(other) = reference.other.filter(|other| exists(*other)) {
            let parent = Relation::open(other, Lock::AccessExclusive)?;
            guards = triggers::counterpart(&parent, target, &reference)?.map(|found| (parent.qualified_name(), found));
            abouts.push(parent.stable_name());
            abouts.dedup();
        }
        drop(child);
        triggers::drop(session, &table, &reference)?;
        if let Some((table, guards)) = guards {
            triggers::drop(session, &table, &guards)?;
        }
        let detail = journal::arguments(&reference.arguments.render());
        abouts.iter().try_for_each(|about| journal::record(session, about, "drop_reference", None, Some(&detail)))
    })?;
    Ok(Answer::VOID)
}

/// Opens the table that is referred to. Other sessions may read it, and not write, as while a foreign key is added.
fn open_referenced(referenced: Oid) -> Result<Relation> {
    {
        // The privilege is checked before waiting for the lock; on columns, when these are known.
        let relation = Relation::open(referenced, Lock::AccessShare)?;
        let all: Vec<_> = relation.columns().into_iter().map(|column| column.place).collect();
        let any = all.iter().any(|place| relation.require_references(&[*place]).is_ok());
        if !any {
            relation.require_references(&all)?;
        }
    }
    let relation = Relation::open(referenced, Lock::ShareRowExclusive)?;
    relation.require_table()?;
    FEATURE.check(&relation)?;
    Ok(relation)
}

/// The period of the table that is referred to: that of its packing, or else the only column of the same type.
fn period_of(session: &Session, child: &Relation, period: &str, parent: &Relation) -> Result<String> {
    let packed = session.query_as_caller(
        "SELECT period::pg_catalog.text FROM veritable.packings WHERE target OPERATOR(pg_catalog.=) $1",
        &[parent.oid().into()],
    )?;
    if let Some(period) = packed.rows().next().and_then(|row| row.get(0)) {
        return Ok(period);
    }
    let wanted = base_type(Columns::of(child).find(period)?.type_id);
    let mut columns = parent.columns().into_iter().filter(|column| base_type(column.type_id) == wanted);
    match (columns.next(), columns.next()) {
        (Some(column), None) => Ok(column.name),
        (None, _) => Err(Error::new(
            Class::WrongType,
            format!("table \"{}\" has no column of the type of column \"{period}\"", parent.name()),
        )),
        _ => Err(Error::new(
            Class::Argument,
            format!("table \"{}\" has several columns of the type of column \"{period}\"", parent.name()),
        )
        .hint("Name one of them: referenced_period => ….")),
    }
}

/// The name of a new reference: as given, or made of the names of table and columns as for a foreign key.
fn name_for(child: &Relation, parent: &Relation, arguments: &Arguments, given: Option<String>) -> Result<String> {
    let mut names = Vec::new();
    for relation in [child, parent] {
        names.extend(find::of(relation)?.into_iter().map(|reference| reference.arguments.name));
    }
    let is_taken = |name: &str| names.iter().any(|other| other == name);
    match given {
        Some(name) if name.is_empty() => Err(Error::new(Class::Argument, "the name of a reference must not be empty")),
        Some(name) if is_taken(&name) => Err(Error::new(
            Class::Duplicate,
            format!("reference \"{name}\" of table \"{}\" or \"{}\" already exists", child.name(), parent.name()),
        )),
        Some(name) => Ok(name),
        None => {
            let name = child.name();
            let parts: Vec<_> = [&name].into_iter().chain(&arguments.columns).chain([&arguments.period]).collect();
            let parts: Vec<_> = parts.into_iter().map(String::as_str).collect();
            Ok(triggers::free(&parts.join("_"), "_fkey", is_taken))
        }
    }
}
