//! Bytes that all sessions share: pages of an unlogged table, changed in place.
//!
//! Each page holds one row, `(bytea)`, which is frozen: it is there for everybody from the moment it is written, whatever becomes of
//! the transaction. The bytes are read and changed under the lock of the page's buffer, without a new version and without WAL. So a
//! crash must empty the table, and it does, because the table is unlogged. For PostgreSQL the pages are those of any table: VACUUM,
//! a query, and a check of the heap find nothing unusual. A row that somebody has deleted, updated or locked is gone for good.

use std::cell::Cell;

use pgrx::pg_sys;

use super::datum::Owned;
use super::relation::{Lock, Relation};
use super::transaction::{Moment, moment};

/// The size of a page. There are no pages where PostgreSQL was built with another size.
const PAGE: usize = 8192;
/// The first byte on a page that is used, behind the headers of page, row and value: the beginning of a line of the processor's cache.
const START: usize = 64;
/// The number of bytes of a page that are used.
pub const SIZE: usize = PAGE - START;
/// The place and the length of the row on its page: the longest one that fits.
const ROW: (usize, usize) = (32, PAGE - 32);
/// The length of the value in the row: all that is behind the headers of the row and of the value.
const VALUE: usize = ROW.1 - 24 - pg_sys::VARHDRSZ;

/// The bytes of a page.
pub type Bytes = [u8; SIZE];

thread_local! {
    /// The number of pages of a file, at least, while a subtransaction lasts that has the lock.
    static KNOWN: Cell<Option<(Moment, u32, u32)>> = const { Cell::new(None) };
}

/// A table of such pages.
pub struct Pages {
    relation: Relation,
}

impl Pages {
    /// The lock on the table with the pages.
    pub const LOCK: Lock = Lock::RowExclusive;

    /// The pages of this table, if it can have any: an unlogged table of one `bytea`. The transaction holds [`Pages::LOCK`] on it until
    /// its end, so that nobody truncates or rewrites the table meanwhile.
    pub fn open(table: pg_sys::Oid) -> Option<Pages> {
        let relation = Relation::open(table, Lock::Held).ok()?;
        // SAFETY: the relation is open; each of its attributes is there.
        let fits = unsafe {
            let class = &*(*relation.raw()).rd_rel;
            class.relpersistence as u8 == pg_sys::RELPERSISTENCE_UNLOGGED
                && relation.has_rows_of_its_own()
                && relation.is_heap()
                && relation.width() == 1
                && super::column::attribute(relation.descriptor(), 0).atttypid == pg_sys::BYTEAOID
                && pg_sys::BLCKSZ as usize == PAGE
        };
        fits.then_some(Pages { relation })
    }

    /// The number of the file in which the pages are: another one after the table was rewritten.
    pub fn file(&self) -> u32 {
        self.relation.file()
    }

    /// The number of pages.
    pub fn count(&self) -> u32 {
        self.relation.blocks()
    }

    /// Whether there is this page, which then stays until the transaction ends.
    fn has(&self, page: u32) -> bool {
        let (now, file) = (moment(), self.file());
        let known = KNOWN.get().filter(|(moment, of, _)| (*moment, *of) == (now, file));
        if known.is_some_and(|(.., count)| page < count) {
            return true;
        }
        let count = self.count();
        KNOWN.set(Some((now, file, count)));
        page < count
    }

