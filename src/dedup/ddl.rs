//! The callbacks of a deduplication for the event triggers.

use super::{requirements, triggers, verify};
use crate::table::feature::{Ddl, Kind, Reason};

/// The callbacks of a deduplication for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check: requirements::check,
    follow: triggers::follow,
    adopt: None,
    verify: verify::verify,
    indexes_text: false,
    on_new_column: None,
    partitions: None,
    lost: None,
};

fn reason(kind: Kind) -> Reason {
    let (detail, hint) = match kind {
        Kind::Trigger => ("The trigger is the deduplication.", "Use drop_dedup() to end the deduplication."),
        Kind::Index => (
            "The rows of a key are found by it.",
            "Create another index that begins with the same columns first, or use drop_dedup() to end the deduplication.",
        ),
        _ => (
            "The rows of the table have each key once.",
            "Use drop_dedup() to end the deduplication; add_dedup() can begin a new one.",
        ),
    };
    Reason { detail: Some(detail), hint }
}
