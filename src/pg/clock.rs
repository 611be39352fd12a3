//! The time, and how long a statement may last.

use pgrx::pg_sys;

/// The time now, in microseconds since 2000-01-01 UTC, as a `timestamptz` is stored.
pub fn now() -> i64 {
    // SAFETY: asks the operating system.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// When the statement that the client has sent has to end, by `statement_timeout`; in microseconds, as `now()` tells.
///
/// PostgreSQL sees to that itself, but only once: a function that catches the error takes the statement past its end.
pub fn deadline() -> Option<i64> {
    // SAFETY: variables of the backend.
    let (start, timeout) = unsafe { (pg_sys::GetCurrentStatementStartTimestamp(), pg_sys::StatementTimeout) };
    (timeout > 0).then(|| start.saturating_add(i64::from(timeout) * 1000))
}

/// The setting `lock_timeout`, in milliseconds; 0 for none.
pub fn lock_timeout() -> i32 {
    // SAFETY: a variable of the backend.
    unsafe { pg_sys::LockTimeout }
}
