//! The trigger functions of both tables.

use std::collections::BTreeSet;

use super::check::{FEW, Rows};
use super::checker::Checker;
use super::feature::{FEATURE, GUARD, REFER};
use super::locks;
use super::queries;
use crate::pg::acting::as_owner;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::lock::{self, Key, Mode};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Row;
use crate::pg::snapshot::Latest;
use crate::pg::spi;
use crate::pg::trigger::{Event, Firing};

sql_function! {
    /// `veritable.refer()`: on the table that refers.
    veritable_refer = refer
}
sql_function! {
    /// `veritable.guard_referenced()`: on the table that is referred to.
    veritable_guard_referenced = guard_referenced
}

fn refer(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !matches!(firing.event(), Event::Insert | Event::Update) {
        return Err(FEATURE.misplaced(REFER));
    }
    check(&firing, REFER)
}

fn guard_referenced(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    match firing.event() {
        Event::Truncate if firing.is_after_statement() => check_truncated(&firing),
        Event::Update | Event::Delete => check(&firing, GUARD),
        _ => Err(FEATURE.misplaced(GUARD)),
    }
}

/// Checks the rows of a firing that are new for the one table, or gone from the other.
fn check(firing: &Firing, function: usize) -> Result<Answer> {
    let (old, new) = firing.row_counts();
    let needed = match (firing.event(), function) {
        (Event::Insert, _) => new,
        (Event::Delete, _) => old,
        _ => old.and(new),
    };
    let is_statement = firing.is_after_statement() && needed.is_some();
    if !is_statement && !firing.is_after_row() {
        return Err(FEATURE.misplaced(function));
    }
    let checker = Checker::of(firing, function)?;
    let (side, parent) = (checker.side(), checker.layout.parent.relation);
    let (places, mode) = (side.places(), if function == REFER { Mode::Shared } else { Mode::Exclusive });
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    let mut add = |old: Option<&Row>, new: Option<&Row>| {
        if old.zip(new).is_some_and(|(old, new)| new.first_difference(old, &places).is_none()) {
            return;
        }
        // One more key than a transaction may lock one by one is enough to know that it locks them all.
        if keys.len() <= lock::fair_share() {
            let row = if function == REFER { new } else { old };
            keys.extend(row.and_then(|row| side.lock_key(row, parent)));
        }
    };
    if is_statement {
        firing.each_change(&side.descriptor, |old, new| {
            add(old, new);
            Ok(())
        })?;
        if keys.is_empty() {
            return Ok(Answer::VOID);
        }
        locks::take(parent, &keys, mode);
        let count = if function == REFER { new } else { old };
        checker.check(Rows {
            firing: Some(firing),
            parameters: &[],
            are_few: count.is_some_and(|count| count <= FEW),
        })?;
        return Ok(Answer::VOID);
    }
    let (row, new) = (
        firing.row(&side.descriptor),
        match firing.event() {
            Event::Update => Some(firing.new_row(&side.descriptor)),
            _ => None,
        },
    );
    match firing.event() {
        Event::Insert => add(None, Some(&row)),
        _ => add(Some(&row), new.as_ref()),
    }
    if keys.is_empty() {
        return Ok(Answer::VOID);
    }
    locks::take(parent, &keys, mode);
    let row = new.as_ref().filter(|_| function == REFER).unwrap_or(&row);
    let parameters: Vec<_> = places.iter().map(|&place| row.parameter(place)).collect();
    checker.check(Rows { firing: None, parameters: &parameters, are_few: true })?;
    Ok(Answer::VOID)
}

/// Refuses to empty a table that another refers to. If both are emptied by one command, no row refers to anything.
fn check_truncated(firing: &Firing) -> Result<Answer> {
    let checker = Checker::of(firing, GUARD)?;
    let layout = &checker.layout;
    locks::take_whole(layout.parent.relation);
    let child = Relation::open(layout.child.relation, Lock::AccessShare)?;
    let refers = as_owner(&child, |_| {
        Latest::during(|_| spi::connect(|session| Ok(!session.query_as_caller(&queries::any(layout), &[])?.is_empty())))
    })?;
    if !refers {
        return Ok(Answer::VOID);
    }
    let (child, parent) = (&layout.child.name, &layout.parent.name);
    Err(Error::new(
        Class::ForeignKey,
        format!("truncate on table \"{parent}\" violates reference \"{}\" on table \"{child}\"", layout.name),
    )
    .detail(format!("Rows of table \"{child}\" refer to rows of table \"{parent}\"."))
    .hint(format!("Truncate table \"{child}\" at the same time.")))
}
