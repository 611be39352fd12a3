//! The order-free comparison of a table with its tree: an aggregate over events, which PostgreSQL can run in parallel.

use veritable_core::chain::{BalanceKey, Stored, Tally};
use veritable_log::tree::leaf_hash;

use super::events::Events;
use crate::chain::line::layout_of;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::spi::Session;
use crate::table::aggregates;

sql_function! {
    /// The transition function of `veritable.tally(record, bytea)`.
    veritable_tally_add = tally_add
}
sql_function! {
    /// The combine function of the aggregate.
    veritable_tally_merge = tally_merge
}
sql_function! {
    /// The serialization function of the aggregate.
    veritable_tally_save = tally_save
}
sql_function! {
    /// The deserialization function of the aggregate.
    veritable_tally_load = tally_load
}
sql_function! {
    /// The final function of the aggregate.
    veritable_tally_bytes = tally_save
}

/// Adds an event. The key is random for each run, so an attacker cannot prepare rows for it.
fn tally_add(call: &Call) -> Result<Answer> {
    let mut tally = call.state::<Tally>()?;
    let (Some(value), Some(key)) = (call.composite(1), call.bytes(2)) else { return Ok(Answer::state(tally)) };
    let key = key.try_into().map_err(|_| Error::new(Class::Argument, "the key must have 16 bytes"))?;
    let found = layout_of(&value)?;
    let layout = &found.layout;
    let row = value.row(&layout.descriptor);
    let computed = match layout.hash_of(&row) {
        // A row whose line cannot be written is not what was sealed.
        Err(error) if error.is_about_value() => None,
        computed => Some(computed?),
    };
    match (layout.position.and_then(|place| row.integer(place)), computed) {
        (Some(position), Some(computed)) if layout.hash.stored(&row) == Stored::Hash(computed) => {
            tally.add(&BalanceKey::new(key), position, leaf_hash(computed.as_bytes()).as_bytes());
        }
        _ => tally.add_wrong(),
    }
    Ok(Answer::state(tally))
}

fn tally_merge(call: &Call) -> Result<Answer> {
    let mut tally = call.state::<Tally>()?;
    if let Some(other) = call.other_state::<Tally>(1)? {
        tally.merge(&other);
    }
    Ok(Answer::state(tally))
}

fn tally_save(call: &Call) -> Result<Answer> {
    Ok(Answer::bytes(&call.state::<Tally>()?.to_bytes()))
}

fn tally_load(call: &Call) -> Result<Answer> {
    let bytes = call.bytes(0).unwrap_or_default();
    let tally = Tally::from_bytes(bytes).ok_or_else(|| Error::new(Class::Corrupted, "invalid aggregate state"))?;
    Ok(Answer::state(call.new_state(tally)?))
}

/// The tally of the events up to this position, and of those without a position. Runs as the owner of the table.
pub fn of_table(session: &Session, events: &Events, key: &[u8; 16], last: i64) -> Result<Tally> {
    aggregates::require_own(session, &["tally"])?;
    let found = session.query_as_caller(
        &format!(
            "SELECT veritable.tally({}, $1) FROM {} WHERE ({} > $2) IS NOT TRUE",
            events.alias, events.from, events.position
        ),
        &[key.as_slice().into(), last.into()],
    )?;
    let tally = found.rows().next().and_then(|row| Tally::from_bytes(&row.bytes(0)?));
    tally.ok_or_else(|| Error::damaged("the sum over a log"))
}
