//! The ordered check of one chain: it names every fault, at the event that has the fault.
//!
//! The walk's memory does not grow with the chain: one place, and the hashes at that place.

use super::{Anchor, Event, LinkHash, Stored};

/// One fault of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The seq of the event, or the first missing seq; `None` for an event with a NULL seq.
    pub seq: Option<i64>,
    /// The fault at that place.
    pub kind: FaultKind,
}

/// The possible faults of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The hash of the line is not the stored hash.
    Altered,
    /// The previous hash is not the hash of the event before, or of the anchor, which is the genesis at seq 1; or the
    /// seq is not after the anchor, so that the event has no place.
    Unlinked,
    /// A gap.
    Missing {
        /// The number of consecutive empty places.
        count: u64,
    },
    /// A second event in the same place.
    Duplicated,
    /// Seq or hash is NULL.
    Unsealed,
}

/// The maximum number of remembered hashes of one place. An intact event has one, an altered one two. If a place holds
/// more events than that, the walk may also call the event after them unlinked.
const HASHES_MAX: usize = 64;

/// The check of one chain, fed with its events in the order of their seq; events without a seq may come at any time.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The place of the anchor.
    start: i64,
    /// The place of the newest event; the place of the anchor before the first event.
    seq: i64,
    /// The allowed previous hashes of the event at the next place: the hashes, stored and computed, of the events at
    /// `seq`. The place of the anchor holds the anchor's hash, which the first event links to.
    here: Vec<LinkHash>,
    /// The allowed previous hashes of an event at `seq`; empty after a gap, where the link cannot be judged.
    before: Vec<LinkHash>,
}

impl Walk {
    /// A walk of a chain whose first event links to `genesis`.
    pub fn new(genesis: LinkHash) -> Walk {
        Walk::after(&Anchor::genesis(genesis))
    }

    /// A walk of the events after the anchor.
    pub fn after(anchor: &Anchor) -> Walk {
        Walk { start: anchor.seq(), seq: anchor.seq(), here: vec![*anchor.hash()], before: Vec::new() }
    }

    /// Takes the next event and appends its faults to `faults`.
    ///
    /// `recompute` gives the hash of the event's line with another previous hash in it. The walk calls `recompute`,
    /// perhaps several times, only if both line and link are wrong, to tell an edit of the link from an edit of more.
    /// An error of `recompute` ends the walk.
    ///
    /// - An event without a hash is unsealed, never altered; its computed hash stands for the stored one.
    /// - One edit gives one fault: the event after an altered one may link to either of the altered event's hashes.
    /// - The event after a gap is not blamed for a link that cannot be judged.
    pub fn step<E>(
        &mut self,
        event: &Event,
        recompute: impl FnMut(LinkHash) -> Result<LinkHash, E>,
        faults: &mut Vec<Fault>,
    ) -> Result<(), E> {
        let mut fault = |seq, kind| faults.push(Fault { seq, kind });

        let Some(seq) = event.seq else {
            fault(None, FaultKind::Unsealed);
            return Ok(());
        };
        let kind = match event.hash {
            Stored::Null => Some(FaultKind::Unsealed),
            Stored::Hash(hash) if hash == event.computed => None,
            Stored::Hash(_) | Stored::Malformed => Some(FaultKind::Altered),
        };
        if seq <= self.start {
            fault(event.seq, kind.unwrap_or(FaultKind::Unlinked));
            return Ok(());
        }

        debug_assert!(seq >= self.seq, "events out of order");
        if seq > self.seq {
            let count = (seq - self.seq - 1) as u64;
            if count > 0 {
                fault(Some(self.seq + 1), FaultKind::Missing { count });
            }
            self.advance(seq);
        } else {
            fault(event.seq, FaultKind::Duplicated);
        }
        if let Some(kind) = kind {
            fault(event.seq, kind);
        }
        if !self.links(event, recompute)? {
            fault(event.seq, FaultKind::Unlinked);
        }
        self.remember(event);
        Ok(())
    }

    /// Moves to the place `seq`, which has no event yet.
    fn advance(&mut self, seq: i64) {
        std::mem::swap(&mut self.before, &mut self.here);
        self.here.clear();
        if seq - self.seq > 1 {
            self.before.clear();
        }
        self.seq = seq;
    }

    /// Whether the event links to one before it, or did so with the previous hash that it had when it was sealed.
    fn links<E>(&self, event: &Event, mut recompute: impl FnMut(LinkHash) -> Result<LinkHash, E>) -> Result<bool, E> {
        if self.before.is_empty() || self.before.iter().any(|before| event.previous == Stored::Hash(*before)) {
            return Ok(true);
        }
        let Stored::Hash(hash) = event.hash else {
            return Ok(false);
        };
        if hash == event.computed {
            return Ok(false);
        }
        for before in &self.before {
            if hash == recompute(*before)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn remember(&mut self, event: &Event) {
        let stored = match event.hash {
            Stored::Hash(hash) => Some(hash),
            Stored::Null | Stored::Malformed => None,
        };
        for hash in stored.into_iter().chain([event.computed]) {
            if self.here.len() < HASHES_MAX && !self.here.contains(&hash) {
                self.here.push(hash);
            }
        }
    }
}
