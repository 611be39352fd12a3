//! What verification says: a row for each fault, and one sentence at the end.

use veritable_core::chain::{Fault, FaultKind, LinkHash};

use crate::pg::oid::Oid;
use crate::pg::report::number;
use crate::pg::result::{Cell, Rows};

/// What verification has found so far.
pub struct Verdict {
    rows: Rows,
    faults: u64,
    /// How many events were read.
    pub events: u64,
    /// In how many chains.
    pub chains: u64,
    /// Of how many tables.
    pub tables: u64,
}

impl Verdict {
    /// Nothing yet. Faults become `rows` of the answer.
    pub fn new(rows: Rows) -> Verdict {
        Verdict { rows, faults: 0, events: 0, chains: 0, tables: 0 }
    }

    /// Something is wrong with the triggers of a table.
    pub fn unguarded(&mut self, chain: Oid, problem: String) {
        self.put(chain, None, None, "unguarded", problem);
    }

    /// A table, or the rest of it, cannot be read.
    pub fn unread(&mut self, chain: Oid, reason: String) {
        self.put(chain, None, None, "unread", reason);
    }

    /// A chain is broken, and no event of it can be named.
    pub fn broken(&mut self, chain: Oid, entity: Option<Vec<Option<String>>>, detail: String) {
        self.put(chain, entity, None, "broken", detail);
    }

    /// An event is not what was sealed, by what `detail` says.
    pub fn altered(&mut self, chain: Oid, entity: &[Option<String>], seq: Option<i64>, detail: String) {
        self.put(chain, Some(entity.to_vec()), seq, "altered", detail);
    }

    /// Something is wrong with an event, whose line hashes to `computed` now.
    pub fn fault(&mut self, chain: Oid, entity: &[Option<String>], fault: &Fault, computed: &LinkHash) {
        self.put(chain, Some(entity.to_vec()), fault.seq, name(&fault.kind), explain(fault, computed));
    }

    /// The recorded time of an event is none, or none that could be.
    pub fn backdated(&mut self, chain: Oid, entity: Vec<Option<String>>, seq: i64, detail: &str) {
        self.put(chain, Some(entity), Some(seq), "backdated", detail.to_string());
    }

    fn put(&mut self, chain: Oid, entity: Option<Vec<Option<String>>>, seq: Option<i64>, fault: &str, detail: String) {
        self.faults += 1;
        self.rows.put([Cell::from(chain), Cell::from(entity), Cell::from(seq), Cell::from(fault), Cell::from(detail)]);
    }

    /// How many events and faults it speaks of.
    pub fn found(&self) -> u64 {
        self.events + self.faults
    }

    /// The sentence at the end.
    pub fn summary(&self) -> String {
        let faults = if self.faults == 0 { String::new() } else { format!(", {}", number(self.faults, "fault")) };
        format!(
            "verified {} in {} of {}{faults}",
            number(self.events, "event"),
            number(self.chains, "chain"),
            number(self.tables, "table")
        )
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
