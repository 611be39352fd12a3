//! The check of both sides: rows that refer are covered, and rows that are referred to leave none uncovered.
//!
//! Each table is read as its own owner, restricted. The rows are those that are committed now, whatever the transaction's own
//! snapshot shows: the locks are held already.

use std::rc::Rc;

use super::checker::Checker;
use super::feature::REFER;
use super::layout::{Layout, Side};
use super::queries::Query;
use crate::pg::acting::as_owner;
use crate::pg::composite;
use crate::pg::memory;
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::snapshot::{self, Latest};
use crate::pg::spi::{self, Cursor, Fetched, Kept, Parameter, Session};
use crate::pg::trigger::Firing;
use crate::table::together;

/// Up to this number, rows are looked up one by one, with a plan that is kept.
pub const FEW: u64 = 8;
/// The number of rows that are passed from one table's owner to the other's at a time.
const BATCH: usize = 10_000;

/// The rows that are seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// What is committed now, and what this transaction has done.
    Latest,
    /// What the transaction's own snapshot shows.
    Own,
}

/// The rows of a query's source.
#[derive(Clone, Copy)]
pub struct Rows<'r> {
    /// The firing whose transition tables the query reads.
    pub firing: Option<&'r Firing<'r>>,
    /// The parameters of the query.
    pub parameters: &'r [Parameter<'r>],
    /// Whether the rows are few.
    pub are_few: bool,
}

/// A row that refers to something, and is not covered.
pub struct Violation {
    key: Vec<Option<String>>,
    period: Option<String>,
    uncovered: Option<String>,
}

impl View {
    fn during<T>(self, body: impl FnOnce() -> T) -> T {
        match self {
            View::Latest => Latest::during(|_| body()),
            View::Own => body(),
        }
    }
}

impl Rows<'_> {
    /// Opens a cursor on a query about these rows.
    fn cursor<'s>(&self, session: &'s Session, query: &Query, view: View) -> Result<Cursor<'s>> {
        if let Some(firing) = self.firing {
            firing.register_in(session)?;
        }
        let as_caller = view == View::Latest;
        if self.are_few {
            query.few.cursor_of_few(session, self.parameters, as_caller)
        } else {
            session.cursor(&query.many, self.parameters, as_caller)
        }
    }
}

impl Violation {
    /// The violation in a row of [`super::queries::uncovered`].
    pub fn fetched(row: &Fetched, layout: &Layout) -> Violation {
        let count = layout.child.key.len();
        let key = (0..count).map(|position| row.text(position)).collect();
        Violation { key, period: row.text(count), uncovered: row.text(count + 1) }
    }

    /// The key, the period, and the part of it that is not covered.
    pub fn into_parts(self) -> (Vec<Option<String>>, Option<String>, String) {
        let uncovered = self.uncovered.filter(|uncovered| uncovered != "{}");
        (self.key, self.period, uncovered.unwrap_or_else(|| "an empty period".to_string()))
    }

    /// The sentence about a row, as far as the caller may read both tables.
    fn sentence(&self, layout: &Layout) -> Result<String> {
        let readable = |side: &Side| -> Result<bool> {
            Ok(Relation::open(side.relation, Lock::AccessShare)?.are_readable(&side.places()))
        };
        let (child, parent) = (&layout.child, &layout.parent);
        if !readable(child)? {
            return Ok(format!("A row of table \"{}\" is not covered by table \"{}\".", child.name, parent.name));
        }
        let names: Vec<_> = child.key.iter().map(|key| key.column.name.as_str()).collect();
        let values: Vec<_> = self.key.iter().map(|value| value.as_deref().unwrap_or("null")).collect();
        let key = format!("Key ({})=({})", names.join(", "), values.join(", "));
        let period = self.period.as_deref().unwrap_or("null");
        if period == "empty" || period == "{}" {
            return Ok(format!("{key} of table \"{}\" has an empty period, which nothing covers.", child.name));
        }
        let of_parent = readable(parent)?;
        Ok(match self.uncovered.as_deref().filter(|_| of_parent) {
            Some(uncovered) => format!("{key} is not covered by table \"{}\" during {uncovered}.", parent.name),
            None => format!("{key} during {period} is not covered by table \"{}\".", parent.name),
        })
    }
}

/// The first of these rows that is not covered. With `present`, a query for a row of the table that refers, rows count only
/// if the table still has them: a later statement may have removed them before a deferred check.
pub fn uncovered(
    layout: &Layout,
    query: &Query,
    rows: Rows,
    view: View,
    present: Option<&Kept>,
) -> Result<Option<Violation>> {
    let parent = Relation::open(layout.parent.relation, Lock::AccessShare)?;
    as_owner(&parent, |_| {
        view.during(|| {
            spi::connect(|session| {
                let cursor = rows.cursor(session, query, view)?;
                loop {
                    let batch = cursor.fetch(if present.is_some() { BATCH } else { 1 });
                    if batch.is_empty() {
                        return Ok(None);
                    }
                    for row in batch.rows() {
                        if is_present(layout, present, &row, view)? {
                            return Ok(Some(Violation::fetched(&row, layout)));
                        }
                    }
                }
            })
        })
    })
}