    /// Reads a page; `None` if there is none, or somebody has touched its row. `act` calls nothing of PostgreSQL.
    pub fn read<T>(&self, page: u32, act: impl FnOnce(&Bytes) -> T) -> Option<T> {
        if !self.has(page) {
            return None;
        }
        // SAFETY: the relation is open; the buffer is pinned and locked while its bytes are used.
        unsafe {
            let buffer = pg_sys::ReadBuffer(self.relation.raw(), page);
            pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32);
            let answer = bytes_of(pg_sys::BufferGetPage(buffer)).map(|bytes| act(&*bytes));
            pg_sys::UnlockReleaseBuffer(buffer);
            if answer.is_none() {
                self.spoil(page);
            }
            answer
        }
    }

    /// Changes a page as [`Pages::read`] reads one. `act` also says whether it has changed something.
    pub fn change<T>(&self, page: u32, act: impl FnOnce(&mut Bytes) -> (T, bool)) -> Option<T> {
        if !self.has(page) {
            return None;
        }
        // SAFETY: the relation is open; the buffer is pinned and locked exclusively while its bytes are used.
        unsafe {
            let buffer = pg_sys::ReadBuffer(self.relation.raw(), page);
            pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32);
            let answer = bytes_of(pg_sys::BufferGetPage(buffer)).map(|bytes| act(&mut *bytes));
            if answer.as_ref().is_some_and(|(_, is_changed)| *is_changed) {
                pg_sys::MarkBufferDirty(buffer);
            }
            pg_sys::UnlockReleaseBuffer(buffer);
            if answer.is_none() {
                self.spoil(page);
            }
            answer.map(|(answer, _)| answer)
        }
    }

    /// Clears a page whose row somebody has touched. If that is taken back, the row looks as before, but bytes may be missing by then.
    fn spoil(&self, page: u32) {
        // SAFETY: as in `change`; the bytes are those of the row that `add` has put there, even if it is deleted.
        unsafe {
            let buffer = pg_sys::ReadBuffer(self.relation.raw(), page);
            pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32);
            if let Some(bytes) = place_of(pg_sys::BufferGetPage(buffer)) {
                (*bytes).fill(0);
                pg_sys::MarkBufferDirty(buffer);
            }
            pg_sys::UnlockReleaseBuffer(buffer);
        }
    }

    /// Adds pages of zeros, one behind the other, which `begin` makes its own by their numbers; answers the first one's place.
    pub fn add(&self, count: u32, begin: impl Fn(u32, &mut Bytes)) -> u32 {
        let value = Owned::varlena(&[0; VALUE]);
        let (mut values, mut nulls) = ([value.datum()], [false]);
        let mut first = 0;
        // SAFETY: the relation is open, and has one column of this type. Nobody else extends it meanwhile, so that the new pages are
        // neighbours. An error releases locks and buffers, and leaves pages that nobody knows of.
        unsafe {
            let relation = self.relation.raw();
            let row = pg_sys::heap_form_tuple(self.relation.descriptor(), values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::LockRelationForExtension(relation, pg_sys::ExclusiveLock as i32);
            for number in 0..count {
                let buffer = pg_sys::ReadBuffer(relation, pg_sys::InvalidBlockNumber);
                pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_EXCLUSIVE as i32);
                let block = pg_sys::BufferGetBlockNumber(buffer);
                if number == 0 {
                    first = block;
                }
                let page = pg_sys::BufferGetPage(buffer);
                pg_sys::PageInit(page, PAGE, 0);
                let header = &mut *(*row).t_data;
                // As VACUUM freezes rows: for everybody, and of no transaction.
                header.t_infomask |= (pg_sys::HEAP_XMIN_FROZEN | pg_sys::HEAP_XMAX_INVALID) as u16;
                header.t_choice.t_heap = pg_sys::HeapTupleFields::default();
                header.t_choice.t_heap.t_xmin = pg_sys::FrozenTransactionId;
                header.t_ctid = pg_sys::ItemPointerData {
                    ip_blkid: pg_sys::BlockIdData { bi_hi: (block >> 16) as u16, bi_lo: block as u16 },
                    ip_posid: 1,
                };
                pg_sys::PageAddItemExtended(
                    page,
                    (*row).t_data.cast(),
                    (*row).t_len as usize,
                    1,
                    pg_sys::PAI_IS_HEAP as i32,
                );
                if let Some(bytes) = bytes_of(page) {
                    begin(number, &mut *bytes);
                }
                pg_sys::MarkBufferDirty(buffer);
                pg_sys::UnlockReleaseBuffer(buffer);
            }
            pg_sys::UnlockRelationForExtension(relation, pg_sys::ExclusiveLock as i32);
            pg_sys::heap_freetuple(row);
        }
        first
    }
}

/// The bytes of a page, if it has the one row that [`Pages::add`] has put there, and nobody has touched the row.
///
/// # Safety
/// The page is in a buffer that is pinned and locked.
unsafe fn bytes_of(page: pg_sys::Page) -> Option<*mut Bytes> {
    // SAFETY: by the contract of this function; the row lies within the page.
    unsafe {
        let bytes = place_of(page)?;
        let row = &*page.byte_add(ROW.0).cast::<pg_sys::HeapTupleHeaderData>();
        let wanted = pg_sys::HEAP_XMIN_FROZEN | pg_sys::HEAP_XMAX_INVALID;
        (u32::from(row.t_infomask) & wanted == wanted).then_some(bytes)
    }
}

/// The place of the bytes of a page, if it has one row, of the full length.
///
/// # Safety
/// The page is in a buffer that is pinned and locked.
unsafe fn place_of(page: pg_sys::Page) -> Option<*mut Bytes> {
    // SAFETY: by the contract of this function; what is read lies within the page, also if the page is not one of ours.
    unsafe {
        let header = page.cast::<pg_sys::PageHeaderData>();
        let first_item = std::mem::offset_of!(pg_sys::PageHeaderData, pd_linp);
        if usize::from((*header).pd_lower) != first_item + size_of::<pg_sys::ItemIdData>() {
            return None;
        }
        let item = &*page.byte_add(first_item).cast::<pg_sys::ItemIdData>();
        let is_full =
            (item.lp_off() as usize, item.lp_len() as usize, item.lp_flags()) == (ROW.0, ROW.1, pg_sys::LP_NORMAL);
        is_full.then(|| page.byte_add(START).cast())
    }
}
