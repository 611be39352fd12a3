//! `add_chain()` and `drop_chain()`: from an ordinary table to a chained one and back, all or nothing.

use pgrx::pg_sys;
use pgrx::spi::{quote_identifier, quote_literal};

use super::arguments::Arguments;
use super::layout::Layout;
use super::triggers::{Chain, GUARD, SEAL, root_of};
use super::{existing, partitions};
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::relation::{Column, Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};

sql_function! {
    /// `add_chain(regclass, name[], name, name, name, name, name[], name[], text) → bigint`
    veritable_add_chain / pg_finfo_veritable_add_chain = add_chain
}
sql_function! {
    /// `drop_chain(regclass) → void`
    veritable_drop_chain / pg_finfo_veritable_drop_chain = drop_chain
}

fn add_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let column = |position, name| call.name(position).ok_or_else(|| Error::null_argument(name));
    let mut arguments = Arguments {
        entity: call.names(1)?,
        seq: column(2, "seq")?,
        previous: column(3, "previous")?,
        hash: column(4, "hash")?,
        recorded: call.name(5),
        exclude: call.names(6)?,
        identity: call.text(8)?.map(str::to_string),
    };
    let mut order_by = call.names(7)?;
    if order_by.is_empty() {
        order_by.extend(arguments.recorded.clone());
    }
    arguments.check()?;
    let sealed = spi::connect(|session| {
        let _own = command::own_commands();
        let table = open_table(target)?;
        arguments.identity.get_or_insert_with(|| table.stable_name());
        check_columns(&table, &arguments, &order_by)?;
        drop(table);
        check_inheritance(session, target)?;
        add_columns(session, target, &arguments)?;
        // Resolving the layout refuses what a line cannot hold, before anything is sealed.
        let layout = Layout::of(&Relation::open(target, Lock::Held)?, &arguments)?;
        check_partition_key(session, target, &layout)?;
        let sealed = existing::seal(session, target, &layout, &arguments, &order_by)?;
        let table = Relation::open(target, Lock::Held)?.qualified_name();
        for column in [&arguments.seq, &arguments.hash] {
            session.run(&format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", quote_identifier(column)), &[])?;
        }
        add_index(session, target, &layout, &arguments)?;
        add_triggers(session, &table, &arguments)?;
        partitions::guard(session, &partitions::below(session, target)?)?;
        Ok(sealed)
    })?;
    Ok(Answer::from(sealed as i64))
}

fn drop_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let triggers = super::triggers::names(&relation)?;
        if triggers.is_empty() {
            Chain::required(&relation)?;
        }
        if let Some(root) = root_of(&relation)? {
            return Err(Error::new(
                Class::WrongObject,
                format!("\"{}\" is a partition of chained table \"{}\"", relation.name(), root.name()),
            )
            .hint(format!("SELECT drop_chain('{}');", root.qualified_name())));
        }
        (relation.qualified_name(), triggers)
    };
    spi::connect(|session| {
        let _own = command::own_commands();
        for trigger in triggers {
            session.run(&format!("DROP TRIGGER {} ON {table}", quote_identifier(trigger)), &[])?;
        }
        partitions::unguard(session, &partitions::below(session, target)?)
    })?;
    Ok(Answer::VOID)
}

fn open_table(target: pg_sys::Oid) -> Result<Relation> {
    let relation = Relation::open_table(target, "chain")?;
    let name = relation.name();
    if relation.is_temporary() {
        return Err(Error::new(Class::WrongObject, format!("temporary table \"{name}\" cannot be chained")));
    }
    if Chain::of(&relation)?.is_some() {
        return Err(Error::new(Class::Duplicate, format!("table \"{name}\" is already chained")));
    }
    if relation.has_trigger_of(c"veritable", c"pack") {
        return Err(Error::new(Class::Unsupported, format!("packed table \"{name}\" cannot be chained"))
            .detail("Packing changes and deletes rows, and a chain allows neither.")
            .hint("Record the changes of the table in a chained table of their own."));
    }
    let late =
        relation.triggers().into_iter().find(|trigger| trigger.before_insert_row() && trigger.name.as_str() > SEAL);
    if let Some(late) = late {
        return Err(super::triggers::fires_too_late(&late.name, &name));
    }
    Ok(relation)
}

fn check_columns(relation: &Relation, arguments: &Arguments, order_by: &[String]) -> Result<()> {
    let columns = relation.columns();
    let table = relation.name();
    let find = |name: &String| columns.iter().find(|column| column.name == *name);
    let existing = |name: &String| {
        find(name).ok_or_else(|| {
            Error::new(Class::UndefinedColumn, format!("column \"{name}\" of relation \"{table}\" does not exist"))
        })
    };
    for name in &arguments.entity {
        let column = existing(name)?;
        if column.generated {
            return Err(Error::new(Class::Unsupported, format!("generated column \"{name}\" cannot name the entity"))
                .detail("Its value is computed after the row is sealed."));
        }
        if !column.not_null {
            return Err(Error::new(Class::State, format!("entity column \"{name}\" must be declared NOT NULL")).hint(
                format!(
                    "ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;",
                    relation.qualified_name(),
                    quote_identifier(name)
                ),
            ));
        }
    }
    for name in arguments.recorded.iter().chain(&arguments.exclude).chain(order_by) {
        existing(name)?;
    }
    for name in [&arguments.seq, &arguments.previous, &arguments.hash] {
        let filled_by = |column: &Column| match column {
            Column { generated: true, .. } => Some("EXPRESSION"),
            Column { identity: true, .. } => Some("IDENTITY"),
            Column { has_default: true, .. } => Some("DEFAULT"),
            _ => None,
        };
        if let Some(filler) = find(name).and_then(filled_by) {
            return Err(Error::new(Class::State, format!("chain column \"{name}\" must have no default")).hint(
                format!(
                    "ALTER TABLE {} ALTER COLUMN {} DROP {filler};",
                    relation.qualified_name(),
                    quote_identifier(name)
                ),
            ));
        }
    }
    Ok(())
}

