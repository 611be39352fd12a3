//! `verify_dedup()`: a row for each key that several rows have.

use super::feature::FEATURE;
use super::layout::Layout;
use super::problems;
use super::triggers::Dedup;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result, number};
use crate::pg::spi::{self, Session};
use crate::table::faults::{Faults, Place};
use crate::table::{scan, topology, verification};

sql_function! {
    /// `verify_dedup(regclass) → set of faults`
    veritable_verify_dedup = verify_dedup
}

fn verify_dedup(call: &Call) -> Result<Answer> {
    verification::answer(call, &FEATURE, &mut verify)
}

/// Verifies the keys of an open table as its owner; the caller's privileges have been checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    verification::as_its_owner(relation, |acting| verify_table(relation, acting, faults))
}

fn verify_table(relation: &Relation, acting: &Acting, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    faults.tables += 1;
    let is_hidden = verification::report_hidden(&FEATURE, faults, target, &topology::with_leaves(relation)?)?;
    if is_hidden && !FEATURE.is_on(relation)? {
        faults.unread(target, "The deduplication cannot be read without its trigger.");
        return Ok(());
    }
    let found = Dedup::required(relation).and_then(|dedup| Ok((Layout::of(relation, &dedup.arguments)?, dedup)));
    let found = if FEATURE.is_on(relation)? { found } else { return Err(FEATURE.missing(&relation.name())) };
    let Some((layout, dedup)) = verification::configuration(&FEATURE, faults, target, found)? else { return Ok(()) };
    for problem in problems::of(relation, &dedup)? {
        faults.unguarded(target, &problem);
    }
    verification::without_indexes(acting);
    spi::connect(|session| {
        faults.rows += count(session, relation)?;
        duplicates(session, relation, &layout, |key, rows| {
            let detail = format!("{} have this key.", number(rows, "row"));
            faults.put(target, Some(key), Place::Nowhere, "duplicate", &detail);
        })
    })
}

fn count(session: &Session, relation: &Relation) -> Result<u64> {
    let sql = format!("SELECT pg_catalog.count(*) FROM {}", topology::from_clause(relation, "t"));
    let counted = session.query_as_caller(&sql, &[])?;
    let count = counted.rows().next().and_then(|row| row.get::<i64>(0)).ok_or_else(|| Error::damaged("a count"))?;
    Ok(count.cast_unsigned())
}

/// Passes each key that several rows have to `found`, with the number of these rows. If only rows within a distance are
/// duplicates, rows count that are so near to the one before or after them.
pub fn duplicates(
    session: &Session,
    relation: &Relation,
    layout: &Layout,
    mut found: impl FnMut(Vec<Option<String>>, u64),
) -> Result<()> {
    let alias = relation.alias("t");
    let column = |place: usize| {
        let columns = relation.columns();
        let name = columns.into_iter().find(|column| column.place == place).map(|column| column.name);
        name.map(|name| format!("{alias}.{}", quote::identifier(name))).ok_or_else(|| Error::damaged("pg_attribute"))
    };
    let key = layout.key.iter().map(|key| column(key.column.place)).collect::<Result<Vec<_>>>()?;
    let time = layout.time.map(|time| column(time.place)).transpose()?;
    let present = key.iter().chain(&time).map(|column| format!("{column} IS NOT NULL"));
    let (present, key) = (present.collect::<Vec<_>>().join(" AND "), key.join(", "));
    let order = time.map_or(String::new(), |time| format!(", {time}"));
    let sql = format!(
        "SELECT s.number, s.item FROM (
             SELECT pg_catalog.dense_rank() OVER (ORDER BY {key}) AS number,
                    pg_catalog.row_number() OVER (ORDER BY {key}{order}) AS place,
                    pg_catalog.count(*) OVER (PARTITION BY {key}) AS rows, {alias} AS item
             FROM {} WHERE {present}) AS s
         WHERE s.rows > 1 ORDER BY s.place",
        topology::from_clause(relation, &alias)
    );
    let cursor = session.cursor(&sql, &[], true)?;
    let mut run = Run::default();
    scan::each(&cursor, |fetched| {
        let (Some(number), Some(item)) = (fetched.get::<i64>(0), fetched.composite(1)) else {
            return Err(Error::damaged("a row of the table"));
        };
        let row = item.row(&layout.descriptor);
        let time = layout.time.and_then(|time| time.clock.of_row(&row, time.place));
        let is_near = layout.time.is_none_or(|within| match (run.time, time) {
            (Some(before), Some(now)) => now.saturating_sub(before) <= i128::from(within.within),
            _ => true,
        });
        if run.number != Some(number) || !is_near {
            std::mem::take(&mut run).end(&mut found);
        }
        run.number = Some(number);
        run.time = time;
        run.rows += 1;
        if run.rows == 2 {
            run.key = layout.texts(&row);
        }
        Ok(())
    })?;
    run.end(&mut found);
    Ok(())
}

/// Rows with the same key, each near to the next.
#[derive(Default)]
struct Run {
    number: Option<i64>,
    time: Option<i128>,
    rows: u64,
    key: Vec<Option<String>>,
}

impl Run {
    fn end(self, found: &mut impl FnMut(Vec<Option<String>>, u64)) {
        if self.rows > 1 {
            found(self.key, self.rows);
        }
    }
}
