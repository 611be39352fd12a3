//! Transactions of others that are open, and waiting for their end.

use pgrx::pg_sys;

use super::relation::Relation;

/// Another transaction, which was open when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction(pub(super) pg_sys::TransactionId);

/// Waits until a transaction has ended, and with it the doubt about its rows. Can be cancelled, obeys `lock_timeout`
/// and takes part in deadlock detection.
pub fn wait_for(transaction: OpenTransaction, relation: &Relation) {
    // SAFETY: the relation is open; without a row, the error's context names the relation alone.
    unsafe {
        let mut nowhere = pg_sys::ItemPointerData::default();
        pg_sys::XactLockTableWait(transaction.0, relation.raw(), &mut nowhere, pg_sys::XLTW_Oper::XLTW_None);
    }
}
