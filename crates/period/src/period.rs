//! A half-open range of time, or of any ordered values.

use std::cmp::Ordering;

/// A range from `start` up to, but not including, `end`. A period is never empty: its start lies before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Period<B> {
    /// The first instant; `None` for an unbounded start.
    pub start: Option<B>,
    /// The first instant after the period; `None` for an unbounded end.
    pub end: Option<B>,
}

impl<B: Ord> Period<B> {
    /// Whether the two overlap or are adjacent, so that their union is a period.
    pub fn touches(&self, other: &Period<B>) -> bool {
        compare_start_end(&self.start, &other.end).is_le() && compare_start_end(&other.start, &self.end).is_le()
    }

    /// Whether the two have an instant in common.
    pub fn overlaps(&self, other: &Period<B>) -> bool {
        compare_start_end(&self.start, &other.end).is_lt() && compare_start_end(&other.start, &self.end).is_lt()
    }

    /// Whether every instant of `other` is in this period.
    pub fn contains(&self, other: &Period<B>) -> bool {
        self.cmp_start(other).is_le() && compare_ends(&other.end, &self.end).is_le()
    }

    /// The order of the starts, an unbounded one first.
    pub fn cmp_start(&self, other: &Period<B>) -> Ordering {
        // `None` sorts before every bound, as an unbounded start does.
        self.start.cmp(&other.start)
    }

    /// Extends this period to the union with a period that touches it.
    pub fn extend(&mut self, other: Period<B>) {
        debug_assert!(self.touches(&other), "the union of periods that do not touch is no period");
        if other.cmp_start(self).is_lt() {
            self.start = other.start;
        }
        if compare_ends(&other.end, &self.end).is_gt() {
            self.end = other.end;
        }
    }

    /// What this period has in common with a period that overlaps it.
    pub fn common(&self, other: &Period<B>) -> Period<B>
    where
        B: Clone,
    {
        debug_assert!(self.overlaps(other), "periods that do not overlap have nothing in common");
        Period {
            start: if self.cmp_start(other).is_lt() { &other.start } else { &self.start }.clone(),
            end: if compare_ends(&self.end, &other.end).is_gt() { &other.end } else { &self.end }.clone(),
        }
    }

    /// The parts of this period before and after `hole`.
    pub fn without(&self, hole: &Period<B>) -> (Option<Period<B>>, Option<Period<B>>)
    where
        B: Clone,
    {
        let before = (self.start < hole.start).then(|| Period {
            start: self.start.clone(),
            end: if compare_ends(&self.end, &hole.start).is_lt() { &self.end } else { &hole.start }.clone(),
        });
        let after = compare_ends(&self.end, &hole.end).is_gt().then(|| Period {
            start: if self.start > hole.end { &self.start } else { &hole.end }.clone(),
            end: self.end.clone(),
        });
        (before, after)
    }
}

/// PostgreSQL's order of ranges: by start, then by end.
impl<B: Ord> Ord for Period<B> {
    fn cmp(&self, other: &Period<B>) -> Ordering {
        self.cmp_start(other).then_with(|| compare_ends(&self.end, &other.end))
    }
}

impl<B: Ord> PartialOrd for Period<B> {
    fn partial_cmp(&self, other: &Period<B>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of two ends, an unbounded one last.
pub(super) fn compare_ends<B: Ord>(end: &Option<B>, other: &Option<B>) -> Ordering {
    match (end, other) {
        (Some(end), Some(other)) => end.cmp(other),
        (end, other) => end.is_none().cmp(&other.is_none()),
    }
}

/// The order of a start and an end; if either is unbounded, the start is first.
pub(super) fn compare_start_end<B: Ord>(start: &Option<B>, end: &Option<B>) -> Ordering {
    match (start, end) {
        (Some(start), Some(end)) => start.cmp(end),
        _ => Ordering::Less,
    }
}
