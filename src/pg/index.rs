//! The definitions of indexes, and the beginning of a scan.

use pgrx::pg_sys;

use super::equality::is_equality_of;
use super::list::oids;
use super::memory;
use super::relation::{Lock, Relation};
use super::stack::check_for_interrupts;
use super::types::is_deterministic;

/// A B-tree index that is valid, total (not partial), and on columns (not expressions).
pub struct Index {
    /// The index's oid.
    pub oid: pg_sys::Oid,
    /// The places of the index's key columns in the table's rows.
    pub columns: Vec<usize>,
    /// Whether the index refuses duplicates.
    pub unique: bool,
    pub(super) descending: Vec<bool>,
}

/// A GiST index that is valid and total (not partial).
pub struct GistIndex {
    /// The index's oid.
    pub oid: pg_sys::Oid,
    /// The index's name, which is also the name of its constraint.
    pub name: String,
    /// The places of the index's columns in the table's rows; `None` for an expression.
    pub columns: Vec<Option<usize>>,
    /// The collations that the index uses to compare its columns.
    pub collations: Vec<pg_sys::Oid>,
    /// The operators of the index's exclusion constraint; none for an index without one.
    pub excludes: Vec<pg_sys::Oid>,
}

impl GistIndex {
    pub(super) fn describe(table: &Relation, oid: pg_sys::Oid) -> Option<GistIndex> {
        let index = Relation::open(oid, Lock::AccessShare).ok()?;
        // SAFETY: an open index has its pg_index row; its vectors and its exclusion arrays have a member for each key column.
        unsafe {
            let raw = index.raw();
            if !is_usable(raw, table, pg_sys::GIST_AM_OID) {
                return None;
            }
            let form = &*(*raw).rd_index;
            let keys = form.indnkeyatts as usize;
            let mut excludes = Vec::new();
            if form.indisexclusion {
                let (mut operators, mut procedures, mut strategies) =
                    (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
                pg_sys::RelationGetExclusionInfo(raw, &mut operators, &mut procedures, &mut strategies);
                excludes = std::slice::from_raw_parts(operators, keys).to_vec();
            }
            let attributes = form.indkey.values.as_slice(keys);
            let columns = attributes.iter().map(|&number| usize::try_from(number - 1).ok()).collect();
            let collations = std::slice::from_raw_parts((*raw).rd_indcollation, keys).to_vec();
            Some(GistIndex { oid, name: index.name(), columns, collations, excludes })
        }
    }
}

/// Whether the index contains each row of its table, and a scan can find the row now. An index with `indcheckxmin` counts:
/// it may lack only old versions of rows, which no snapshot sees that is taken after the index was made, as ours are.
///
/// # Safety
/// `index` is an open relation.
unsafe fn is_usable(index: pg_sys::Relation, table: &Relation, method: pg_sys::Oid) -> bool {
    // SAFETY: an open index has its pg_index row. The index of a partitioned table has one as well, but no storage.
    unsafe {
        if (*index).rd_index.is_null() {
            return false;
        }
        let (class, form) = (&*(*index).rd_rel, &*(*index).rd_index);
        class.relkind as u8 == pg_sys::RELKIND_INDEX
            && form.indrelid == table.oid()
            && class.relam == method
            && form.indisvalid
            && form.indisready
            && pg_sys::heap_attisnull(
                (*index).rd_indextuple,
                pg_sys::Anum_pg_index_indpred as i32,
                std::ptr::null_mut(),
            )
    }
}

const INDOPTION_DESC: i16 = 1;

impl Index {
    /// Whether all columns are in ascending order.
    pub(super) fn is_ascending(&self) -> bool {
        !self.descending.contains(&true)
    }

    /// Whether the index can find the last row of a group: its key begins with the columns `equal`, in any order,
    /// followed by `last`, and the index has the same equality as the columns.
    pub fn finds_last(&self, table: &Relation, equal: &[usize], last: usize) -> bool {
        self.columns.get(equal.len()) == Some(&last) && self.finds_equal(table, equal)
    }

    /// Whether the index can find the rows of a group: its key begins with the columns `equal`, in any order, and the index has
    /// the same equality as the columns.
    pub fn finds_equal(&self, table: &Relation, equal: &[usize]) -> bool {
        let columns = table.columns();
        let column = |place: usize| columns.iter().find(|column| column.place == place);
        let Ok(index) = Relation::open_briefly(self.oid, Lock::AccessShare) else { return false };
        let is_same = |position: usize| {
            let Some(column) = self.columns.get(position).and_then(|place| column(*place)) else { return false };
            if position >= key_count(&index) {
                return false;
            }
            // SAFETY: the vectors of an open index have a member for each key column.
            let collation = unsafe { *(*index.raw()).rd_indcollation.add(position) };
            let is_same_collation =
                collation == column.collation || (is_deterministic(collation) && is_deterministic(column.collation));
            let equality = operator_of(&index, position, pg_sys::BTEqualStrategyNumber);
            is_same_collation && equality.is_some_and(|operator| is_equality_of(operator, column))
        };
        self.columns.len() >= equal.len()
            && self.columns[..equal.len()].iter().all(|place| equal.contains(place))
            && equal.iter().all(|place| self.columns[..equal.len()].contains(place))
            && (0..equal.len()).all(is_same)
    }

