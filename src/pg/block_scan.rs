//! Reading some blocks of a table: each row that is there, may come, or may come back.

use pgrx::pg_sys;

use super::held_row::{HeldRow, KeptSlot};
use super::relation::Relation;

/// Calls `act` with each row in these blocks of a heap that VACUUM could not remove: also those that open transactions insert or delete,
/// this one included, and some that are deleted.
pub fn each_row(table: &Relation, first: u32, count: u32, mut act: impl FnMut(&HeldRow)) {
    // A scan that is limited to more than there is begins again at the first block.
    let count = count.min(table.blocks().saturating_sub(first));
    if count == 0 {
        return;
    }
    // SAFETY: the relation is open and locked, and a heap; the snapshot outlives the scan, which is limited before it begins. The scan
    // does not synchronize with others, which the limits demand.
    KeptSlot::new().during(table, |slot| unsafe {
        let mut snapshot =
            pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_NON_VACUUMABLE, ..Default::default() };
        snapshot.vistest = pg_sys::GlobalVisTestFor(table.raw());
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_STRAT;
        let scan =
            pg_sys::heap_beginscan(table.raw(), &mut snapshot, 0, std::ptr::null_mut(), std::ptr::null_mut(), flags);
        pg_sys::heap_setscanlimits(scan, first, count);
        while pg_sys::heap_getnextslot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
            act(&HeldRow { table: table.raw(), slot });
        }
        pg_sys::heap_endscan(scan);
    });
}
