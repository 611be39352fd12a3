//! The heads that this transaction has made itself, so that it need not look for them again.
//!
//! Once a row of this transaction is the newest of its entity, nobody else can append to that entity before the
//! transaction ends: they find the row in progress, and wait. So neither the lock nor the scan is needed for the
//! next one. What must be certain is that the row has reached the table: a sealed row may be skipped afterwards by
//! ON CONFLICT DO NOTHING, or go with its savepoint. PostgreSQL counts, for each table and subtransaction, the rows
//! that it has inserted and deleted: a row has landed if, when the next one comes, just one more was inserted there,
//! and none deleted. Whatever else the counters say, everything here is forgotten, and heads are looked for as ever.

use std::cell::RefCell;
use std::collections::HashMap;

use super::head::Head;
use crate::pg::lock::Key;
use crate::pg::oid::Oid;
use crate::pg::relation::{Counts, Lock, Relation};
use crate::pg::transaction::{Moment, moment};

/// More heads than this are not kept; each takes some 150 bytes.
const HEADS_MAX: usize = 50_000;

#[derive(Default)]
struct OwnHeads {
    /// The subtransaction in which all this holds.
    moment: Option<Moment>,
    heads: HashMap<Key, Made>,
    pending: Option<Pending>,
}

/// A head, and the values of its entity as stored: two entities may share a key.
struct Made {
    entity: Vec<u8>,
    head: Head,
}

/// A head that was sealed, and has not been seen to land.
struct Pending {
    relation: Oid,
    /// The relation's counts when it was sealed.
    counts: Counts,
    key: Key,
    made: Made,
}

thread_local! {
    static OWN_HEADS: RefCell<OwnHeads> = RefCell::default();
}

/// Finds out what has become of the row that was sealed last, before the next one comes into `relation`: it has landed, it
/// was skipped, or nobody knows, and then everything is forgotten.
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
            // Skipped: the head is still the one before it.
            Some((Some(now), pending)) if now == pending.counts => {}
            Some(_) => own.heads.clear(),
            None => {}
        }
    });
}

/// The head of the entity, if this transaction has made it. What was sealed last is [settled](settle).
pub fn head(key: Key, entity: &[u8]) -> Option<Head> {
    OWN_HEADS.with_borrow(|own| own.heads.get(&key).filter(|made| made.entity == entity).map(|made| made.head.clone()))
}

/// A row that is about to go into `relation` will be the head of its entity.
pub fn expect(relation: &Relation, key: Key, entity: Vec<u8>, head: Head) {
    let counts = relation.counts();
    OWN_HEADS.with_borrow_mut(|own| {
        let made = Made { entity, head };
        own.pending = counts.map(|counts| Pending { relation: relation.oid(), counts, key, made });
    });
}

/// Forgets everything: rows have come otherwise than by being sealed, or tables have changed.
pub fn forget() {
    OWN_HEADS.with_borrow_mut(|own| *own = OwnHeads::default());
}
