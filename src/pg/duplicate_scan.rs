//! Finding rows with the same key through a B-tree, including rows that open transactions insert or delete.

use pgrx::pg_sys;

use super::glance::Glance;
use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{Index, begin, next, operator_of, repeated, scan_key};
use super::open_transaction::OpenTransaction;
use super::relation::{Lock, Relation};
use super::report::Error;
use super::row::Row;
use super::version::Tid;

/// A scan for the rows that are equal to another row in some columns.
pub struct DuplicateScan {
    index: pg_sys::Oid,
    /// The places of the compared columns in rows of the table, in the order of the index.
    places: Vec<usize>,
    keys: Vec<pg_sys::ScanKeyData>,
    types: Vec<pg_sys::Oid>,
    slot: KeptSlot,
}

/// The result of a scan.
pub enum Sought {
    /// No matching row.
    Nothing,
    /// A row that is there for this transaction, whatever its snapshot shows, and whether its snapshot misses the row.
    Row { is_newer: bool },
    /// A row that an open transaction inserts or deletes.
    InProgress(Writer),
    /// Somebody else has locked the index.
    Locked(pg_sys::Oid),
}

/// Another transaction that inserts or deletes a row.
#[derive(Clone, Copy)]
pub struct Writer {
    transaction: pg_sys::TransactionId,
    /// The number of an insertion that may be taken back at once (`INSERT … ON CONFLICT`), or zero.
    token: u32,
}

impl From<OpenTransaction> for Writer {
    fn from(OpenTransaction(transaction): OpenTransaction) -> Writer {
        Writer { transaction, token: 0 }
    }
}

impl Writer {
    /// Waits until the fate of the row is known. The wait can be cancelled, obeys `lock_timeout` and takes part in deadlock
    /// detection.
    pub fn wait(self, relation: &Relation) {
        // SAFETY: the relation is open; without a row, the error's context names the relation alone.
        unsafe {
            if self.token != 0 {
                pg_sys::SpeculativeInsertionWait(self.transaction, self.token);
                return;
            }
            let mut nowhere = pg_sys::ItemPointerData::default();
            let nothing = pg_sys::XLTW_Oper::XLTW_None;
            pg_sys::XactLockTableWait(self.transaction, relation.raw(), &mut nowhere, nothing);
        }
    }
}

impl DuplicateScan {
    /// A scan of the table's rows that are equal in the columns `equal`: through the narrowest index whose key begins with these
    /// columns.
    pub fn new(table: &Relation, equal: &[usize]) -> Option<DuplicateScan> {
        let mut indexes = table.indexes();
        indexes.retain(|index| index.finds_equal(table, equal));
        indexes.sort_by_key(|index| index.columns.len());
        indexes.iter().find_map(|index| DuplicateScan::through(table, index, equal.len()))
    }

    fn through(table: &Relation, index: &Index, count: usize) -> Option<DuplicateScan> {
        let columns = table.columns();
        let type_of = |place: &usize| Some(columns.iter().find(|column| column.place == *place)?.type_id);
        let relation = Relation::open_briefly(index.oid, Lock::AccessShare).ok()?;
        let key = |position: usize| {
            let operator = operator_of(&relation, position, pg_sys::BTEqualStrategyNumber)?;
            // SAFETY: the index has this key column, and its operator family has the operator, which was found there.
            Some(unsafe { scan_key(&relation, position, pg_sys::BTEqualStrategyNumber, operator) })
        };
        let places = index.columns.get(..count)?.to_vec();
        Some(DuplicateScan {
            index: index.oid,
            keys: (0..count).map(key).collect::<Option<_>>()?,
            types: places.iter().map(type_of).collect::<Option<_>>()?,
            places,
            slot: KeptSlot::new(),
        })
    }

    /// Finds a row of the open table that is equal to `row`, whose values are not NULL, and that `counts`: also a row of this
    /// transaction, and one that another open transaction inserts or deletes (`SnapshotDirty`). `own` is a row of the table that does
    /// not count. Nothing is waited for, and no lock is kept.
    ///
    /// `place_in_row` gives a compared column's place in `row`.
    pub fn find(
        &self,
        table: &Relation,
        row: &Row,
        place_in_row: impl Fn(usize) -> usize,
        own: Option<Tid>,
        counts: impl Fn(&HeldRow) -> bool,
    ) -> Sought {
        let mut keys = self.keys.clone();
        for ((key, &place), &type_id) in keys.iter_mut().zip(&self.places).zip(&self.types) {
            key.sk_argument = row.typed(place_in_row(place), type_id);
        }
        let index = match Relation::glance(self.index, Lock::AccessShare) {
            Glance::Open(index) => index,
            Glance::Locked => return Sought::Locked(self.index),
            // Not while the table is locked and described as it is.
            Glance::Gone => Error::damaged("pg_index").fail(),
        };
        // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the index
        // and hold values of their types; the snapshot and the keys outlive the scan.
        self.slot.during(table, |slot| unsafe {
            let mut snapshot =
                pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY, ..Default::default() };
            // The scan writes to it.
            let snapshot = &raw mut snapshot;
            let scan = begin(table, &index, snapshot, &mut keys);
            let answer = repeated(scan, &mut keys, |passed| {
                let mut answer = Sought::Nothing;
                while next(scan, pg_sys::ScanDirection::ForwardScanDirection, slot, passed) {
                    let held = HeldRow { table: table.raw(), slot };
                    if own == Some(Tid::of((*slot).tts_tid)) || !counts(&held) {
                        continue;
                    }
                    let (inserter, deleter) = ((*snapshot).xmin, (*snapshot).xmax);
                    answer = if inserter != pg_sys::InvalidTransactionId {
                        Sought::InProgress(Writer { transaction: inserter, token: (*snapshot).speculativeToken })
                    } else if deleter != pg_sys::InvalidTransactionId {
                        Sought::InProgress(Writer { transaction: deleter, token: 0 })
                    } else {
                        Sought::Row { is_newer: held.is_newer_than_snapshot() }
                    };
                    break;
                }
                // The row in the slot belongs to the scan.
                clear(slot);
                answer
            });
            pg_sys::index_endscan(scan);
            answer
        })
    }
}
