//! Attempts at many tables, each in a subtransaction of its own, so that one table's failure does not hide the others.
//!
//! Waiting for locks has a bound, and `statement_timeout` is kept: PostgreSQL enforces that setting once, and an attempt
//! catches the error.

use crate::pg::acting::with_settings;
use crate::pg::clock;
use crate::pg::report::{Class, Error, Result};
use crate::pg::transaction::{self, Failure};

/// The longest wait for one lock, in milliseconds.
const WAIT_MAX: i32 = 1_000;
/// The longest wait for all locks together, in milliseconds.
const WAITS_MAX: i32 = 10_000;

/// The attempts of one call.
pub struct Attempts {
    /// The deadline of the statement.
    deadline: Option<i64>,
    /// The remaining time for waiting for locks, in milliseconds.
    left: i32,
}

impl Attempts {
    /// No attempt yet.
    pub fn begin() -> Attempts {
        Attempts { deadline: clock::deadline(), left: WAITS_MAX }
    }

    /// Makes the next attempt. The inner result is that of `body`; the outer one is an error that ends the statement.
    pub fn next<T>(&mut self, body: impl FnOnce() -> Result<T>) -> Result<std::result::Result<T, Failure>> {
        if self.deadline.is_some_and(|deadline| clock::now() > deadline) {
            return Err(Error::new(Class::Canceled, "canceling statement due to statement timeout"));
        }
        let began = clock::now();
        let wait = self.wait();
        let attempt = transaction::attempt(|| {
            with_settings(|acting| {
                acting.set(c"lock_timeout", &wait);
                body()
            })
        });
        if attempt.as_ref().is_err_and(|failure| failure.is_lock_timeout) {
            self.spend(clock::now() - began);
        }
        Ok(attempt)
    }

    /// The lock timeout for the next attempt; a shorter `lock_timeout` of the caller stays.
    fn wait(&self) -> std::ffi::CString {
        let wait = self.left.clamp(1, WAIT_MAX);
        let own = clock::lock_timeout();
        let wait = if own > 0 { wait.min(own) } else { wait };
        std::ffi::CString::new(wait.to_string()).unwrap_or_default()
    }

    fn spend(&mut self, microseconds: i64) {
        self.left = self.left.saturating_sub((microseconds / 1000).min(i64::from(WAITS_MAX)) as i32).max(0);
    }
}
