//! How far consumers are behind, for the view `veritable.consumers`: never an error because of a table of another role.

use crate::log::read::{Reader, Span};
use crate::log::settled;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation::{Lock, Relation, is_free};
use crate::pg::report::Result;
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
fn lag(target: Oid, position: i64) -> Result<Option<Lag>> {
    if !is_free(target, Lock::AccessShare) {
        return Ok(None);
    }
    let relation = Relation::open(target, Lock::AccessShare)?;
    let reader = Reader::of(&relation, "consume")?;
    spi::connect(|session| {
        let settled = settled::of(session, target, &reader.found)?;
        let microseconds = reader.waiting(session, &relation, Span { after: position, settled })?;
        Ok(Some(Lag { positions: settled.saturating_sub(position).max(0), microseconds }))
    })
}
