//! `add_chain()` and `drop_chain()`: from an ordinary table to a chained one and back, all or nothing.

use super::arguments::Arguments;
use super::layout::Layout;
use super::triggers::{Chain, GUARD, SEAL, fires_too_late, is_late, root_of};
use super::{backfill, partitions};
use crate::pg::column::Column;
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::index::Index;
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};

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
        check_columns(&table, &arguments, &order_by)?;
        drop(table);
        check_inheritance(session, target)?;
        check_rules(session, target)?;
        check_distribution(session, target, &arguments)?;
        add_columns(session, target, &arguments)?;
        // Resolving the layout refuses what a line cannot hold, before anything is sealed.
        let layout = Layout::of(&Relation::open(target, Lock::Held)?, &arguments)?;
        super::triggers::check_columns(&Relation::open(target, Lock::Held)?, &layout)?;
        check_partition_key(session, target, &layout)?;
        let sealed = backfill::seal(session, target, &layout, &arguments, &order_by)?;
        let table = Relation::open(target, Lock::Held)?.qualified_name();
        for column in [&arguments.seq, &arguments.hash] {
            session
                .run(&format!("ALTER TABLE {table} ALTER COLUMN {} SET NOT NULL", quote::identifier(column)), &[])?;
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
            session.run(&format!("DROP TRIGGER {} ON {table}", quote::identifier(trigger)), &[])?;
        }
        partitions::unguard(session, &partitions::below(session, target)?)
    })?;
    Ok(Answer::VOID)
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = Relation::open_table(target, "chain")?;
    let name = relation.name();
    super::triggers::check_table(&relation)?;
    if Chain::of(&relation)?.is_some() {
        return Err(Error::new(Class::Duplicate, format!("table \"{name}\" is already chained")));
    }
    if relation.has_trigger_of(c"veritable", c"pack") {
        return Err(super::triggers::packed(&relation));
    }
    for leaf in relation.leaves()? {
        let leaf = Relation::open(leaf, Lock::AccessShare)?;
        if leaf.oid() != relation.oid() {
            super::triggers::check_table(&leaf)?;
        }
        check_late(&leaf)?;
    }
    check_late(&relation)?;
    Ok(relation)
}

/// No trigger of the relation would change a row after it is sealed.
fn check_late(relation: &Relation) -> Result<()> {
    match relation.triggers().iter().find(|trigger| is_late(relation, trigger)) {
        Some(late) => Err(fires_too_late(&late.name, &relation.name())),
        None => Ok(()),
    }
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
                    quote::identifier(name)
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
                    quote::identifier(name)
                ),
            ));
        }
    }
    Ok(())
}

/// The places of the columns that a partitioned table is partitioned by; `None` for an expression.
fn partition_key(session: &Session, target: Oid) -> Result<Vec<Option<usize>>> {
    let keys = session.query(
        "SELECT pg_catalog.unnest(partattrs::pg_catalog.int2[]) FROM pg_catalog.pg_partitioned_table WHERE partrelid = $1",
        &[target.into()],
    )?;
    Ok(keys.rows().map(|key| key.get::<i16>(0).and_then(|number| usize::try_from(number - 1).ok())).collect())
}

/// The partition of a row is chosen before it is sealed.
fn check_partition_key(session: &Session, target: Oid, layout: &Layout) -> Result<()> {
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
fn check_inheritance(session: &Session, target: Oid) -> Result<()> {
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

/// A rule that does something else instead of an INSERT loses events, and nobody is told.
fn check_rules(session: &Session, target: Oid) -> Result<()> {
    let rules = session.query(
        "SELECT pg_catalog.format('Rule \"%s\" of table \"%s\" does something else instead of a command.', rulename, $2)
         FROM pg_catalog.pg_rewrite WHERE ev_class = $1 AND is_instead AND ev_type IN ('2', '3', '4') LIMIT 1",
        &[target.into(), name_of(target).into()],
    )?;
    let Some(rule) = rules.rows().next() else { return Ok(()) };
    let detail: String = rule.get(0).ok_or_else(|| Error::damaged("pg_rewrite"))?;
    Err(Error::new(Class::State, "a rule of the table keeps its rows from being sealed")
        .detail(detail)
        .hint("Drop the rule, or use a trigger that fires before the one that seals."))
}

/// Citus spreads the rows of a table over other servers, where this one cannot seal them; and it has each copy of a
/// reference table sealed by its own clock.
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

/// The index by which the head is found; unique wherever PostgreSQL allows it, as the last line of defence.
fn add_index(session: &Session, target: Oid, layout: &Layout, arguments: &Arguments) -> Result<()> {
    let relation = Relation::open(target, Lock::Held)?;
    // A unique index of a partitioned table must contain its partition key.
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
    // By the order of bytes, wherever that holds the same texts equal: the order of a language changes with the
    // operating system, and an index of before would lead to the wrong head, or to none. A partition key keeps its own.
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
    let list = arguments.iter().map(quote::literal).collect::<Vec<_>>().join(", ");
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
