//! The search for rows of a table that are not packed.

use crate::Period;
use crate::period::{compare_ends, compare_start_end};

/// The way a row breaks the packing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The row overlaps an earlier row of its key that holds another fact.
    Overlap,
    /// The row overlaps or touches an earlier row of its key that holds the same fact.
    Unpacked,
}

/// The check of a table, fed with its rows ordered by key and, within a key, by start.
#[derive(Clone, Debug)]
pub struct Check<K, F, B> {
    key: Option<K>,
    /// The facts of the key that a later row can still meet, each with the furthest end of its rows.
    open: Vec<(F, Option<B>)>,
}

impl<K: PartialEq, F: PartialEq, B: Ord> Check<K, F, B> {
    /// A check without rows.
    pub fn new() -> Check<K, F, B> {
        Check { key: None, open: Vec::new() }
    }

    /// Takes the next row and returns its fault. A row with both faults is reported as an overlap.
    pub fn add(&mut self, key: K, fact: F, period: Period<B>) -> Option<Fault> {
        if self.key.as_ref() != Some(&key) {
            self.key = Some(key);
            self.open.clear();
        }
        self.open.retain(|(_, end)| compare_start_end(&period.start, end).is_le());

        let same = self.open.iter().position(|(open, _)| *open == fact);
        let overlaps = |(place, (_, end)): (usize, &(F, Option<B>))| {
            Some(place) != same && compare_start_end(&period.start, end).is_lt()
        };
        let fault = if self.open.iter().enumerate().any(overlaps) {
            Some(Fault::Overlap)
        } else {
            same.map(|_| Fault::Unpacked)
        };

        match same {
            Some(place) if compare_ends(&self.open[place].1, &period.end).is_lt() => self.open[place].1 = period.end,
            Some(_) => {}
            None => self.open.push((fact, period.end)),
        }
        fault
    }
}

impl<K: PartialEq, F: PartialEq, B: Ord> Default for Check<K, F, B> {
    fn default() -> Check<K, F, B> {
        Check::new()
    }
}
