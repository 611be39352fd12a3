//! The callbacks of a chain for the event triggers.

use super::prune::{attach, detach, rekey};
use super::{alter, partitions, triggers, verify};
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::table::faults::Faults;
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
    verify,
    indexes_text: false,
    on_new_column: None,
    partitions: Some(&Partitions {
        refuse_to_detach: detach::refuse,
        detached: Some(detach::record),
        attached: Some(attach::take_in),
        refuse_key: partitions::refuse_key,
        guard: partitions::guard,
        unguard: partitions::unguard,
        dropped: (
            "Its events would be missing from their chains.",
            "Detach it first: ALTER TABLE … DETACH PARTITION …. The events are pruned then, and the chains stay verifiable.",
        ),
    }),
    lost: None,
};

/// Verifies the table, with the pruned runs of its entities as they are hashed now.
fn verify(table: &Relation, faults: &mut Faults) -> Result<()> {
    rekey::follow(table)?;
    verify::verify(table, faults)
}

fn reason(kind: Kind) -> Reason {
    let (detail, hint) = match kind {
        Kind::Trigger => ("The trigger is part of the chain.", "Use drop_chain() to end the chain."),
        Kind::Index => (
            "The newest event of an entity is found by it.",
            "Create another index on the same columns first, or use drop_chain() to end the chain.",
        ),
        Kind::Place => ("It holds the positions of the log.", "Use drop_log() to end the log."),
        Kind::Sequence => (
            "It gives the positions of the log, each of them once.",
            "Use drop_log() to end the log, or setval() to set the sequence ahead.",
        ),
        _ => ("The hashes of the table's rows cover it.", ANEW),
    };
    Reason { detail: Some(detail), hint }
}
