//! The heads that this transaction has made, so that the transaction need not search for them again; and where it last found
//! the heads of other entities.
//!
//! Once this transaction has inserted the newest row of an entity, other sessions cannot append to the entity before
//! the transaction ends: they find the row in progress, and wait. So the next row needs neither the lock nor the scan.
//! But the row must have reached the table: ON CONFLICT DO NOTHING may skip a sealed row, and a rollback to a savepoint
//! removes it. PostgreSQL counts inserted and deleted rows for each table and subtransaction. A row has landed if, at
//! the next row, the counters show exactly one more insertion and no deletion. With equal counters the row was skipped.
//! Otherwise all heads are forgotten.
//!
//! A head is one in its *epoch* alone: another subtransaction, or any doubt, begins a new one. What is left of an entry then
//! is a hint: the seq at which a scan of the index begins, without which it reads a page of old entries. A hint may be wrong: if
//! it is too high, the scan finds no row, and a scan without it follows.
//!
//! There is one entry for each lock key of a chain, whatever the image: of two entities with one key, or two images of one
//! entity (numeric 1 and 1.0), only the last is remembered.

use std::cell::{OnceCell, RefCell};
use std::hash::{BuildHasher, RandomState};

use veritable_core::chain::LinkHash;

use super::head::Head;
use super::remembered::{Entry, Remembered};
use crate::pg::lock::Key;
use crate::pg::memory;
use crate::pg::oid::Oid;
use crate::pg::relation::{Counts, Lock, Relation};
use crate::pg::transaction::{Moment, at_each_end, moment};

/// The share of `work_mem` that the memory may take: entries have 72 bytes, so that the default has room for 230,000.
const SHARES: usize = 4;
/// The memory in bytes that stays from one transaction to the next: 58,000 entries.
const KEPT: usize = 4 << 20;
/// Stands for no recorded time: the time "-infinity", after which any time is.
const NO_TIME: i64 = i64::MIN;

/// What this transaction knows of the pointer of an entity whose head it has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointing {
    /// Nothing.
    Unknown,
    /// The next event may be in any leaf.
    Anywhere,
    /// The next event may be in this leaf.
    At(Oid),
}

/// The two hashes by which an entity is remembered.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    key: u64,
    image: u64,
}

#[derive(Default)]
struct OwnHeads {
    /// The subtransaction in which the heads of this epoch are valid.
    moment: Option<Moment>,
    epoch: u32,
    entries: Remembered,
    pending: Option<Pending>,
}

/// A sealed head that has not yet been seen to land.
struct Pending {
    relation: Oid,
    /// The relation's counts when the head was sealed.
    counts: Option<Counts>,
    key: u64,
    entry: Entry,
}

thread_local! {
    static OWN_HEADS: RefCell<OwnHeads> = RefCell::default();
    /// The keys of the hashes: nobody can know which entities share an entry.
    static HASHER: OnceCell<RandomState> = const { OnceCell::new() };
}

/// Settles the row that was sealed last, before the next row of `relation` is sealed. The row has landed or was
/// skipped; if the counters do not tell, all heads are forgotten.
pub fn settle(relation: &Relation) {
    let pending = OWN_HEADS.with_borrow_mut(|own| own.pending.take());
    let is_same = OWN_HEADS.with_borrow(|own| own.moment == Some(moment()));
    let landed = pending.map(|pending| {
        let counts = if !is_same {
            None
        } else if pending.relation == relation.oid() {
            relation.counts()
        } else {
            Relation::open(pending.relation, Lock::Held).ok().and_then(|relation| relation.counts())
        };
        (counts, pending)
    });
    OWN_HEADS.with_borrow_mut(|own| {
        if !is_same {
            own.begin_epoch();
            own.moment = Some(moment());
            if let Some((_, pending)) = landed {
                own.put(pending.key, Entry { epoch: own.epoch.wrapping_sub(1), ..pending.entry });
            }
            return;
        }
        match landed {
            Some((Some(now), pending)) if pending.counts.map(Counts::with_one_more_row) == Some(now) => {
                own.put(pending.key, Entry { epoch: own.epoch, ..pending.entry });
            }
            // Skipped: the head is still the previous one.
            Some((Some(now), pending)) if pending.counts == Some(now) => {}
            Some((_, pending)) => {
                own.begin_epoch();
                own.put(pending.key, Entry { epoch: own.epoch.wrapping_sub(1), ..pending.entry });
            }
            None => {}
        }
    });
}

