//! `add_packing()` and `drop_packing()`: from an ordinary table to a packed one and back, all or nothing.

use super::arguments::Arguments;
use super::layout::{Compared, Layout};
use super::pack::pack_all;
use super::triggers::{self, EARLY, INSERT, Packing, UPDATE};
use crate::pg::acting::as_owner;
use crate::pg::column::Column;
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::index::GistIndex;
use crate::pg::line::image::Image;
use crate::pg::memory;
use crate::pg::oid;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::range_scan::Touching;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::pg::types::{is_deterministic, is_short};

sql_function! {
    /// `add_packing(regclass, name, name[], name[], name[]) → bigint`
    veritable_add_packing = add_packing
}
sql_function! {
    /// `drop_packing(regclass) → void`
    veritable_drop_packing = drop_packing
}

/// How many rows are read at once.
const BATCH: usize = 1000;

fn add_packing(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let period = call.name(1).ok_or_else(|| Error::null_argument("period"))?;
    let key = call.given_names(2)?.ok_or_else(|| Error::null_argument("key"))?;
    let (value, ignore) = (call.given_names(3)?, call.names(4)?);
    let absorbed = spi::connect(|session| {
        let _own = own_commands();
        let relation = open_table(target)?;
        let roles = [period.clone()].iter().chain(&key).chain(value.iter().flatten()).chain(&ignore).cloned().collect();
        check_roles(&relation, roles)?;
        let value = value.unwrap_or_else(|| default_value(&relation, &period, &key, &ignore));
        let arguments = Arguments { period, key, value };
        let layout = Layout::of(&relation, &arguments)?;
        check_columns(&relation, &layout)?;
        triggers::check_columns(&relation, &layout)?;
        let name = relation.new_index_name(c"packing");
        // The rows as the owner, whose functions may run; the definitions as the caller, for whom PostgreSQL does the
        // same where it reads rows.
        as_owner(&relation, |_| check_rows(session, &layout, &relation.alias("t")))?;
        let absorbed = pack_all(&relation, &layout)?;
        drop(relation);
        add_constraint(session, &layout, &name)?;
        add_triggers(session, &layout, &arguments)?;
        Ok(absorbed)
    })?;
    Ok(Answer::from(absorbed as i64))
}

fn drop_packing(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, index, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let packing = Packing::required(&relation)?;
        // A packing whose columns are gone has no constraint either.
        let layout = Layout::of(&relation, &packing.arguments).ok();
        let index = layout.and_then(|layout| index_of(&relation, &layout));
        (relation.qualified_name(), index, triggers::names(&relation)?)
    };
    spi::connect(|session| {
        let _own = own_commands();
        for trigger in triggers {
            session.run(&format!("DROP TRIGGER {} ON {table}", quote::identifier(trigger)), &[])?;
        }
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
        Ok(())
    })?;
    Ok(Answer::VOID)
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = Relation::open_table(target, "packing")?;
    let name = relation.name();
    if Packing::of(&relation)?.is_some() {
        return Err(Error::new(Class::Duplicate, format!("table \"{name}\" is already packed")));
    }
    relation.require_plain("packed")?;
    if relation.has_trigger_of(c"veritable", c"seal") {
        return Err(triggers::chained(&relation));
    }
    Ok(relation)
}

/// No column has two roles, and each exists.
fn check_roles(relation: &Relation, roles: Vec<String>) -> Result<()> {
    let columns = relation.columns();
    for (number, name) in roles.iter().enumerate() {
        if columns.iter().all(|column| column.name != *name) {
            return Err(Error::new(
                Class::UndefinedColumn,
                format!("column \"{name}\" of relation \"{}\" does not exist", relation.name()),
            ));
        }
        if roles[..number].contains(name) {
            return Err(Error::new(Class::Argument, format!("column \"{name}\" is given for two purposes")));
        }
    }
    Ok(())
}

