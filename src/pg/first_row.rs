//! Finding the first row in the order of a `bigint` column, through a B-tree and without the planner: planning a query of a table
//! evaluates expressions of all its indexes, which its owner has written.

use pgrx::pg_sys;

use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{Index, begin, operator_of, scan_key};
use super::relation::{Lock, Relation};
use super::snapshot::Latest;

/// Hands the first row to `read` that the snapshot sees and whose value at `place` is above `after`, and at most `until`; `None`
/// without an index that begins with the column. The inner value is `None` without a row.
pub fn first_row<T>(
    table: &Relation,
    place: usize,
    (after, until): (i64, i64),
    snapshot: &Latest,
    read: impl FnOnce(&HeldRow) -> T,
) -> Option<Option<T>> {
    // An operator class of somebody's own may compare by a function that never ends.
    let is_plain = |index: &Index| {
        let compares = |relation: &Relation, strategy: u32, meant: u32| {
            // SAFETY: takes any operator's oid.
            operator_of(relation, 0, strategy)
                .is_some_and(|operator| unsafe { pg_sys::get_opcode(operator) } == meant.into())
        };
        index.columns.first() == Some(&place)
            && index.is_ascending()
            && Relation::open(index.oid, Lock::AccessShare).is_ok_and(|index| {
                // SAFETY: the vectors of an open index have a member for each key column, and a B-tree has one.
                let family = unsafe { *(*index.raw()).rd_opfamily };
                family == pg_sys::INTEGER_BTREE_FAM_OID
                    && compares(&index, pg_sys::BTGreaterStrategyNumber, pg_sys::F_INT8GT)
                    && compares(&index, pg_sys::BTLessEqualStrategyNumber, pg_sys::F_INT8LE)
            })
    };
    let index = Relation::open(table.indexes().into_iter().find(is_plain)?.oid, Lock::AccessShare).ok()?;
    let key = |strategy: u32, value: i64| {
        let operator = operator_of(&index, 0, strategy)?;
        // SAFETY: the index has a key column, and its operator family has the operator, which was found there.
        let mut key = unsafe { scan_key(&index, 0, strategy, operator) };
        key.sk_argument = pg_sys::Datum::from(value);
        Some(key)
    };
    let mut keys = [key(pg_sys::BTGreaterStrategyNumber, after)?, key(pg_sys::BTLessEqualStrategyNumber, until)?];
    // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the index and hold
    // values of its type; the snapshot and the keys outlive the scan.
    Some(KeptSlot::new().during(table, |slot| unsafe {
        let scan = begin(table, &index, snapshot.raw(), &mut keys);
        let found = pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot);
        let answer = found.then(|| read(&HeldRow { table: table.raw(), slot }));
        // The row in the slot belongs to the scan.
        clear(slot);
        pg_sys::index_endscan(scan);
        answer
    }))
}
