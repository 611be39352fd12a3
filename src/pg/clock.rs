//! The time, and the time limit of a statement.

use pgrx::pg_sys;

/// The current time, in microseconds since 2000-01-01 UTC, as a `timestamptz` is stored.
pub fn now() -> i64 {
    // SAFETY: asks the operating system.
    unsafe { pg_sys::GetCurrentTimestamp() }
}

/// The deadline of the client's statement by `statement_timeout`, in microseconds, comparable with `now()`.
///
/// PostgreSQL enforces the deadline, but only once: a function that catches the error runs past the deadline.
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