/// The places of the columns that a partitioned table is partitioned by; `None` for an expression.
fn partition_key(session: &Session, target: pg_sys::Oid) -> Result<Vec<Option<usize>>> {
    let keys = session.query(
        "SELECT pg_catalog.unnest(partattrs::pg_catalog.int2[]) FROM pg_catalog.pg_partitioned_table WHERE partrelid = $1",
        &[target.into()],
    )?;
    Ok(keys.rows().map(|key| key.get::<i16>(0).and_then(|number| usize::try_from(number - 1).ok())).collect())
}

/// The partition of a row is chosen before it is sealed.
fn check_partition_key(session: &Session, target: pg_sys::Oid, layout: &Layout) -> Result<()> {
    let chain = [layout.seq, layout.previous.place, layout.hash.place];
    if partition_key(session, target)?.into_iter().flatten().any(|place| chain.contains(&place)) {
        return Err(Error::new(
            Class::Unsupported,
            format!("table \"{}\" is partitioned by a column of the chain", name_of(target)),
        )
        .detail("The partition of a row is chosen before the row is sealed."));
    }
    Ok(())
}

/// Rows of inheritance children are in the table, but its triggers do not fire for them.
fn check_inheritance(session: &Session, target: pg_sys::Oid) -> Result<()> {
    let children = session.query(
        "SELECT FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = $1 AND NOT c.relispartition LIMIT 1",
        &[target.into()],
    )?;
    if children.is_empty() {
        return Ok(());
    }
    Err(Error::new(Class::Unsupported, format!("table \"{}\" has inheritance children", name_of(target)))
        .hint("Chain the children instead, or use declarative partitioning."))
}

fn add_columns(session: &Session, target: pg_sys::Oid, arguments: &Arguments) -> Result<()> {
    let (table, columns) = {
        let relation = Relation::open(target, Lock::Held)?;
        (relation.qualified_name(), relation.columns())
    };
    let chain = [(&arguments.seq, "bigint"), (&arguments.previous, "bytea"), (&arguments.hash, "bytea")];
    let missing = chain.iter().filter(|(name, _)| columns.iter().all(|column| column.name != **name));
    let add: Vec<_> =
        missing.map(|(name, kind)| format!("ADD COLUMN {} pg_catalog.{kind}", quote_identifier(name))).collect();
    if !add.is_empty() {
        let add = add.join(", ").replace("pg_catalog.bigint", "bigint");
        session.run(&format!("ALTER TABLE {table} {add}"), &[])?;
    }
    Ok(())
}

/// The index by which the head is found; unique wherever PostgreSQL allows it, as the last line of defence.
fn add_index(session: &Session, target: pg_sys::Oid, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let relation = Relation::open(target, Lock::Held)?;
    // A unique index of a partitioned table must contain its partition key.
    let is_entity = |place: Option<usize>| layout.entity.iter().any(|column| Some(column.place) == place);
    let unique = partition_key(session, target)?.into_iter().all(is_entity);
    let places: Vec<usize> = layout.entity.iter().map(|column| column.place).chain([layout.seq]).collect();
    let fits = |columns: &[usize]| {
        columns.len() == places.len()
            && columns.last() == places.last()
            && columns.iter().all(|column| places.contains(column))
    };
    if relation.indexes().iter().any(|index| index.unique == unique && fits(&index.columns)) {
        return Ok(());
    }
    let table = relation.qualified_name();
    drop(relation);
    let columns = arguments.entity.iter().chain([&arguments.seq]).map(quote_identifier).collect::<Vec<_>>().join(", ");
    session.run(&format!("CREATE {}INDEX ON {table} ({columns})", if unique { "UNIQUE " } else { "" }), &[])?;
    Ok(())
}

fn add_triggers(session: &Session, table: &str, arguments: &Arguments) -> Result<()> {
    let arguments = arguments.render();
    let list = arguments.iter().map(quote_literal).collect::<Vec<_>>().join(", ");
    for (name, events, function) in [(SEAL, "INSERT", "seal"), (GUARD, "UPDATE OR DELETE", "guard")] {
        session.run(
            &format!(
                "CREATE TRIGGER {name} BEFORE {events} ON {table} FOR EACH ROW EXECUTE FUNCTION veritable.{function}({list})"
            ),
            &[],
        )?;
        session.run(&format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}"), &[])?;
    }
    partitions::add_truncate_guard(session, table, &arguments)
}
