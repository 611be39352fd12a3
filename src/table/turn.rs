//! Taking turns: who looks for neighbours under a key holds its lock until the end of the transaction, so that
//! whoever looks next finds what the former has done, committed or gone.
//!
//! The lock is taken as early as the first row of a statement is about to be inserted, and at the latest before the
//! look. Early, because of deadlocks: a row that is in the table already can make others wait for this transaction. At
//! the look, all keys of a statement are taken in one order. More keys than a transaction's fair share of the lock
//! table become one lock on the whole packing, which all others share.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;
use crate::pg::transaction;

#[derive(Default)]
struct Turns {
    transaction: transaction::Transaction,
    /// The keys whose locks this transaction holds, and whether somebody has looked under them.
    keys: BTreeMap<Key, bool>,
}

thread_local! {
    static TURNS: RefCell<Turns> = RefCell::default();
}

/// What one statement holds.
pub struct Turn {
    relation: Oid,
    /// It holds nothing that an earlier statement has looked under.
    releasable: bool,
    /// The keys that were taken for it.
    taken: Vec<Key>,
    /// The whole packing was taken for it.
    whole: bool,
}

fn whole(relation: Oid) -> Key {
    Key { kind: Kind::Table, relation, hash: 0 }
}

/// Takes the lock of a key before a row of it is inserted; without waiting, where the statement has taken a later one
/// already.
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
                // A set is sorted. The keys first: who waits for one holds no share of the whole.
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
    /// Lets others have their turn, if nothing has been decided under it: says whether it was possible.
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

    /// Releases what nobody has looked under.
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

/// This transaction has the whole packing to itself.
fn is_whole(relation: Oid) -> bool {
    lock::is_held_as(whole(relation), Mode::Exclusive)
}

/// Takes a share of the whole packing, unless this transaction has one.
fn share(relation: Oid, wait: bool) -> bool {
    lock::is_held_as(whole(relation), Mode::Shared) || lock::acquire(whole(relation), Mode::Shared, wait)
}

fn with_turns<T>(act: impl FnOnce(&mut Turns) -> T) -> T {
    // Taken out, not borrowed: waiting for a lock may end in an error. Then what was held is forgotten here; taken once
    // more, it counts twice, and a release leaves it held.
    let mut turns = TURNS.take();
    if turns.transaction != transaction::transaction() {
        turns = Turns { transaction: transaction::transaction(), keys: BTreeMap::new() };
    }
    let answer = act(&mut turns);
    TURNS.set(turns);
    answer
}
