//! The faults of events and chains, in words.

use veritable_core::chain::{Fault, FaultKind, LinkHash};

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

    /// Reports the fault of an event, whose line now hashes to `computed`.
    pub fn fault(&mut self, target: Oid, entity: &[Option<String>], fault: &Fault, computed: &LinkHash) {
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
        FaultKind::Unlinked => "unlinked",
        FaultKind::Missing { .. } => "missing",
        FaultKind::Duplicated => "duplicated",
        FaultKind::Unsealed => "unsealed",
    }
}

fn explain(fault: &Fault, computed: &LinkHash) -> String {
    match (fault.kind, fault.seq) {
        (FaultKind::Altered, _) => format!("The row hashes to {computed}, which is not its stored hash."),
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
