//! The output of verification: a row for each fault, and a closing sentence.

use super::feature::Feature;
use crate::pg::oid::Oid;
use crate::pg::report::number;
use crate::pg::result::{Cell, Rows};

/// The findings of verification so far.
pub struct Faults {
    rows: Rows,
    count: u64,
    /// The number of tables that were verified or could not be.
    pub tables: u64,
}

/// The values of an entity or a key, as text.
pub type Key = Vec<Option<String>>;

impl Faults {
    /// An empty collection. Faults become `rows` of the answer: target, key, place under the key, fault, detail.
    pub fn new(rows: Rows) -> Faults {
        Faults { rows, count: 0, tables: 0 }
    }

    /// Reports a fault.
    pub fn put(&mut self, target: Oid, key: Option<Key>, place: Cell, fault: &str, detail: &str) {
        self.count += 1;
        self.rows.put([Cell::from(target), Cell::from(key), place, Cell::from(fault), Cell::from(detail.to_string())]);
    }

    /// Reports a problem with the guards of a table.
    pub fn unguarded(&mut self, target: Oid, problem: &str) {
        self.put(target, None, Cell::from(None::<String>), "unguarded", problem);
    }

    /// Reports triggers that do not fit their table.
    pub fn misconfigured(&mut self, target: Oid, feature: &Feature, problem: &str) {
        self.unguarded(target, &format!("The {} cannot be read: {problem}.", feature.name));
    }

    /// Reports a table that cannot be read, in full or in part.
    pub fn unread(&mut self, target: Oid, reason: &str) {
        self.put(target, None, Cell::from(None::<String>), "unread", reason);
    }

    /// The number of faults.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The closing sentence about `verified`, such as "3 events in 2 chains".
    pub fn summary(&self, verified: &str) -> String {
        let faults = if self.count == 0 { String::new() } else { format!(", {}", number(self.count, "fault")) };
        format!("verified {verified} of {}{faults}", number(self.tables, "table"))
    }
}
