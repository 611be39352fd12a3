//! Seeing what is committed now, also where the transaction's own snapshot is older.

use pgrx::pg_sys;

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
