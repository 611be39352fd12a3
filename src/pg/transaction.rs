//! The transaction that is open, and its subtransactions; waiting for others.

use pgrx::pg_sys::panic::CaughtError;
use pgrx::{PgSqlErrorCode, pg_sys};

use super::report::Result;

/// A subtransaction of this backend: one that has ended never comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    transaction: Transaction,
    subtransaction: pg_sys::SubTransactionId,
}

impl Moment {
    /// Its transaction is the one that is open now.
    pub fn is_of_this_transaction(&self) -> bool {
        self.transaction == transaction()
    }

    /// It is open still: it is the current one, or one around that.
    pub fn is_open(&self) -> bool {
        // SAFETY: a transaction is open; takes any number.
        self.is_of_this_transaction() && unsafe { pg_sys::SubTransactionIsActive(self.subtransaction) }
    }
}

/// The subtransaction that is open now.
pub fn moment() -> Moment {
    // SAFETY: a transaction is open.
    Moment { transaction: transaction(), subtransaction: unsafe { pg_sys::GetCurrentSubTransactionId() } }
}

/// A transaction of this backend, which gives its number to no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transaction(pg_sys::LocalTransactionId);

/// The transaction that is open now.
pub fn transaction() -> Transaction {
    // SAFETY: a transaction is open, so this backend has a process entry.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return Transaction((*pg_sys::MyProc).lxid);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        Transaction((*pg_sys::MyProc).vxid.lxid)
    }
}

/// How a subtransaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What it has done stands.
    Commit,
    /// It is undone, and what it has locked is free again.
    RollBack,
}

/// Runs `body` in a subtransaction. An error in it rolls it back and goes on.
pub fn subtransaction<T>(body: impl FnOnce() -> (Outcome, T)) -> T {
    // SAFETY: a transaction is open, and no parallel worker runs triggers. As PL/pgSQL does it around a block that
    // catches errors: memory and resources are those of before, within it and after it; and it is ended here in any
    // case, since the end of the transaction would take it for a savepoint of the client's.
    unsafe {
        let (context, owner) = (pg_sys::CurrentMemoryContext, pg_sys::CurrentResourceOwner);
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::CurrentMemoryContext = context;
        // An error of PostgreSQL's unwinds as a panic that holds a copy of it; the original is cleared by then.
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

/// Why an attempt came to nothing.
pub struct Failure {
    /// The primary message of its error.
    pub message: String,
    /// Somebody else had a lock for longer than `lock_timeout`.
    pub is_lock_timeout: bool,
}

/// Runs `body` in a subtransaction of its own. Its error rolls that back and is the answer, so that what follows can go
/// on. Not so where somebody wants the whole statement to end: that passes through, and so does a panic.
pub fn attempt<T>(body: impl FnOnce() -> Result<T>) -> std::result::Result<T, Failure> {
    let attempted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        subtransaction(|| {
            let answer = body();
            (if answer.is_ok() { Outcome::Commit } else { Outcome::RollBack }, answer)
        })
    }));
    match attempted {
        Ok(answer) => answer.map_err(|error| Failure { message: error.message().to_string(), is_lock_timeout: false }),
        Err(panic) => match panic.downcast::<CaughtError>() {
            // The code alone does not tell: a function can raise any.
            Ok(caught) => match *caught {
                CaughtError::PostgresError(report)
                    if report.function_name() != Some("ProcessInterrupts")
                        || report.sql_error_code() == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE =>
                {
                    Err(Failure {
                        message: report.message().to_string(),
                        is_lock_timeout: report.sql_error_code() == PgSqlErrorCode::ERRCODE_LOCK_NOT_AVAILABLE,
                    })
                }
                caught => caught.rethrow(),
            },
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
}
