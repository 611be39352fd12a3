//! Notes about relations, in a table of the extension that is read and written below SQL, in its newest version.
//!
//! The caller's snapshot does not matter, and neither do privileges, policies and triggers: a reader sees each version that is
//! committed, of this transaction, or of an open one, and learns of which transaction it is.

use pgrx::pg_sys;

use super::cache::Derived;
use super::held_row::{HeldRow, KeptSlot, clear};
use super::index::{begin, operator_of, scan_key};
use super::open_transaction::OpenTransaction;
use super::relation::{Lock, Relation};
use super::snapshot;

/// The places of the columns.
const KEY: usize = 0;
const GENERATION: usize = 1;
const NUMBER: usize = 2;
const NAME: usize = 3;
const ABOUT: usize = 4;
const RELATIONS: usize = 5;

/// The types of the columns, in their order.
const TYPES: [pg_sys::Oid; 6] =
    [pg_sys::INT8OID, pg_sys::INT8OID, pg_sys::INT8OID, pg_sys::UUIDOID, pg_sys::OIDOID, pg_sys::OIDARRAYOID];

/// The longest list of relations that fits into a row.
pub const RELATIONS_MAX: usize = 1_000;

/// A note: `(key bigint, generation bigint, number bigint, name uuid, about oid, relations oid[])`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The relation that the note is about.
    pub about: pg_sys::Oid,
    /// What the note is found by, with the relation.
    pub key: i64,
    /// The generation.
    pub generation: i64,
    /// The number.
    pub number: i64,
    /// The name.
    pub name: [u8; 16],
    /// The relations; `None` is NULL.
    pub relations: Option<Vec<pg_sys::Oid>>,
}

/// A version of a note that was found.
pub struct FoundNote {
    /// The content.
    pub note: Note,
    /// Whether this transaction has put the version there.
    pub own: bool,
    /// The other open transaction that has put the version there.
    pub inserter: Option<OpenTransaction>,
    /// The other open transaction that has replaced or deleted the version.
    pub deleter: Option<OpenTransaction>,
    place: pg_sys::ItemPointerData,
}

/// The table of the notes, and its index on the relation and the key.
pub struct Notes {
    table: pg_sys::Oid,
    index: pg_sys::Oid,
    about: pg_sys::ScanKeyData,
    is_key: pg_sys::ScanKeyData,
    up_to_key: pg_sys::ScanKeyData,
    slot: KeptSlot,
}

impl Notes {
    /// The notes in this table, if it has the shape of such a table.
    pub fn of(table: &Relation) -> Option<Notes> {
        let columns = table.columns();
        let fits = table.has_rows_of_its_own()
            && table.is_heap()
            && !table.is_temporary()
            && table.width() == TYPES.len()
            && columns.len() == TYPES.len()
            && columns.iter().zip(TYPES).all(|(column, type_id)| column.type_id == type_id);
        let index = table.indexes().into_iter().find(|index| index.columns == [ABOUT, KEY] && index.is_ascending())?;
        if !fits {
            return None;
        }
        let relation = Relation::open(index.oid, Lock::AccessShare).ok()?;
        let key = |position: usize, strategy: u32| {
            let operator = operator_of(&relation, position, strategy)?;
            // SAFETY: the index has this key column, and its operator family has the operator, which was found there.
            Some(unsafe { scan_key(&relation, position, strategy, operator) })
        };
        Some(Notes {
            table: table.oid(),
            index: index.oid,
            about: key(0, pg_sys::BTEqualStrategyNumber)?,
            is_key: key(1, pg_sys::BTEqualStrategyNumber)?,
            up_to_key: key(1, pg_sys::BTLessEqualStrategyNumber)?,
            slot: KeptSlot::new(),
        })
    }

    /// All live versions of the notes about a relation with this key.
    pub fn with_key(&self, about: pg_sys::Oid, key: i64) -> Vec<FoundNote> {
        self.find(about, self.is_key, key)
    }

    /// All live versions of the notes about a relation with keys up to this one, in the order of the keys.
    pub fn up_to(&self, about: pg_sys::Oid, key: i64) -> Vec<FoundNote> {
        self.find(about, self.up_to_key, key)
    }

