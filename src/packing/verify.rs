//! `verify_packing()`: a row for each fault, none for a packed table.

use veritable_period::{Check, Fault};

use super::feature::FEATURE;
use super::layout::{Compared, Layout};
use super::problems;
use super::triggers::Packing;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::period::Refusal;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result};
use crate::pg::spi::{self, Fetched, Session};
use crate::table::faults::Faults;
use crate::table::scan;
use crate::table::verification;

sql_function! {
    /// `verify_packing(regclass) → set of faults`
    veritable_verify_packing = verify_packing
}

/// The position of the period in the query; the key follows.
const PERIOD: usize = 2;

fn verify_packing(call: &Call) -> Result<Answer> {
    verification::answer(call, &FEATURE, &mut verify)
}

/// Verifies the packing of an open table as its owner; the caller's privileges have been checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    verification::as_its_owner(relation, |acting| verify_table(relation, acting, faults))
}

fn verify_table(relation: &Relation, acting: &Acting, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    faults.tables += 1;
    verification::report_hidden(&FEATURE, faults, target, &[target])?;
    if let Err(error) = relation.require_plain(FEATURE.participle) {
        faults.unguarded(target, &format!("The packing does not work: {}.", error.message()));
    }
    let found =
        Packing::required(relation).and_then(|packing| Ok((Layout::of(relation, &packing.arguments)?, packing)));
    let Some((layout, packing)) = verification::configuration(&FEATURE, faults, target, found)? else { return Ok(()) };
    for problem in problems::of(relation, &layout, packing)? {
        faults.unguarded(target, &problem);
    }
    if relation.has_rows_of_its_own() {
        verification::without_indexes(acting);
        let _pinned = Pinned::new();
        spi::connect(|session| verify_rows(session, &layout, faults))?;
    }
    Ok(())
}

fn verify_rows(session: &Session, layout: &Layout, faults: &mut Faults) -> Result<()> {
    let order =
        |columns: &[&Compared]| columns.iter().map(|compared| compared.order("t")).collect::<Vec<_>>().join(", ");
    let key: Vec<_> = layout.key.iter().collect();
    let fact: Vec<_> = layout.key.iter().chain(&layout.value).collect();
    let number = |columns: &[&Compared]| match columns {
        [] => "1::bigint".to_string(),
        columns => format!("pg_catalog.dense_rank() OVER (ORDER BY {})", order(columns)),
    };
    let period = quote::identifier(&layout.period.name);
    let comma = if key.is_empty() { "" } else { ", " };
    let columns: String = key.iter().map(|key| format!(", {}", key.of("t"))).collect();
    let sql = format!(
        "SELECT {}, {}, t.{period}{columns} FROM ONLY {} AS t ORDER BY {}{comma}t.{period}",
        number(&key),
        number(&fact),
        layout.table,
        order(&key),
    );
    let cursor = session.cursor(&sql, &[], true)?;
    let mut check = Check::new();
    let mut last_key = None;
    scan::each(&cursor, |row| {
        let (Some(key), Some(fact)) = (row.get::<i64>(0), row.get::<i64>(1)) else {
            return Err(Error::damaged("a row of the table"));
        };
        faults.rows += 1;
        faults.groups += u64::from(last_key.replace(key) != Some(key));
        let fault = match layout.range.fetched(row, PERIOD).unwrap_or(Err(Refusal::Null)) {
            Err(refusal) => Some(("empty", explain(refusal))),
            Ok(period) => check.add(key, fact, period).map(|fault| match fault {
                Fault::Overlap => ("overlap", "It overlaps a period of other values."),
                Fault::Unpacked => ("unpacked", "It touches a period of the same values."),
            }),
        };
        if let Some((fault, detail)) = fault {
            put_row(layout, row, fault, detail, faults);
        }
        Ok(())
    })
}

fn explain(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Null => "The period is null.",
        Refusal::Empty => "The period is empty.",
        Refusal::NotHalfOpen => "The period is not half-open.",
        Refusal::Infinite => "A bound of the period is infinite.",
    }
}

/// Reports a row that `verify_rows` has read. The output functions of the types write the values: a cast to text may be
/// any user's function.
fn put_row(layout: &Layout, row: &Fetched, fault: &'static str, detail: &str, faults: &mut Faults) {
    let key = (0..layout.key.len()).map(|position| row.text(PERIOD + 1 + position)).collect();
    faults.put(layout.relation, Some(key), row.text(PERIOD), fault, detail);
}
