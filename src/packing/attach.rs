//! `add_packing()` and `drop_packing()`: turn an ordinary table into a packed one and back, all or nothing.

use super::arguments::Arguments;
use super::constraint;
use super::feature::FEATURE;
use super::layout::Layout;
use super::pack::pack_all;
use super::requirements;
use super::triggers::Packing;
use crate::pg::acting::as_owner;
use crate::pg::column::Column;
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::index::GistIndex;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Error, Result, notice_with_hint};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::table::columns::{self, Columns};
use crate::table::{self, journal, problems, scan};

sql_function! {
    /// `add_packing(regclass, name, name[], name[], name[]) → bigint`
    veritable_add_packing = add_packing
}
sql_function! {
    /// `drop_packing(regclass) → void`
    veritable_drop_packing = drop_packing
}

fn add_packing(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let period = call.name(1).ok_or_else(|| Error::null_argument("period"))?;
    let key = call.given_names(2)?.ok_or_else(|| Error::null_argument("key"))?;
    let (value, exclude) = (call.given_names(3)?, call.names(4)?);
    let absorbed = spi::connect(|session| {
        let _own = own_commands();
        let relation = open_table(target)?;
        let columns = Columns::of(&relation);
        let roles = || [&period].into_iter().chain(&key).chain(value.iter().flatten()).chain(&exclude);
        roles().try_for_each(|name| columns.find(name).map(|_| ()))?;
        columns::distinct(roles())?;
        let (chosen, value) = match value {
            Some(value) => (true, value),
            None => (false, default_value(&relation, &period, &key, &exclude)),
        };
        let arguments = Arguments { period, key, value };
        let layout = Layout::of(&relation, &arguments)?;
        requirements::check_columns(&relation, &layout)?;
        tell_varying(&relation, &layout, chosen, &exclude);
        let name = relation.new_index_name(c"packing");
        // The owner reads the rows, because the owner's functions may run; the caller runs the definitions, for which
        // PostgreSQL itself switches to the owner to read rows.
        as_owner(&relation, |_| check_rows(session, &layout, &relation.alias("t")))?;
        let absorbed = pack_all(&relation, &layout)?;
        let about = relation.stable_name();
        drop(relation);
        constraint::add(session, &layout, &name)?;
        add_triggers(session, &layout, &arguments)?;
        let detail = journal::arguments(&arguments.render());
        journal::record(session, &about, "add_packing", None, Some(&detail))?;
        Ok(absorbed)
    })?;
    Ok(Answer::from(absorbed as i64))
}

fn drop_packing(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, about, index, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let packing = Packing::required(&relation)?;
        // A packing without its columns has no constraint either.
        let layout = Layout::of(&relation, &packing.arguments).ok();
        let index = layout.and_then(|layout| constraint::index_of(&relation, &layout));
        (relation.qualified_name(), relation.stable_name(), index, FEATURE.triggers(&relation)?)
    };
    spi::connect(|session| {
        let _own = own_commands();
        table::triggers::drop(session, &table, triggers.into_iter().map(|trigger| trigger.name))?;
        match index {
            Some(GistIndex { name, excludes, .. }) if !excludes.is_empty() => {
                session.run(&format!("ALTER TABLE {table} DROP CONSTRAINT {}", quote::identifier(name)), &[])?;
            }
            Some(index) => {
                let name = Relation::open(index.oid, Lock::Held)?.qualified_name();
                session.run(&format!("DROP INDEX {name}"), &[])?;
            }
            None => {}
        }
        journal::record(session, &about, "drop_packing", None, None)
    })?;
    Ok(Answer::VOID)
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = FEATURE.open(target)?;
    if FEATURE.attached(&relation)?.is_some() {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    relation.require_plain(FEATURE.participle)?;
    problems::refuse_rules(&[relation.oid()], "packed")?;
    Ok(relation)
}

/// All columns that can hold a fact: neither generated columns nor row identifiers.
fn default_value(relation: &Relation, period: &String, key: &[String], exclude: &[String]) -> Vec<String> {
    let primary_key = relation.primary_key();
    let columns = relation.columns().into_iter();
    let holds = |column: &Column| {
        !column.generated
            && !primary_key.contains(&column.place)
            && column.name != *period
            && !key.contains(&column.name)
            && !exclude.contains(&column.name)
    };
    columns.filter(holds).map(|column| column.name).collect()
}

/// Tells of value columns whose defaults differ from row to row: such rows never merge.
fn tell_varying(relation: &Relation, layout: &Layout, chosen: bool, exclude: &[String]) {
    let varies = |column: &Column| relation.default_varies(column);
    let (varying, rest): (Vec<_>, Vec<_>) = layout.value.iter().map(|v| &v.column).partition(|column| varies(column));
    if varying.is_empty() {
        return;
    }
    let list = |names: Vec<&String>| names.into_iter().map(quote::identifier).collect::<Vec<_>>().join(",");
    let names = varying.iter().map(|column| format!("\"{}\"", column.name)).collect::<Vec<_>>().join(", ");
    let written = if chosen {
        format!("value => '{{{}}}'", list(rest.iter().map(|column| &column.name).collect()))
    } else {
        format!("exclude => '{{{}}}'", list(exclude.iter().chain(varying.iter().map(|column| &column.name)).collect()))
    };
    let table = relation.name();
    let (message, them) = match varying.len() {
        1 => (format!("the default of value column {names} keeps rows of \"{table}\" from merging"), "it"),
        _ => (format!("the defaults of value columns {names} keep rows of \"{table}\" from merging"), "them"),
    };
    notice_with_hint(message, &format!("Rows merge if their values are equal. To leave {them} out, write: {written}."));
}

/// Refuses the first row without a proper period.
fn check_rows(session: &Session, layout: &Layout, alias: &str) -> Result<()> {
    let sql = format!("SELECT {alias} FROM ONLY {} AS {alias}", layout.table);
    Latest::during(|_| {
        let cursor = session.cursor(&sql, &[], true)?;
        scan::each(&cursor, |fetched| {
            let value = fetched.composite(0).ok_or_else(|| Error::damaged("a row of the table"))?;
            layout.period(&value.row(&layout.descriptor)).map(|_| ())
        })
    })
}

fn add_triggers(session: &Session, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let arguments = arguments.render();
    FEATURE.parts.iter().try_for_each(|part| part.create(session, &FEATURE, &layout.table, part.name, &arguments))
}
