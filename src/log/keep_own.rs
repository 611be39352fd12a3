//! `veritable.keep_own()`: keeps a publication of all tables from bringing what another database knows of its own logs.

use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::transaction;
use crate::pg::trigger::Event;

sql_function! {
    /// `veritable.keep_own()`: BEFORE INSERT OR UPDATE OR DELETE FOR EACH ROW.
    veritable_keep_own = keep_own
}

fn keep_own(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() {
        let message = "veritable.keep_own() must be fired BEFORE INSERT, UPDATE or DELETE FOR EACH ROW";
        return Err(Error::new(Class::TriggerProtocol, message));
    }
    // A restore may act as a replica, too, and its rows are wanted.
    Ok(match firing.event() {
        _ if transaction::is_of_subscription() => Answer::VOID,
        Event::Update => firing.pass_update(),
        _ => firing.pass_row(),
    })
}
