//! A run: consecutive events of a chain that were taken out of it together, and the hashes on both sides.

use super::LinkHash;

/// Consecutive events of one chain that were pruned: one edge of the chain, from the hash before its first event to the
/// hash of its last one.
///
/// The last hash fixes every event of the run, because each event's line has the hash of the event before. So events that
/// were kept elsewhere can be proved later, and a run needs no other digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    first: i64,
    last: i64,
    before: LinkHash,
    through: LinkHash,
}

impl Run {
    /// The run of the events from `first` to `last`: `before` is the previous hash of the first one, `through` the hash of
    /// the last one. `None` for places where no run can be.
    pub fn new((first, last): (i64, i64), before: LinkHash, through: LinkHash) -> Option<Run> {
        (1 <= first && first <= last).then_some(Run { first, last, before, through })
    }

    /// The place of the first event: 1 or more.
    pub fn first(&self) -> i64 {
        self.first
    }

    /// The place of the last event.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The hash of the event before the first one; the genesis for a run that begins with the chain.
    pub fn before(&self) -> &LinkHash {
        &self.before
    }

    /// The hash of the last event.
    pub fn through(&self) -> &LinkHash {
        &self.through
    }
}
