//! Finding the last row of a group through a B-tree, whatever transaction it belongs to.

use std::borrow::Cow;
use std::cell::Cell;

use pgrx::pg_sys;

use super::datum::contents;
use super::memory;
use super::relation::{Lock, Relation, attribute};
use super::report::Error;
use super::row::{Descriptor, Row, is_same_shape, take_apart};
use super::snapshot;
use super::types::{is_deterministic, is_equality_of};
use super::version::{Tid, Version};

/// A B-tree index that is valid, total (not partial), and on columns (not expressions).
pub struct Index {
    /// Its oid.
    pub oid: pg_sys::Oid,
    /// The places of its key columns in the table's rows.
    pub columns: Vec<usize>,
    /// It refuses duplicates.
    pub unique: bool,
    descending: Vec<bool>,
}

/// A GiST index that is valid and total (not partial).
pub struct GistIndex {
    /// Its oid.
    pub oid: pg_sys::Oid,
    /// Its name, which is also that of its constraint.
    pub name: String,
    /// The places of its columns in the table's rows; `None` for an expression.
    pub columns: Vec<Option<usize>>,
    /// The collations under which it compares its columns.
    pub collations: Vec<pg_sys::Oid>,
    /// The operators of the exclusion constraint that it is for; none where it is for none.
    pub excludes: Vec<pg_sys::Oid>,
}

