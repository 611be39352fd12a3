//! `verify_packing()`: a row for each fault, none for a packed table.

use pgrx::pg_sys;
use pgrx::spi::quote_identifier;
use veritable_core::packing::{Check, Fault};

use super::attach::index_of;
use super::layout::{Compared, Layout};
use super::triggers::Packing;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::memory;
use crate::pg::period::Refusal;
use crate::pg::relation::{Lock, Relation, name_of};
use crate::pg::report::{Class, Error, Result, notice, number};
use crate::pg::rows::{Cell, Rows};
use crate::pg::settings::Pinned;
use crate::pg::spi::{self, Session};

sql_function! {
    /// `verify_packing(regclass) → set of faults`
    veritable_verify_packing / pg_finfo_veritable_verify_packing = verify_packing
}

/// How many rows are read at once.
const BATCH: usize = 1000;

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
        Some(target) => verify_table(target, &mut verdict)?,
        None => {
            for target in readable_packings()? {
                if Relation::open(target, Lock::AccessShare)?.hides_rows() {
                    notice(format!("skipped table \"{}\": row-level security hides rows from you", name_of(target)));
                } else {
                    verify_table(target, &mut verdict)?;
                }
            }
        }
    }
    notice(verdict.summary());
    Ok(Answer::NULL)
}

/// The packed tables of the database that the caller may read.
fn readable_packings() -> Result<Vec<pg_sys::Oid>> {
    spi::connect(|session| {
        let packings = session.query_as_caller(
            "SELECT DISTINCT tgrelid
             FROM pg_catalog.pg_trigger
             WHERE tgfoid IN ('veritable.pack'::pg_catalog.regproc, 'veritable.pack_early'::pg_catalog.regproc)
               AND pg_catalog.has_table_privilege(tgrelid, 'SELECT')
             ORDER BY tgrelid",
            &[],
        )?;
        Ok(packings.rows().filter_map(|row| row.get(0)).collect())
    })
}

fn verify_table(target: pg_sys::Oid, verdict: &mut Verdict) -> Result<()> {
    let relation = Relation::open(target, Lock::AccessShare)?;
    if relation.hides_rows() {
        return Err(Error::new(
            Class::Privilege,
            format!("row-level security hides rows of table \"{}\" from you", relation.name()),
        )
        .hint("A packing can be verified only as a whole: use a role that has BYPASSRLS, or owns the table."));
    }
    let found =
        Packing::required(&relation).and_then(|packing| Ok((Layout::of(&relation, &packing.arguments)?, packing)));
    let (layout, packing) = match found {
        Ok(found) => found,
        // Triggers that do not fit their table are a fault like any other, and must not hide those of other tables.
        Err(error) if error.is_misconfiguration() => {
            verdict.tables += 1;
            verdict.unguarded(target, format!("The packing cannot be read: {}.", error.message()));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    verdict.tables += 1;
    for problem in packing.problems {
        verdict.unguarded(target, problem);
    }
    if index_of(&relation, &layout).is_none() {
        verdict.unguarded(target, "The exclusion constraint of the packing is missing.".to_string());
    }
    spi::connect(|session| verify_rows(session, &layout, verdict))
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
    let texts: Vec<_> = key.iter().map(|key| format!("{}::pg_catalog.text", key.of("t"))).collect();
    let period = quote_identifier(&layout.period.name);
    let comma = if key.is_empty() { "" } else { ", " };
    let sql = format!(
        "SELECT ARRAY[{}]::pg_catalog.text[], {}, {}, t.{period}, t.{period}::pg_catalog.text
         FROM ONLY {} AS t ORDER BY {}{comma}t.{period}",
        texts.join(", "),
        number(&key),
        number(&fact),
        layout.table,
        order(&key),
    );
    let _pinned = Pinned::new();
    let cursor = session.cursor(&sql, &[], true)?;
    let mut check = Check::new();
    let mut last_key = None;
    loop {
        let more = memory::scratch(|| -> Result<bool> {
            let batch = cursor.fetch(BATCH);
            for row in batch.rows() {
                let (Some(key), Some(fact)) = (row.get::<i64>(1), row.get::<i64>(2)) else { continue };
                verdict.periods += 1;
                verdict.keys += u64::from(last_key.replace(key) != Some(key));
                let fault = match row.period(3, layout.range).unwrap_or(Err(Refusal::Null)) {
                    Err(refusal) => Some(("empty", explain(refusal))),
                    Ok(period) => check.add(key, fact, period).map(|fault| match fault {
                        Fault::Overlap => ("overlap", "It overlaps a period of other values."),
                        Fault::Unpacked => ("unpacked", "It touches a period of the same values."),
                    }),
                };
                if let Some((fault, detail)) = fault {
                    verdict.put(layout.relation, row.get(0), row.get(4), fault, detail.to_string());
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
    /// Something is wrong with the triggers or the constraint of a table.
    fn unguarded(&mut self, packing: pg_sys::Oid, problem: String) {
        self.put(packing, None, None, "unguarded", problem);
    }

    fn put(
        &mut self,
        packing: pg_sys::Oid,
        key: Option<Vec<String>>,
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
