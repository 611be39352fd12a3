//! The callbacks of a validation for the event triggers.

use super::{triggers, verify};
use crate::table::feature::{Ddl, Kind, Reason};

/// The callbacks of a validation for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check: triggers::check,
    follow: triggers::follow,
    adopt: None,
    verify: verify::verify,
    indexes_text: false,
    on_new_column: None,
    partitions: None,
    lost: None,
};

fn reason(kind: Kind) -> Reason {
    let detail = match kind {
        Kind::Trigger => "The trigger is part of the validation.",
        _ => "The table's documents are validated by it.",
    };
    Reason {
        detail: Some(detail),
        hint: "Use drop_validation() to end the validation; add_validation() can begin a new one.",
    }
}
