//! `add_validation()` and `drop_validation()`: start and stop validating the documents of a column.

use super::arguments::{Arguments, Named, Unknown};
use super::feature::{FEATURE, VALIDATES};
use super::layout::Layout;
use super::triggers;
use super::validate::{Schemas, matching};
use crate::pg::acting::as_owner;
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::table::{self, journal, scan};

sql_function! {
    /// `add_validation(regclass, name, name, text, name, text, boolean) → bigint`
    veritable_add_validation = add_validation
}
sql_function! {
    /// `drop_validation(regclass, name) → void`
    veritable_drop_validation = drop_validation
}

fn add_validation(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let arguments = Arguments {
        document: call.name(1).ok_or_else(|| Error::null_argument("document"))?,
        named: Named::one_of(call.name(2), call.text(3)?.map(str::to_string))?,
        version: call.name(4),
        unknown: Unknown::parse(call.text(5)?.ok_or_else(|| Error::null_argument("unknown"))?)?,
    };
    let check_existing = call.boolean(6).ok_or_else(|| Error::null_argument("check_existing"))?;
    let checked = spi::connect(|session| {
        let _own = own_commands();
        let relation = FEATURE.open(target)?;
        let layout = Layout::of(&relation, &arguments)?;
        let trigger = triggers::name_for(&arguments.document, layout.document);
        check_table(&relation, &arguments, &trigger)?;
        let (table, alias, about) = (relation.qualified_name(), relation.alias("t"), relation.stable_name());
        let check = || as_owner(&relation, |_| check_rows(session, &layout, &table, &alias));
        let checked = if check_existing { check()? } else { 0 };
        drop(relation);
        VALIDATES.create(session, &FEATURE, &table, &trigger, &arguments.render())?;
        FEATURE.check_others(&Relation::open(target, Lock::Held)?)?;
        journal::record(session, &about, "add_validation", None, Some(&journal::arguments(&arguments.render())))?;
        Ok(checked)
    })?;
    Ok(Answer::from(checked))
}

fn drop_validation(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let document = call.name(1).ok_or_else(|| Error::null_argument("document"))?;
    let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
    let name = relation.name();
    let validations = triggers::of(&relation)?;
    let of_column = validations.into_iter().filter(|validation| validation.arguments.document == document);
    let triggers: Vec<_> = of_column.map(|validation| validation.trigger).collect();
    if triggers.is_empty() {
        return Err(Error::new(Class::State, format!("column \"{document}\" of table \"{name}\" is not validated")));
    }
    if relation.is_partition() && relation.triggers().iter().any(|other| other.clone && triggers.contains(&other.name))
    {
        return Err(Error::new(Class::WrongObject, format!("\"{name}\" is a partition"))
            .hint("Use drop_validation() on the partitioned table."));
    }
    let (table, about) = (relation.qualified_name(), relation.stable_name());
    drop(relation);
    spi::connect(|session| {
        let _own = own_commands();
        table::triggers::drop(session, &table, triggers)?;
        let detail = journal::arguments(&[format!("document={document}")]);
        journal::record(session, &about, "drop_validation", None, Some(&detail))
    })?;
    Ok(Answer::VOID)
}

fn check_table(relation: &Relation, arguments: &Arguments, trigger: &str) -> Result<()> {
    let (name, document) = (relation.name(), &arguments.document);
    let validations = triggers::of(relation)?;
    if validations.iter().any(|validation| validation.arguments.document == *document) {
        return Err(triggers::already_validated(document, &name));
    }
    if let Some(version) = &arguments.version
        && validations.iter().any(|validation| validation.arguments.version.as_ref() == Some(version))
    {
        return Err(Error::new(
            Class::Argument,
            format!("column \"{version}\" of table \"{name}\" holds the version of another document"),
        ));
    }
    FEATURE.check_late(relation, trigger)
}

/// Refuses the first row whose document does not match, and returns the number of rows.
fn check_rows(session: &Session, layout: &Layout, table: &str, alias: &str) -> Result<i64> {
    let schemas = Schemas::new()?;
    let sql = format!("SELECT {alias} FROM {table} AS {alias}");
    let mut checked = 0;
    Latest::during(|_| {
        let cursor = session.cursor(&sql, &[], true)?;
        scan::each(&cursor, |fetched| {
            let value = fetched.composite(0).ok_or_else(|| Error::damaged("a row of the table"))?;
            checked += 1;
            // The caller owns the table, and row-level security hides no rows.
            matching(&schemas, layout, &value.row(&layout.descriptor), || true).map(|_| ())
        })?;
        Ok(checked)
    })
}
