//! `verify_references()`: a row for each row that is not covered, none for a table whose references hold.
//!
//! A reference is verified with the table that makes it. A command on the table that is referred to is judged by the tables
//! that refer to it.

use super::check::{self, Rows, Violation, in_batches};
use super::feature::{FEATURE, REFER};
use super::find::{self, Reference};
use super::layout::Layout;
use super::problems;
use super::queries::{self, Source};
use crate::pg::acting::as_owner;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::line::pinned::Pinned;
use crate::pg::relation::{Lock, Relation, exists};
use crate::pg::report::{Error, Result};
use crate::pg::snapshot::Latest;
use crate::pg::spi;
use crate::table::faults::Faults;
use crate::table::verification;

sql_function! {
    /// `verify_references(regclass) → set of faults`
    veritable_verify_references = verify_references
}

fn verify_references(call: &Call) -> Result<Answer> {
    verification::answer(call, &FEATURE, &mut verify)
}

/// Verifies the references of an open table; the caller's privileges have been checked.
pub fn verify(relation: &Relation, faults: &mut Faults) -> Result<()> {
    let target = relation.oid();
    let is_hidden = verification::report_hidden(&FEATURE, faults, target, &[target])?;
    let Some(references) = verification::configuration(&FEATURE, faults, target, find::of(relation))? else {
        return Ok(());
    };
    if references.is_empty() && !is_hidden {
        return Err(FEATURE.missing(&relation.name()));
    }
    faults.tables += u64::from(references.iter().any(|reference| reference.function == REFER));
    for reference in references {
        if reference.function == REFER {
            verify_reference(relation, &reference, faults)?;
            continue;
        }
        for problem in problems::of_guards(relation, &reference)? {
            faults.unguarded(target, &problem);
        }
        // Otherwise the reference is verified with the other table.
        let other = reference.other.filter(|other| faults.judges_command() && *other != target && exists(*other));
        if let Some(other) = other {
            let child = Relation::open(other, Lock::AccessShare)?;
            if let Some(made) = find::made(&child, &reference.arguments.name)? {
                verify_reference(&child, &made, faults)?;
            }
        }
    }
    Ok(())
}

fn verify_reference(child: &Relation, reference: &Reference, faults: &mut Faults) -> Result<()> {
    let target = child.oid();
    for problem in problems::of(child, reference)? {
        faults.unguarded(target, &problem);
    }
    let Some(other) = reference.other.filter(|other| exists(*other)) else { return Ok(()) };
    let parent = Relation::open(other, Lock::AccessShare)?;
    let found = Layout::of(child, &parent, &reference.arguments).and_then(|layout| {
        layout.check_types()?;
        Ok(layout)
    });
    let Some(layout) = verification::configuration(&FEATURE, faults, target, found)? else { return Ok(()) };
    if !child.has_rows_of_its_own() || !parent.has_rows_of_its_own() {
        return Ok(());
    }
    let _pinned = Pinned::new();
    let rows = each_row(child, &parent, &layout, |violation| {
        let (key, period, uncovered) = violation.into_parts();
        let detail =
            format!("Reference \"{}\": table \"{}\" does not cover {uncovered}.", layout.name, layout.parent.name);
        faults.put(target, Some(key), period, "orphaned", &detail);
        true
    })?;
    faults.rows += rows;
    Ok(())
}

/// Passes the rows that are not covered to `found`, until that answers no. Returns the number of rows that refer to something.
///
/// One owner's tables are joined. Tables of two owners are read each by its own, and the rows that refer are passed on in
/// batches.
pub fn each_row(
    child: &Relation,
    parent: &Relation,
    layout: &Layout,
    mut found: impl FnMut(Violation) -> bool,
) -> Result<u64> {
    let count = queries::count(layout);
    as_owner(child, |acting| {
        verification::without_indexes(acting);
        Latest::during(|_| {
            spi::connect(|session| {
                let rows = session.query_as_caller(&count, &[])?;
                let rows = rows.rows().next().and_then(|row| row.get::<i64>(0));
                let rows = rows.ok_or_else(|| Error::damaged("a number of rows"))?;
                if child.has_same_owner(parent) {
                    let cursor = session.cursor(&queries::uncovered(layout, &Source::Table).many, &[], true)?;
                    check::each(&cursor, layout, &mut found);
                } else {
                    let uncovered = queries::uncovered(layout, &Source::Records);
                    let cursor = session.cursor(&queries::records(&layout.child, &Source::Table).many, &[], true)?;
                    in_batches(&cursor, |batch, _| {
                        let goes_on = as_owner(parent, |acting| {
                            verification::without_indexes(acting);
                            let rows = Rows { firing: None, parameters: &[batch], are_few: false };
                            check::each_uncovered(layout, &uncovered, rows, &mut found)
                        })?;
                        Ok((!goes_on).then_some(()))
                    })?;
                }
                Ok(rows as u64)
            })
        })
    })
}
