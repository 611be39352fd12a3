//! The generation of pointers that this subtransaction has read last, and the leaves for which that is enough.
//!
//! A transaction that has made the head of an entity, and has read the generation since it locked the partition of the next event,
//! may write pointers of that generation. One that begins later finds the partition locked, and needs no pointers to it.
//! `docs/design/partitions.md` proves it.

use std::cell::RefCell;

use crate::pg::oid::Oid;
use crate::pg::transaction::{Moment, moment};

/// The most leaves that are remembered.
const LEAVES_MAX: usize = 64;

struct Read {
    root: Oid,
    /// The subtransaction, whose end may release locks.
    moment: Moment,
    generation: i64,
    leaves: Vec<Oid>,
}

thread_local! {
    static READ: RefCell<Option<Read>> = const { RefCell::new(None) };
}

/// The generation of the chain in `root`, if this subtransaction has read it while it had a lock on the leaf.
pub fn of(root: Oid, leaf: Oid) -> Option<i64> {
    READ.with_borrow(|read| {
        let read = read.as_ref().filter(|read| read.is_of(root) && read.leaves.contains(&leaf))?;
        Some(read.generation)
    })
}

/// Notes that the generation was read. The transaction has a lock on the leaf.
pub fn note(root: Oid, generation: i64, leaf: Oid) {
    READ.with_borrow_mut(|read| match read {
        Some(read) if read.is_of(root) && read.generation == generation && read.leaves.contains(&leaf) => {}
        Some(read) if read.is_of(root) && read.generation == generation && read.leaves.len() < LEAVES_MAX => {
            read.leaves.push(leaf);
        }
        _ => *read = Some(Read { root, moment: moment(), generation, leaves: vec![leaf] }),
    });
}

/// Forgets what was read.
pub fn forget() {
    READ.take();
}

impl Read {
    fn is_of(&self, root: Oid) -> bool {
        self.root == root && self.moment == moment()
    }
}
