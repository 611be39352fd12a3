//! Key locks: a transaction holds a key's lock from the lookup for neighbours to its end, so that the next lookup sees
//! the transaction's work committed or rolled back.
//!
//! The lock is taken before the first row of a statement is inserted, and at the latest before the lookup. It is taken
//! early to avoid deadlocks: a row that is already in the table can make other transactions wait for this one. At the
//! lookup, a statement locks all its keys in one order. Above a transaction's fair share of the lock table, one lock on
//! the whole packing replaces the key locks; all other transactions share that lock.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::transaction;

#[derive(Default)]
struct Turns {
    transaction: transaction::Transaction,
    /// The keys whose locks this transaction holds, and whether a statement has looked under the key.
    keys: BTreeMap<Key, bool>,
}

thread_local! {
    static TURNS: RefCell<Turns> = RefCell::default();
}

/// The locks of one statement.
pub struct Turn {
    relation: Oid,
    /// Whether no earlier statement has looked under any of the statement's keys.
    releasable: bool,
    /// The keys that were locked for the statement.
    taken: Vec<Key>,
    /// Whether the whole packing was locked for the statement.
    whole: bool,
}

fn whole(relation: Oid) -> Key {
    Key { kind: Kind::Table, relation, hash: 0 }
}

/// Takes the lock of a key before a row with the key is inserted. Does not wait if the statement already holds the lock
/// of a later key.
pub fn take_early(key: Key) {
    with_turns(|turns| {
        if turns.keys.contains_key(&key) || turns.keys.len() >= lock::fair_share() || is_whole(key.relation) {
            return;
        }
        let wait = turns.keys.iter().all(|(&other, &looked)| looked || other < key);
        if !lock::acquire(key, Mode::Exclusive, wait) {
            return;
        }
        if share(key.relation, wait) {
            turns.keys.insert(key, false);
        } else {
            lock::release(key, Mode::Exclusive);
        }
    });
}

/// Takes the locks of all these keys of one packing.
pub fn take(relation: Oid, keys: &BTreeSet<Key>) -> Turn {
    with_turns(|turns| {
        let held = keys.iter().filter(|&&key| turns.is_looked_under(key)).count();
        let mut turn = Turn { relation, releasable: held == 0, taken: Vec::new(), whole: false };
        if is_whole(relation) {
            turn.releasable = false;
        } else if keys.iter().all(|key| turns.keys.contains_key(key)) {
            turn.taken = keys.iter().copied().filter(|&key| !turns.is_looked_under(key)).collect();
        } else {
            turns.release_early(relation);
            if turns.keys.len() + keys.len() > lock::fair_share() {
                lock::acquire(whole(relation), Mode::Exclusive, true);
                turn.whole = true;
            } else {
                // A set is sorted. Lock the keys first: a transaction that waits for a key holds no share of the whole.
                turn.taken = keys.iter().copied().filter(|key| !turns.keys.contains_key(key)).collect();
                for &key in &turn.taken {
                    lock::acquire(key, Mode::Exclusive, true);
                }
                share(relation, true);
            }
        }
        turns.keys.extend(turn.taken.iter().map(|&key| (key, true)));
        turn
    })
}

impl Turn {
    /// Releases the locks unless a decision depends on them, and returns whether they were released.
    pub fn give_back(self) -> bool {
        if !self.releasable {
            return false;
        }
        with_turns(|turns| {
            for key in &self.taken {
                turns.keys.insert(*key, false);
            }
            turns.release_early(self.relation);
            if self.whole {
                lock::release(whole(self.relation), Mode::Exclusive);
            }
        });
        true
    }
}

impl Turns {
    fn is_looked_under(&self, key: Key) -> bool {
        self.keys.get(&key) == Some(&true)
    }

    /// Releases the locks of keys under which no statement has looked.
    fn release_early(&mut self, relation: Oid) {
        self.keys.retain(|&key, &mut looked| {
            let keep = looked || key.relation != relation;
            if !keep {
                lock::release(key, Mode::Exclusive);
            }
            keep
        });
        if self.keys.keys().all(|key| key.relation != relation) {
            lock::release(whole(relation), Mode::Shared);
        }
    }
}

/// Whether this transaction has the exclusive lock on the whole packing.
fn is_whole(relation: Oid) -> bool {
    lock::is_held_as(whole(relation), Mode::Exclusive)
}

/// Takes a share of the whole packing, unless this transaction has one.
fn share(relation: Oid, wait: bool) -> bool {
    lock::is_held_as(whole(relation), Mode::Shared) || lock::acquire(whole(relation), Mode::Shared, wait)
}

fn with_turns<T>(act: impl FnOnce(&mut Turns) -> T) -> T {
    // The state is taken, not borrowed, because waiting for a lock may fail. The error forgets the held locks here. If
    // a lock is then taken again, it counts twice, and a release leaves it held.
    let mut turns = TURNS.take();
    if turns.transaction != transaction::transaction() {
        turns = Turns { transaction: transaction::transaction(), keys: BTreeMap::new() };
    }
    let answer = act(&mut turns);
    TURNS.set(turns);
    answer
}
