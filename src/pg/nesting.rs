//! Being told how transactions and subtransactions end.

use std::ffi::c_void;

use pgrx::pg_sys;

use super::report::Result;

/// A subtransaction of the open transaction, or the transaction itself, by a number that no other one of the transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nested(pg_sys::SubTransactionId);

/// The current subtransaction.
pub fn current() -> Nested {
    // SAFETY: a transaction is open.
    Nested(unsafe { pg_sys::GetCurrentSubTransactionId() })
}

/// How many subtransactions are open, the transaction included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth(pub(super) i32);

/// The depth of the current subtransaction.
pub fn depth() -> Depth {
    // SAFETY: reads a variable of the backend.
    Depth(unsafe { pg_sys::GetCurrentTransactionNestLevel() })
}

/// What is to be done at the ends of transactions and subtransactions. What comes without a `Result` may run after an error: it
/// must not call PostgreSQL.
pub struct Ends {
    /// Before the transaction commits, or is prepared to. An error rolls it back. Deferred triggers have fired.
    pub before_commit: fn() -> Result<()>,
    /// Before the current subtransaction becomes a part of the one around it. An error rolls it back.
    pub before_release: fn() -> Result<()>,
    /// A subtransaction has become a part of the one around it.
    pub released: fn(Nested, around: Nested),
    /// A subtransaction was rolled back.
    pub rolled_back: fn(Nested),
    /// The transaction has ended, or was prepared.
    pub ended: fn(),
}

/// Calls these functions from now on. Call this once for each value in a process.
pub fn watch(ends: &'static Ends) {
    let argument = std::ptr::from_ref(ends).cast_mut().cast();
    // SAFETY: the callbacks are functions of this library, which is never unloaded; their argument lives as long.
    unsafe {
        pg_sys::RegisterXactCallback(Some(of_transaction), argument);
        pg_sys::RegisterSubXactCallback(Some(of_subtransaction), argument);
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn of_transaction(event: pg_sys::XactEvent::Type, ends: *mut c_void) {
    // SAFETY: the argument that `watch` has registered.
    let ends = unsafe { &*ends.cast_const().cast::<Ends>() };
    match event {
        pg_sys::XactEvent::XACT_EVENT_PRE_COMMIT | pg_sys::XactEvent::XACT_EVENT_PRE_PREPARE => {
            (ends.before_commit)().unwrap_or_else(|error| error.fail());
        }
        pg_sys::XactEvent::XACT_EVENT_COMMIT
        | pg_sys::XactEvent::XACT_EVENT_ABORT
        | pg_sys::XactEvent::XACT_EVENT_PREPARE => (ends.ended)(),
        // A parallel worker changes no rows.
        _ => {}
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    own: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    ends: *mut c_void,
) {
    // SAFETY: the argument that `watch` has registered.
    let ends = unsafe { &*ends.cast_const().cast::<Ends>() };
    match event {
        pg_sys::SubXactEvent::SUBXACT_EVENT_PRE_COMMIT_SUB => {
            (ends.before_release)().unwrap_or_else(|error| error.fail());
        }
        pg_sys::SubXactEvent::SUBXACT_EVENT_COMMIT_SUB => (ends.released)(Nested(own), Nested(parent)),
        pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB => (ends.rolled_back)(Nested(own)),
        _ => {}
    }
}