    fn find(&self, about: pg_sys::Oid, condition: pg_sys::ScanKeyData, key: i64) -> Vec<FoundNote> {
        let mut found = Vec::new();
        self.each(about, condition, key, |note| found.push(note));
        found
    }

    /// All live versions of the notes about a relation with keys up to the first one, in the order of the keys; and then, in the same
    /// scan, those with the second one.
    pub fn up_to_and_with(&self, about: pg_sys::Oid, up_to: i64, key: i64) -> (Vec<FoundNote>, Vec<FoundNote>) {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let conditions = [(self.up_to_key, up_to), (self.is_key, key)];
        self.each_of(about, &conditions, |place, note| if place == 0 { first.push(note) } else { second.push(note) });
        (first, second)
    }

    /// Calls `act` with each live version.
    fn each(&self, about: pg_sys::Oid, condition: pg_sys::ScanKeyData, key: i64, mut act: impl FnMut(FoundNote)) {
        self.each_of(about, &[(condition, key)], |_, note| act(note));
    }

    /// No version is missed because another one takes its place meanwhile: notes are replaced under the lock of what they are about,
    /// which who searches for them holds, so that old and new version are both in the index before anybody lists its page.
    ///
    /// Calls `act` with each live version that fulfils the first condition on the key, then with each that fulfils the next one, and with
    /// the place of the condition.
    fn each_of(
        &self,
        about: pg_sys::Oid,
        conditions: &[(pg_sys::ScanKeyData, i64)],
        mut act: impl FnMut(usize, FoundNote),
    ) {
        let keys_of = |(condition, key): (pg_sys::ScanKeyData, i64)| {
            let mut keys = [self.about, condition];
            keys[0].sk_argument = pg_sys::Datum::from(about);
            keys[1].sk_argument = pg_sys::Datum::from(key);
            keys
        };
        let Some((first, others)) = conditions.split_first() else { return };
        let mut keys = keys_of(*first);
        let table = Relation::open_existing(self.table, Lock::AccessShare);
        let index = Relation::open_existing(self.index, Lock::AccessShare);
        // SAFETY: both relations are open and locked, and the index belongs to the table; the keys belong to the index
        // and hold values of their types; the snapshot and the keys outlive the scan.
        self.slot.during(&table, |slot| unsafe {
            let mut snapshot =
                pg_sys::SnapshotData { snapshot_type: pg_sys::SnapshotType::SNAPSHOT_DIRTY, ..Default::default() };
            let scan = begin(&table, &index, &mut snapshot, &mut keys);
            for place in 0..conditions.len() {
                while pg_sys::index_getnext_slot(scan, pg_sys::ScanDirection::ForwardScanDirection, slot) {
                    let open = |transaction| {
                        (transaction != pg_sys::InvalidTransactionId).then_some(OpenTransaction(transaction))
                    };
                    let held = HeldRow { table: table.raw(), slot };
                    let own = pg_sys::TransactionIdIsCurrentTransactionId(held.version().inserter);
                    let found = FoundNote {
                        note: Note::read(&held),
                        own,
                        inserter: open(snapshot.xmin),
                        deleter: open(snapshot.xmax),
                        place: (*slot).tts_tid,
                    };
                    act(place, found);
                }
                // The row in the slot belongs to the scan.
                clear(slot);
                if let Some(next) = others.get(place) {
                    keys = keys_of(*next);
                    pg_sys::index_rescan(scan, keys.as_mut_ptr(), keys.len() as i32, std::ptr::null_mut(), 0);
                }
            }
            pg_sys::index_endscan(scan);
        });
    }

    /// Deletes all notes about a relation that no other transaction has in work.
    pub fn delete_all(&self, about: pg_sys::Oid) {
        self.each(about, self.up_to_key, i64::MAX, |found| {
            pgrx::check_for_interrupts!();
            if found.inserter.is_none() && found.deleter.is_none() {
                self.delete(&found);
            }
        });
    }

