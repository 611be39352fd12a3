//! Rows that are read in batches, bounded in number and in bytes.

use std::ffi::{c_int, c_long};

use pgrx::pg_sys;

use super::memory::{self, Repeated};
use super::report::{Error, Result};
use super::spi::{Fetched, Session};

/// The most bytes of a batch before its last row.
const BYTES_MAX: usize = 16 << 20;

/// A statement whose rows are read in batches.
pub struct Cursor<'s> {
    portal: pg_sys::Portal,
    session: &'s Session,
}

impl<'s> Cursor<'s> {
    /// A cursor of a portal. It is pinned, so that no function that runs meanwhile can close it (`CLOSE ALL`); an error unpins it.
    ///
    /// # Safety
    /// The portal was opened in this session just now, by a query that is only read forwards.
    pub(super) unsafe fn new(portal: pg_sys::Portal, session: &'s Session) -> Cursor<'s> {
        // SAFETY: by the contract of this function.
        unsafe { pg_sys::PinPortal(portal) };
        Cursor { portal, session }
    }

    /// Fetches the next rows, at most `count`, and no more once they have [`BYTES_MAX`]; none at the end.
    pub fn fetch(&self, count: usize) -> Batch<'_> {
        self.session.require_innermost().unwrap_or_else(|error| error.fail());
        let memory = Repeated::new();
        let context = memory.context();
        let mut batch = Batch { rows: Vec::new(), memory: Some(memory) };
        let mut copier = Copier {
            head: pg_sys::DestReceiver {
                receiveSlot: Some(receive),
                rStartup: Some(start),
                rShutdown: Some(shut),
                rDestroy: None,
                mydest: pg_sys::CommandDest::DestNone,
            },
            batch: &mut batch,
            context,
            // SAFETY: the portal is open, since it is pinned.
            shape: unsafe { (*self.portal).tupDesc },
            bytes: 0,
        };
        // SAFETY: the portal is open, and the receiver, the head of a value that outlives the call, is used in it alone.
        memory::returning(|| unsafe {
            let forward = pg_sys::FetchDirection::FETCH_FORWARD;
            pg_sys::PortalRunFetch(self.portal, forward, count as c_long, (&raw mut copier).cast());
            if copier.is_full() {
                // To the portal, a receiver that wants no more looks like the end of the rows.
                (*self.portal).atEnd = false;
            }
        });
        batch
    }
}

impl Drop for Cursor<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: the portal was opened and pinned once, and is unpinned and closed once.
            unsafe {
                pg_sys::UnpinPortal(self.portal);
                pg_sys::SPI_cursor_close(self.portal);
            }
        }
    }
}

/// Rows that were fetched at once.
pub struct Batch<'c> {
    rows: Vec<Fetched<'c>>,
    memory: Option<Repeated>,
}

impl Batch<'_> {
    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Fetched<'_>> {
        self.rows.iter().copied()
    }

    /// Passes the rows to `read`, until it has an answer. PostgreSQL's memory that `read` allocates is freed after each row: a value
    /// can take a thousand times more once it is decompressed.
    pub fn find<T>(&self, mut read: impl FnMut(&Fetched) -> Result<Option<T>>) -> Result<Option<T>> {
        let memory = Repeated::new();
        for row in &self.rows {
            if let Some(answer) = memory.run(|| read(row))? {
                memory.end();
                return Ok(Some(answer));
            }
        }
        memory.end();
        Ok(None)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take().filter(|_| !std::thread::panicking()) {
            memory.end();
        }
    }
}

/// A receiver that copies rows. PostgreSQL knows it by its head.
#[repr(C)]
struct Copier<'b, 'c> {
    head: pg_sys::DestReceiver,
    batch: &'b mut Batch<'c>,
    context: pg_sys::MemoryContext,
    shape: pg_sys::TupleDesc,
    bytes: usize,
}

impl Copier<'_, '_> {
    fn is_full(&self) -> bool {
        self.bytes >= BYTES_MAX
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn start(_head: *mut pg_sys::DestReceiver, _operation: c_int, _shape: pg_sys::TupleDesc) {}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn receive(slot: *mut pg_sys::TupleTableSlot, head: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: the head is that of a `Copier`, and the slot holds a row of the cursor, whose shape lives as long as the cursor. The
    // copy lives as long as the batch.
    unsafe {
        let copier = &mut *head.cast::<Copier>();
        let Some(copy) = (*(*slot).tts_ops).copy_heap_tuple else { Error::mismatch("a row").fail() };
        let tuple = memory::within(copier.context, || pg_sys::ffi::pg_guard_ffi_boundary(|| copy(slot)));
        copier.bytes += (*tuple).t_len as usize;
        copier.batch.rows.push(Fetched::new(tuple, copier.shape));
        !copier.is_full()
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn shut(_head: *mut pg_sys::DestReceiver) {}
