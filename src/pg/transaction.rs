//! The open transaction and its subtransactions, and attempts within a subtransaction.

use std::cell::RefCell;

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgSqlErrorCode, pg_sys};

use super::report::{Class, Error, Result};

/// A subtransaction of this backend, by a number that no later subtransaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    transaction: Transaction,
    subtransaction: pg_sys::SubTransactionId,
}

impl Moment {
    /// Whether the subtransaction belongs to the open transaction.
    pub fn is_of_this_transaction(&self) -> bool {
        self.transaction == transaction()
    }

    /// Whether the subtransaction is still open: it is the current one, or one around the current one.
    pub fn is_open(&self) -> bool {
        // SAFETY: a transaction is open; takes any number.
        self.is_of_this_transaction() && unsafe { pg_sys::SubTransactionIsActive(self.subtransaction) }
    }
}

/// The current subtransaction.
pub fn moment() -> Moment {
    // SAFETY: a transaction is open.
    Moment { transaction: transaction(), subtransaction: unsafe { pg_sys::GetCurrentSubTransactionId() } }
}

/// A transaction of this backend, by a number that no other transaction has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transaction(pg_sys::LocalTransactionId);

/// The open transaction.
pub fn transaction() -> Transaction {
    // SAFETY: a transaction is open, so this backend has a process entry.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return Transaction((*pg_sys::MyProc).lxid);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        Transaction((*pg_sys::MyProc).vxid.lxid)
    }
}

/// Whether the open transaction may write: it is not read-only, not on a standby, and not in parallel mode.
pub fn may_write() -> bool {
    // SAFETY: reads variables of the backend and of the shared memory.
    unsafe { !pg_sys::XactReadOnly && !pg_sys::RecoveryInProgress() && !pg_sys::IsInParallelMode() }
}

/// The error, in the server's own words, if the open transaction may not write.
pub fn require_write(function: &str) -> Result<()> {
    if may_write() {
        return Ok(());
    }
    let when = if is_on_standby() { "during recovery" } else { "in a read-only transaction" };
    Err(Error::new(Class::ReadOnly, format!("cannot execute {function}() {when}")))
}

/// Makes all that was committed so far durable, and the commit of the open transaction once it comes, whatever
/// `synchronous_commit` says.
pub fn make_durable() {
    // SAFETY: the server is no standby, since a transaction that cannot write does not call this; what is in the WAL up to
    // its end can be flushed.
    unsafe {
        let segment = pg_sys::wal_segment_size as u64;
        pg_sys::XLogFlush(end_before(pg_sys::GetXLogInsertRecPtr(), segment));
        pg_sys::ForceSyncCommit();
    }
}

/// The end of the WAL, from the place of its next insertion. Behind a page that is full, that place is behind the header of the next
/// page, which is not written before there is a record, and PostgreSQL refuses to flush it.
fn end_before(next: u64, segment: u64) -> u64 {
    // SizeOfXLogLongPHD and SizeOfXLogShortPHD of access/xlog_internal.h: the first page of a segment has the long one.
    match (next % segment, next % u64::from(pg_sys::XLOG_BLCKSZ)) {
        (header @ 40, _) | (_, header @ 24) => next - header,
        _ => next,
    }
}

/// Whether the server is a standby, or still recovers.
pub fn is_on_standby() -> bool {
    // SAFETY: reads a variable of the shared memory.
    unsafe { pg_sys::RecoveryInProgress() }
}

unsafe extern "C-unwind" {
    /// Of replication/logicalworker.h, which pgrx does not bind.
    fn IsLogicalWorker() -> bool;
}

/// Whether this process applies the changes of a subscription, or makes its first copy.
pub fn is_of_subscription() -> bool {
    // SAFETY: reads a variable of the process.
    unsafe { IsLogicalWorker() }
}

