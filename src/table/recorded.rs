//! The time at which a transaction records rows of a table, and the time at and before which no row can still appear.
//!
//! A transaction that records a row at noon may commit at one. To tell, a transaction's first append to a table takes a
//! lock, shared, until its end, whose tag says the *watermark*: the clock before the lock. The transaction records nothing
//! before its watermark. `docs/design/chain.md` proves what [`settled`] says. Rows that arrive with their time, from a dump
//! or a replica, take no lock.

use std::cell::Cell;

use super::of_transaction::OfTransaction;
use crate::pg::clock;
use crate::pg::lock::{self, Key, Kind, Mode};
use crate::pg::oid::Oid;

/// The unit of a watermark, in microseconds. A tag has room for 32 bits: 497 days of such units.
const TICK: i64 = 10_000;

/// A watermark that seems to be at most so many units ahead is ahead, and all others are behind.
const AHEAD_MAX: u32 = 1 << 20;

thread_local! {
    /// The clock after the lock, for each table that this transaction has appended to.
    static PINNED: OfTransaction<i64> = OfTransaction::default();
    /// Whether rows are recorded in the table's moment, not by the clock.
    static IN_ONE_MOMENT: Cell<bool> = const { Cell::new(false) };
}

/// The time at which this transaction records a row of the table now: the clock or, within [`in_one_moment`], the clock at
/// the transaction's first append to the table. A partition stands for its root.
pub fn now(root: Oid) -> i64 {
    let pinned = PINNED.with(|pinned| pinned.get(root)).unwrap_or_else(|| begin(root));
    // A clock that was set back must not lead behind the watermark.
    if IN_ONE_MOMENT.get() { pinned } else { clock::now().max(pinned) }
}

/// Runs `body`, whose appends to one table all have the time of the transaction's first append to that table, as far as the
/// entities allow: the next event of an entity is always recorded later than the one before.
pub fn in_one_moment<T>(body: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IN_ONE_MOMENT.set(self.0);
        }
    }
    let _restore = Restore(IN_ONE_MOMENT.replace(true));
    body()
}

/// The latest time of which is known: every row of the table that is recorded then or before, in steps of `unit` microseconds,
/// and is ever committed, is seen by every snapshot that is taken from now on.
pub fn settled(root: Oid, unit: i64) -> i64 {
    // In this order: who takes the lock after the list is made reads the clock later still.
    let now = clock::now();
    let earliest = lock::tags(Kind::Recording, root).into_iter().map(|mark| watermark(mark as u32, now)).min();
    let bound = earliest.map_or(now, |earliest| earliest.min(now));
    // Times are rounded down to the unit, and a row can have the bound itself as its time.
    bound - bound.rem_euclid(unit.max(1)) - 1
}

/// Takes the lock until the end of the transaction, also if the savepoint of the append is rolled back.
fn begin(root: Oid) -> i64 {
    let before = clock::now();
    let mark = before.div_euclid(TICK) as u32;
    lock::acquire(Key { kind: Kind::Recording, relation: root, hash: u64::from(mark) }, Mode::Shared, true);
    let pinned = clock::now().max(before);
    PINNED.with(|all| all.put(root, pinned));
    pinned
}

/// The time of a watermark in a tag, read at `now`.
fn watermark(mark: u32, now: i64) -> i64 {
    let tick = now.div_euclid(TICK);
    let ahead = mark.wrapping_sub(tick as u32);
    let tick = if ahead <= AHEAD_MAX { tick + i64::from(ahead) } else { tick - i64::from(ahead.wrapping_neg()) };
    tick * TICK
}
