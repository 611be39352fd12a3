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
