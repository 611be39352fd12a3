//! Seeing what is committed now, also where the transaction's own snapshot is older.

use pgrx::pg_sys;

use super::transaction;

/// The transaction keeps one snapshot for all its statements: REPEATABLE READ or SERIALIZABLE.
pub fn is_kept() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// A snapshot that sees all that is committed, and all that this transaction has done so far.
pub struct Latest {
    raw: pg_sys::Snapshot,
}

impl Latest {
    /// Takes it, and makes it the one that [`super::spi::Session::query_as_caller`] reads with while `body` runs.
    pub fn during<T>(body: impl FnOnce(&Latest) -> T) -> T {
        // SAFETY: a transaction is open. The pushed snapshot is popped below; where an error unwinds past that, the end
        // of the (sub)transaction does it.
        unsafe {
            // What the running statement has done becomes visible to this transaction.
            pg_sys::CommandCounterIncrement();
            pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
            let answer = body(&Latest { raw: pg_sys::GetActiveSnapshot() });
            pg_sys::PopActiveSnapshot();
            answer
        }
    }

    pub(super) fn raw(&self) -> pg_sys::Snapshot {
        self.raw
    }
}

/// What the running command has done becomes visible to this transaction.
pub fn advance() {
    // SAFETY: a transaction is open.
    unsafe { pg_sys::CommandCounterIncrement() };
}

/// A moment of the open transaction: before a command.
///
/// Nothing is kept for it but the number of the command: what others have committed since shows as well. So the
/// difference between then and now is what this transaction has done, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: transaction::Moment,
    command: pg_sys::CommandId,
}

impl Mark {
    /// This moment.
    pub fn now() -> Mark {
        // SAFETY: a transaction is open.
        Mark { at: transaction::moment(), command: unsafe { pg_sys::GetCurrentCommandId(false) } }
    }

    /// It was in the transaction that is open now, in a subtransaction that is open still.
    pub fn is_open(&self) -> bool {
        self.at.is_open()
    }

    /// It was in the transaction that is open now.
    pub fn is_of_this_transaction(&self) -> bool {
        self.at.is_of_this_transaction()
    }

    /// Lets [`super::spi::Session::query_as_caller`] read the catalogs as they were then, while `body` runs. Functions
    /// that look into the catalog caches answer as of now, also in such a query.
    pub fn during<T>(&self, body: impl FnOnce() -> T) -> T {
        // A command that commits in its middle begins anew: nothing of its new transaction had happened before.
        let command = if self.is_of_this_transaction() { self.command } else { pg_sys::FirstCommandId };
        // SAFETY: a transaction is open. A copy of the snapshot is pushed, which is ours to change until it is popped,
        // below, or by the end of the (sub)transaction where an error unwinds past that. A snapshot with an earlier
        // command sees rows that this transaction has deleted since, and does not see those that it has inserted since.
        unsafe {
            pg_sys::PushCopiedSnapshot(pg_sys::GetLatestSnapshot());
            (*pg_sys::GetActiveSnapshot()).curcid = command;
            let answer = body();
            pg_sys::PopActiveSnapshot();
            answer
        }
    }
}
