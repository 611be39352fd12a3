//! What a chain demands of its table, except the index and the triggers: `add_chain()` checks it, and so does every
//! command that creates the triggers by hand, attaches a partition or changes the table.
//!
//! A restored dump satisfies it as soon as it creates the triggers: it has created, filled and attached the tables
//! before, but maybe not the indexes.

use super::arguments::Arguments;
use super::feature::FEATURE;
use super::layout::Layout;
use super::position::Positions;
use super::triggers::{self, Chain, check_table};
use crate::pg::column::Column;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::types::{not_null_domain, qualified_type_name};
use crate::table::columns::Columns;
use crate::table::{problems, topology};

/// Checks the relation as it is now, if it has triggers of a chain: a table as a whole, a partition for its part.
pub fn check_attached(relation: &Relation) -> Result<()> {
    let Some(chain) = Chain::of(relation)? else { return Ok(()) };
    // In this order: another job of a restore may create the triggers of the root, and with them clones here, at any moment.
    let seals = triggers::seals(relation)? > 0;
    match triggers::root_of(relation)? {
        None => check_whole(relation, &chain.arguments, seals),
        Some(root) => check_part(&root, relation, &chain.arguments),
    }
}

/// Checks a table, with all its partitions, that is or becomes a chain with this configuration.
pub fn check(table: &Relation, arguments: &Arguments) -> Result<()> {
    check_whole(table, arguments, triggers::seals(table)? > 0)
}

fn check_whole(table: &Relation, arguments: &Arguments, seals: bool) -> Result<()> {
    check_kind(table)?;
    check_part(table, table, arguments)?;
    // A restored dump can create the trigger against TRUNCATE of a partition before the root has any.
    if let Some(log) = &arguments.log
        && seals
    {
        Positions::of(table, log)?;
    }
    let layout = Layout::of(table, arguments)?;
    table.check_type_owners(table.columns().iter().filter(|column| layout.sealed.contains(&column.place)))
}

/// Checks what does not depend on the configuration: what kind of table it is.
pub fn check_kind(table: &Relation) -> Result<()> {
    table.require_table()?;
    check_table(table)?;
    FEATURE.check_exclusions(table)?;
    topology::check_children(&FEATURE, table)
}

/// Checks the part of the chained table `root` that consists of `part` and its partitions.
fn check_part(root: &Relation, part: &Relation, arguments: &Arguments) -> Result<()> {
    let tables = part.with_partitions();
    for &table in &tables {
        let table = Relation::open(table, Lock::AccessShare)?;
        check_one(root, &table, arguments)?;
        check_same_columns(root, &table, arguments)?;
    }
    problems::refuse_rules(&tables, "sealed")
}

/// Checks one table, partitioned table or partition.
fn check_one(root: &Relation, table: &Relation, arguments: &Arguments) -> Result<()> {
    if !table.is_partitioned() {
        check_table(table)?;
    }
    check_columns(table, arguments)?;
    let layout = Layout::of(table, arguments)?;
    check_partition_key(root, table, arguments, &layout)?;
    FEATURE.check_late(table, &triggers::sealing_name(table)?)
}

fn check_columns(table: &Relation, arguments: &Arguments) -> Result<()> {
    let columns = Columns::of(table);
    for name in &arguments.entity {
        let column = columns.find_stored(name, "name the entity", "row is sealed")?;
        if !column.not_null {
            return Err(Error::new(Class::State, format!("entity column \"{name}\" must be declared NOT NULL"))
                .hint(alter(table, name, "SET NOT NULL")));
        }
    }
    for column in &arguments.erasable {
        for name in [&column.value, &column.salt] {
            if columns.find(name)?.not_null {
                return Err(Error::new(
                    Class::State,
                    format!("erasable column \"{name}\" must not be declared NOT NULL"),
                )
                .detail("Its value is null after the erasure.")
                .hint(alter(table, name, "DROP NOT NULL")));
            }
        }
        if let Some(domain) = not_null_domain(columns.find(&column.value)?.type_id) {
            let domain = qualified_type_name(domain);
            return Err(Error::new(
                Class::State,
                format!(
                    "erasable column \"{}\" must not be of domain {domain}, which is declared NOT NULL",
                    column.value
                ),
            )
            .detail("Its value is null after the erasure.")
            .hint(format!("ALTER DOMAIN {domain} DROP NOT NULL;")));
        }
    }
    let position = arguments.log.iter().map(|log| &log.position);
    let beside = arguments.erasable.iter().flat_map(|column| [&column.salt, &column.commitment]);
    for name in [&arguments.seq, &arguments.previous, &arguments.hash].into_iter().chain(position).chain(beside) {
        let filler = match columns.find(name)? {
            Column { generated: true, .. } => "EXPRESSION",
            Column { identity: true, .. } => "IDENTITY",
            Column { has_default: true, .. } => "DEFAULT",
            _ => continue,
        };
        return Err(Error::new(Class::State, format!("chain column \"{name}\" must have no default")).hint(alter(
            table,
            name,
            &format!("DROP {filler}"),
        )));
    }
    Ok(())
}

