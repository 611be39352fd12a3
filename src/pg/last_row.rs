//! Finding the last row of a group through a B-tree, including rows of open transactions.

use pgrx::pg_sys;

use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{Index, begin, next, operator_of, repeated, scan_key};
use super::open_transaction::OpenTransaction;
use super::relation::{Lock, Relation};
use super::row::Row;

/// A scan for the row with the greatest value of one `bigint` column, among rows that are equal in other columns.
pub struct LastRow {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    direction: pg_sys::ScanDirection::Type,
    /// The place of the column that each key is compared with.
    places: Vec<usize>,
    keys: Vec<pg_sys::ScanKeyData>,
    /// `column >= bound`, which also leaves out NULLs.
    bound: pg_sys::ScanKeyData,
    /// The types of the compared values.
    types: Vec<pg_sys::Oid>,
    slot: KeptSlot,
}

/// The result of a scan.
pub enum Found<T> {
    /// No matching row.
    Nothing,
    /// A row that a still open transaction has inserted.
    InProgress(OpenTransaction),
    /// The value that `read` returned for the row.
    Row(T),
}

impl LastRow {
    /// A scan of `index` on `table`, whose key begins with the columns `equal`, in any order, followed by `last`.
    pub fn new(table: &Relation, index: &Index, equal: &[usize], last: usize) -> Option<LastRow> {
        // The index as it is now, whatever has changed since its description.
        let index = &Index::describe(table, index.oid)?;
        if !index.finds_last(table, equal, last) {
            return None;
        }
        let columns = table.columns();
        let type_of = |place: &usize| Some(columns.iter().find(|column| column.place == *place)?.type_id);
        if type_of(&last) != Some(pg_sys::INT8OID) {
            return None;
        }
        let prefix = index.columns.get(..equal.len())?;
        let descending = *index.descending.get(equal.len())?;
        let relation = Relation::open(index.oid, Lock::AccessShare).ok()?;
        let key = |position: usize, strategy: u32| {
            let operator = operator_of(&relation, position, strategy)?;
            // SAFETY: the index has this key column, and its operator family has the operator, which was found there.
            Some(unsafe { scan_key(&relation, position, strategy, operator) })
        };
        Some(LastRow {
            table: table.oid(),
            index: index.oid,
            direction: if descending {
                pg_sys::ScanDirection::ForwardScanDirection
            } else {
                pg_sys::ScanDirection::BackwardScanDirection
            },
            places: prefix.to_vec(),
            keys: (0..equal.len())
                .map(|position| key(position, pg_sys::BTEqualStrategyNumber))
                .collect::<Option<_>>()?,
            bound: key(equal.len(), pg_sys::BTGreaterEqualStrategyNumber)?,
            types: prefix.iter().map(type_of).collect::<Option<_>>()?,
            slot: KeptSlot::new(),
        })
    }

    /// Finds the row with the greatest value, at least `bound`, among rows equal to `row`: also a row that this
    /// transaction has just inserted, or that another open transaction has inserted (`SnapshotDirty`).
    ///
    /// `places` are the compared columns' places in `row`, in the order of `equal`'s places in the index. The `lock` is `Held`
    /// if the session has locked the table and its indexes already, as an INSERT has those of its own table.
    pub fn find<T>(
        &self,
        lock: Lock,
        row: &Row,
        place_in_row: impl Fn(usize) -> usize,
        bound: i64,
        read: impl FnOnce(&HeldRow) -> T,
    ) -> Found<T> {
        let mut keys = self.keys.clone();
        for ((key, &place), &type_id) in keys.iter_mut().zip(&self.places).zip(&self.types) {
            key.sk_argument = row.typed(place_in_row(place), type_id);
        }
        let mut last = self.bound;
        last.sk_argument = pg_sys::Datum::from(bound);
        keys.push(last);

        let table = Relation::open_existing(self.table, lock);
        let index = Relation::open_existing(self.index, lock);
        // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the index
        // and hold values of their types; the snapshot and the keys outlive the scan.
        self.slot.during(&table, |slot| unsafe {
            let mut snapshot =
                pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY, ..Default::default() };
            let scan = begin(&table, &index, &mut snapshot, &mut keys);
            let found = repeated(scan, &mut keys, |passed| {
                clear(slot);
                next(scan, self.direction, slot, passed)
            });
            let answer = if !found {
                Found::Nothing
            } else if snapshot.xmin != pg_sys::InvalidTransactionId {
                Found::InProgress(OpenTransaction(snapshot.xmin))
            } else {
                Found::Row(read(&HeldRow { table: table.raw(), slot }))
            };
            // The row in the slot belongs to the scan.
            clear(slot);
            pg_sys::index_endscan(scan);
            answer
        })
    }
}