impl GistIndex {
    pub(super) fn describe(table: &Relation, oid: pg_sys::Oid) -> Option<GistIndex> {
        let index = Relation::open(oid, Lock::AccessShare).ok()?;
        // SAFETY: an open index has its pg_index row, and a member for each key column in each of its vectors; the arrays of an exclusion constraint have a member for each key column.
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

/// Each row of its table is in the index, and can be found there now. One with `indcheckxmin` counts: what it may lack
/// are old versions of rows, which no snapshot sees that is taken after the index was made, as ours are.
///
/// # Safety
/// `index` is an open relation.
unsafe fn is_usable(index: pg_sys::Relation, table: &Relation, method: pg_sys::Oid) -> bool {
    // SAFETY: an open index has its pg_index row. That of a partitioned table has one as well, but no storage.
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
    /// The last row of a group can be found by it: its key begins with the columns `equal`, in any order, and then has
    /// `last`, and holds the same values equal as the columns do.
    pub fn finds_last(&self, table: &Relation, equal: &[usize], last: usize) -> bool {
        let columns = table.columns();
        let column = |place: usize| columns.iter().find(|column| column.place == place);
        let Ok(index) = Relation::open(self.oid, Lock::AccessShare) else { return false };
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
        self.columns.get(equal.len()) == Some(&last)
            && self.columns[..equal.len()].iter().all(|place| equal.contains(place))
            && equal.iter().all(|place| self.columns[..equal.len()].contains(place))
            && (0..equal.len()).all(is_same)
    }

    pub(super) fn describe(table: &Relation, oid: pg_sys::Oid) -> Option<Index> {
        let index = Relation::open(oid, Lock::AccessShare).ok()?;
        // SAFETY: an open index has its pg_index row, with `indnatts` members in each of its vectors; the partition key
        // and expressions are NULL attributes of that row where there are none.
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

/// A scan for the row with the greatest value of one `bigint` column, among those that are equal in other columns.
pub struct LastRow {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    /// What each scan locks both with.
    lock: Lock,
    direction: pg_sys::ScanDirection::Type,
    /// The place of the column that is compared with each key.
    places: Vec<usize>,
    keys: Vec<pg_sys::ScanKeyData>,
    /// `column >= bound`, which also leaves out NULLs.
    bound: pg_sys::ScanKeyData,
    /// The types of the values that they are compared with.
    types: Vec<pg_sys::Oid>,
    slot: KeptSlot,
}

/// Another transaction, which was open when it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenTransaction(pg_sys::TransactionId);

/// The row that a scan has found.
pub enum Found<T> {
    /// There is none.
    Nothing,
    /// A transaction that is still open has inserted it.
    InProgress(OpenTransaction),
    /// What `read` made of it.
    Row(T),
}

/// A found row, while it is held.
pub struct HeldRow {
    pub(super) table: pg_sys::Relation,
    pub(super) slot: *mut pg_sys::TupleTableSlot,
}

impl LastRow {
    /// A scan of `index` on `table`, whose key begins with the columns `equal`, in any order, and then has `last`.
    /// The `lock` is `Held` where whoever scans has locked table and indexes already, as an INSERT has those of its
    /// own table.
    pub fn new(table: &Relation, index: &Index, lock: Lock, equal: &[usize], last: usize) -> Option<LastRow> {
        // As it is now, whatever has been made of what was described.
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
            // SAFETY: the index has this key column, and its family the operator, since that was found there.
            Some(unsafe { scan_key(&relation, position, strategy, operator) })
        };
        Some(LastRow {
            table: table.oid(),
            index: index.oid,
            lock,
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

    /// Finds the row with the greatest value, at least `bound`, among those equal to `row`: also one that this
    /// transaction has just inserted, or that another has in progress (`SnapshotDirty`).
    ///
    /// `places` are the compared columns' places in `row`, in the order of `equal`'s places in the index.
    pub fn find<T>(
        &self,
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

        let table = Relation::open_existing(self.table, self.lock);
        let index = Relation::open_existing(self.index, self.lock);
        // SAFETY: both relations are open and locked, and the index is one of the table; the keys are of the index and hold
        // values of their types; the snapshot and the keys outlive the scan.
        self.slot.during(&table, |slot| unsafe {
            let mut snapshot =
                pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY, ..Default::default() };
            let scan = begin(&table, &index, &mut snapshot, &mut keys);
            let found = pg_sys::index_getnext_slot(scan, self.direction, slot);
            let answer = if !found {
                Found::Nothing
            } else if snapshot.xmin != pg_sys::InvalidTransactionId {
                Found::InProgress(OpenTransaction(snapshot.xmin))
            } else {
                Found::Row(read(&HeldRow { table: table.raw(), slot }))
            };
            // What the slot holds belongs to the scan.
            clear(slot);
            pg_sys::index_endscan(scan);
            answer
        })
    }
}

/// Begins a scan of an index.
///
/// # Safety
/// Both relations are open and locked, and the index is one of the table; the keys are of the index, and hold values of their
/// types. The snapshot and the keys outlive the scan.
pub(super) unsafe fn begin(
    table: &Relation,
    index: &Relation,
    snapshot: pg_sys::Snapshot,
    keys: &mut [pg_sys::ScanKeyData],
) -> pg_sys::IndexScanDesc {
    let (table, index, count) = (table.raw(), index.raw(), keys.len() as i32);
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

impl HeldRow {
    fn datum(&self, place: usize) -> Option<pg_sys::Datum> {
        // SAFETY: the slot holds a row; one that has no such column is refused.
        unsafe {
            if place >= (*(*self.slot).tts_tupleDescriptor).natts as usize {
                Error::mismatch("the place of a column").fail();
            }
            take_apart(self.slot, place + 1);
            (!*(*self.slot).tts_isnull.add(place)).then(|| *(*self.slot).tts_values.add(place))
        }
    }

    /// The `bigint` or `timestamptz` at `place`.
    pub fn integer(&self, place: usize) -> Option<i64> {
        self.datum(place).map(|datum| datum.value() as i64)
    }

    /// The bytes of the value of variable length at `place`, such as a `text` or a `bytea`.
    pub fn bytes(&self, place: usize) -> Option<Cow<'_, [u8]>> {
        let datum = self.datum(place)?;
        // SAFETY: the slot has this column; a value of a varlena type is there as long as the row is held.
        unsafe {
            if attribute((*self.slot).tts_tupleDescriptor, place).attlen != -1 {
                Error::mismatch("a value").fail();
            }
            Some(contents(datum))
        }
    }

    /// All its values. They point into what is held.
    pub fn row<'r>(&'r self, descriptor: &'r Descriptor) -> Row<'r> {
        // SAFETY: the slot holds a row as long as this lives.
        unsafe { Row::of_slot(descriptor, self.slot) }
    }

    /// Where it is, and who put it there.
    pub fn version(&self) -> Version {
        // SAFETY: the slot holds a row of a heap, which has these system columns.
        let system = |number: i32| unsafe {
            let mut null = false;
            match (*(*self.slot).tts_ops).getsysattr {
                Some(system) => pg_sys::ffi::pg_guard_ffi_boundary(|| system(self.slot, number, &mut null)),
                None => pg_sys::Datum::null(),
            }
        };
        Version {
            // SAFETY: the slot holds a row, which is at a place.
            tid: Tid::of(unsafe { (*self.slot).tts_tid }),
            inserter: (system(pg_sys::MinTransactionIdAttributeNumber).value() as u32).into(),
            command: system(pg_sys::MinCommandIdAttributeNumber).value() as u32,
        }
    }

    /// The transaction's snapshot cannot see it: it was committed after that was taken. Never so in READ COMMITTED.
    pub fn is_newer_than_snapshot(&self) -> bool {
        if !snapshot::is_kept() {
            return false;
        }
        // SAFETY: the slot holds a row of the table; both functions are those of its access method.
        unsafe {
            let snapshot = pg_sys::GetTransactionSnapshot();
            let (Some(visible), Some(system)) =
                ((*(*self.table).rd_tableam).tuple_satisfies_snapshot, (*(*self.slot).tts_ops).getsysattr)
            else {
                return false;
            };
            let seen = pg_sys::ffi::pg_guard_ffi_boundary(|| visible(self.table, self.slot, snapshot));
            if seen {
                return false;
            }
            // A row of this transaction's current command is not in its snapshot either.
            let mut null = false;
            let number = pg_sys::MinTransactionIdAttributeNumber;
            let inserter = pg_sys::ffi::pg_guard_ffi_boundary(|| system(self.slot, number, &mut null));
            !pg_sys::TransactionIdIsCurrentTransactionId((inserter.value() as u32).into())
        }
    }
}

/// Waits until a transaction has ended, and with it the doubt about its rows. Can be cancelled, obeys `lock_timeout`
/// and takes part in deadlock detection.
pub fn wait_for(transaction: OpenTransaction, relation: &Relation) {
    // SAFETY: the relation is open; without a row, the error's context names the relation alone.
    unsafe {
        let mut nowhere = pg_sys::ItemPointerData::default();
        pg_sys::XactLockTableWait(transaction.0, relation.raw(), &mut nowhere, pg_sys::XLTW_Oper::XLTW_None);
    }
}

/// `ExecClearTuple`, which is inline in C.
///
/// # Safety
/// The slot is valid.
pub(super) unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: by the contract of this function; every slot's operations have `clear`.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            pg_sys::ffi::pg_guard_ffi_boundary(|| clear(slot));
        }
    }
}

/// How many columns the key of an open index has; none for what is no index.
pub(super) fn key_count(index: &Relation) -> usize {
    // SAFETY: an open index has its pg_index row.
    unsafe { (*index.raw()).rd_index.as_ref() }.map_or(0, |form| form.indnkeyatts as usize)
}

/// The operator with this strategy for the values of an open index's column, if there is one.
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

/// A condition on a column of an open index, without the value that it is compared with.
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
    // SAFETY: by the contract of this function. What the key allocates lasts as long as the backend, since the key is kept.
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

/// Where found rows are held: in one slot that is kept from scan to scan. It is taken out while in use, so that one that an
/// error left in disorder is not used again.
#[derive(Default)]
pub(super) struct KeptSlot(Cell<*mut pg_sys::TupleTableSlot>);

impl KeptSlot {
    pub(super) fn new() -> KeptSlot {
        KeptSlot(Cell::new(std::ptr::null_mut()))
    }

    /// Hands the slot to `scan`, empty. It must be for this table, as it is now.
    pub(super) fn during<T>(&self, table: &Relation, scan: impl FnOnce(*mut pg_sys::TupleTableSlot) -> T) -> T {
        let mut slot = self.0.replace(std::ptr::null_mut());
        // SAFETY: the table is open. The slot is ours; its descriptor is a copy that only the slot uses.
        unsafe {
            if slot.is_null() {
                slot = memory::lasting(|| {
                    let descriptor = pg_sys::CreateTupleDescCopyConstr(table.descriptor());
                    pg_sys::MakeSingleTupleTableSlot(descriptor, pg_sys::table_slot_callbacks(table.raw()))
                });
            } else if !is_same_shape((*slot).tts_tupleDescriptor, table.descriptor()) {
                Error::mismatch("a scan of a table that has changed").fail();
            }
        }
        let answer = scan(slot);
        // SAFETY: the slot is ours.
        unsafe { clear(slot) };
        drop(KeptSlot(Cell::new(self.0.replace(slot))));
        answer
    }
}

impl Drop for KeptSlot {
    fn drop(&mut self) {
        let slot = self.0.get();
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
