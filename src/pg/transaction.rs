//! The open transaction and its subtransactions, and attempts within a subtransaction.

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgSqlErrorCode, pg_sys};

use super::report::{Class, Result};

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

/// Whether the server is a standby, or still recovers.
pub fn is_on_standby() -> bool {
    // SAFETY: reads a variable of the shared memory.
    unsafe { pg_sys::RecoveryInProgress() }
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
