//! Finding the rows of one key whose period overlaps a given one or is adjacent to it, through a GiST index.

use std::cell::Cell;

use pgrx::pg_sys;
use veritable_period::Period;

use super::index::{HeldRow, Opened, clear, operator_of, scan_key};
use super::memory;
use super::period::{Bound, RangeType};
use super::relation::{Column, Lock, Relation};
use super::row::Row;
use super::snapshot::Latest;
use super::types::Equality;

/// A scan of a GiST index on the columns of a key and a period.
pub struct Touching {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    /// The places of the columns that are compared with the keys, in the table's rows.
    places: Vec<usize>,
    /// The place of the period.
    period: usize,
    keys: Vec<pg_sys::ScanKeyData>,
    overlaps: pg_sys::ScanKeyData,
    adjacent: pg_sys::ScanKeyData,
    /// Where a found row is held. Taken out while in use, so that one that an error left in disorder is not used again.
    slot: Cell<*mut pg_sys::TupleTableSlot>,
}

impl Touching {
    /// A scan of the index with this oid, whose first columns are `key` and whose column number `position`, counted from
    /// zero, is the one that is at `period` in the table.
    pub fn new(
        table: &Relation,
        index: pg_sys::Oid,
        key: &[(Column, Equality)],
        period: usize,
        position: usize,
    ) -> Option<Touching> {
        let relation = Relation::open(index, Lock::AccessShare).ok()?;
        let keys = key.iter().enumerate().map(|(position, (_, equality))| {
            // SAFETY: the vectors of an open index have a member for each key column; zero says that the operator is not
            // in the family.
            let strategy = unsafe {
                pg_sys::get_op_opfamily_strategy(equality.operator(), *(*relation.raw()).rd_opfamily.add(position))
            };
            (strategy != 0).then(|| scan_key(&relation, position, strategy as u32, equality.operator()))
        });
        // An operator class of somebody's own may mean other things by these numbers.
        let range = |strategy: u32, meant: u32| {
            let operator = operator_of(&relation, position, strategy)?;
            // SAFETY: takes any operator's oid.
            if unsafe { pg_sys::get_opcode(operator) } != meant.into() {
                return None;
            }
            Some(scan_key(&relation, position, strategy, operator))
        };
        Some(Touching {
            table: table.oid(),
            index,
            places: key.iter().map(|(column, _)| column.place).collect(),
            period,
            keys: keys.collect::<Option<_>>()?,
            overlaps: range(pg_sys::RANGESTRAT_OVERLAPS, pg_sys::F_RANGE_OVERLAPS)?,
            adjacent: range(pg_sys::RANGESTRAT_ADJACENT, pg_sys::F_RANGE_ADJACENT)?,
            slot: Cell::new(std::ptr::null_mut()),
        })
    }

    /// Hands each row to `visit` that the snapshot sees and that has the key of `row` and touches `period`, which is
    /// that of `row`. A row with the same key and period, such as `row` itself, is among them.
    pub fn visit(
        &self,
        row: &Row,
        range: RangeType,
        period: &Period<Bound>,
        snapshot: &Latest,
        mut visit: impl FnMut(&HeldRow),
    ) {
        let table = Opened::new(self.table, Lock::Held);
        // Both are locked by the statement that inserts into them.
        let index = Opened::new(self.index, Lock::Held);
        let mut slot = self.slot.replace(std::ptr::null_mut());
        let own = row.datum(self.period);
        let scans = match range.touching(period) {
            Some(touching) => vec![(self.overlaps, touching)],
            None => vec![(self.overlaps, own), (self.adjacent, own)],
        };
        for (mut range, argument) in scans {
            let mut keys = self.keys.clone();
            for (key, &place) in keys.iter_mut().zip(&self.places) {
                key.sk_argument = row.datum(place);
            }
            range.sk_argument = argument;
            keys.push(range);
            // SAFETY: both relations are open and locked; the snapshot and the keys outlive the scan; the slot fits
            // the table, whose change would have dropped this `Touching`, and is cleared before it is kept.
            unsafe {
                if slot.is_null() {
                    slot = memory::lasting(|| {
                        let descriptor = pg_sys::CreateTupleDescCopyConstr((*table.0).rd_att);
                        pg_sys::MakeSingleTupleTableSlot(descriptor, pg_sys::table_slot_callbacks(table.0))
                    });
                }
                let count = keys.len() as i32;
                #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17"))]
                let scan = pg_sys::index_beginscan(table.0, index.0, snapshot.raw(), count, 0);
                #[cfg(feature = "pg18")]
                let scan = pg_sys::index_beginscan(table.0, index.0, snapshot.raw(), std::ptr::null_mut(), count, 0);
                pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
                while pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                    visit(&HeldRow { table: table.0, slot });
                }
                clear(slot);
                pg_sys::index_endscan(scan);
            }
        }
        self.slot.set(slot);
    }
}

impl Drop for Touching {
    fn drop(&mut self) {
        let slot = self.slot.get();
        if !slot.is_null() && !std::thread::panicking() {
            // SAFETY: made by us, and empty; its descriptor is a copy that only the slot uses.
            unsafe {
                let descriptor = (*slot).tts_tupleDescriptor;
                pg_sys::ExecDropSingleTupleTableSlot(slot);
                pg_sys::FreeTupleDesc(descriptor);
            }
        }
    }
}
