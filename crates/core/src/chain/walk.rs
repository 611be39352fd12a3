//! The ordered check of one chain: it names every fault, at the event that has the fault.
//!
//! The walk's memory does not grow with the chain: one place, and the hashes at that place; and as much again within a run.

use super::{Anchor, Event, LinkHash, Run, Stored};

/// One fault of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The seq of the event, or the first missing seq, or the first of a run; `None` for an event with a NULL seq.
    pub seq: Option<i64>,
    /// The fault at that place.
    pub kind: FaultKind,
}

/// The possible faults of an event, or of a run.
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
    /// The hash before a run is not the hash of the event before, or of the anchor; or the run has no place after the
    /// anchor.
    RunUnlinked {
        /// The last place of the run.
        last: i64,
    },
    /// A run begins within another one.
    RunDuplicated {
        /// The last place of the run.
        last: i64,
    },
    /// The event is in the place of a run, and does not lead to the last hash of the run: nothing shows that it was there.
    Unproved,
}

/// The maximum number of remembered hashes of one place. An intact event has one, an altered one two. If a place holds
/// more events than that, the walk may also call the event after them unlinked.
const HASHES_MAX: usize = 64;

/// The check of one chain, fed with its events in the order of their seq; events without a seq may come at any time. A run
/// comes where its first event would come, before an event that is there.
///
/// A run takes the place of its events. An event that is there all the same, because somebody has put it back, is checked,
/// too. It counts only if the run vouches for it: if it is the last one of the run, with the same hash, or the events
/// after it lead there one by one. Where there is no such event, nothing of the run is missing.
#[derive(Clone, Debug)]
pub struct Walk {
    /// The place of the anchor.
    start: i64,
    /// What was reached so far. The place of the anchor holds the anchor's hash, which the first event links to.
    reached: Reached,
    /// The newest run, until an event comes after it.
    within: Option<Within>,
}

/// The events in the place of a run, up to the newest one.
#[derive(Clone, Debug)]
struct Within {
    run: Run,
    reached: Reached,
}

/// The newest place, and what events may link to.
#[derive(Clone, Debug)]
struct Reached {
    seq: i64,
    /// The allowed previous hashes of the event at the next place: the hashes, stored and computed, of the events at
    /// `seq`.
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
        Walk { start: anchor.seq(), reached: Reached::new(anchor.seq(), *anchor.hash()), within: None }
    }

    /// Takes the next run and appends its faults to `faults`.
    pub fn run(&mut self, run: &Run, faults: &mut Vec<Fault>) {
        let (first, last) = (run.first(), run.last());
        if self.start < first && first <= self.reached.seq {
            faults.push(Fault { seq: Some(first), kind: FaultKind::RunDuplicated { last } });
            if last <= self.reached.seq {
                return;
            }
        }
        self.end(faults);
        let mut fault = |seq, kind| faults.push(Fault { seq: Some(seq), kind });
        if first <= self.start {
            fault(first, FaultKind::RunUnlinked { last });
            return;
        }
        if first - self.reached.seq > 1 {
            let count = (first - self.reached.seq - 1) as u64;
            fault(self.reached.seq + 1, FaultKind::Missing { count });
        } else if first > self.reached.seq && !self.reached.here.contains(run.before()) {
            fault(first, FaultKind::RunUnlinked { last });
        }
        self.reached = Reached::new(last, *run.through());
        self.within = Some(Within { run: *run, reached: Reached::new(first - 1, *run.before()) });
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
        let Some(seq) = event.seq else {
            faults.push(Fault { seq: None, kind: FaultKind::Unsealed });
            return Ok(());
        };
        let kind = match event.hash {
            Stored::Null => Some(FaultKind::Unsealed),
            Stored::Hash(hash) if hash == event.computed => None,
            Stored::Hash(_) | Stored::Malformed => Some(FaultKind::Altered),
        };
        if seq <= self.start {
            faults.push(Fault { seq: event.seq, kind: kind.unwrap_or(FaultKind::Unlinked) });
            return Ok(());
        }
        let within = self.within.as_mut().filter(|within| seq <= within.run.last());
        let is_within = within.is_some();
        let reached = match within {
            Some(within) => {
                // What is missing here was pruned, and so nothing vouches for the events before the gap.
                if seq - within.reached.seq > 1 {
                    within.name_unproved(faults);
                }
                &mut within.reached
            }
            None => {
                self.end(faults);
                &mut self.reached
            }
        };
        let mut fault = |seq, kind| faults.push(Fault { seq, kind });

        debug_assert!(seq >= reached.seq, "events out of order");
        if seq > reached.seq {
            let count = (seq - reached.seq - 1) as u64;
            if count > 0 && !is_within {
                fault(Some(reached.seq + 1), FaultKind::Missing { count });
            }
            reached.advance(seq);
        } else {
            fault(event.seq, FaultKind::Duplicated);
        }
        if let Some(kind) = kind {
            fault(event.seq, kind);
        }
        if !reached.links(event, recompute)? {
            fault(event.seq, FaultKind::Unlinked);
        }
        reached.remember(event);
        Ok(())
    }

    /// Ends the walk, and appends to `faults` what was still open: whether a run vouches for the events in its place is
    /// known after the last of them.
    pub fn end(&mut self, faults: &mut Vec<Fault>) {
        if let Some(within) = self.within.take() {
            within.name_unproved(faults);
        }
    }
}

impl Within {
    /// Reports the newest event if there is one and the run does not vouch for it.
    fn name_unproved(&self, faults: &mut Vec<Fault>) {
        let Reached { seq, here, .. } = &self.reached;
        let is_proved = *seq == self.run.last() && here.contains(self.run.through());
        if *seq >= self.run.first() && !is_proved {
            faults.push(Fault { seq: Some(*seq), kind: FaultKind::Unproved });
        }
    }
}

impl Reached {
    fn new(seq: i64, hash: LinkHash) -> Reached {
        Reached { seq, here: vec![hash], before: Vec::new() }
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
