//! The callbacks of a reference for the event triggers.

use super::{find, requirements, triggers, verify};
use crate::table::feature::{Ddl, Kind, Lost, Reason};

/// The callbacks of a reference for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: find::check_configuration,
    check: requirements::check,
    follow: triggers::follow,
    adopt: None,
    verify: verify::verify,
    indexes_text: false,
    on_new_column: None,
    partitions: None,
    lost: Some(&Lost { find: triggers::lost, clear: triggers::clear_lost }),
};

fn reason(kind: Kind) -> Reason {
    let detail = match kind {
        Kind::Trigger => "The trigger is part of a reference, of this table or to it.",
        _ => "Periods are covered by it, in a reference of this table or to it.",
    };
    Reason {
        detail: Some(detail),
        hint: "Use drop_reference() to end the reference; add_reference() can begin a new one.",
    }
}
