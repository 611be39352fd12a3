//! What a function answers, and the call that it answers.

use std::cell::Cell;

use pgrx::pg_sys;

use super::datum::{Given, Owned, ToSql};
use super::memory;

/// What a function returns to PostgreSQL.
pub struct Answer(pub(super) Content);

pub(super) enum Content {
    Null,
    Void,
    Value(pg_sys::Oid, Owned),
    /// A row, or an aggregate's state, that the call with this number may return.
    Made(pg_sys::Datum, CallNumber),
}

impl Answer {
    /// SQL NULL.
    pub const NULL: Answer = Answer(Content::Null);

    /// The answer of a function that returns `void`, or of a trigger that skips its row.
    pub const VOID: Answer = Answer(Content::Void);

    /// What lasts as long as the call, and is of the type that it returns.
    pub(super) fn made(datum: pg_sys::Datum, call: CallNumber) -> Self {
        Answer(Content::Made(datum, call))
    }

    /// A `bytea`.
    pub fn bytes(bytes: &[u8]) -> Answer {
        bytes.into()
    }

    /// A `text`. The bytes are UTF-8, as all text of a UTF-8 database is.
    pub fn text(bytes: &[u8]) -> Answer {
        // `text` and `bytea` are stored alike.
        Answer(Content::Value(pg_sys::TEXTOID, Owned::varlena(bytes)))
    }
}

impl<T: ToSql> From<T> for Answer {
    fn from(value: T) -> Self {
        let Given { type_id, value } = value.to_sql();
        Answer(value.map_or(Content::Null, |value| Content::Value(type_id, value)))
    }
}

/// What tells a call from all others of the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallNumber(u64);

/// The call that is running.
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

/// The call that is running, so that what belongs to one call is not used in another.
pub(super) fn running() -> CallNumber {
    RUNNING.get().number
}

/// Runs `body` with allocations that last as long as the call that is running.
pub(super) fn lasting_as_call<T>(body: impl FnOnce() -> T) -> T {
    memory::within(RUNNING.get().context, body)
}

/// Puts the call around it back when it ends, also by an error.
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
