//! Snapshots of what is committed now, also if the transaction's own snapshot is older.

use pgrx::pg_sys;

use super::transaction;

/// Whether the transaction keeps one snapshot for all its statements: REPEATABLE READ or SERIALIZABLE.
pub fn is_kept() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ as i32 }
}

/// A snapshot that sees all committed changes, and all changes that this transaction has made so far.
pub struct Latest {
    raw: pg_sys::Snapshot,
}

impl Latest {
    /// Takes the snapshot, and lets [`super::spi::Session::query_as_caller`] read with it while `body` runs.
    pub fn during<T>(body: impl FnOnce(&Latest) -> T) -> T {
        // SAFETY: a transaction is open. The code below pops the pushed snapshot; if an error unwinds past that, the
        // end of the (sub)transaction does.
        unsafe {
            // The running statement's changes become visible to this transaction.
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

/// Waits for all transactions of this database with a snapshot that may be as old as the active one. If the running command is one
/// that waits for them, too (`WaitForOlderSnapshots` in PostgreSQL), it then waits for nobody: it may have locked by then what a
/// transaction with a newer snapshot wants.
pub fn outlast_older() {
    // SAFETY: reads a variable of the backend.
    if !unsafe { pg_sys::ActiveSnapshotSet() } {
        return;
    }
    // SAFETY: there is an active snapshot, and it stays the active one until this function returns.
    let active = unsafe { &mut *pg_sys::GetActiveSnapshot() };
    let oldest = active.xmin;
    // SAFETY: a transaction is open, and it has no locks of this library.
    unsafe { pg_sys::WaitForOlderSnapshots(oldest, false) };
    // PostgreSQL's wait is for snapshots whose xmin is at most that of the active one, and snapshots from now on can have the very
    // same. They see what the command relies on. One transaction less is as right a lower bound: PostgreSQL then looks for that
    // transaction, which ended before, in the list of those in progress. Without the whole list, it would look in a log that may no
    // longer have it. Like PostgreSQL itself (UpdateActiveSnapshotCommandId), this changes a snapshot that nobody shares, and no other.
    let is_alone = active.active_count == 1 && active.regd_count == 0;
    let below = u32::from(oldest).wrapping_sub(1);
    if is_alone && !active.suboverflowed && below >= u32::from(pg_sys::FirstNormalTransactionId) {
        active.xmin = pg_sys::TransactionId::from(below);
    }
}

/// Makes the running command's changes visible to this transaction.
pub fn advance() {
    // SAFETY: a transaction is open.
    unsafe { pg_sys::CommandCounterIncrement() };
}

/// Counts a command, which changes nothing: `Command::is_latest` is false for the one that is running.
pub fn count_command() {
    // SAFETY: a transaction is open, and no parallel workers are.
    unsafe {
        pg_sys::GetCurrentCommandId(true);
        pg_sys::CommandCounterIncrement();
    }
}

/// A moment of the open transaction: before a command.
///
/// A mark keeps only the number of the command: later commits of other transactions show as well.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    at: transaction::Moment,
    command: pg_sys::CommandId,
}

impl Mark {
    /// The current moment.
    pub fn now() -> Mark {
        // SAFETY: a transaction is open.
        Mark { at: transaction::moment(), command: unsafe { pg_sys::GetCurrentCommandId(false) } }
    }

    /// Whether the mark was set in the open transaction, in a subtransaction that is still open.
    pub fn is_open(&self) -> bool {
        self.at.is_open()
    }

    /// Whether the mark was set in the open transaction.
    pub fn is_of_this_transaction(&self) -> bool {
        self.at.is_of_this_transaction()
    }

    /// Lets [`super::spi::Session::query_as_caller`] read the catalogs as of the mark, while `body` runs. Functions
    /// that look into the catalog caches answer as of now, also in such a query.
    pub fn during<T>(&self, body: impl FnOnce() -> T) -> T {
        // SAFETY: a transaction is open.
        self.on(unsafe { pg_sys::GetLatestSnapshot() }, body)
    }

    /// As [`Mark::during`], with what `latest` sees of other transactions: two marks on one snapshot differ in exactly what
    /// this transaction has done between them.
    pub fn during_on<T>(&self, latest: &Latest, body: impl FnOnce() -> T) -> T {
        self.on(latest.raw, body)
    }

    fn on<T>(&self, snapshot: pg_sys::Snapshot, body: impl FnOnce() -> T) -> T {
        // A command that commits in its middle starts a new transaction, and nothing of that had happened before.
        let command = if self.is_of_this_transaction() { self.command } else { pg_sys::FirstCommandId };
        // SAFETY: a transaction is open. The pushed snapshot is a copy, which this code may change until it is popped
        // below, or by the end of the (sub)transaction if an error unwinds past that. A snapshot with an earlier
        // command sees rows that this transaction has deleted since, and does not see rows that it has inserted since.
        unsafe {
            pg_sys::PushCopiedSnapshot(snapshot);
            (*pg_sys::GetActiveSnapshot()).curcid = command;
            let answer = body();
            pg_sys::PopActiveSnapshot();
            answer
        }
    }
}
