//! The lifetime of PostgreSQL's allocations.

use pgrx::pg_sys;

/// The memory that one operation of a query may use, in bytes: `work_mem`.
pub fn share() -> usize {
    // SAFETY: reads a variable of the backend, in kilobytes.
    unsafe { pg_sys::work_mem as usize * 1024 }
}

/// The memory that an operation of maintenance may use, in bytes: `maintenance_work_mem`, up to 256 MB.
pub fn share_of_maintenance() -> usize {
    // SAFETY: reads a variable of the backend, in kilobytes.
    unsafe { (pg_sys::maintenance_work_mem as usize * 1024).min(256 << 20) }
}

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
        // SAFETY: restores the former context; calls nothing, so it may run while unwinding.
        unsafe { pg_sys::CurrentMemoryContext = self.before };
    }
}

/// Runs `body`, and then restores the current context. SPI's calls leave their own context as the current one.
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

/// Runs `body` with allocations that are freed at its end: for a batch of rows. Values that safe functions give to
/// `body` are not among these allocations: see `datum`.
pub fn scratch<T>(body: impl FnOnce() -> T) -> T {
    let scratch = Repeated::new();
    let answer = scratch.run(body);
    scratch.end();
    answer
}

/// Memory for an operation that is repeated, empty at each repetition. If an error unwinds past the memory's end, the
/// context that was current at its beginning frees the memory.
pub(super) struct Repeated {
    context: pg_sys::MemoryContext,
}

impl Repeated {
    pub fn new() -> Repeated {
        // SAFETY: the new context is a child of the current context.
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

    /// The context, for allocations that last until the next repetition ends.
    pub fn context(&self) -> pg_sys::MemoryContext {
        self.context
    }

    /// Runs `body` with allocations that are freed at its end. Rust owns the returned value.
    pub fn run<T>(&self, body: impl FnOnce() -> T) -> T {
        let switched = Switched::to(self.context);
        let answer = body();
        drop(switched);
        // SAFETY: the context is ours, and no value in it is used any more.
        unsafe { pg_sys::MemoryContextReset(self.context) };
        answer
    }

    pub fn end(self) {
        // SAFETY: the context is ours, and no value in it is used any more.
        unsafe { pg_sys::MemoryContextDelete(self.context) };
    }
}