/// All columns that can hold a fact: not generated, and not a name for the row.
fn default_value(relation: &Relation, period: &String, key: &[String], ignore: &[String]) -> Vec<String> {
    let primary_key = relation.primary_key();
    let columns = relation.columns().into_iter();
    let holds = |column: &Column| {
        !column.generated
            && !primary_key.contains(&column.place)
            && column.name != *period
            && !key.contains(&column.name)
            && !ignore.contains(&column.name)
    };
    columns.filter(holds).map(|column| column.name).collect()
}

fn check_columns(relation: &Relation, layout: &Layout) -> Result<()> {
    let table = relation.name();
    if layout.period.generated {
        return Err(Error::new(
            Class::Unsupported,
            format!("generated column \"{}\" cannot be the period of a packing", layout.period.name),
        )
        .detail("Packing changes the period of a row."));
    }
    for Compared { column, equality, .. } in &layout.key {
        let name = &column.name;
        if !column.not_null {
            return Err(Error::new(Class::State, format!("key column \"{name}\" must be declared NOT NULL"))
                .hint(format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;", layout.table, quote::identifier(name))));
        }
        if equality.gist_strategy(column).is_none() {
            return Err(Error::new(
                Class::Unsupported,
                format!("column \"{name}\" of table \"{table}\" cannot be in the key of a packing"),
            )
            .detail(format!(
                "Type {} has no GiST operator class with equality.",
                crate::pg::types::type_name(column.type_id)
            )));
        }
    }
    if has_direct_value(layout) {
        return Ok(());
    }
    for Compared { column, .. } in &layout.value {
        if let Err(unsupported) = Image::of(column.type_id, column.collation) {
            return Err(Error::new(
                Class::Unsupported,
                format!("column \"{}\" of table \"{table}\" cannot be in the value of a packing", column.name),
            )
            .detail(unsupported.reason())
            .hint(format!("Leave it out: exclude => '{{{}}}'.", quote::identifier(&column.name))));
        }
    }
    Ok(())
}

/// The value is one column that can stand in the constraint as it is: never null, and not too long for an index.
fn has_direct_value(layout: &Layout) -> bool {
    let is_direct = |value: &Compared| {
        value.column.not_null && value.equality.has_gist_unequal(&value.column) && is_short(value.column.type_id)
    };
    matches!(&layout.value[..], [value] if is_direct(value))
}

/// Refuses rows whose period is none, the first one found.
fn check_rows(session: &Session, layout: &Layout, alias: &str) -> Result<()> {
    let sql = format!("SELECT {alias} FROM ONLY {} AS {alias}", layout.table);
    Latest::during(|_| {
        let cursor = session.cursor(&sql, &[], true)?;
        loop {
            let more = memory::scratch(|| -> Result<bool> {
                let batch = cursor.fetch(BATCH);
                for fetched in batch.rows() {
                    let value = fetched.composite(0).ok_or_else(|| Error::damaged("a row of the table"))?;
                    layout.period(&value.row(&layout.descriptor))?;
                }
                Ok(!batch.is_empty())
            })?;
            if !more {
                return Ok(());
            }
        }
    })
}

/// The constraint that refuses different values over one instant, or, where there is no value, the index alone.
fn add_constraint(session: &Session, layout: &Layout, name: &str) -> Result<()> {
    // The key first, then the period. With the period first, or the value before it, a search by key and period reads
    // more pages, each of which costs some 5 µs: GiST tests every entry of a page.
    let key = layout.key.iter().map(|key| (quote::identifier(&key.column.name), key.equality.sql()));
    let value = match &layout.value[..] {
        [] => None,
        [value] if has_direct_value(layout) => {
            Some((quote::identifier(&value.column.name), crate::pg::equality::operator_sql(value.equality.negator())))
        }
        values => {
            let columns: Vec<_> = values.iter().map(|value| quote::identifier(&value.column.name)).collect();
            let text = format!("(veritable.value_key({}) COLLATE pg_catalog.\"C\")", columns.join(", "));
            Some((text, "OPERATOR(pg_catalog.<>)".to_string()))
        }
    };
    let period = (quote::identifier(&layout.period.name), "OPERATOR(pg_catalog.&&)".to_string());
    let (table, name) = (&layout.table, quote::identifier(name));
    let elements = key.chain([period]).chain(value.clone());
    let sql = if value.is_some() {
        let elements: Vec<_> = elements.map(|(column, operator)| format!("{column} WITH {operator}")).collect();
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} EXCLUDE USING gist ({})", elements.join(", "))
    } else {
        let elements: Vec<_> = elements.map(|(column, _)| column).collect();
        format!("CREATE INDEX {name} ON {table} USING gist ({})", elements.join(", "))
    };
    session.run(&sql, &[])?;
    Ok(())
}

fn add_triggers(session: &Session, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let (table, list) = (&layout.table, arguments.render().iter().map(quote::literal).collect::<Vec<_>>().join(", "));
    session.run(
        &format!(
            "CREATE TRIGGER {EARLY} BEFORE INSERT ON {table} FOR EACH ROW
             EXECUTE FUNCTION veritable.pack_early({list})"
        ),
        &[],
    )?;
    // By the old rows it is seen which of the new ones an UPDATE has changed.
    for (name, event, old) in [(INSERT, "INSERT", ""), (UPDATE, "UPDATE", "OLD TABLE AS veritable_old ")] {
        session.run(
            &format!(
                "CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {old}NEW TABLE AS veritable_new
                 FOR EACH STATEMENT EXECUTE FUNCTION veritable.pack({list})"
            ),
            &[],
        )?;
    }
    Ok(())
}

/// The index of the packing's constraint, or, where there is no value, the index that stands for it.
pub fn index_of(relation: &Relation, layout: &Layout) -> Option<GistIndex> {
    relation.gist_indexes().into_iter().find(|index| fits(index, layout))
}

/// The index has the key first, compared as the table compares it, and then period and value in any order. Where there
/// are values, it is that of a constraint that refuses different ones over one instant.
fn fits(index: &GistIndex, layout: &Layout) -> bool {
    let key: Vec<_> = layout.key.iter().map(|key| Some(key.column.place)).collect();
    let period = Some(layout.period.place);
    let Some(rest) = index.columns.strip_prefix(&key[..]) else { return false };
    let compares_keys_alike = layout.key.iter().zip(&index.collations).all(|(key, &collation)| {
        collation == key.column.collation || (is_deterministic(collation) && is_deterministic(key.column.collation))
    });
    if !compares_keys_alike {
        return false;
    }
    if layout.value.is_empty() && rest == [period] && index.excludes.is_empty() {
        return true;
    }
    let keys_are_equal =
        index.excludes.iter().zip(&layout.key).all(|(operator, key)| *operator == key.equality.operator());
    let (Some(at_period), Some(operators)) =
        (rest.iter().position(|column| *column == period), index.excludes.get(key.len()..))
    else {
        return false;
    };
    let overlaps = operators.get(at_period) == Some(&oid::RANGE_OVERLAPS);
    let refuses_others = match (&layout.value[..], rest) {
        ([], [_]) => true,
        // A single value may stand there as it is, or in an expression, as several do.
        (values, [_, _]) if !values.is_empty() => match (rest[1 - at_period], values) {
            (None, _) => true,
            (Some(place), [value]) => {
                place == value.column.place && operators[1 - at_period] == value.equality.negator()
            }
            _ => false,
        },
        _ => false,
    };
    keys_are_equal && overlaps && refuses_others
}

/// The search for rows that touch a period, through that index.
pub fn scan_of(relation: &Relation, layout: &Layout, index: &GistIndex) -> Option<Touching> {
    let key: Vec<_> = layout.key.iter().map(|key| (key.column.clone(), key.equality)).collect();
    let position = index.columns.iter().position(|column| *column == Some(layout.period.place))?;
    Touching::new(relation, index.oid, &key, layout.period.place, position)
}

/// The error of a packing without its index.
pub fn missing_index(relation: &Relation) -> Error {
    Error::new(Class::State, format!("packed table \"{}\" has no exclusion constraint of its packing", relation.name()))
        .hint("Use drop_packing() and add_packing() to make it anew.")
}
