//! The search for rows that become one row, and the choice of the row that stays.

use crate::Period;

/// Rows of one fact with periods that touch one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Island<B, R> {
    /// The union of the rows' periods.
    pub period: Period<B>,
    /// The row that stays, with the union as its period.
    pub survivor: R,
    /// Whether the survivor's own period differs from the union.
    pub widened: bool,
    /// The rows that go, in the order of arrival.
    pub absorbed: Vec<R>,
}

/// The search for islands, fed with rows ordered by fact and, within a fact, by start.
///
/// A fact is all that must be equal for rows to become one: the key and the value. The row that stays is the existing
/// row with the earliest start, so that references to it stay valid; if no row existed, the row that starts first.
#[derive(Clone, Debug)]
pub struct Islands<F, B, R> {
    open: Option<Open<F, B, R>>,
}

/// The island that the next row may join.
#[derive(Clone, Debug)]
struct Open<F, B, R> {
    fact: F,
    existing: bool,
    island: Island<B, R>,
}

impl<F: PartialEq, B: Ord, R> Islands<F, B, R> {
    /// A search without rows.
    pub fn new() -> Islands<F, B, R> {
        Islands { open: None }
    }

    /// Takes the next row. Returns the island that ends before the row, if the island has more than one row.
    ///
    /// `existing` tells that the row existed before; other rows are new.
    pub fn add(&mut self, fact: F, period: Period<B>, row: R, existing: bool) -> Option<Island<B, R>> {
        match &mut self.open {
            Some(open) if open.fact == fact && open.island.period.touches(&period) => {
                open.add(period, row, existing);
                None
            }
            open => {
                let island = Island { period, survivor: row, widened: false, absorbed: Vec::new() };
                open.replace(Open { fact, existing, island }).and_then(Open::close)
            }
        }
    }

    /// Returns the last island, if the island has more than one row.
    pub fn finish(self) -> Option<Island<B, R>> {
        self.open.and_then(Open::close)
    }
}

impl<F: PartialEq, B: Ord, R> Default for Islands<F, B, R> {
    fn default() -> Islands<F, B, R> {
        Islands::new()
    }
}

impl<F, B: Ord, R> Open<F, B, R> {
    fn add(&mut self, period: Period<B>, row: R, existing: bool) {
        let island = &mut self.island;
        debug_assert!(island.period.cmp_start(&period).is_le(), "rows out of order");
        if existing && !self.existing {
            // At most once in an island: all rows so far were new.
            self.existing = true;
            island.widened = !period.contains(&island.period);
            island.absorbed.insert(0, std::mem::replace(&mut island.survivor, row));
        } else {
            island.widened |= !island.period.contains(&period);
            island.absorbed.push(row);
        }
        island.period.extend(period);
    }

    fn close(self) -> Option<Island<B, R>> {
        (!self.island.absorbed.is_empty()).then_some(self.island)
    }
}