/// Refuses a partition that stores a column which the root computes, or the other way round: the lines of its rows
/// would cover other columns than verification reads through the root.
fn check_same_columns(root: &Relation, table: &Relation, arguments: &Arguments) -> Result<()> {
    if root.oid() == table.oid() {
        return Ok(());
    }
    let columns = Columns::of(table);
    for expected in root.columns().iter().filter(|column| !arguments.exclude.contains(&column.name)) {
        let name = &expected.name;
        let column = columns.find(name)?;
        if (column.type_id, column.typmod) != (expected.type_id, expected.typmod) {
            return Err(Error::new(
                Class::WrongType,
                format!("child table \"{}\" has different type for column \"{name}\"", table.name()),
            ));
        }
        if column.generated != expected.generated {
            let not = if column.generated { "not " } else { "" };
            let error = Error::new(
                Class::WrongType,
                format!("column \"{name}\" in child table \"{}\" must {not}be a generated column", table.name()),
            )
            .detail("Generated columns are not hashed, and all partitions of a chain must have the same lines.");
            return Err(if column.generated { error.hint(alter(table, name, "DROP EXPRESSION")) } else { error });
        }
    }
    Ok(())
}

/// Refuses a partition key by which PostgreSQL would choose the partition of a row too early, or move the row later.
fn check_partition_key(root: &Relation, table: &Relation, arguments: &Arguments, layout: &Layout) -> Result<()> {
    if !table.is_partitioned() {
        return Ok(());
    }
    let chain = [layout.seq, layout.previous.place, layout.hash.place];
    if chain.iter().chain(&layout.position).any(|place| table.is_partitioned_by(*place)) {
        return Err(Error::new(
            Class::Unsupported,
            format!("table \"{}\" is partitioned by a column of the chain", table.name()),
        )
        .detail("The partition of a row is chosen before the row is sealed."));
    }
    let columns = table.columns();
    let mut erased = layout.erasable.iter().flat_map(|column| [column.value, column.salt, column.commitment]);
    if let Some(place) = erased.find(|place| table.is_partitioned_by(*place)) {
        let name = columns.iter().find(|column| column.place == place).map_or("", |column| &column.name);
        return Err(Error::new(
            Class::Unsupported,
            format!("table \"{}\" is partitioned by erasable column \"{name}\"", table.name()),
        )
        .detail("The erasure of its value would move the row.")
        .hint("Partition the table by another column."));
    }
    let is_key = |column: &&Column| arguments.exclude.contains(&column.name) && table.is_partitioned_by(column.place);
    if let Some(excluded) = columns.iter().find(is_key) {
        return Err(Error::new(
            Class::Unsupported,
            format!("table \"{}\" is partitioned by excluded column \"{}\"", table.name(), excluded.name),
        )
        .detail("An UPDATE of the column would move the row: delete it, and insert it into another partition.")
        .hint("Partition the table by another column, or do not exclude the column."));
    }
    match &layout.recorded {
        Some(recorded) if table.is_partitioned_by(recorded.place) => check_recorded_default(root, table, arguments),
        _ => Ok(()),
    }
}

/// Demands a default of a recorded time that is a partition key: PostgreSQL chooses the partition before the row is sealed.
/// Rows enter at any table from `root` down to `table`, and each has a default of its own.
fn check_recorded_default(root: &Relation, table: &Relation, arguments: &Arguments) -> Result<()> {
    let Some(recorded) = &arguments.recorded else { return Ok(()) };
    let above = table.ancestors();
    let end = above.iter().position(|ancestor| *ancestor == root.oid()).map_or(0, |place| place + 1);
    for &entrance in [table.oid()].iter().chain(&above[..end]) {
        let entrance = Relation::open(entrance, Lock::AccessShare)?;
        if !Columns::of(&entrance).find(recorded)?.has_default {
            return Err(Error::new(
                Class::State,
                format!(
                    "recorded column \"{recorded}\" of table \"{}\" must have a default, as a partition key",
                    entrance.name()
                ),
            )
            .detail("The partition of a row is chosen before the row gets its recorded time.")
            .hint(alter(&entrance, recorded, "SET DEFAULT pg_catalog.clock_timestamp()")));
        }
    }
    Ok(())
}

/// The command that changes a column, for a HINT.
fn alter(table: &Relation, column: &str, what: &str) -> String {
    format!("ALTER TABLE {} ALTER COLUMN {} {what};", table.qualified_name(), quote::identifier(column))
}
