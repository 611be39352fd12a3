//! Finding the rows of one key whose period overlaps a given one or is adjacent to it, through a GiST index.

use pgrx::pg_sys;
use veritable_period::Period;

use super::column::Column;
use super::equality::Equality;
use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{GistIndex, begin, operator_of, scan_key};
use super::period::{Bound, RangeType};
use super::relation::{Lock, Relation};
use super::row::Row;
use super::snapshot::Latest;

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
    /// The types of the values that they are compared with.
    types: Vec<pg_sys::Oid>,
    range: RangeType,
    slot: KeptSlot,
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
        let described = GistIndex::describe(table, index)?;
        let columns = table.columns();
        let type_of = |place: usize| Some(columns.iter().find(|column| column.place == place)?.type_id);
        let is_key = |(at, (column, equality)): (usize, &(Column, Equality))| {
            described.columns.get(at) == Some(&Some(column.place))
                && type_of(column.place) == Some(column.type_id)
                && equality.type_id == column.type_id
        };
        if !key.iter().enumerate().all(is_key) || described.columns.get(position) != Some(&Some(period)) {
            return None;
        }
        let relation = Relation::open(index, Lock::AccessShare).ok()?;
        let keys = key.iter().enumerate().map(|(position, (_, equality))| {
            // SAFETY: the vectors of an open index have a member for each key column; zero says that the operator is not
            // in the family.
            let strategy = unsafe {
                pg_sys::get_op_opfamily_strategy(equality.operator(), *(*relation.raw()).rd_opfamily.add(position))
            };
            // SAFETY: the index has this key column, and its family the operator.
            (strategy != 0).then(|| unsafe { scan_key(&relation, position, strategy as u32, equality.operator()) })
        });
        // An operator class of somebody's own may mean other things by these numbers.
        let range = |strategy: u32, meant: u32| {
            let operator = operator_of(&relation, position, strategy)?;
            // SAFETY: takes any operator's oid.
            if unsafe { pg_sys::get_opcode(operator) } != meant.into() {
                return None;
            }
            // SAFETY: the index has this key column, and its family the operator, since that was found there.
            Some(unsafe { scan_key(&relation, position, strategy, operator) })
        };
        Some(Touching {
            table: table.oid(),
            index,
            places: key.iter().map(|(column, _)| column.place).collect(),
            period,
            keys: keys.collect::<Option<_>>()?,
            overlaps: range(pg_sys::RANGESTRAT_OVERLAPS, pg_sys::F_RANGE_OVERLAPS)?,
            adjacent: range(pg_sys::RANGESTRAT_ADJACENT, pg_sys::F_RANGE_ADJACENT)?,
            types: key.iter().map(|(column, _)| column.type_id).collect(),
            range: RangeType::of(type_of(period)?)?,
            slot: KeptSlot::new(),
        })
    }

    /// Hands each row to `visit` that the snapshot sees and that has the key of `row` and touches `period`, which is
    /// that of `row`. A row with the same key and period, such as `row` itself, is among them.
    pub fn visit(&self, row: &Row, period: &Period<Bound>, snapshot: &Latest, mut visit: impl FnMut(&HeldRow)) {
        // Null is equal to nothing.
        if self.places.iter().any(|&place| row.is_null(place)) {
            return;
        }
        // Both are locked by the statement that inserts into them.
        let table = Relation::open_existing(self.table, Lock::Held);
        let index = Relation::open_existing(self.index, Lock::Held);
        let own = row.typed(self.period, self.range.oid());
        let scans = match self.range.touching(period) {
            Some(touching) => vec![(self.overlaps, touching)],
            None => vec![(self.overlaps, own), (self.adjacent, own)],
        };
        for (mut range, argument) in scans {
            let mut keys = self.keys.clone();
            for ((key, &place), &type_id) in keys.iter_mut().zip(&self.places).zip(&self.types) {
                key.sk_argument = row.typed(place, type_id);
            }
            range.sk_argument = argument;
            keys.push(range);
            // SAFETY: both relations are open and locked, and the index is one of the table; the keys are of the index and
            // hold values of their types; the snapshot and the keys outlive the scan.
            self.slot.during(&table, |slot| unsafe {
                let scan = begin(&table, &index, snapshot.raw(), &mut keys);
                while pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                    visit(&HeldRow { table: table.raw(), slot });
                }
                // What the slot holds belongs to the scan.
                clear(slot);
                pg_sys::index_endscan(scan);
            });
        }
    }
}
