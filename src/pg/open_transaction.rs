//! Open transactions of other sessions, and waiting for their end.

use pgrx::pg_sys;

use super::relation::Relation;

/// Another transaction that was open when this backend saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction(pub(super) pg_sys::TransactionId);

/// Waits until a transaction has ended, so that the fate of its rows is known. The wait can be cancelled, obeys
/// `lock_timeout` and takes part in deadlock detection.
pub fn wait_for(transaction: OpenTransaction, relation: &Relation) {
    // SAFETY: the relation is open; without a row, the error's context names the relation alone.
    unsafe {
        let mut nowhere = pg_sys::ItemPointerData::default();
        pg_sys::XactLockTableWait(transaction.0, relation.raw(), &mut nowhere, pg_sys::XLTW_Oper::XLTW_None);
    }
}

/// The number of the open transaction, if it has one: it gets one before it writes.
pub fn has_number() -> bool {
    // SAFETY: a transaction is open.
    unsafe { pg_sys::GetTopTransactionIdIfAny() != pg_sys::InvalidTransactionId }
}

/// Gives the open transaction a number.
pub fn take_number() {
    // SAFETY: a transaction is open, and may write.
    unsafe { pg_sys::GetTopTransactionId() };
}

/// The number of the open transaction, without its wrap-around; zero if it has none.
pub fn own_number() -> u64 {
    // SAFETY: a transaction is open.
    unsafe { pg_sys::GetTopFullTransactionIdIfAny() }.value
}

/// Whether another transaction has this number and is open, prepared ones included. Zero is no number.
pub fn is_open_elsewhere(number: u64) -> bool {
    // Older ones ended, and PostgreSQL may know nothing of them any more.
    if number == 0 || number < oldest_number() || number == own_number() {
        return false;
    }
    // SAFETY: takes any number since the oldest one that is open.
    unsafe { pg_sys::TransactionIdIsInProgress((number as u32).into()) }
}

/// The number that the next transaction gets: all numbers that were taken so far are below it. It never wraps around.
pub fn next_number() -> u64 {
    // SAFETY: reads a variable of the shared memory.
    unsafe { pg_sys::ReadNextFullTransactionId() }.value
}

/// The lowest number of a transaction that is open, this one and prepared ones included; if there is none, one that no ended
/// transaction has.
pub fn oldest_number() -> u64 {
    // SAFETY: a transaction is open; the snapshot is read before another one is taken.
    let oldest = u32::from(unsafe { (*pg_sys::GetLatestSnapshot()).xmin });
    // The lower half of a number is that which rows have.
    let next = next_number();
    next - u64::from((next as u32).wrapping_sub(oldest))
}
