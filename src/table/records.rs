//! The records: chained tables of the extension about what was done, to which it alone writes.

use std::ffi::CStr;

use super::journal;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::oid::Oid;
use crate::pg::relation;
use crate::pg::report::{Class, Error, Result};
use crate::pg::row::Descriptor;
use crate::pg::trigger::Event;

sql_function! {
    /// `veritable.refuse_records()`: BEFORE INSERT FOR EACH ROW.
    veritable_refuse_records = refuse_records
}

/// The records. Everybody may verify them, and what they hold depends on what others do.
const RECORDS: [&CStr; 3] = [c"journal", c"prunings", c"erasures"];

/// The column of the hash of a record.
const HASH: &str = "event_hash";

/// Whether the table is one of the records.
pub fn is_record(table: Oid) -> bool {
    RECORDS.iter().any(|name| relation::named(c"veritable", name) == Some(table))
}

/// Refuses a row that neither the extension writes nor a restore or a subscription brings along.
fn refuse_records(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    let relation = firing.relation();
    let hash = relation.columns().into_iter().find(|column| column.name == HASH).map(|column| column.place);
    let (true, Event::Insert, Some(hash)) = (firing.is_before_row(), firing.event(), hash) else {
        let message =
            "veritable.refuse_records() must be fired BEFORE INSERT FOR EACH ROW of a table with a column event_hash";
        return Err(Error::new(Class::TriggerProtocol, message));
    };
    let descriptor = Descriptor::of(&relation);
    if journal::is_recording() || !firing.row(&descriptor).is_null(hash) {
        return Ok(firing.pass_row());
    }
    Err(Error::new(Class::Privilege, format!("table \"{}\" is written by the extension alone", relation.name())))
}
