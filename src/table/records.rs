//! The records: chained tables of the extension about what was done, to which it alone writes.

use std::ffi::CStr;

use super::journal;
use crate::pg::cache;
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

/// The columns of the hash of a record, and of the table that it is about, if it names one.
const HASH: &str = "event_hash";
const TARGET: &str = "target";

/// Whether the table is one of the records.
pub fn is_record(table: Oid) -> bool {
    RECORDS.iter().any(|name| relation::named(c"veritable", name) == Some(table))
}

/// Refuses a row that neither the extension writes nor a restore or a subscription brings along.
fn refuse_records(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    let relation = firing.relation();
    let columns = relation.columns();
    let place = |name: &str| columns.iter().find(|column| column.name == name).map(|column| column.place);
    let hash = place(HASH);
    let (true, Event::Insert, Some(hash)) = (firing.is_before_row(), firing.event(), hash) else {
        let message =
            "veritable.refuse_records() must be fired BEFORE INSERT FOR EACH ROW of a table with a column event_hash";
        return Err(Error::new(Class::TriggerProtocol, message));
    };
    let descriptor = Descriptor::of(&relation);
    let row = firing.row(&descriptor);
    if journal::is_recording() {
        return Ok(firing.pass_row());
    }
    if !row.is_null(hash) {
        // Sessions that append may have learned that nothing was pruned from the table.
        let target = place(TARGET).and_then(|place| row.relation(place));
        target.filter(|target| relation::exists(*target)).into_iter().for_each(cache::tell_of_change);
        return Ok(firing.pass_row());
    }
    Err(Error::new(Class::Privilege, format!("table \"{}\" is written by the extension alone", relation.name())))
}
