//! `add_chain()` and `drop_chain()`: turn an ordinary table into a chained one and back, all or nothing.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use super::triggers::Chain;
use super::{backfill, partitions, requirements};
use crate::pg::column::Column;
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::index::Index;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::columns::Columns;
use crate::table::{self, topology};

sql_function! {
    /// `add_chain(regclass, name[], name, name, name, name, name[], name[], text) → bigint`
    veritable_add_chain = add_chain
}
sql_function! {
    /// `drop_chain(regclass) → void`
    veritable_drop_chain = drop_chain
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
        let columns = Columns::of(&table);
        arguments.exclude.iter().chain(&order_by).try_for_each(|name| columns.find(name).map(|_| ()))?;
        drop(table);
        check_distribution(session, target, &arguments)?;
        add_columns(session, target, &arguments)?;
        let layout = {
            let table = Relation::open(target, Lock::Held)?;
            requirements::check(&table, &arguments)?;
            Layout::of(&table, &arguments)?
        };
        let sealed = backfill::seal(session, target, &layout, &arguments, &order_by)?;
        let table = Relation::open(target, Lock::Held)?.qualified_name();
        for column in [&arguments.seq, &arguments.hash] {
            session
                .run(&format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", quote::identifier(column)), &[])?;
        }
        add_index(session, target, &layout, &arguments)?;
        add_triggers(session, &table, &arguments)?;
        partitions::guard(session, &topology::below(session, target)?)?;
        Ok(sealed)
    })?;
    Ok(Answer::from(sealed as i64))
}

fn drop_chain(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let triggers = FEATURE.triggers(&relation)?;
        if triggers.is_empty() {
            return Err(FEATURE.missing(&relation.name()));
        }
        FEATURE.refuse_partition(&relation, |root| format!("SELECT drop_chain('{root}');"))?;
        (relation.qualified_name(), triggers)
    };
    spi::connect(|session| {
        let _own = command::own_commands();
        table::triggers::drop(session, &table, triggers.into_iter().map(|trigger| trigger.name))?;
        partitions::unguard(session, &topology::below(session, target)?)
    })?;
    Ok(Answer::VOID)
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = FEATURE.open(target)?;
    requirements::check_kind(&relation)?;
    if Chain::of(&relation)?.is_some() {
        return Err(FEATURE.duplicate(&relation.name()));
    }
    Ok(relation)
}

/// The places of a partitioned table's partition key columns; `None` for an expression.
fn partition_key(session: &Session, target: Oid) -> Result<Vec<Option<usize>>> {
    let keys = session.query(
        "SELECT pg_catalog.unnest(partattrs::pg_catalog.int2[]) FROM pg_catalog.pg_partitioned_table WHERE partrelid = $1",
        &[target.into()],
    )?;
    Ok(keys.rows().map(|key| key.get::<i16>(0).and_then(|number| usize::try_from(number - 1).ok())).collect())
}

/// Refuses distributed tables with rows: Citus keeps these rows on other servers, where this server cannot seal them.
/// Also refuses reference tables with recorded times: each copy would be sealed by its own server's clock.
fn check_distribution(session: &Session, target: Oid, arguments: &Arguments) -> Result<()> {
    let catalog = session.query("SELECT pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL", &[])?;
    if catalog.rows().next().and_then(|row| row.get::<bool>(0)) != Some(true) {
        return Ok(());
    }
    let kind = session.query(
        "SELECT partmethod = 'n' FROM pg_catalog.pg_dist_partition WHERE logicalrelid = $1::pg_catalog.regclass",
        &[target.into()],
    )?;
    let refused = |message: &str, hint: &str| {
        let message = format!("{message}: table \"{}\"", name_of(target));
        Err(Error::new(Class::Unsupported, message).hint(hint))
    };
    match kind.rows().next().map(|row| row.get::<bool>(0)) {
        None => Ok(()),
        Some(Some(true)) if arguments.recorded.is_none() => Ok(()),
        Some(Some(true)) => refused(
            "each copy of a reference table would get other recorded times",
            "Leave recorded out, and have the client supply the time.",
        ),
        Some(_) => {
            if backfill::is_empty(session, target)? {
                return Ok(());
            }
            refused("rows of a distributed table cannot be sealed here", "Chain the table while it is empty.")
        }
    }
}

fn add_columns(session: &Session, target: Oid, arguments: &Arguments) -> Result<()> {
    let (table, columns) = {
        let relation = Relation::open(target, Lock::Held)?;
        (relation.qualified_name(), relation.columns())
    };
    let chain = [(&arguments.seq, "int8"), (&arguments.previous, "bytea"), (&arguments.hash, "bytea")];
    let missing = chain.iter().filter(|(name, _)| columns.iter().all(|column| column.name != **name));
    let add: Vec<_> =
        missing.map(|(name, kind)| format!("ADD COLUMN {} pg_catalog.{kind}", quote::identifier(name))).collect();
    if !add.is_empty() {
        session.run(&format!("ALTER TABLE {table} {}", add.join(", ")), &[])?;
    }
    Ok(())
}

/// Adds the index that finds the head. The index is unique wherever PostgreSQL allows it, as the last line of defence.
fn add_index(session: &Session, target: Oid, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let relation = Relation::open(target, Lock::Held)?;
    // A unique index of a partitioned table must contain the partition key.
    let is_entity = |place: Option<usize>| layout.entity.iter().any(|column| Some(column.place) == place);
    let partition_key = partition_key(session, target)?;
    let unique = partition_key.iter().copied().all(is_entity);
    let entity: Vec<usize> = layout.entity.iter().map(|column| column.place).collect();
    let fits =
        |index: &Index| index.columns.len() == entity.len() + 1 && index.finds_last(&relation, &entity, layout.seq);
    if relation.indexes().iter().any(|index| index.unique == unique && fits(index)) {
        return Ok(());
    }
    let table = relation.qualified_name();
    // Sort in byte order if byte order has the same equal texts: an operating system upgrade can change a language's
    // order, and a stale index would find a wrong head or none. Partition key columns keep their own collation.
    let columns = relation.columns();
    let column = |name: &String| {
        let is_by_bytes = |column: &Column| column.has_language() && !partition_key.contains(&Some(column.place));
        let by_bytes = columns.iter().any(|column| column.name == *name && is_by_bytes(column));
        format!("{}{}", quote::identifier(name), if by_bytes { " COLLATE pg_catalog.\"C\"" } else { "" })
    };
    let list = arguments.entity.iter().chain([&arguments.seq]).map(column).collect::<Vec<_>>().join(", ");
    drop(relation);
    session.run(&format!("CREATE {}INDEX ON {table} ({list})", if unique { "UNIQUE " } else { "" }), &[])?;
    Ok(())
}

fn add_triggers(session: &Session, table: &str, arguments: &Arguments) -> Result<()> {
    let arguments = arguments.render();
    FEATURE.parts.iter().try_for_each(|part| part.create(session, &FEATURE, table, part.name, &arguments))
}
