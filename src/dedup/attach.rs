//! `add_dedup()` and `drop_dedup()`: begin and end the deduplication of a table.

use super::arguments::{Arguments, OnDuplicate, Within};
use super::feature::{DEDUPLICATES, FEATURE};
use super::keys::Keys;
use super::layout::Layout;
use super::{filter, requirements, verify};
use crate::pg::acting::as_owner;
use crate::pg::column::Column;
use crate::pg::command::own_commands;
use crate::pg::duplicate_scan::DuplicateScan;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::quote;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi::{self, Session};
use crate::pg::types::is_short;
use crate::table::columns::{self, Columns};
use crate::table::{self, journal, verification};

sql_function! {
    /// `add_dedup(regclass, name[], text, interval) → void`
    veritable_add_dedup = add_dedup
}
sql_function! {
    /// `drop_dedup(regclass) → void`
    veritable_drop_dedup = drop_dedup
}

fn add_dedup(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let key = call.given_names(1)?.ok_or_else(|| Error::null_argument("key"))?;
    if key.is_empty() {
        return Err(Error::new(Class::Argument, "argument \"key\" must name at least one column"));
    }
    columns::distinct(&key)?;
    let on_duplicate = OnDuplicate::parse(call.text(2)?.ok_or_else(|| Error::null_argument("on_duplicate"))?)?;
    let within = call.interval(3).map(microseconds).transpose()?;
    spi::connect(|session| {
        let _own = own_commands();
        let relation = open_table(target)?;
        let names = Columns::of(&relation);
        key.iter().try_for_each(|name| names.find(name).map(|_| ()))?;
        let within = match within {
            None => None,
            Some(microseconds) => {
                let by = requirements::range_column(session, target)?;
                Some(Within { microseconds, by: by.ok_or_else(|| requirements::not_by_time(&relation))? })
            }
        };
        let arguments = Arguments { key, on_duplicate, within };
        requirements::check_part(&relation, &relation, &arguments)?;
        let layout = Layout::of(&relation, &arguments)?;
        as_owner(&relation, |acting| {
            verification::without_indexes(acting);
            check_rows(session, &relation, &layout)
        })?;
        let needs_index = !has_indexes(session, &relation, &arguments)?;
        let (table, about) = (relation.qualified_name(), relation.stable_name());
        drop(relation);
        if needs_index {
            // Values of a fixed length first: they are compared faster. Texts in byte order, if it has the same equal texts: that
            // is faster, too, and no operating system changes it.
            let mut columns: Vec<_> = layout.key.iter().map(|key| &key.column).collect();
            columns.sort_by_key(|column| !is_short(column.type_id));
            let by_bytes = |column: &Column| if column.has_language() { " COLLATE pg_catalog.\"C\"" } else { "" };
            let list: Vec<_> = columns
                .iter()
                .map(|column| format!("{}{}", quote::identifier(&column.name), by_bytes(column)))
                .collect();
            session.run(&format!("CREATE INDEX ON {table} ({})", list.join(", ")), &[])?;
        }
        DEDUPLICATES.create(session, &FEATURE, &table, DEDUPLICATES.name, &arguments.render())?;
        Keys::prepare(target, &arguments)?;
        journal::record(session, &about, "add_dedup", None, Some(&journal::arguments(&arguments.render())))
    })?;
    Ok(Answer::VOID)
}

fn drop_dedup(call: &Call) -> Result<Answer> {
    let target = call.oid(0).ok_or_else(|| Error::null_argument("target"))?;
    let (table, about, triggers) = {
        let relation = Relation::open_owned(target, Lock::AccessExclusive)?;
        let triggers = FEATURE.triggers(&relation)?;
        if triggers.is_empty() {
            return Err(FEATURE.missing(&relation.name()));
        }
        FEATURE.refuse_partition(&relation, |root| format!("SELECT drop_dedup({root});"))?;
        (relation.qualified_name(), relation.stable_name(), triggers)
    };
    spi::connect(|session| {
        let _own = own_commands();
        table::triggers::drop(session, &table, triggers.into_iter().map(|trigger| trigger.name))?;
        filter::forget(&[target]);
        journal::record(session, &about, "drop_dedup", None, None)
    })?;
    Ok(Answer::VOID)
}

/// The length of an interval. A month has no length, and a day has 24 hours.
fn microseconds((months, days, time): (i32, i32, i64)) -> Result<i64> {
    if months != 0 {
        return Err(Error::new(Class::Argument, "argument \"within\" must not have months or years")
            .detail("Months have different lengths.")
            .hint("Use days, as in '30 days'."));
    }
    let length = i64::from(days).checked_mul(86_400_000_000).and_then(|days| days.checked_add(time));
    let length = length.ok_or_else(|| Error::new(Class::TimeRange, "interval out of range"))?;
    if length < 0 {
        return Err(Error::new(Class::Argument, "argument \"within\" must not be negative"));
    }
    Ok(length)
}

fn open_table(target: Oid) -> Result<Relation> {
    let relation = FEATURE.open(target)?;
    requirements::refuse_partition(&relation)?;
    for partition in relation.with_partitions() {
        let partition = Relation::open(partition, Lock::AccessShare)?;
        if FEATURE.is_on(&partition)? {
            let error = FEATURE.duplicate(&partition.name());
            let is_target = partition.oid() == target;
            let hint = format!("SELECT drop_dedup({});", partition.literal());
            return Err(if is_target { error } else { error.hint(hint) });
        }
    }
    Ok(relation)
}

/// Refuses a table with a key that several rows have. The caller owns the table, and row-level security hides no rows.
fn check_rows(session: &Session, relation: &Relation, layout: &Layout) -> Result<()> {
    let mut first = None;
    Latest::during(|_| {
        verify::duplicates(session, relation, layout, |key, _| {
            first.get_or_insert(key);
        })
    })?;
    let Some(key) = first else { return Ok(()) };
    let names: Vec<_> = layout.key.iter().map(|key| key.column.name.as_str()).collect();
    let values: Vec<_> = key.iter().map(|value| value.as_deref().unwrap_or("null")).collect();
    Err(Error::new(Class::Unique, format!("table \"{}\" has several rows with the same key", relation.name()))
        .detail(format!("Key ({})=({}) is duplicated.", names.join(", "), values.join(", "))))
}

/// Whether the table, and each partition, has an index that finds the rows of a key, and new partitions will.
fn has_indexes(session: &Session, relation: &Relation, arguments: &Arguments) -> Result<bool> {
    if relation.is_partitioned() {
        let found = session.query(
            "SELECT FROM pg_catalog.pg_index i
             WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL
               AND i.indnkeyatts >= pg_catalog.cardinality($2)
               AND (SELECT pg_catalog.array_agg(a.attname::pg_catalog.text ORDER BY a.attname::pg_catalog.text)
                    FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (number, place)
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = $1 AND a.attnum = k.number
                    WHERE k.place <= pg_catalog.cardinality($2))
                   = (SELECT pg_catalog.array_agg(name ORDER BY name) FROM pg_catalog.unnest($2) AS name)",
            &[relation.oid().into(), arguments.key.clone().into()],
        )?;
        if found.is_empty() {
            return Ok(false);
        }
    }
    for leaf in relation.leaves()? {
        let leaf = Relation::open(leaf, Lock::AccessShare)?;
        if DuplicateScan::new(&leaf, &Layout::of(&leaf, arguments)?.places()).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
