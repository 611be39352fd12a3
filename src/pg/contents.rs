//! Whether a table holds rows, found without running any code of the table's owner.

use pgrx::pg_sys;

use super::relation::{Lock, Relation};
use super::report::Result;

/// Whether the latest snapshot sees a row in the table or in one of its partitions. A table that is stored elsewhere (a
/// foreign table) may have rows, so the answer is yes.
///
/// PostgreSQL scans the table itself instead of running a query: no policy hides rows, no function runs, and no
/// privilege is needed. The caller of this function has checked that the user may learn the answer.
pub fn has_rows(table: pg_sys::Oid) -> Result<bool> {
    let relation = Relation::open(table, Lock::AccessShare)?;
    for leaf in relation.leaves()? {
        if leaf_has_rows(&Relation::open(leaf, Lock::AccessShare)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn leaf_has_rows(relation: &Relation) -> bool {
    // SAFETY: the relation is open and locked, and an access method has all these functions. The scan ends before its
    // snapshot is released, and its slot is freed before the relation is closed.
    unsafe {
        let methods = (*relation.raw()).rd_tableam;
        if methods.is_null() {
            return true;
        }
        let (Some(begin), Some(next), Some(end)) =
            ((*methods).scan_begin, (*methods).scan_getnextslot, (*methods).scan_end)
        else {
            return true;
        };
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let slot = pg_sys::MakeSingleTupleTableSlot(
            pg_sys::CreateTupleDescCopy(relation.descriptor()),
            pg_sys::table_slot_callbacks(relation.raw()),
        );
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let found = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            let scan = begin(relation.raw(), snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags);
            let found = next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot);
            // The row in the slot belongs to the scan.
            if let Some(clear) = (*(*slot).tts_ops).clear {
                clear(slot);
            }
            end(scan);
            found
        });
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::UnregisterSnapshot(snapshot);
        found
    }
}
