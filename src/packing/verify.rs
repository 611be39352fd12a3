//! `verify_packing()`: a row for each fault, none for a packed table.

use std::ffi::CStr;

use veritable_core::packing::{Check, Fault};

use super::layout::{Compared, Layout};
use super::problems;
use super::triggers::Packing;
use crate::pg::acting::Acting;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::period::Refusal;
use crate::pg::quote;
use crate::pg::relation::Relation;
use crate::pg::report::{Error, Result, notice, number};
use crate::pg::result::{Cell, Rows};
use crate::pg::spi::{self, Fetched, Session};
use crate::table::verification::{self, Verification};

sql_function! {
    /// `verify_packing(regclass) → set of faults`
    veritable_verify_packing = verify_packing
}

/// How many rows are read at once.
const BATCH: usize = 1000;

/// Where the query has the period; the key follows.
const PERIOD: usize = 2;

/// What verification has found so far.
struct Verdict {
    rows: Rows,
    faults: u64,
    periods: u64,
    keys: u64,
    tables: u64,
}

fn verify_packing(call: &Call) -> Result<Answer> {
    let mut verdict = Verdict { rows: call.rows(), faults: 0, periods: 0, keys: 0, tables: 0 };
    match call.oid(0) {
        Some(target) => verification::one(target, &mut verdict)?,
        None => verification::all(&mut verdict)?,
    }
    notice(verdict.summary());
    Ok(Answer::NULL)
}

impl Verification for Verdict {
    const FUNCTIONS: &'static [&'static CStr] = &[c"pack", c"pack_early"];
    const WHOLE: &'static str = "A packing";

    fn verify(&mut self, relation: &Relation, acting: &Acting) -> Result<()> {
        self.verify_packing(relation, acting)?;
        self.tables += 1;
        Ok(())
    }

    fn unread(&mut self, table: Oid, reason: String) {
        self.tables += 1;
        self.put(table, None, None, "unread", reason);
    }
}

fn verify_rows(session: &Session, layout: &Layout, verdict: &mut Verdict) -> Result<()> {
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
    loop {
        let more = memory::scratch(|| -> Result<bool> {
            let batch = cursor.fetch(BATCH);
            for row in batch.rows() {
                let (Some(key), Some(fact)) = (row.get::<i64>(0), row.get::<i64>(1)) else {
                    return Err(Error::damaged("a row of the table"));
                };
                verdict.periods += 1;
                verdict.keys += u64::from(last_key.replace(key) != Some(key));
                let fault = match layout.range.fetched(&row, PERIOD).unwrap_or(Err(Refusal::Null)) {
                    Err(refusal) => Some(("empty", explain(refusal))),
                    Ok(period) => check.add(key, fact, period).map(|fault| match fault {
                        Fault::Overlap => ("overlap", "It overlaps a period of other values."),
                        Fault::Unpacked => ("unpacked", "It touches a period of the same values."),
                    }),
                };
                if let Some((fault, detail)) = fault {
                    verdict.put_row(layout, &row, fault, detail);
                }
            }
            Ok(!batch.is_empty())
        })?;
        if !more {
            return Ok(());
        }
    }
}

fn explain(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Null => "The period is null.",
        Refusal::Empty => "The period is empty.",
        Refusal::NotHalfOpen => "The period is not half-open.",
        Refusal::Infinite => "A bound of the period is infinite.",
    }
}

impl Verdict {
    fn verify_packing(&mut self, relation: &Relation, acting: &Acting) -> Result<()> {
        let target = relation.oid();
        for problem in problems::hidden(relation)? {
            self.unguarded(target, problem);
        }
        if let Err(error) = relation.require_plain("packed") {
            self.unguarded(target, format!("The packing does not work: {}.", error.message()));
        }
        let has_rows = relation.has_rows_of_its_own();
        let found =
            Packing::required(relation).and_then(|packing| Ok((Layout::of(relation, &packing.arguments)?, packing)));
        let (layout, packing) = match found {
            Ok(found) => found,
            // Triggers that do not fit their table are a fault like any other.
            Err(error) if error.is_misconfiguration() => {
                self.unguarded(target, format!("The packing cannot be read: {}.", error.message()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        for problem in problems::of(relation, &layout, packing)? {
            self.unguarded(target, problem);
        }
        if has_rows {
            verification::without_indexes(acting);
            let _pinned = Pinned::new();
            spi::connect(|session| verify_rows(session, &layout, self))?;
        }
        Ok(())
    }

    /// Something is wrong with the triggers or the constraint of a table.
    fn unguarded(&mut self, packing: Oid, problem: String) {
        self.put(packing, None, None, "unguarded", problem);
    }

    /// Something is wrong with a row that `verify_rows` has read. Its values are written by the output functions of their
    /// types: a cast to text may be a function of anybody's.
    fn put_row(&mut self, layout: &Layout, row: &Fetched, fault: &str, detail: &str) {
        let key = (0..layout.key.len()).map(|position| row.text(PERIOD + 1 + position)).collect();
        self.put(layout.relation, Some(key), row.text(PERIOD), fault, detail.to_string());
    }

    fn put(
        &mut self,
        packing: Oid,
        key: Option<Vec<Option<String>>>,
        period: Option<String>,
        fault: &str,
        detail: String,
    ) {
        self.faults += 1;
        self.rows.put([
            Cell::from(packing),
            Cell::from(key),
            Cell::from(period),
            Cell::from(fault),
            Cell::from(detail),
        ]);
    }

    /// The sentence at the end.
    fn summary(&self) -> String {
        let faults = if self.faults == 0 { String::new() } else { format!(", {}", number(self.faults, "fault")) };
        format!(
            "verified {} of {} in {}{faults}",
            number(self.periods, "period"),
            number(self.keys, "key"),
            number(self.tables, "table")
        )
    }
}
