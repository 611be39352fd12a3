//! The callbacks of a chain for the event triggers.

use super::{alter, partitions, triggers, verify};
use crate::table::feature::{Ddl, Kind, Partitions, Reason};

const ANEW: &str = "drop_chain() ends the chain, and add_chain(…, reseal => true) begins a new one.";

/// The callbacks of a chain for the event triggers.
pub static DDL: Ddl = Ddl {
    definitions: include_str!("definitions.sql"),
    reason,
    check_configuration: triggers::check_configuration,
    check: triggers::check,
    follow: alter::follow,
    adopt: None,
    verify: verify::verify,
    indexes_text: false,
    on_new_column: None,
    partitions: Some(&Partitions {
        refuse_to_detach: partitions::refuse_to_detach_rows,
        refuse_key: partitions::refuse_key,
        guard: partitions::guard,
        unguard: partitions::unguard,
        dropped: (
            "Its events would be missing from their chains.",
            "A partition without events can be detached, and dropped then. Use drop_chain() to end the chain.",
        ),
    }),
    lost: None,
};

fn reason(kind: Kind) -> Reason {
    let (detail, hint) = match kind {
        Kind::Trigger => ("The trigger is part of the chain.", "Use drop_chain() to end the chain."),
        Kind::Index => (
            "The newest event of an entity is found by it.",
            "Create another index on the same columns first, or use drop_chain() to end the chain.",
        ),
        _ => ("The hashes of the table's rows cover it.", ANEW),
    };
    Reason { detail: Some(detail), hint }
}
