//! A row that a scan has found and holds.

use std::borrow::Cow;
use std::cell::Cell;

use pgrx::pg_sys;

use super::column::attribute;
use super::datum::contents;
use super::relation::Relation;
use super::report::Error;
use super::row::{Descriptor, Row, is_same_shape, take_apart};
use super::version::{Tid, Version};
use super::{memory, snapshot};

/// A found row, as long as the scan holds it.
pub struct HeldRow {
    pub(super) table: pg_sys::Relation,
    pub(super) slot: *mut pg_sys::TupleTableSlot,
}

impl HeldRow {
    /// The value at `place`.
    pub(super) fn value(&self, place: usize) -> Option<pg_sys::Datum> {
        self.datum(place)
    }

    fn datum(&self, place: usize) -> Option<pg_sys::Datum> {
        // SAFETY: the slot holds a row; a place without a column is refused.
        unsafe {
            if place >= (*(*self.slot).tts_tupleDescriptor).natts as usize {
                Error::mismatch("the place of a column").fail();
            }
            take_apart(self.slot, place + 1);
            (!*(*self.slot).tts_isnull.add(place)).then(|| *(*self.slot).tts_values.add(place))
        }
    }

    /// The `bigint` or `timestamptz` at `place`.
    pub fn integer(&self, place: usize) -> Option<i64> {
        self.datum(place).map(|datum| datum.value() as i64)
    }

    /// The bytes of the value of variable length at `place`, such as a `text` or a `bytea`.
    pub fn bytes(&self, place: usize) -> Option<Cow<'_, [u8]>> {
        let datum = self.datum(place)?;
        // SAFETY: the slot has this column; a value of a varlena type exists as long as the row is held.
        unsafe {
            if attribute((*self.slot).tts_tupleDescriptor, place).attlen != -1 {
                Error::mismatch("a value").fail();
            }
            Some(contents(datum))
        }
    }

    /// All values of the row. The values point into the held row.
    pub fn row<'r>(&'r self, descriptor: &'r Descriptor) -> Row<'r> {
        // SAFETY: the slot holds a row as long as this lives.
        unsafe { Row::of_slot(descriptor, self.slot) }
    }

    /// The row's place, and the transaction and command that put the row there.
    pub fn version(&self) -> Version {
        // SAFETY: the slot holds a row of a heap, which has these system columns.
        let system = |number: i32| unsafe {
            let mut null = false;
            match (*(*self.slot).tts_ops).getsysattr {
                Some(system) => pg_sys::ffi::pg_guard_ffi_boundary(|| system(self.slot, number, &mut null)),
                None => pg_sys::Datum::null(),
            }
        };
        Version {
            // SAFETY: the slot holds a row, which has a place.
            tid: Tid::of(unsafe { (*self.slot).tts_tid }),
            inserter: (system(pg_sys::MinTransactionIdAttributeNumber).value() as u32).into(),
            command: system(pg_sys::MinCommandIdAttributeNumber).value() as u32,
        }
    }

    /// Whether the transaction's snapshot misses the row because it was committed later. Never so in READ COMMITTED.
    pub fn is_newer_than_snapshot(&self) -> bool {
        if !snapshot::is_kept() {
            return false;
        }
        // SAFETY: the slot holds a row of the table; both functions are those of its access method.
        unsafe {
            let snapshot = pg_sys::GetTransactionSnapshot();
            let (Some(visible), Some(system)) =
                ((*(*self.table).rd_tableam).tuple_satisfies_snapshot, (*(*self.slot).tts_ops).getsysattr)
            else {
                return false;
            };
            let seen = pg_sys::ffi::pg_guard_ffi_boundary(|| visible(self.table, self.slot, snapshot));
            if seen {
                return false;
            }
            // The snapshot does not contain a row of this transaction's current command either.
            let mut null = false;
            let number = pg_sys::MinTransactionIdAttributeNumber;
            let inserter = pg_sys::ffi::pg_guard_ffi_boundary(|| system(self.slot, number, &mut null));
            !pg_sys::TransactionIdIsCurrentTransactionId((inserter.value() as u32).into())
        }
    }
}

/// `ExecClearTuple`, which is inline in C.
///
/// # Safety
/// The slot is valid.
pub(super) unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: by the contract of this function; every slot's operations have `clear`.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            pg_sys::ffi::pg_guard_ffi_boundary(|| clear(slot));
        }
    }
}

/// The place for found rows: one slot, kept from scan to scan. A scan takes the slot out, so that a slot that an error
/// left in disorder is not used again.
#[derive(Default)]
pub(super) struct KeptSlot(Cell<*mut pg_sys::TupleTableSlot>);

impl KeptSlot {
    pub(super) fn new() -> KeptSlot {
        KeptSlot(Cell::new(std::ptr::null_mut()))
    }

    /// Hands the empty slot to `scan`. The slot must fit this table as it is now.
    pub(super) fn during<T>(&self, table: &Relation, scan: impl FnOnce(*mut pg_sys::TupleTableSlot) -> T) -> T {
        let mut slot = self.0.replace(std::ptr::null_mut());
        // SAFETY: the table is open. The slot is ours; its descriptor is a copy that only the slot uses.
        unsafe {
            if slot.is_null() {
                slot = memory::lasting(|| {
                    let descriptor = pg_sys::CreateTupleDescCopyConstr(table.descriptor());
                    pg_sys::MakeSingleTupleTableSlot(descriptor, pg_sys::table_slot_callbacks(table.raw()))
                });
            } else if !is_same_shape((*slot).tts_tupleDescriptor, table.descriptor()) {
                Error::mismatch("a scan of a table that has changed").fail();
            }
        }
        let answer = scan(slot);
        // SAFETY: the slot belongs to this value.
        unsafe { clear(slot) };
        drop(KeptSlot(Cell::new(self.0.replace(slot))));
        answer
    }
}

impl Drop for KeptSlot {
    fn drop(&mut self) {
        let slot = self.0.get();
        if !slot.is_null() && !std::thread::panicking() {
            // SAFETY: the slot was made here and is empty; its descriptor is a copy that only the slot uses.
            unsafe {
                let descriptor = (*slot).tts_tupleDescriptor;
                pg_sys::ExecDropSingleTupleTableSlot(slot);
                pg_sys::FreeTupleDesc(descriptor);
            }
        }
    }
}
