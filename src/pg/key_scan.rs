//! Finding the row of a unique key, as this transaction has left it.

use pgrx::pg_sys;

use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{begin, operator_of, scan_key};
use super::relation::{Lock, Relation};
use super::row::Row;

/// A scan of a unique B-tree index for the row with the same key as another row.
pub struct KeyScan {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    /// The places of the key's columns in rows of the table, in the order of the index.
    places: Vec<usize>,
    keys: Vec<pg_sys::ScanKeyData>,
    types: Vec<pg_sys::Oid>,
    slot: KeptSlot,
}

impl KeyScan {
    /// A scan of the table's primary key; `None` without a primary key that can be used now.
    pub fn of_primary_key(table: &Relation) -> Option<KeyScan> {
        let index = table.primary_key_index()?;
        let relation = Relation::open(index.oid, Lock::AccessShare).ok()?;
        let columns = table.columns();
        let type_of = |place: &usize| Some(columns.iter().find(|column| column.place == *place)?.type_id);
        let key = |position: usize| {
            let operator = operator_of(&relation, position, pg_sys::BTEqualStrategyNumber)?;
            // SAFETY: the index has this key column, and its operator family has the operator, which was found there.
            Some(unsafe { scan_key(&relation, position, pg_sys::BTEqualStrategyNumber, operator) })
        };
        Some(KeyScan {
            table: table.oid(),
            index: index.oid,
            keys: (0..index.columns.len()).map(key).collect::<Option<_>>()?,
            types: index.columns.iter().map(type_of).collect::<Option<_>>()?,
            places: index.columns,
            slot: KeptSlot::new(),
        })
    }

    /// The table's index.
    pub fn index(&self) -> pg_sys::Oid {
        self.index
    }

    /// Hands the table's row with the key of `row`, a row of the same table, to `read`: as it is now, with all changes of this
    /// transaction, and without uncommitted changes of others (`SnapshotSelf`).
    pub fn find<T>(&self, row: &Row, read: impl FnOnce(Option<&HeldRow>) -> T) -> T {
        let mut keys = self.keys.clone();
        for ((key, &place), &type_id) in keys.iter_mut().zip(&self.places).zip(&self.types) {
            key.sk_argument = row.typed(place, type_id);
        }
        // The running statement has locked both.
        let table = Relation::open_existing(self.table, Lock::Held);
        let index = Relation::open_existing(self.index, Lock::AccessShare);
        // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the index
        // and hold values of their types; the snapshot and the keys outlive the scan.
        self.slot.during(&table, |slot| unsafe {
            let mut snapshot =
                pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_SELF, ..Default::default() };
            let scan = begin(&table, &index, &mut snapshot, &mut keys);
            let found = pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot);
            let answer = read(found.then(|| HeldRow { table: table.raw(), slot }).as_ref());
            // The row in the slot belongs to the scan.
            clear(slot);
            pg_sys::index_endscan(scan);
            answer
        })
    }
}
