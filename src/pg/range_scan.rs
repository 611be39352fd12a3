//! Finding the rows of one key with a period that overlaps or touches a given period, through a GiST index.

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
    /// The places, in the table's rows, of the columns that are compared with the keys.
    places: Vec<usize>,
    /// The place of the period.
    period: usize,
    keys: Vec<pg_sys::ScanKeyData>,
    overlaps: pg_sys::ScanKeyData,
    adjacent: pg_sys::ScanKeyData,
    /// The types of the compared values.
    types: Vec<pg_sys::Oid>,
    range: RangeType,
    slot: KeptSlot,
}

impl Touching {
    /// A scan of the index with this oid. The index's first columns are `key`, and its column number `position`,
    /// counted from zero, is the column at `period` in the table.
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
            // SAFETY: the vectors of an open index have a member for each key column; zero says that the operator
            // family lacks the operator.
            let strategy = unsafe {
                pg_sys::get_op_opfamily_strategy(equality.operator(), *(*relation.raw()).rd_opfamily.add(position))
            };
            // SAFETY: the index has this key column, and its operator family has the operator.
            (strategy != 0).then(|| unsafe { scan_key(&relation, position, strategy as u32, equality.operator()) })
        });
        // A user's own operator class may give these numbers other meanings.
        let range = |strategy: u32, meant: u32| {
            let operator = operator_of(&relation, position, strategy)?;
            // SAFETY: takes any operator's oid.
            if unsafe { pg_sys::get_opcode(operator) } != meant.into() {
                return None;
            }
            // SAFETY: the index has this key column, and its operator family has the operator, which was found there.
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

    /// Hands each row to `visit` that the snapshot sees, that has the key of `row`, and that touches the period of
    /// `row`, `period`. A row with the same key and period, such as `row` itself, is among them.
    pub fn visit(&self, row: &Row, period: &Period<Bound>, snapshot: &Latest, mut visit: impl FnMut(&HeldRow)) {
        // NULL equals nothing.
        if self.places.iter().any(|&place| row.is_null(place)) {
            return;
        }
        // The inserting statement has locked both.
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
            // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the
            // index and hold values of their types; the snapshot and the keys outlive the scan.
            self.slot.during(&table, |slot| unsafe {
                let scan = begin(&table, &index, snapshot.raw(), &mut keys);
                // Rows judge themselves: before its releases of November 2026, PostgreSQL marks entries of living rows
                // as dead. That no entry is skipped costs nothing that can be measured.
                (*scan).ignore_killed_tuples = false;
                while pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                    visit(&HeldRow { table: table.raw(), slot });
                }
                // The row in the slot belongs to the scan.
                clear(slot);
                pg_sys::index_endscan(scan);
            });
        }
    }
}
