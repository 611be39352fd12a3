//! Sealing the existing rows of a table that becomes a chain.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use veritable_core::chain::{LinkHash, recorded};

use super::arguments::Arguments;
use super::hash_form::HashForm;
use super::layout::{HashColumn, Layout};
use crate::pg::acting::{Acting, as_owner};
use crate::pg::oid::Oid;
use crate::pg::oid::types;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result, notice_with_hint, number};
use crate::pg::row::Row;
use crate::pg::spi::{Fetched, Parameter, Prepared, Session};
use crate::table::{scan, topology};

/// Seals the rows of `target`, each entity's rows in the order of `order_by`, and returns their number.
pub fn seal(
    session: &Session,
    target: Oid,
    layout: &Layout,
    arguments: &Arguments,
    order_by: &[String],
) -> Result<u64> {
    let (from, alias) = source(target)?;
    if is_empty(session, target)? {
        return Ok(0);
    }
    if order_by.is_empty() {
        return Err(Error::new(
            Class::State,
            format!("cannot determine the order of existing rows in table \"{}\"", name_of(target)),
        )
        .hint("Name the columns to seal them by: add_chain(…, order_by => '{created_at,id}')."));
    }
    let silenced = silence_triggers(session, target)?;
    // The UPDATE may run the owner's functions: in indexes, constraints and generated columns.
    let sealed = as_owner(&Relation::open(target, Lock::Held)?, |_| {
        seal_rows(session, target, (&from, &alias), layout, arguments, order_by)
    })?;
    for restore in silenced {
        session.run(&restore, &[])?;
    }
    Ok(sealed)
}

/// Whether the table is empty.
pub fn is_empty(session: &Session, target: Oid) -> Result<bool> {
    let (from, _) = source(target)?;
    let look = |_: &Acting| Ok(session.query(&format!("SELECT FROM {from} LIMIT 1"), &[])?.is_empty());
    as_owner(&Relation::open(target, Lock::Held)?, look)
}

/// The columns of the chain that the table has already.
pub fn sealed_columns(table: &Relation, arguments: &Arguments) -> Vec<String> {
    let chain = [&arguments.seq, &arguments.previous, &arguments.hash];
    table.columns().into_iter().map(|column| column.name).filter(|name| chain.contains(&name)).collect()
}

/// Whether any row has a value in one of these columns.
pub fn has_values(session: &Session, target: Oid, columns: &[String]) -> Result<bool> {
    if columns.is_empty() {
        return Ok(false);
    }
    let (from, alias) = source(target)?;
    // One NULL test for each column: no operator of the owner's runs, and a composite value is not taken apart.
    let values: Vec<_> = columns.iter().map(|column| format!("{alias}.{}", quote::identifier(column))).collect();
    let sql = format!("SELECT FROM {from} WHERE pg_catalog.num_nonnulls({}) > 0 LIMIT 1", values.join(", "));
    as_owner(&Relation::open(target, Lock::Held)?, |_| Ok(!session.query(&sql, &[])?.is_empty()))
}

/// The FROM clause of the table with all its partitions, and the alias of its rows.
fn source(target: Oid) -> Result<(String, String)> {
    let relation = Relation::open(target, Lock::Held)?;
    let alias = relation.alias("event");
    Ok((topology::from_clause(&relation, &alias), alias))
}

