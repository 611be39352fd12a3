//! The answer of a function, and the call that receives the answer.

use std::cell::Cell;

use pgrx::pg_sys;

use super::datum::{Given, Owned, ToSql};
use super::memory;

/// The value that a function returns to PostgreSQL.
pub struct Answer(pub(super) Content);

pub(super) enum Content {
    Null,
    Void,
    Value(pg_sys::Oid, Owned),
    /// A row, or an aggregate's state, that only the call with this number may return.
    Made(pg_sys::Datum, CallNumber),
}

impl Answer {
    /// SQL NULL.
    pub const NULL: Answer = Answer(Content::Null);

    /// The answer of a function that returns `void`, or of a trigger that skips its row.
    pub const VOID: Answer = Answer(Content::Void);

    /// A value of the call's return type that lasts as long as the call.
    pub(super) fn made(datum: pg_sys::Datum, call: CallNumber) -> Self {
        Answer(Content::Made(datum, call))
    }

    /// A `bytea`.
    pub fn bytes(bytes: &[u8]) -> Answer {
        bytes.into()
    }

    /// A `timestamptz`, in microseconds since 2000-01-01 UTC.
    pub fn timestamp(time: i64) -> Answer {
        Answer(Content::Value(pg_sys::TIMESTAMPTZOID, Owned::Direct(pg_sys::Datum::from(time))))
    }

    /// A `text`. The bytes are UTF-8, like all text of a UTF-8 database.
    pub fn text(bytes: &[u8]) -> Answer {
        // PostgreSQL stores `text` and `bytea` alike.
        Answer(Content::Value(pg_sys::TEXTOID, Owned::varlena(bytes)))
    }
}

impl<T: ToSql> From<T> for Answer {
    fn from(value: T) -> Self {
        let Given { type_id, value } = value.to_sql();
        Answer(value.map_or(Content::Null, |value| Content::Value(type_id, value)))
    }
}

/// The number that tells a call from all other calls of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallNumber(u64);

/// The running call.
#[derive(Clone, Copy)]
struct Running {
    number: CallNumber,
    context: pg_sys::MemoryContext,
}

thread_local! {
    static LAST: Cell<u64> = const { Cell::new(0) };
    static RUNNING: Cell<Running> =
        const { Cell::new(Running { number: CallNumber(0), context: std::ptr::null_mut() }) };
}

/// The number of the running call, so that no other call uses what belongs to this call.
pub(super) fn running() -> CallNumber {
    RUNNING.get().number
}

/// Runs `body` with allocations that last as long as the running call.
pub(super) fn lasting_as_call<T>(body: impl FnOnce() -> T) -> T {
    memory::within(RUNNING.get().context, body)
}

/// Restores the outer call when the inner call ends, also by an error.
pub(super) struct Nested(Running);

impl Nested {
    pub(super) fn begin(context: pg_sys::MemoryContext) -> Nested {
        let number = LAST.get() + 1;
        LAST.set(number);
        Nested(RUNNING.replace(Running { number: CallNumber(number), context }))
    }
}

impl Drop for Nested {
    fn drop(&mut self) {
        RUNNING.set(self.0);
    }
}
