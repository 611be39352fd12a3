//! Events against leaves, both in the order of their positions: what differs is a fault.

use super::table::Said;
use super::tiles::{InOrder, Leaf};
use crate::pg::oid::Oid;
use crate::pg::report::Result;
use crate::table::faults::{Faults, Key, Place};

/// The comparison so far.
pub struct Merge<'m, 's> {
    target: Oid,
    leaves: InOrder<'s>,
    next: Option<Leaf>,
    /// An event at the position of the next leaf that is not the one of the leaf. Another one at this position may be.
    pending: Option<Pending>,
    faults: &'m mut Faults,
}

struct Pending {
    position: i64,
    key: Key,
    place: Place,
    detail: String,
}

impl<'m, 's> Merge<'m, 's> {
    /// Begins at the first leaf.
    pub fn new(target: Oid, mut leaves: InOrder<'s>, faults: &'m mut Faults) -> Result<Merge<'m, 's>> {
        let next = leaves.next()?;
        Ok(Merge { target, leaves, next, pending: None, faults })
    }

    /// Compares the next event. `named` gives the values of its entity, and its place.
    pub fn event(&mut self, position: i64, said: Said, named: impl FnOnce() -> (Key, Place)) -> Result<()> {
        self.come_to(position)?;
        let expected = self.next.as_ref().filter(|leaf| leaf.place.position == position).map(|leaf| leaf.hash);
        let Some(expected) = expected else {
            let (key, place) = named();
            self.inserted(key, place);
            return Ok(());
        };
        let detail = match said {
            Said::Leaf(hash) if hash == expected => {
                self.next = self.leaves.next()?;
                if let Some(other) = self.pending.take() {
                    self.inserted(other.key, other.place);
                }
                return Ok(());
            }
            Said::Other(hash) if hash == expected => "The stored hash is not that of the event.".to_string(),
            Said::Leaf(_) => "The checkpoint covers another event at this position.".to_string(),
            Said::Other(_) => {
                "The checkpoint covers another event at this position, and the stored hash is not that of this \
                               one."
                    .to_string()
            }
            Said::Nothing(reason) => format!("The row cannot be hashed: {reason}."),
        };
        let (key, place) = named();
        if self.pending.is_some() {
            self.inserted(key, place);
        } else {
            self.pending = Some(Pending { position, key, place, detail });
        }
        Ok(())
    }

    /// Reports what is left.
    pub fn end(mut self) -> Result<()> {
        self.come_to(i64::MAX)?;
        // At the largest position, which nothing is behind.
        match (self.pending.take(), self.next.take()) {
            (Some(pending), _) => self.rewritten(pending),
            (None, Some(last)) => self.missing(&last),
            (None, None) => {}
        }
        Ok(())
    }

    /// Reports what is before this position.
    fn come_to(&mut self, position: i64) -> Result<()> {
        if let Some(pending) = self.pending.take_if(|pending| pending.position < position) {
            self.rewritten(pending);
            self.next = self.leaves.next()?;
        }
        while let Some(leaf) = self.next.take_if(|leaf| leaf.place.position < position) {
            self.missing(&leaf);
            self.next = self.leaves.next()?;
        }
        Ok(())
    }

    fn rewritten(&mut self, Pending { key, place, detail, .. }: Pending) {
        self.faults.put(self.target, Some(key), place, "rewritten", &detail);
    }

    fn inserted(&mut self, key: Key, place: Place) {
        let detail = "The checkpoint does not cover this event, which stands among those that it covers.";
        self.faults.put(self.target, Some(key), place, "inserted", detail);
    }

    fn missing(&mut self, leaf: &Leaf) {
        if leaf.is_pruned {
            return;
        }
        let (fault, detail) = if leaf.place.is_first {
            ("vanished", "The first event of an entity, which the checkpoint covers, is not there.")
        } else {
            ("cut", "An event that the checkpoint covers is not there.")
        };
        self.faults.put(self.target, None, Place::InOrder(leaf.place.position, None), fault, detail);
    }
}