/// The head of the entity, if this transaction has made it, and what is known of the entity's pointer. Call [`settle`] first.
pub fn head(name: Name) -> Option<(Head, Pointing)> {
    OWN_HEADS.with_borrow_mut(|own| {
        let epoch = own.epoch;
        let entry = own.entries.find(name.key).filter(|entry| entry.epoch == epoch && entry.image == name.image)?;
        Some((entry.head()?, Pointing::of(entry.leaf)))
    })
}

/// The seq at which a search for the newest event of the entity may begin.
pub fn hint(name: Name) -> Option<i64> {
    OWN_HEADS.with_borrow_mut(|own| own.entries.find(name.key).map(|entry| entry.seq))
}

/// Notes that a row to be inserted into `relation` will be the head of its entity. `pointing` is what is known of the entity's
/// pointer once it is; what was known before is forgotten, because the pointer may have changed for a row that will be skipped.
pub fn expect(relation: &Relation, name: Name, head: &Head, pointing: Pointing) {
    let entry = Entry {
        image: name.image,
        seq: head.seq,
        recorded: head.recorded.unwrap_or(NO_TIME),
        hash: *head.hash.as_bytes(),
        epoch: 0,
        leaf: pointing.number(),
    };
    let counts = relation.counts();
    OWN_HEADS.with_borrow_mut(|own| {
        if pointing != Pointing::Unknown
            && let Some(former) = own.entries.find(name.key)
        {
            former.leaf = Pointing::Unknown.number();
        }
        own.pending = Some(Pending { relation: relation.oid(), counts, key: name.key, entry });
    });
}

/// Forgets all heads: unsealed rows were inserted, or a table has changed.
pub fn forget() {
    OWN_HEADS.with_borrow_mut(|own| {
        own.begin_epoch();
        own.moment = None;
        own.pending = None;
    });
}

impl Name {
    /// The name of the entity with this lock key and these stored bytes.
    pub fn of(key: Key, entity: &[u8]) -> Name {
        HASHER.with(|hasher| {
            let hasher = hasher.get_or_init(|| {
                at_each_end(shrink);
                RandomState::new()
            });
            let root = u32::from(key.relation);
            Name { key: hasher.hash_one((root, key.hash)).max(1), image: hasher.hash_one((root, entity)) }
        })
    }
}

/// Gives memory back that only the ended transaction needed.
fn shrink() {
    OWN_HEADS.with(|own| {
        if let Ok(mut own) = own.try_borrow_mut()
            && own.entries.bytes() > KEPT
        {
            own.entries = Remembered::default();
        }
    });
}

impl OwnHeads {
    fn begin_epoch(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        if self.epoch == 0 {
            // An entry of the epoch with this number, long ago, must not count.
            self.entries = Remembered::default();
        }
    }

    fn put(&mut self, key: u64, entry: Entry) {
        self.entries.put(key, entry, self.epoch, memory::share().saturating_mul(SHARES));
    }
}

impl Entry {
    fn head(&self) -> Option<Head> {
        let hash = LinkHash::from_bytes(&self.hash)?;
        Some(Head { seq: self.seq, hash, recorded: (self.recorded != NO_TIME).then_some(self.recorded) })
    }
}

impl Pointing {
    fn number(self) -> u32 {
        match self {
            Pointing::Unknown => 0,
            Pointing::Anywhere => u32::MAX,
            Pointing::At(leaf) => u32::from(leaf),
        }
    }

    fn of(number: u32) -> Pointing {
        match number {
            0 => Pointing::Unknown,
            u32::MAX => Pointing::Anywhere,
            leaf => Pointing::At(Oid::from(leaf)),
        }
    }
}
