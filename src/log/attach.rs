//! `add_log()` and `drop_log()`: give a chained table positions, and take them away.

use super::found::{self, Found};
use super::trees::{self, Claimed};
use crate::chain::alter::rewrite;
use crate::chain::arguments::{Arguments, Log, check_origin};
use crate::chain::backfill::silence_triggers;
use crate::chain::feature::FEATURE;
use crate::chain::triggers::Chain;
use crate::pg::acting::{as_owner, as_system};
use crate::pg::command;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::{self, Session};
use crate::table::{journal, topology};

sql_function! {
    /// `add_log(regclass, name, text, boolean) → bigint`
    veritable_add_log = add_log
}
sql_function! {
    /// `drop_log(regclass) → void`
    veritable_drop_log = drop_log
}

fn add_log(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let position = call.name(1).ok_or_else(|| Error::null_argument("position"))?;
    let origin = call.text(2)?.map(|origin| check_origin(origin).map(|()| origin.to_string())).transpose()?;
    let places_arrivals = call.boolean(3).unwrap_or(false);
    let placed = spi::connect(|session| {
        let _own = command::own_commands();
        let (mut arguments, about) = open(target)?;
        let (table, sequence, origin) = {
            let relation = Relation::open(target, Lock::Held)?;
            let origin = match origin {
                _ if trees::is_own(&relation) => trees::own_origin(session, &relation)?,
                Some(origin) if !trees::is_free(session, &origin)? => return Err(trees::taken(&origin)),
                Some(origin) => origin,
                None => trees::free_origin(session, &relation)?,
            };
            check_origin(&origin)?;
            (relation.qualified_name(), trees::sequence_name(&relation), origin)
        };
        arguments.log = Some(Log { position: position.clone(), origin: origin.clone(), places_arrivals });
        arguments.check()?;
        let column = quote::identifier(&position);
        session.run(&format!("ALTER TABLE {table} ADD COLUMN {column} pg_catalog.int8"), &[])?;
        session.run(&format!("CREATE SEQUENCE {sequence}"), &[])?;
        // A sequence that belongs to a table has the owner of the table, who may have no privilege to create it.
        let owner = quote::identifier(Relation::open(target, Lock::Held)?.owner_name());
        as_system(|| {
            session.run(&format!("ALTER SEQUENCE {sequence} OWNER TO {owner}"), &[])?;
            session.run(&format!("ALTER SEQUENCE {sequence} OWNED BY {table}.{column}"), &[])
        })?;
        let placed = place_existing(session, target, &arguments, &sequence)?;
        rewrite(session, target, &arguments)?;
        session.run(&format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL"), &[])?;
        // PostgreSQL wants a unique index of a partitioned table to contain the partition key.
        // Tables of the extension take in the entries of other databases.
        let is_unique = {
            let relation = Relation::open(target, Lock::Held)?;
            !relation.is_partitioned() && !trees::is_own(&relation)
        };
        let unique = if is_unique { "UNIQUE " } else { "" };
        session.run(&format!("CREATE {unique}INDEX ON {table} ({column})"), &[])?;
        let relation = Relation::open(target, Lock::Held)?;
        // A table of the extension claims its origin when it has a checkpoint: a dump may bring another one first.
        if !trees::is_own(&relation) {
            // Of a log whose triggers somebody has dropped by hand.
            for (_, former) in trees::forget(session, &[target])? {
                journal::record(session, &about, "drop_log", None, Some(&format!("{{{former}}}")))?;
            }
            trees::claim(session, &relation, &Found::of(&relation, |_| String::new())?)?;
        }
        journal::record(session, &about, "add_log", None, Some(&detail(&position, &origin, None)))?;
        Ok(placed)
    })?;
    Ok(Answer::from(placed as i64))
}

fn drop_log(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    spi::connect(|session| {
        let _own = command::own_commands();
        let (mut arguments, table, about) = {
            let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
            FEATURE.refuse_partition(&relation, |root| format!("SELECT drop_log({root});"))?;
            let arguments = Chain::required(&relation)?.arguments;
            if arguments.log.is_none() {
                return Err(found::without(&relation));
            }
            if trees::is_own(&relation) {
                return Err(Error::new(
                    Class::State,
                    format!("log of table \"{}\" belongs to the extension", relation.name()),
                )
                .detail("A dump that is restored puts the positions of its rows into it."));
            }
            (arguments, relation.qualified_name(), relation.stable_name())
        };
        let Some(log) = arguments.log.take() else { return Ok(()) };
        // The origin under which the log is known, whatever the triggers say.
        let Claimed { origin, size } =
            trees::claimed(session, target)?.unwrap_or_else(|| Claimed { origin: log.origin.clone(), size: 0 });
        journal::record(session, &about, "drop_log", None, Some(&detail(&log.position, &origin, Some(size))))?;
        rewrite(session, target, &arguments)?;
        session.run(&format!("ALTER TABLE {table} DROP COLUMN {}", quote::identifier(&log.position)), &[])?;
        trees::forget(session, &[target]).map(drop)
    })?;
    Ok(Answer::VOID)
}

/// Locks a chained table that the caller owns and that has no log, and returns the configuration of its chain and its name.
fn open(target: Oid) -> Result<(Arguments, String)> {
    let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
    relation.require_table()?;
    FEATURE.refuse_partition(&relation, |root| format!("SELECT add_log({root});"))?;
    let arguments = Chain::required(&relation)?.arguments;
    if arguments.log.is_some() {
        return Err(Error::new(Class::Duplicate, format!("table \"{}\" has a log already", relation.name())));
    }
    if relation.hides_rows() {
        return Err(relation.hidden_rows());
    }
    Ok((arguments, relation.stable_name()))
}

/// Gives the existing rows their positions: in the order of their recorded times, as far as the chains allow, then of seq and
/// entity.
fn place_existing(session: &Session, target: Oid, arguments: &Arguments, sequence: &str) -> Result<u64> {
    let (from, alias, table) = {
        let relation = Relation::open(target, Lock::Held)?;
        let alias = relation.alias("event");
        (topology::from_clause(&relation, &alias), alias, relation.qualified_name())
    };
    let column = |name: &String| format!("{alias}.{}", quote::identifier(name));
    let list = |names: &[String]| names.iter().map(column).collect::<Vec<_>>().join(", ");
    let (seq, entity) = (column(&arguments.seq), list(&arguments.entity));
    let partition = if entity.is_empty() { String::new() } else { format!("PARTITION BY {entity}") };
    let time = arguments.recorded.as_ref().map(column);
    let time =
        time.map_or("NULL".to_string(), |time| format!("pg_catalog.max({time}) OVER ({partition} ORDER BY {seq})"));
    let position = arguments.log.as_ref().map(|log| quote::identifier(&log.position)).unwrap_or_default();
    let only = if Relation::open(target, Lock::Held)?.is_partitioned() { "" } else { "ONLY " };
    let update = format!(
        "UPDATE {only}{table} AS {alias} SET {position} = placed.place
         FROM (SELECT t.leaf, t.row, pg_catalog.row_number() OVER (ORDER BY t.time, t.seq{columns}) AS place
               FROM (SELECT {alias}.tableoid AS leaf, {alias}.ctid AS row, {time} AS time, {seq} AS seq{named}
                     FROM {from}) AS t) AS placed
         WHERE {alias}.tableoid = placed.leaf AND {alias}.ctid = placed.row",
        columns = (0..arguments.entity.len()).map(|number| format!(", t.e{number}")).collect::<String>(),
        named = arguments
            .entity
            .iter()
            .enumerate()
            .map(|(number, name)| format!(", {} AS e{number}", column(name)))
            .collect::<String>(),
    );
    let silenced = silence_triggers(session, target)?;
    // The UPDATE may run the owner's functions: in indexes, constraints and generated columns.
    let placed = as_owner(&Relation::open(target, Lock::Held)?, |_| session.run(&update, &[]))?;
    for restore in silenced {
        session.run(&restore, &[])?;
    }
    if placed > 0 {
        as_system(|| {
            session.query(
                "SELECT pg_catalog.setval($1::pg_catalog.regclass, $2)",
                &[sequence.into(), (placed as i64).into()],
            )
        })?;
    }
    Ok(placed)
}

/// The detail of an entry in the journal about a log.
fn detail(position: &str, origin: &str, size: Option<i64>) -> String {
    let size = size.map_or(String::new(), |size| format!(", \"size\": {size}"));
    format!("{{\"position\": {}, \"origin\": {}{size}}}", journal::json_string(position), journal::json_string(origin))
}