/// Lets `act` be called at the end of each transaction from now on, whatever its outcome. `act` calls nothing of PostgreSQL.
pub fn at_each_end(act: fn()) {
    thread_local! {
        static ACTS: RefCell<Vec<fn()>> = const { RefCell::new(Vec::new()) };
    }
    unsafe extern "C-unwind" fn end(event: pg_sys::XactEvent::Type, _argument: *mut std::ffi::c_void) {
        use pg_sys::XactEvent::{XACT_EVENT_ABORT, XACT_EVENT_COMMIT, XACT_EVENT_PREPARE};
        if matches!(event, XACT_EVENT_COMMIT | XACT_EVENT_ABORT | XACT_EVENT_PREPARE) {
            ACTS.with_borrow(|acts| acts.iter().for_each(|act| act()));
        }
    }
    let is_first = ACTS.with_borrow_mut(|acts| {
        acts.push(act);
        acts.len() == 1
    });
    if is_first {
        // SAFETY: the callback is a function of this library, which is never unloaded; it raises no error.
        unsafe { pg_sys::RegisterXactCallback(Some(end), std::ptr::null_mut()) };
    }
}

/// The way a subtransaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The subtransaction's changes stand.
    Commit,
    /// The subtransaction's changes are undone, and its locks are released.
    RollBack,
}

/// Runs `body` in a subtransaction. An error in `body` rolls the subtransaction back and propagates.
pub fn subtransaction<T>(body: impl FnOnce() -> (Outcome, T)) -> T {
    // SAFETY: a transaction is open, and no parallel worker runs triggers. The steps are those of PL/pgSQL around a
    // block that catches errors: within and after the subtransaction, memory and resources are those of before; and it
    // always ends here, since the end of the transaction would take it for a savepoint of the client.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::CurrentMemoryContext = context;
        // An error of PostgreSQL unwinds as a panic with a copy of the error; the original is cleared by then.
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        match answer {
            Ok((Outcome::Commit, _)) => pg_sys::ReleaseCurrentSubTransaction(),
            Ok((Outcome::RollBack, _)) | Err(_) => pg_sys::RollbackAndReleaseCurrentSubTransaction(),
        }
        pg_sys::CurrentMemoryContext = context;
        pg_sys::CurrentResourceOwner = owner;
        match answer {
            Ok((_, answer)) => answer,
            Err(error) => std::panic::resume_unwind(error),
        }
    }
}

/// The reason why an attempt failed.
pub struct Failure {
    /// The primary message of the attempt's error.
    pub message: String,
    /// Whether another session held a lock for longer than `lock_timeout`.
    pub is_lock_timeout: bool,
    /// Whether PostgreSQL has found a damaged index or damaged data.
    pub is_damage: bool,
}

/// Runs `body` in a subtransaction of its own. An error rolls the subtransaction back and becomes the answer, so that
/// the caller can go on. An error that must end the whole statement passes through, and so does a panic.
pub fn attempt<T>(body: impl FnOnce() -> Result<T>) -> std::result::Result<T, Failure> {
    let attempted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        subtransaction(|| {
            let answer = body();
            (if answer.is_ok() { Outcome::Commit } else { Outcome::RollBack }, answer)
        })
    }));
    match attempted {
        Ok(answer) => answer.map_err(|error| Failure {
            message: error.message().to_string(),
            is_lock_timeout: false,
            is_damage: error.class() == Class::Corrupted,
        }),
        Err(panic) => match panic.downcast::<CaughtError>() {
            // The code alone is no proof: a function can raise any code.
            Ok(caught) => match *caught {
                CaughtError::PostgresError(report)
                    if report.function_name() != Some("ProcessInterrupts")
                        || report.sql_error_code() == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE =>
                {
                    Err(Failure {
                        message: report.message().to_string(),
                        is_lock_timeout: report.sql_error_code() == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE,
                        is_damage: matches!(
                            report.sql_error_code(),
                            PgSqlErrorCode::ERRCODE_INDEX_CORRUPTED | PgSqlErrorCode::ERRCODE_DATA_CORRUPTED
                        ),
                    })
                }
                caught => caught.rethrow(),
            },
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}
