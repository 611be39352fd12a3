//! `add_as_of()` and `drop_as_of()`: create the functions of a table, and drop them, all or nothing.

use super::chain::Chain;
use super::functions::{AsOf, KIND};
use super::index;
use crate::pg::command::own_commands;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result, notice_with_hint};
use crate::pg::spi::{self, Session};
use crate::table::generated::{self, Found};
use crate::table::journal;

sql_function! {
    /// `add_as_of(regclass, name, name) → void`
    veritable_add_as_of = add_as_of
}
sql_function! {
    /// `drop_as_of(regclass) → void`
    veritable_drop_as_of = drop_as_of
}

fn add_as_of(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (valid, name) = (call.name(1), call.name(2));
    spi::connect(|session| {
        let _own = own_commands();
        // Nobody writes while an index is made, and nobody else adds the same functions.
        let relation = Relation::open_owned(target, Lock::ShareRowExclusive)?;
        relation.require_table()?;
        let (chain, recorded) = Chain::required(session, &relation)?;
        let as_of = AsOf::of(session, &relation, &chain, &recorded, valid.as_ref())?;
        if let Some(found) = found(session, target)?.first() {
            let message = format!("table \"{}\" already has as-of functions", relation.name());
            return Err(Error::new(Class::Duplicate, message)
                .detail(format!("Function {} is one of them.", found.signature))
                .hint("Use drop_as_of() first."));
        }
        let name = name.unwrap_or_else(|| generated::default_name(&relation.name(), "_as_of"));
        let (schema, table, about) = (relation.schema(), relation.qualified_name(), relation.stable_name());
        drop(relation);
        index::add(session, target, &table, &as_of.indexed())?;
        for function in as_of.functions(&schema, &name) {
            generated::create(session, &function)?;
        }
        if let Some(column) = as_of.column_for_literals() {
            notice_with_hint(
                format!(
                    "a literal without a type, as the first argument of {name}(), is taken for column \"{column}\""
                ),
                &format!("Write arguments by name: {name}(known_at => …)."),
            );
        }
        journal::record(session, &about, "add_as_of", None, None)
    })?;
    Ok(Answer::VOID)
}

fn drop_as_of(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    spi::connect(|session| {
        let _own = own_commands();
        let about = {
            let relation = Relation::open_owned(target, Lock::ShareRowExclusive)?;
            if found(session, target)?.is_empty() {
                return Err(Error::new(Class::State, format!("table \"{}\" has no as-of functions", relation.name()))
                    .hint("Use add_as_of() to add them."));
            }
            relation.stable_name()
        };
        found(session, target)?.iter().try_for_each(|function| generated::drop(session, function))?;
        journal::record(session, &about, "drop_as_of", None, None)
    })?;
    Ok(Answer::VOID)
}

/// The as-of functions of a table.
fn found(session: &Session, table: Oid) -> Result<Vec<Found>> {
    let mut found = generated::find(session, table)?;
    found.retain(|function| function.kind == KIND);
    Ok(found)
}
