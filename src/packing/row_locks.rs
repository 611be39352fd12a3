//! Locking the rows that are to be changed: all of them or none. Who waits for a row holds neither another row nor, if
//! it can be helped, the turn: whoever has the row may be waiting for either.

use crate::pg::relation::Relation;
use crate::pg::transaction;
use crate::pg::transaction::Outcome;
use crate::pg::version::{Intent, RowLock, Tid, lock_row};

use crate::table::turn::Turn;

/// What came of an attempt to lock rows.
pub enum Locked {
    /// All are locked.
    All,
    /// None is. Another transaction has this one.
    Busy(Tid, Intent),
    /// None is. One of them is no longer what it was: look again.
    Gone,
}

/// Locks the rows, without waiting for anybody.
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
        // Nothing is held where the only one is not to be had.
        [_] => lock_each(),
        _ => transaction::subtransaction(|| match lock_each() {
            Locked::All => (Outcome::Commit, Locked::All),
            locked => (Outcome::RollBack, locked),
        }),
    }
}

/// Waits until the row is free, and leaves it free.
pub fn wait_for(relation: &Relation, turn: Turn, tid: Tid, intent: Intent) {
    turn.give_back();
    transaction::subtransaction(|| (Outcome::RollBack, lock_row(relation, tid, intent, true)));
}