    pub(super) fn describe(table: &Relation, oid: pg_sys::Oid) -> Option<Index> {
        let index = Relation::open_briefly(oid, Lock::AccessShare).ok()?;
        // SAFETY: an open index has its pg_index row, with `indnatts` members in each of its vectors; the partition key
        // and the expressions are attributes of that row, NULL if there are none.
        unsafe {
            let raw = index.raw();
            if !is_usable(raw, table, pg_sys::BTREE_AM_OID) {
                return None;
            }
            let form = &*(*raw).rd_index;
            let keys = form.indnkeyatts as usize;
            let attributes = form.indkey.values.as_slice(keys);
            let options = std::slice::from_raw_parts((*raw).rd_indoption, keys);
            let columns =
                attributes.iter().map(|&number| usize::try_from(number - 1).ok()).collect::<Option<Vec<_>>>()?;
            debug_assert!(columns.iter().all(|&place| place < table.width()));
            Some(Index {
                oid,
                columns,
                unique: form.indisunique,
                descending: options.iter().map(|option| option & INDOPTION_DESC != 0).collect(),
            })
        }
    }
}

/// Begins a scan of an index.
///
/// # Safety
/// Both relations are open and locked, and the index belongs to the table; the keys belong to the index, and hold
/// values of their types. The snapshot and the keys outlive the scan.
pub(super) unsafe fn begin(
    table: &Relation,
    index: &Relation,
    snapshot: pg_sys::Snapshot,
    keys: &mut [pg_sys::ScanKeyData],
) -> pg_sys::IndexScanDesc {
    let (table, index, count) = (table.raw(), index.raw(), keys.len() as i32);
    for key in keys.iter_mut() {
        // What a function keeps for its next call, as that of a composite type does, goes with the scan, which has a copy of the key.
        // SAFETY: a variable of the backend.
        key.sk_func.fn_mcxt = unsafe { pg_sys::CurrentMemoryContext };
    }
    // SAFETY: by the contract of this function.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17"))]
        let scan = pg_sys::index_beginscan(table, index, snapshot, count, 0);
        #[cfg(feature = "pg18")]
        let scan = pg_sys::index_beginscan(table, index, snapshot, std::ptr::null_mut(), count, 0);
        pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
        scan
    }
}

/// The rows that a scan has passed over because their versions are gone, although not for everybody yet.
///
/// A scan reads a page of the index first, and the rows one by one after that. Without a snapshot that keeps the old version of a row
/// visible, a row that somebody changes in between is missed: its old version is gone, and the new one is not on the list. So a scan is
/// to be repeated as long as it passes others than before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Passed {
    count: u64,
    places: u64,
}

impl Passed {
    fn add(&mut self, place: pg_sys::ItemPointerData) {
        let block = u64::from(place.ip_blkid.bi_hi) << 16 | u64::from(place.ip_blkid.bi_lo);
        self.count += 1;
        // The order of versions is that of the index; a sum that depends on it tells them apart.
        self.places =
            self.places.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(block << 16 | u64::from(place.ip_posid));
    }
}

/// Calls `act` for a scan that has begun, and again from the beginning, until it passes over none, or over the same rows as before.
/// Returns the last answer.
///
/// # Safety
/// The scan is under way, with these keys.
pub(super) unsafe fn repeated<T>(
    scan: pg_sys::IndexScanDesc,
    keys: &mut [pg_sys::ScanKeyData],
    mut act: impl FnMut(&mut Passed) -> T,
) -> T {
    let mut before = None;
    loop {
        let mut passed = Passed::default();
        let answer = act(&mut passed);
        if passed == Passed::default() || before == Some(passed) {
            return answer;
        }
        before = Some(passed);
        check_for_interrupts();
        // SAFETY: by the contract of this function.
        unsafe { pg_sys::index_rescan(scan, keys.as_mut_ptr(), keys.len() as i32, std::ptr::null_mut(), 0) };
    }
}

/// Puts the next row of a scan into the slot, as `index_getnext_slot` does, and notes the rows before it that are gone.
///
/// # Safety
/// The scan is under way, and the slot is one of its table.
pub(super) unsafe fn next(
    scan: pg_sys::IndexScanDesc,
    direction: pg_sys::ScanDirection::Type,
    slot: *mut pg_sys::TupleTableSlot,
    passed: &mut Passed,
) -> bool {
    // SAFETY: by the contract of this function.
    unsafe {
        loop {
            // Another version of the row before may be visible, too.
            let goes_on = (*scan).xs_heap_continue;
            if !goes_on && pg_sys::index_getnext_tid(scan, direction).is_null() {
                return false;
            }
            if pg_sys::index_fetch_heap(scan, slot) {
                return true;
            }
            // This is what the scan says of a row that is gone for everybody.
            if !goes_on && !(*scan).kill_prior_tuple {
                passed.add((*scan).xs_heaptid);
            }
        }
    }
}

