//! How far consumers are behind, for the view `veritable.consumers`: never an error because of a table of another role.

use crate::chain::layout::Layout;
use crate::log::read::{Reader, Span};
use crate::log::settled;
use crate::pg::acting::with_settings;
use crate::pg::clock;
use crate::pg::first_row::first_row;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::held_row::HeldRow;
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, is_free};
use crate::pg::report::Result;
use crate::pg::snapshot::Latest;
use crate::pg::spi;
use crate::pg::transaction;

sql_function! {
    /// `veritable.consumer_lag(regclass, bigint) → (bigint, bigint)`
    veritable_consumer_lag = consumer_lag
}

fn consumer_lag(call: &Call) -> Result<Answer> {
    let mut rows = call.rows();
    let (Some(target), Some(position)) = (call.oid(0), call.integer(1)) else { return Ok(Answer::NULL) };
    let lag = transaction::attempt(|| lag(target, position)).ok().flatten();
    rows.put([lag.map(|lag| lag.positions).into(), lag.and_then(|lag| lag.microseconds).into()]);
    Ok(Answer::NULL)
}

#[derive(Clone, Copy)]
struct Lag {
    positions: i64,
    microseconds: Option<i64>,
}

/// The distance to what is settled; `None` where the table is locked.
///
/// The view is for everybody, and shows the tables of everybody. So nothing here waits for a lock, and no query of the table is
/// planned: planning runs functions of its owner.
fn lag(target: Oid, position: i64) -> Result<Option<Lag>> {
    if !is_free(target, Lock::AccessShare) {
        return Ok(None);
    }
    with_settings(|acting| {
        acting.set(c"lock_timeout", c"1ms");
        let relation = Relation::open(target, Lock::AccessShare)?;
        let reader = Reader::of(&relation, "consume")?;
        let settled = spi::connect(|session| settled::of(session, target, &reader.found))?;
        let microseconds = waiting(&relation, &reader, Span { after: position, settled })?;
        Ok(Some(Lag { positions: settled.saturating_sub(position).max(0), microseconds }))
    })
}

/// The time for which the first event of the span has been waiting, in microseconds; `None` without recorded times, or without an
/// index on the positions.
fn waiting(relation: &Relation, reader: &Reader, span: Span) -> Result<Option<i64>> {
    let arguments = &reader.found.arguments;
    if arguments.recorded.is_none() {
        return Ok(None);
    }
    let mut first: Option<(i64, Option<i64>)> = None;
    let (leaves, _) = relation.family_now();
    for leaf in leaves {
        let leaf = Relation::open(leaf, Lock::AccessShare)?;
        let layout = Layout::of(&leaf, arguments)?;
        let (Some(place), Some(recorded)) = (layout.position, layout.recorded.map(|recorded| recorded.place)) else {
            return Ok(None);
        };
        // An event behind the first one of another partition is not it.
        let until = first.map_or(span.settled, |(position, _)| position);
        let read = |row: &HeldRow| (row.integer(place).unwrap_or(until), row.integer(recorded));
        let Some(found) = Latest::during(|now| first_row(&leaf, place, (span.after, until), now, read)) else {
            return Ok(None);
        };
        first = found.or(first);
    }
    let recorded = first.and_then(|(_, recorded)| recorded);
    Ok(Some(recorded.map_or(0, |recorded| clock::now().saturating_sub(recorded).max(0))))
}
