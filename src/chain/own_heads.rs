//! The heads that this transaction has made, so that the transaction need not search for them again.
//!
//! Once this transaction has inserted the newest row of an entity, other sessions cannot append to the entity before
//! the transaction ends: they find the row in progress, and wait. So the next row needs neither the lock nor the scan.
//! But the row must have reached the table: ON CONFLICT DO NOTHING may skip a sealed row, and a rollback to a savepoint
//! removes it. PostgreSQL counts inserted and deleted rows for each table and subtransaction. A row has landed if, at
//! the next row, the counters show exactly one more insertion and no deletion. With equal counters the row was skipped.
//! Otherwise all heads are forgotten.

use std::cell::RefCell;
use std::collections::HashMap;

use super::head::Head;
use crate::pg::lock::Key;
use crate::pg::oid::Oid;
use crate::pg::relation::{Counts, Lock, Relation};
use crate::pg::transaction::{Moment, moment};

/// The maximum number of heads; each takes some 150 bytes.
const HEADS_MAX: usize = 50_000;

#[derive(Default)]
struct OwnHeads {
    /// The subtransaction in which the heads are valid.
    moment: Option<Moment>,
    heads: HashMap<Key, Made>,
    pending: Option<Pending>,
}

/// A head, and the stored values of its entity, because two entities may share a key.
struct Made {
    entity: Vec<u8>,
    head: Head,
}

/// A sealed head that has not yet been seen to land.
struct Pending {
    relation: Oid,
    /// The relation's counts when the head was sealed.
    counts: Counts,
    key: Key,
    made: Made,
}

thread_local! {
    static OWN_HEADS: RefCell<OwnHeads> = RefCell::default();
}

/// Settles the row that was sealed last, before the next row of `relation` is sealed. The row has landed or was
/// skipped; if the counters do not tell, all heads are forgotten.
pub fn settle(relation: &Relation) {
    let pending = OWN_HEADS.with_borrow_mut(|own| own.pending.take());
    let landed = pending.map(|pending| {
        let counts = if pending.relation == relation.oid() {
            relation.counts()
        } else {
            Relation::open(pending.relation, Lock::Held).ok().and_then(|relation| relation.counts())
        };
        (counts, pending)
    });
    OWN_HEADS.with_borrow_mut(|own| {
        if own.moment != Some(moment()) {
            *own = OwnHeads { moment: Some(moment()), ..OwnHeads::default() };
            return;
        }
        match landed {
            Some((Some(now), pending)) if now == pending.counts.with_one_more_row() => {
                if own.heads.len() >= HEADS_MAX {
                    own.heads.clear();
                }
                own.heads.insert(pending.key, pending.made);
            }
            // Skipped: the head is still the previous one.
            Some((Some(now), pending)) if now == pending.counts => {}
            Some(_) => own.heads.clear(),
            None => {}
        }
    });
}

/// The head of the entity, if this transaction has made it. Call [`settle`] first.
pub fn head(key: Key, entity: &[u8]) -> Option<Head> {
    OWN_HEADS.with_borrow(|own| own.heads.get(&key).filter(|made| made.entity == entity).map(|made| made.head.clone()))
}

/// Notes that a row to be inserted into `relation` will be the head of its entity.
pub fn expect(relation: &Relation, key: Key, entity: Vec<u8>, head: Head) {
    let counts = relation.counts();
    OWN_HEADS.with_borrow_mut(|own| {
        let made = Made { entity, head };
        own.pending = counts.map(|counts| Pending { relation: relation.oid(), counts, key, made });
    });
}

/// Forgets all heads: unsealed rows were inserted, or a table has changed.
pub fn forget() {
    OWN_HEADS.with_borrow_mut(|own| *own = OwnHeads::default());
}
