//! The ordered check of one chain: it names every fault, at the event where it is.
//!
//! What it holds does not grow with the chain: one place, and the hashes that stand there.

use super::{Anchor, Event, LinkHash, Stored};

/// One thing that is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The seq of the event, or the first that is missing; `None` for an event whose seq is NULL.
    pub seq: Option<i64>,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What can be wrong with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The line does not hash to the stored hash.
    Altered,
    /// The previous hash is not the hash of the event before, or of the anchor, which is the genesis at seq 1; or the
    /// seq is not after the anchor, where no event has a place.
    Unlinked,
    /// A gap.
    Missing {
        /// How many places in a row are empty.
        count: u64,
    },
    /// A second event in the same place.
    Duplicated,
    /// Seq or hash is NULL.
    Unsealed,
}

/// The hashes remembered of one place. An intact event has one, an altered one two. Where somebody has put more events
/// than that into one place, the event after them may be called unlinked as well.
const HASHES_MAX: usize = 64;

/// The check of one chain, fed with its events in the order of their seq; those without one may come at any time.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The place of the anchor.
    start: i64,
    /// The place of the newest event, that of the anchor before the first.
    seq: i64,
    /// What the event at the next place may have as its previous hash: the hashes, stored and computed, of the events
    /// at `seq`. The place of the anchor holds its hash, to which the first event links.
    here: Vec<LinkHash>,
    /// What an event at `seq` may have as its previous hash; empty after a gap, where nobody can judge.
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
    /// `recompute` gives the hash that the line of this event has with another previous hash put in. It is asked,
    /// perhaps several times, only where both line and link are wrong, to tell an edit of the link from one of more. Its
    /// error ends the walk.
    ///
    /// - An event without a hash is unsealed, never altered; its computed hash stands for the stored one.
    /// - One kind of edit gives one fault: the event after an altered one may link to either of its hashes.
    /// - The event after a gap is not blamed for a link that nobody can judge.
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

    /// Moves to the place `seq`, where nothing stands yet.
    fn advance(&mut self, seq: i64) {
        std::mem::swap(&mut self.before, &mut self.here);
        self.here.clear();
        if seq - self.seq > 1 {
            self.before.clear();
        }
        self.seq = seq;
    }

    /// Whether the event links to one before it, or would, were its previous hash what it was when it was sealed.
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