fn seal_rows(
    session: &Session,
    target: Oid,
    (from, alias): (&str, &str),
    layout: &Layout,
    arguments: &Arguments,
    order_by: &[String],
) -> Result<u64> {
    let list = |columns: &[String]| {
        columns.iter().map(|column| format!("{alias}.{}", quote::identifier(column))).collect::<Vec<_>>().join(", ")
    };
    let entity = list(&arguments.entity);
    let partition = if entity.is_empty() { String::new() } else { format!("PARTITION BY {entity}") };
    // Equal ranks are ties: rows without a known order.
    let cursor = session.cursor(
        &format!(
            "SELECT {alias}.tableoid, {alias}.ctid, {alias},
                    pg_catalog.row_number() OVER place,
                    pg_catalog.rank() OVER place <> pg_catalog.row_number() OVER place
             FROM {from} WINDOW place AS ({partition} ORDER BY {})
             ORDER BY {}{}",
            list(order_by),
            if entity.is_empty() { String::new() } else { format!("{entity}, ") },
            list(order_by)
        ),
        &[],
        false,
    )?;
    let mut updates: HashMap<Oid, Prepared> = HashMap::new();
    let mut previous = None;
    let mut time_before = None;
    let (mut sealed, mut backdated) = (0, 0);
    scan::each(&cursor, |fetched| {
        let (Some(partition), Some(value), Some(seq)) = (fetched.get(0), fetched.composite(2), fetched.get(3)) else {
            return Err(Error::damaged("the rows of a table"));
        };
        if fetched.get::<bool>(4) != Some(false) {
            return Err(Error::new(Class::State, "the order of existing rows is not unique")
                .detail(format!("Two rows of one entity are equal in {}.", order_by.join(", ")))
                .hint("Add a column to order_by that tells them apart."));
        }
        let mut row = value.row(&layout.descriptor);
        let before = previous.filter(|_| seq > 1).unwrap_or(layout.genesis);
        let hash = seal_row(layout, &mut row, seq, &before)?;
        if let Some(column) = layout.recorded {
            let time = row.integer(column.place).filter(|time| recorded::is_finite(*time));
            backdated += u64::from(time.is_none() || seq > 1 && time <= time_before);
            time_before = time;
        }
        let update = match updates.entry(partition) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(prepare_update(session, target, partition, layout, arguments)?),
        };
        let (previous_value, hash_value) = (parameter(layout.previous, &before), parameter(layout.hash, &hash));
        let mut values = vec![seq.into(), previous_value, hash_value, fetched.tid(1)];
        for column in &layout.erasable {
            values.extend([row.parameter(column.salt), row.parameter(column.commitment)]);
        }
        if update.run(&values)? != 1 {
            return Err(Error::new(Class::State, "a rule of the table keeps its rows from being sealed"));
        }
        previous = Some(hash);
        sealed += 1;
        Ok(())
    })?;
    if backdated > 0 {
        notice_with_hint(
            format!("{} without a recorded time after that of the event before", number(backdated, "existing row")),
            "verify_chain() reports them as backdated: recorded times that are there stay as they are.",
        );
    }
    Ok(sealed)
}

fn seal_row(layout: &Layout, row: &mut Row, seq: i64, previous: &LinkHash) -> Result<LinkHash> {
    row.set_integer(layout.seq, seq);
    layout.previous.put(row, previous);
    layout.commit(row)?;
    layout.hash_of(row)
}

fn prepare_update<'s>(
    session: &'s Session,
    target: Oid,
    partition: Oid,
    layout: &Layout,
    arguments: &Arguments,
) -> Result<Prepared<'s>> {
    let (rows, condition) =
        topology::rows_of(&Relation::open(target, Lock::Held)?, &Relation::open(partition, Lock::Held)?);
    let [seq, previous, hash] = [&arguments.seq, &arguments.previous, &arguments.hash].map(quote::identifier);
    let mut set = format!("{seq} = $1, {previous} = $2, {hash} = $3");
    let mut kinds = vec![types::INT8, type_of(layout.previous), type_of(layout.hash), types::TID];
    for name in arguments.erasable.iter().flat_map(|column| [&column.salt, &column.commitment]) {
        kinds.push(types::BYTEA);
        set.push_str(&format!(", {} = ${}", quote::identifier(name), kinds.len()));
    }
    session.prepare(&format!("UPDATE {rows} SET {set} WHERE {condition} AND ctid = $4"), &kinds)
}

fn type_of(column: HashColumn) -> Oid {
    match column.form {
        HashForm::Binary => types::BYTEA,
        HashForm::Hexadecimal => types::TEXT,
    }
}

fn parameter(column: HashColumn, hash: &LinkHash) -> Parameter<'static> {
    match column.form {
        HashForm::Binary => hash.as_bytes().to_vec().into(),
        HashForm::Hexadecimal => hash.to_string().into(),
    }
}

/// Disables the table's own triggers, which are not meant for this UPDATE, and returns the commands that restore them.
/// The UPDATE changes no column of a foreign key.
pub fn silence_triggers(session: &Session, target: Oid) -> Result<Vec<String>> {
    let triggers: Vec<(String, String, String)> = {
        let found = session.query(
            "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(t.tgname),
                    CASE t.tgenabled WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END
             FROM pg_catalog.pg_trigger t
             JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
               AND (t.tgrelid = $1 OR t.tgrelid IN (SELECT relid FROM pg_catalog.pg_partition_tree($1)))",
            &[target.into()],
        )?;
        let trigger = |row: Fetched| Some((row.get(0)?, row.get(1)?, row.get(2)?));
        found.rows().map(|row| trigger(row).ok_or_else(|| Error::damaged("pg_trigger"))).collect::<Result<_>>()?
    };
    for (table, trigger, _) in &triggers {
        session.run(&format!("ALTER TABLE ONLY {table} DISABLE TRIGGER {trigger}"), &[])?;
    }
    let restore = |(table, trigger, state)| format!("ALTER TABLE ONLY {table} {state} TRIGGER {trigger}");
    Ok(triggers.into_iter().map(restore).collect())
}
