//! Locking the rows to change: all or none. A transaction that waits for a row holds no other row and, where possible,
//! not the key's lock, because the row's holder may be waiting for either.

use crate::pg::relation::Relation;
use crate::pg::transaction;
use crate::pg::transaction::Outcome;
use crate::pg::version::{Intent, RowLock, Tid, lock_row};

use crate::table::turn::Turn;

/// The result of an attempt to lock rows.
pub enum Locked {
    /// All rows are locked.
    All,
    /// No row is locked, because another transaction has locked this one.
    Busy(Tid, Intent),
    /// No row is locked, because one of them has changed: repeat the lookup.
    Gone,
}

/// Locks the rows, without waiting for other transactions.
pub fn lock(relation: &Relation, rows: &[(Tid, Intent)]) -> Locked {
    let lock_each = || {
        for &(tid, intent) in rows {
            match lock_row(relation, tid, intent, false) {
                RowLock::Taken => {}
                RowLock::Busy => return Locked::Busy(tid, intent),
                RowLock::Gone => return Locked::Gone,
            }
        }
        Locked::All
    };
    match rows {
        [] => Locked::All,
        // If a single row cannot be locked, no lock is left to release.
        [_] => lock_each(),
        _ => transaction::subtransaction(|| match lock_each() {
            Locked::All => (Outcome::Commit, Locked::All),
            locked => (Outcome::RollBack, locked),
        }),
    }
}

/// Waits until the row is free, and leaves it unlocked.
pub fn wait_for(relation: &Relation, turn: Turn, tid: Tid, intent: Intent) {
    turn.give_back();
    transaction::subtransaction(|| (Outcome::RollBack, lock_row(relation, tid, intent, true)));
}
