//! The place where the check of a chain begins.

use super::LinkHash;

/// A place in a chain with a known hash, which the first checked event has to link to.
///
/// The check skips the events up to the anchor. If such an event is present all the same, it has no place in the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The place: 0 or more.
    seq: i64,
    hash: LinkHash,
}

impl Anchor {
    /// The beginning of a chain: place 0, where the hash of the configuration stands.
    pub fn genesis(hash: LinkHash) -> Anchor {
        Anchor { seq: 0, hash }
    }

    /// The event at `seq` with its known hash; `None` for a seq below 1, where no event has its place.
    pub fn event(seq: i64, hash: LinkHash) -> Option<Anchor> {
        (seq >= 1).then_some(Anchor { seq, hash })
    }

    /// The place: 0 for the genesis.
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The hash that the next event links to.
    pub fn hash(&self) -> &LinkHash {
        &self.hash
    }
}
