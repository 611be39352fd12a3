//! What verification says: a row for each fault, and one sentence at the end.

use super::feature::Feature;
use crate::pg::oid::Oid;
use crate::pg::report::number;
use crate::pg::result::{Cell, Rows};

/// What verification has found so far.
pub struct Faults {
    rows: Rows,
    count: u64,
    /// How many tables were verified, or could not be.
    pub tables: u64,
}

/// The values of an entity or a key, as text.
pub type Key = Vec<Option<String>>;

impl Faults {
    /// Nothing yet. Faults become `rows` of the answer: target, key, place under the key, fault, detail.
    pub fn new(rows: Rows) -> Faults {
        Faults { rows, count: 0, tables: 0 }
    }

    /// One more fault.
    pub fn put(&mut self, target: Oid, key: Option<Key>, place: Cell, fault: &str, detail: &str) {
        self.count += 1;
        self.rows.put([Cell::from(target), Cell::from(key), place, Cell::from(fault), Cell::from(detail.to_string())]);
    }

    /// Something is wrong with what guards a table.
    pub fn unguarded(&mut self, target: Oid, problem: &str) {
        self.put(target, None, Cell::from(None::<String>), "unguarded", problem);
    }

    /// The triggers of a table do not fit it.
    pub fn misconfigured(&mut self, target: Oid, feature: &Feature, problem: &str) {
        self.unguarded(target, &format!("The {} cannot be read: {problem}.", feature.name));
    }

    /// A table, or the rest of it, cannot be read.
    pub fn unread(&mut self, target: Oid, reason: &str) {
        self.put(target, None, Cell::from(None::<String>), "unread", reason);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The sentence at the end, about what was verified: "3 events in 2 chains".
    pub fn summary(&self, verified: &str) -> String {
        let faults = if self.count == 0 { String::new() } else { format!(", {}", number(self.count, "fault")) };
        format!("verified {verified} of {}{faults}", number(self.tables, "table"))
    }
}
