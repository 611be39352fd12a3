//! The callbacks of a packing for the event triggers.

use super::{requirements, triggers, verify};
use crate::table::feature::{Ddl, Kind, Reason};

/// The callbacks of a packing for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check: requirements::check,
    follow: triggers::follow,
    adopt: None,
    verify: verify::verify,
    indexes_text: true,
    on_new_column: Some(not_compared),
    partitions: None,
    lost: None,
};

fn reason(kind: Kind) -> Reason {
    let detail = match kind {
        Kind::Trigger => "The trigger is part of the packing.",
        Kind::Index => "The rows that overlap or touch a new one are found by it.",
        Kind::Type => "Values of the packing are compared as text.",
        _ => "The table is packed by it.",
    };
    Reason { detail: Some(detail), hint: "Use drop_packing() to end the packing; add_packing() can begin a new one." }
}

/// The notice that a packing does not compare a new column, which the user may not have intended.
fn not_compared(column: &str, table: &str) -> (String, &'static str) {
    (
        format!("{column} of packed table \"{table}\" is not compared: rows that differ only in it are packed"),
        "To compare it, use drop_packing() and then add_packing().",
    )
}
