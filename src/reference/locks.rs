//! The locks between those who refer to a key and those who change its rows: docs/design/reference.md proves that they suffice.
//!
//! Both take the lock before they read the other table, and keep it to the end of the transaction: a referrer shared, a
//! changer exclusive. So one of the two reads what the other has committed. Above a transaction's fair share of the lock table,
//! a lock on all keys replaces those of the keys; all others hold an intention on it, in the modes of PostgreSQL's own tables.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::transaction;

#[derive(Default)]
struct Held {
    transaction: transaction::Transaction,
    /// The keys that this transaction has locked, in whatever mode.
    keys: BTreeSet<Key>,
}

thread_local! {
    static HELD: RefCell<Held> = RefCell::default();
}

fn whole(parent: Oid) -> Key {
    Key { kind: Kind::ReferencedTable, relation: parent, hash: 0 }
}

/// Locks these keys of a table that is referred to.
pub fn take(parent: Oid, keys: &BTreeSet<Key>, mode: Mode) {
    let is_whole = |mode| lock::is_held_as(whole(parent), mode);
    if keys.is_empty() || is_whole(Mode::Exclusive) || is_whole(mode) {
        return;
    }
    let is_held = |key: &&Key| lock::is_held_as(**key, mode) || lock::is_held_as(**key, Mode::Exclusive);
    let missing: Vec<Key> = keys.iter().filter(|key| !is_held(key)).copied().collect();
    // The locks outlive a savepoint's rollback, and so does this note of them.
    let count = HELD.with_borrow_mut(|held| {
        if held.transaction != transaction::transaction() {
            *held = Held { transaction: transaction::transaction(), keys: BTreeSet::new() };
        }
        held.keys.len()
    });
    if count + missing.len() > lock::fair_share() {
        lock::acquire(whole(parent), mode, true);
        return;
    }
    let intention = if mode == Mode::Shared { Mode::SharesParts } else { Mode::ExcludesParts };
    if !is_whole(intention) {
        lock::acquire(whole(parent), intention, true);
    }
    // A set is sorted: two statements never take two keys crosswise.
    for key in missing {
        lock::acquire(key, mode, true);
        HELD.with_borrow_mut(|held| held.keys.insert(key));
    }
}

/// Locks all keys of a table that is referred to.
pub fn take_whole(parent: Oid) {
    if !lock::is_held_as(whole(parent), Mode::Exclusive) {
        lock::acquire(whole(parent), Mode::Exclusive, true);
    }
}
