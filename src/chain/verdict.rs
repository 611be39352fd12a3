//! The faults of events and chains, in words.

use veritable_core::chain::{Fault, FaultKind, LinkHash};

use super::erase::search::Wrong;
use crate::pg::oid::Oid;
use crate::table::faults::{Faults, Place};

/// The findings of a verification of chains so far: the rows are events, and the groups are chains.
pub struct Verdict<'f> {
    /// The faults.
    pub faults: &'f mut Faults,
}

impl Verdict<'_> {
    /// Reports broken chains of which no event can be named.
    pub fn broken(&mut self, target: Oid, detail: &str) {
        self.faults.put(target, None, Place::Nowhere, "broken", detail);
    }

    /// Reports that the table has no chain of an entity: silence would read as an intact chain.
    pub fn absent(&mut self, target: Oid, entity: Vec<Option<String>>) {
        self.faults.put(target, Some(entity), Place::Nowhere, "absent", "The table has no event of this entity.");
    }

    /// Reports an event that differs from its sealed form, as `detail` explains.
    pub fn altered(&mut self, target: Oid, entity: &[Option<String>], seq: Option<i64>, detail: &str) {
        self.faults.put(target, Some(entity.to_vec()), seq, "altered", detail);
    }

    /// Reports that the record of what was pruned from a table cannot be relied on.
    pub fn forged(&mut self, target: Oid, detail: &str) {
        self.faults.put(target, None, Place::Nowhere, "forged", detail);
    }

    /// Reports an erased value that has no record, or one that was altered before.
    pub fn erased(&mut self, target: Oid, entity: &[Option<String>], seq: Option<i64>, column: &str, wrong: &Wrong) {
        let (fault, detail) = match wrong {
            Wrong::Unrecorded => ("erased", format!("No record of an erasure of column \"{column}\".")),
            Wrong::Altered => (
                "altered",
                format!("When the value of column \"{column}\" was erased, it or its event was not what was sealed."),
            ),
        };
        self.faults.put(target, Some(entity.to_vec()), seq, fault, &detail);
    }

    /// Reports the fault of an event, whose line now hashes to `computed`, or of a run.
    pub fn fault(&mut self, target: Oid, entity: &[Option<String>], fault: &Fault, computed: Option<&LinkHash>) {
        let detail = explain(fault, computed);
        self.faults.put(target, Some(entity.to_vec()), fault.seq, name(&fault.kind), &detail);
    }

    /// Reports an event with a missing or impossible recorded time.
    pub fn backdated(&mut self, target: Oid, entity: Vec<Option<String>>, seq: i64, detail: &str) {
        self.faults.put(target, Some(entity), Some(seq), "backdated", detail);
    }
}

fn name(kind: &FaultKind) -> &'static str {
    match kind {
        FaultKind::Altered => "altered",
        FaultKind::Unlinked | FaultKind::RunUnlinked { .. } | FaultKind::Unproved => "unlinked",
        FaultKind::Missing { .. } => "missing",
        FaultKind::Duplicated | FaultKind::RunDuplicated { .. } => "duplicated",
        FaultKind::Unsealed => "unsealed",
    }
}

fn explain(fault: &Fault, computed: Option<&LinkHash>) -> String {
    match (fault.kind, fault.seq) {
        (FaultKind::Altered, _) => match computed {
            Some(computed) => format!("The row hashes to {computed}, which is not its stored hash."),
            None => "The row does not hash to its stored hash.".to_string(),
        },
        (FaultKind::RunUnlinked { last }, Some(1)) => {
            format!("The events that were pruned up to {last} do not link to this chain's configuration.")
        }
        (FaultKind::RunUnlinked { last }, seq) => format!(
            "The events that were pruned up to {last} do not link to event {}.",
            seq.unwrap_or_default().saturating_sub(1)
        ),
        (FaultKind::RunDuplicated { last }, _) => {
            format!("Events up to {last} were pruned, and another pruning has some of them, too.")
        }
        (FaultKind::Unproved, _) => {
            "The event was pruned, and does not lead to the last hash of what was pruned.".to_string()
        }
        (FaultKind::Unlinked, Some(1)) => "The first event does not link to this chain's configuration.".to_string(),
        (FaultKind::Unlinked, Some(seq)) if seq > 1 => {
            format!("The previous hash is not the hash of event {}.", seq - 1)
        }
        (FaultKind::Unlinked, _) => "A chain begins with seq 1.".to_string(),
        (FaultKind::Missing { count: 1 }, _) => "1 event is missing.".to_string(),
        (FaultKind::Missing { count }, _) => format!("{count} events are missing."),
        (FaultKind::Duplicated, _) => "Another event has the same seq.".to_string(),
        (FaultKind::Unsealed, None) => "The seq is null.".to_string(),
        (FaultKind::Unsealed, Some(_)) => "The hash is null.".to_string(),
    }
}