fn is_present(layout: &Layout, present: Option<&Kept>, row: &Fetched, view: View) -> Result<bool> {
    let Some(present) = present else { return Ok(true) };
    let values: Vec<_> = (0..=layout.child.key.len()).map(|position| row.parameter(position)).collect();
    let child = Relation::open(layout.child.relation, Lock::AccessShare)?;
    as_owner(&child, |_| {
        spi::connect(|session| {
            let cursor = present.cursor_of_few(session, &values, view == View::Latest)?;
            Ok(!cursor.fetch(1).is_empty())
        })
    })
}

/// The first row that one of these rows may have covered, and that is not covered any more.
pub fn orphaned(layout: &Layout, query: &Query, rows: Rows, view: View, records: &Query) -> Result<Option<Violation>> {
    let child = Relation::open(layout.child.relation, Lock::AccessShare)?;
    as_owner(&child, |_| {
        view.during(|| {
            spi::connect(|session| {
                let cursor = rows.cursor(session, query, view)?;
                in_batches(&cursor, |batch, are_few| {
                    let rows = Rows { firing: None, parameters: &[batch], are_few };
                    uncovered(layout, records, rows, view, None)
                })
            })
        })
    })
}

/// Passes the violations of a query to `found`, until that answers no. Returns whether it has not.
pub fn each(cursor: &Cursor, layout: &Layout, found: &mut impl FnMut(Violation) -> bool) -> bool {
    loop {
        let (more, goes_on) = memory::scratch(|| {
            let batch = cursor.fetch(BATCH);
            let mut violations = batch.rows().map(|row| Violation::fetched(&row, layout));
            (!batch.is_empty(), violations.all(&mut *found))
        });
        if !more || !goes_on {
            return goes_on;
        }
    }
}

/// Passes on those of these rows that are not covered, as the acting role sees the other table: see [`each`].
pub fn each_uncovered(
    layout: &Layout,
    query: &Query,
    rows: Rows,
    found: &mut impl FnMut(Violation) -> bool,
) -> Result<bool> {
    spi::connect(|session| Ok(each(&rows.cursor(session, query, View::Latest)?, layout, found)))
}

/// Passes the records of a cursor to `find`, as arrays, until it finds something.
pub fn in_batches<T>(
    cursor: &Cursor,
    mut find: impl FnMut(Parameter<'static>, bool) -> Result<Option<T>>,
) -> Result<Option<T>> {
    loop {
        let (more, found) = memory::scratch(|| -> Result<_> {
            let batch = cursor.fetch(BATCH);
            let records: Vec<_> = batch
                .rows()
                .map(|row| row.composite(0))
                .collect::<Option<_>>()
                .ok_or_else(|| Error::damaged("a record"))?;
            if records.is_empty() {
                return Ok((false, None));
            }
            let are_few = records.len() as u64 <= FEW;
            Ok((true, find(composite::records(records), are_few)?))
        })?;
        if found.is_some() || !more {
            return Ok(found);
        }
    }
}

impl Checker {
    /// Checks the rows of a firing. What fails within a function that changes rows together is checked again at its end.
    pub fn check(self: &Rc<Checker>, rows: Rows) -> Result<()> {
        match self.error(&self.first, rows)? {
            Some(_) if together::is_running() => {
                let records = self.records_of(rows)?;
                let checker = Rc::clone(self);
                together::postpone(move || checker.check_again(records));
                Ok(())
            }
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn check_again(&self, records: Vec<Parameter<'static>>) -> Result<()> {
        for record in records {
            let rows = Rows { firing: None, parameters: &[record], are_few: false };
            self.error(&self.again, rows)?.map_or(Ok(()), Err)?;
        }
        Ok(())
    }

    /// The rows of a firing as arrays of records, which outlive the firing.
    fn records_of(&self, rows: Rows) -> Result<Vec<Parameter<'static>>> {
        let mut all = Vec::new();
        spi::connect(|session| {
            // No table is read: the rows are the firing's.
            let cursor = rows.cursor(session, &self.records, View::Own)?;
            in_batches(&cursor, |batch, _| {
                all.push(batch);
                Ok(None::<()>)
            })
        })?;
        Ok(all)
    }

    fn error(&self, query: &Query, rows: Rows) -> Result<Option<Error>> {
        let find = |view| {
            if self.function == REFER {
                uncovered(&self.layout, query, rows, view, Some(&self.present))
            } else {
                orphaned(&self.layout, query, rows, view, &self.uncovered)
            }
        };
        let Some(found) = find(View::Latest)? else { return Ok(None) };
        // A transaction that keeps its snapshot may not know why the row is not covered, and will after a retry.
        if snapshot::is_kept() && find(View::Own)?.is_none() {
            let other = if self.function == REFER { &self.layout.parent } else { &self.layout.child };
            return Ok(Some(
                Error::new(
                    Class::Serialization,
                    format!(
                        "could not serialize access: rows of table \"{}\" have changed since the snapshot",
                        other.name
                    ),
                )
                .detail(found.sentence(&self.layout)?)
                .hint("The transaction might succeed if retried."),
            ));
        }
        violated(&self.layout, self.function, &found).map(Some)
    }
}

/// The error of a violated reference.
pub fn violated(layout: &Layout, function: usize, found: &Violation) -> Result<Error> {
    let (name, child, parent) = (&layout.name, &layout.child.name, &layout.parent.name);
    let message = if function == REFER {
        format!("insert or update on table \"{child}\" violates reference \"{name}\"")
    } else {
        format!("update or delete on table \"{parent}\" violates reference \"{name}\" on table \"{child}\"")
    };
    Ok(Error::new(Class::ForeignKey, message).detail(found.sentence(layout)?))
}
