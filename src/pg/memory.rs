//! How long allocations of PostgreSQL's last.

use pgrx::pg_sys;

struct Switched {
    before: pg_sys::MemoryContext,
}

impl Switched {
    fn to(context: pg_sys::MemoryContext) -> Switched {
        // SAFETY: a variable of the backend.
        unsafe {
            let before = pg_sys::CurrentMemoryContext;
            pg_sys::CurrentMemoryContext = context;
            Switched { before }
        }
    }
}

impl Drop for Switched {
    fn drop(&mut self) {
        // SAFETY: writes back what was there; calls nothing, so it may run while unwinding.
        unsafe { pg_sys::CurrentMemoryContext = self.before };
    }
}

/// Runs `body`, and then allocates where it did before. SPI's calls leave their own context as the current one.
pub(super) fn returning<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: a variable of the backend.
    let _switched = Switched::to(unsafe { pg_sys::CurrentMemoryContext });
    body()
}

/// Runs `body` with allocations that last as long as the backend.
pub(super) fn lasting<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: a variable of the backend.
    let _switched = Switched::to(unsafe { pg_sys::TopMemoryContext });
    body()
}

/// Runs `body` with allocations in a context that lasts longer.
pub(super) fn within<T>(context: pg_sys::MemoryContext, body: impl FnOnce() -> T) -> T {
    let _switched = Switched::to(context);
    body()
}

/// Runs `body` with allocations that are freed at its end: for a batch of rows. What safe functions give to `body` is not
/// among these: see `datum`.
pub fn scratch<T>(body: impl FnOnce() -> T) -> T {
    let scratch = Repeated::new();
    let answer = scratch.run(body);
    scratch.end();
    answer
}

/// Memory for something that is done many times, and is empty each time. Where an error unwinds past its end, it goes
/// with the context that was current when it began.
pub(super) struct Repeated {
    context: pg_sys::MemoryContext,
}

impl Repeated {
    pub fn new() -> Repeated {
        // SAFETY: a child of the current context.
        let context = unsafe {
            pg_sys::AllocSetContextCreateExtended(
                pg_sys::CurrentMemoryContext,
                c"veritable batch".as_ptr(),
                pg_sys::ALLOCSET_DEFAULT_MINSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_INITSIZE as usize,
                pg_sys::ALLOCSET_DEFAULT_MAXSIZE as usize,
            )
        };
        Repeated { context }
    }

    /// Runs `body` with allocations that are freed at its end. What it returns is Rust's own.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let switched = Switched::to(self.context);
        let answer = body();
        drop(switched);
        // SAFETY: ours, and nothing in it is used any more.
        unsafe { pg_sys::MemoryContextReset(self.context) };
        answer
    }

    pub fn end(self) {
        // SAFETY: ours, and nothing in it is used any more.
        unsafe { pg_sys::MemoryContextDelete(self.context) };
    }
}