    /// Adds a note.
    pub fn insert(&self, note: &Note) {
        let table = Relation::open_existing(self.table, Lock::RowExclusive);
        // SAFETY: the table is open and locked for writing, and the tuple has its shape. The index has neither expressions
        // nor a predicate, so that these functions for catalogs serve it.
        unsafe {
            let tuple = note.form(&table);
            pg_sys::CatalogTupleInsert(table.raw(), tuple);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Replaces the newest version of a note. No other transaction may have it in work.
    pub fn replace(&self, former: &FoundNote, note: &Note) {
        settle(former);
        let table = Relation::open_existing(self.table, Lock::RowExclusive);
        let mut place = former.place;
        // SAFETY: as in `insert`; the place is that of a version in this table.
        unsafe {
            let tuple = note.form(&table);
            pg_sys::CatalogTupleUpdate(table.raw(), &mut place, tuple);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Deletes a note. No other transaction may have it in work.
    pub fn delete(&self, former: &FoundNote) {
        settle(former);
        let table = Relation::open_existing(self.table, Lock::RowExclusive);
        let mut place = former.place;
        // SAFETY: the table is open and locked for writing; the place is that of a version in this table.
        unsafe { pg_sys::CatalogTupleDelete(table.raw(), &mut place) };
    }
}

/// A version that this command has put there can be changed by a later command only.
fn settle(former: &FoundNote) {
    if former.own {
        snapshot::advance();
    }
}

impl Derived for Notes {
    fn depends_on(&self, relation: pg_sys::Oid) -> bool {
        relation == self.table || relation == self.index
    }
}

impl Note {
    fn read(row: &HeldRow) -> Note {
        let mut name = [0; 16];
        let mut relations = None;
        // SAFETY: the columns have these types; a `uuid` has 16 bytes and is passed by reference; an array begins with its
        // header, whose dimensions are followed by the elements, and has no NULL if it has no bitmap.
        unsafe {
            if let Some(datum) = row.value(NAME) {
                name.copy_from_slice(std::slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), 16));
            }
            if let Some(datum) = row.value(RELATIONS) {
                let array = pg_sys::pg_detoast_datum(datum.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
                let header = size_of::<pg_sys::ArrayType>();
                match ((*array).ndim, (*array).dataoffset) {
                    (0, 0) => relations = Some(Vec::new()),
                    (1, 0) => {
                        let start = array.cast::<u8>().add(header);
                        let count = start.cast::<i32>().read();
                        let first = start.add(2 * size_of::<i32>()).cast::<pg_sys::Oid>();
                        relations =
                            Some(std::slice::from_raw_parts(first, usize::try_from(count).unwrap_or(0)).to_vec());
                    }
                    _ => {}
                }
                if array != datum.cast_mut_ptr::<pg_sys::ArrayType>() {
                    pg_sys::pfree(array.cast());
                }
            }
        }
        Note {
            about: pg_sys::Oid::from(row.integer(ABOUT).unwrap_or(0) as u32),
            key: row.integer(KEY).unwrap_or(0),
            generation: row.integer(GENERATION).unwrap_or(0),
            number: row.integer(NUMBER).unwrap_or(0),
            name,
            relations,
        }
    }

    /// # Safety
    /// The table is one of notes.
    unsafe fn form(&self, table: &Relation) -> pg_sys::HeapTuple {
        let mut name = self.name;
        let mut values = [pg_sys::Datum::null(); TYPES.len()];
        let mut nulls = [false; TYPES.len()];
        values[KEY] = self.key.into();
        values[GENERATION] = self.generation.into();
        values[NUMBER] = self.number.into();
        values[NAME] = pg_sys::Datum::from(name.as_mut_ptr());
        values[ABOUT] = self.about.into();
        nulls[RELATIONS] = true;
        // SAFETY: by the contract, the table has columns of these types; the tuple has copies of the values.
        unsafe {
            if let Some(relations) = self.relations.as_ref().filter(|relations| relations.len() <= RELATIONS_MAX) {
                let mut elements: Vec<pg_sys::Datum> = relations.iter().map(|&oid| oid.into()).collect();
                let array = pg_sys::construct_array(
                    elements.as_mut_ptr(),
                    elements.len() as i32,
                    pg_sys::OIDOID,
                    size_of::<pg_sys::Oid>() as i32,
                    true,
                    b'i' as std::ffi::c_char,
                );
                values[RELATIONS] = pg_sys::Datum::from(array);
                nulls[RELATIONS] = false;
            }
            pg_sys::heap_form_tuple(table.descriptor(), values.as_mut_ptr(), nulls.as_mut_ptr())
        }
    }
}