/// The number of columns in the key of an open index; zero for a relation that is not an index.
pub(super) fn key_count(index: &Relation) -> usize {
    // SAFETY: an open index has its pg_index row.
    unsafe { (*index.raw()).rd_index.as_ref() }.map_or(0, |form| form.indnkeyatts as usize)
}

/// The operator with this strategy for an open index's column, if there is one.
pub(super) fn operator_of(index: &Relation, position: usize, strategy: u32) -> Option<pg_sys::Oid> {
    if position >= key_count(index) {
        return None;
    }
    // SAFETY: the vectors of an open index have a member for each key column; zero says that there is none.
    let operator = unsafe {
        let family = *(*index.raw()).rd_opfamily.add(position);
        let input = *(*index.raw()).rd_opcintype.add(position);
        pg_sys::get_opfamily_member(family, input, input, strategy as i16)
    };
    (operator != pg_sys::InvalidOid).then_some(operator)
}

/// A condition on a column of an open index, without the value to compare with.
///
/// # Safety
/// The index has a key column at this position, whose operator family has the operator.
pub(super) unsafe fn scan_key(
    index: &Relation,
    position: usize,
    strategy: u32,
    operator: pg_sys::Oid,
) -> pg_sys::ScanKeyData {
    let mut key = pg_sys::ScanKeyData::default();
    // SAFETY: by the contract of this function. The key's allocations last as long as the backend, since the key is kept.
    memory::lasting(|| unsafe {
        pg_sys::ScanKeyEntryInitialize(
            &mut key,
            0,
            position as i16 + 1,
            strategy as u16,
            pg_sys::InvalidOid,
            *(*index.raw()).rd_indcollation.add(position),
            pg_sys::get_opcode(operator),
            pg_sys::Datum::null(),
        );
    });
    key
}

impl Relation {
    /// The relation's B-tree indexes that can be used now.
    pub fn indexes(&self) -> Vec<Index> {
        self.index_oids().into_iter().filter_map(|oid| Index::describe(self, oid)).collect()
    }

    /// The relation's GiST indexes that can be used now.
    pub fn gist_indexes(&self) -> Vec<GistIndex> {
        self.index_oids().into_iter().filter_map(|oid| GistIndex::describe(self, oid)).collect()
    }

    /// All indexes of the relation, of any kind.
    pub fn index_oids(&self) -> Vec<pg_sys::Oid> {
        // SAFETY: `raw` is open; the list is a fresh copy of oids.
        unsafe { oids(pg_sys::RelationGetIndexList(self.raw())) }
    }

    /// The places of the primary key's columns; none if there is no primary key whose rows are unique at any time. A
    /// partitioned table has one, too.
    pub fn primary_key(&self) -> Vec<usize> {
        match self.declared_key() {
            Some((places, true)) => places,
            _ => Vec::new(),
        }
    }

    /// Whether the primary key is deferrable: two rows may have one key for a while.
    pub fn has_deferrable_key(&self) -> bool {
        matches!(self.declared_key(), Some((_, false)))
    }

    /// The places of the primary key's columns, and whether PostgreSQL checks the key at once.
    fn declared_key(&self) -> Option<(Vec<usize>, bool)> {
        self.index_oids().into_iter().find_map(|oid| {
            let index = Relation::open(oid, Lock::AccessShare).ok()?;
            // SAFETY: an open index has its pg_index row, whose vector has a member for each key column.
            unsafe {
                let form = (*index.raw()).rd_index.as_ref()?;
                // The key of a partitioned table may not be valid yet: a dump attaches the partitions' indexes later.
                if !form.indisprimary {
                    return None;
                }
                let attributes = form.indkey.values.as_slice(form.indnkeyatts as usize);
                let places = attributes.iter().map(|&number| usize::try_from(number - 1).ok());
                Some((places.collect::<Option<Vec<_>>>()?, form.indimmediate))
            }
        })
    }

    /// The index of the relation's primary key, if it has one that can be used now.
    pub(super) fn primary_key_index(&self) -> Option<Index> {
        let is_primary = |index: &Index| {
            // SAFETY: an open index has its pg_index row.
            Relation::open(index.oid, Lock::AccessShare).is_ok_and(|index| unsafe {
                (*index.raw()).rd_index.as_ref().is_some_and(|form| form.indisprimary && form.indimmediate)
            })
        };
        self.indexes().into_iter().find(is_primary)
    }
}
