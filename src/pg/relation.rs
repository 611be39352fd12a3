//! Relations as the relation cache describes them: columns, triggers, indexes, partitions, privileges.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Deref;

use pgrx::pg_sys;

use super::report::{Class, Error, Result};
use super::text::string;
use super::transaction::{Transaction, transaction};

/// The lock under which a relation is opened. It is kept until the end of the transaction.
#[derive(Clone, Copy)]
pub enum Lock {
    /// A lock that suffices is held already.
    Held,
    /// As for reading.
    AccessShare,
    /// As for changing its rows.
    RowExclusive,
    /// As for changing its triggers: others may read, but not write.
    ShareRowExclusive,
    /// As for changing its definition.
    AccessExclusive,
}

impl Lock {
    pub(super) fn mode(self) -> pg_sys::LOCKMODE {
        (match self {
            Lock::Held => pg_sys::NoLock,
            Lock::AccessShare => pg_sys::AccessShareLock,
            Lock::RowExclusive => pg_sys::RowExclusiveLock,
            Lock::ShareRowExclusive => pg_sys::ShareRowExclusiveLock,
            Lock::AccessExclusive => pg_sys::AccessExclusiveLock,
        }) as pg_sys::LOCKMODE
    }
}

/// An open relation.
pub struct Relation {
    raw: pg_sys::Relation,
    owned: bool,
    /// The transaction that it was opened in, which closes what is left open.
    transaction: Transaction,
}

/// A relation that PostgreSQL holds open.
pub struct Borrowed<'r> {
    relation: Relation,
    marker: PhantomData<&'r ()>,
}

impl Deref for Borrowed<'_> {
    type Target = Relation;

    fn deref(&self) -> &Relation {
        &self.relation
    }
}

/// How many rows the open subtransaction has inserted into a relation and deleted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    inserted: i64,
    deleted: i64,
}

impl Counts {
    /// These, after one more insertion.
    pub fn with_one_more_row(self) -> Counts {
        Counts { inserted: self.inserted + 1, ..self }
    }
}

impl Relation {
    /// Opens the relation, or says that it does not exist.
    pub fn open(oid: pg_sys::Oid, lock: Lock) -> Result<Relation> {
        // SAFETY: `try_relation_open` accepts any oid.
        let raw = unsafe { pg_sys::try_relation_open(oid, lock.mode()) };
        if raw.is_null() {
            return Err(Error::new(
                Class::UndefinedObject,
                format!("relation with OID {} does not exist", u32::from(oid)),
            ));
        }
        Ok(Relation { raw, owned: true, transaction: transaction() })
    }

    /// Opens a relation that was there when it was last looked at; it is PostgreSQL's own error where it is gone.
    pub(super) fn open_existing(oid: pg_sys::Oid, lock: Lock) -> Relation {
        // SAFETY: takes any oid.
        let raw = unsafe { pg_sys::relation_open(oid, lock.mode()) };
        Relation { raw, owned: true, transaction: transaction() }
    }

    /// A name for an index of it that nothing has yet: its own, with this behind it.
    pub fn new_index_name(&self, label: &CStr) -> String {
        // SAFETY: takes names, of which the second may be missing, and answers a palloc'd string.
        unsafe {
            string(pg_sys::ChooseRelationName(
                self.class().relname.data.as_ptr(),
                std::ptr::null(),
                label.as_ptr(),
                self.class().relnamespace,
                true,
            ))
        }
    }

    /// # Safety
    /// PostgreSQL holds the relation open for as long as `'r`.
    pub(super) unsafe fn borrowed<'r>(raw: pg_sys::Relation) -> Borrowed<'r> {
        let relation = Relation { raw, owned: false, transaction: transaction() };
        Borrowed { relation, marker: PhantomData }
    }

    /// It is open until this is dropped, or until its transaction ends.
    pub(super) fn raw(&self) -> pg_sys::Relation {
        if self.transaction != transaction() {
            Error::mismatch("a relation of another transaction").fail();
        }
        self.raw
    }

    pub(super) fn descriptor(&self) -> pg_sys::TupleDesc {
        // SAFETY: `raw` is open.
        unsafe { (*self.raw()).rd_att }
    }

    fn class(&self) -> &pg_sys::FormData_pg_class {
        // SAFETY: an open relation has its pg_class row.
        unsafe { &*(*self.raw()).rd_rel }
    }

    /// Its oid.
    pub fn oid(&self) -> pg_sys::Oid {
        // SAFETY: `raw` is open.
        unsafe { (*self.raw()).rd_id }
    }

    /// Its name, as error messages quote it.
    pub fn name(&self) -> String {
        // SAFETY: a name is NUL-terminated.
        unsafe { string(self.class().relname.data.as_ptr()) }
    }

    /// The name of its schema.
    pub fn schema(&self) -> String {
        // SAFETY: takes any oid; the answer is a palloc'd string, or NULL where there is no such schema.
        unsafe {
            let name = pg_sys::get_namespace_name(self.class().relnamespace);
            if name.is_null() { Error::damaged("pg_class").fail() } else { string(name) }
        }
    }

    /// Its name with its schema, quoted for use in SQL.
    pub fn qualified_name(&self) -> String {
        pgrx::spi::quote_qualified_identifier(self.schema(), self.name())
    }

    /// The same, whatever the settings: quoted only where it must be.
    pub fn stable_name(&self) -> String {
        let _unquoted = super::settings::QuoteWhereNeeded::new();
        self.qualified_name()
    }

    pub(super) fn schema_oid(&self) -> pg_sys::Oid {
        self.class().relnamespace
    }

    /// `pg_class.relkind`.
    pub fn kind(&self) -> u8 {
        self.class().relkind as u8
    }

    pub(super) fn owner(&self) -> pg_sys::Oid {
        self.class().relowner
    }

    /// How many blocks it has now.
    pub fn blocks(&self) -> u32 {
        if !self.is_heap() {
            return 0;
        }
        // SAFETY: `raw` is open and has storage.
        unsafe { pg_sys::RelationGetNumberOfBlocksInFork(self.raw(), pg_sys::ForkNumber::MAIN_FORKNUM) }
    }

    /// It is a declaratively partitioned table.
    pub fn is_partitioned(&self) -> bool {
        self.kind() == pg_sys::RELKIND_PARTITIONED_TABLE
    }

    /// It is a table, and not a partitioned one.
    pub fn has_rows_of_its_own(&self) -> bool {
        self.kind() == pg_sys::RELKIND_RELATION
    }

    /// It is a partition of a partitioned table.
    pub fn is_partition(&self) -> bool {
        self.class().relispartition
    }

    /// It is a temporary table, of this session or another.
    pub fn is_temporary(&self) -> bool {
        self.class().relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP
    }

    /// It belongs to the system's catalogs.
    pub fn is_catalog(&self) -> bool {
        // SAFETY: `raw` is open.
        unsafe { pg_sys::IsSystemRelation(self.raw()) }
    }

    /// Its rows are kept as a heap keeps them: in progress, dead or alive, each at its place.
    pub fn is_heap(&self) -> bool {
        // SAFETY: `raw` is open; an extension's access method may have the heap's functions under another name.
        unsafe { (*self.raw()).rd_tableam == pg_sys::GetHeapamTableAmRoutine() }
    }

    /// How many columns a row has, dropped ones included.
    pub fn width(&self) -> usize {
        // SAFETY: an open relation has a descriptor.
        unsafe { (*self.descriptor()).natts as usize }
    }

    /// What the open subtransaction has done to it; `None` where PostgreSQL does not count (`track_counts = off`).
    pub fn counts(&self) -> Option<Counts> {
        // SAFETY: the statistics of an open relation, if it has any, are valid until the end of the transaction.
        unsafe {
            let statistics = (*self.raw()).pgstat_info;
            if !pg_sys::pgstat_track_counts {
                return None;
            }
            let nothing = Counts { inserted: 0, deleted: 0 };
            if statistics.is_null() || (*statistics).trans.is_null() {
                return Some(nothing);
            }
            let transaction = &*(*statistics).trans;
            if transaction.nest_level != pg_sys::GetCurrentTransactionNestLevel() {
                return Some(nothing);
            }
            Some(Counts { inserted: transaction.tuples_inserted, deleted: transaction.tuples_deleted })
        }
    }
}

impl Drop for Relation {
    fn drop(&mut self) {
        if self.owned && !std::thread::panicking() && self.transaction == transaction() {
            // SAFETY: opened by us and closed once. The lock stays, as PostgreSQL's own commands leave theirs.
            unsafe { pg_sys::relation_close(self.raw, pg_sys::NoLock as i32) };
        }
    }
}

/// The name of a relation for an error, without opening it.
pub fn name_of(oid: pg_sys::Oid) -> String {
    // SAFETY: takes any oid; NULL when there is no such relation, else a palloc'd string.
    unsafe {
        let name = pg_sys::get_rel_name(oid);
        if name.is_null() { format!("{}", u32::from(oid)) } else { string(name) }
    }
}

/// There is a relation with this oid.
pub fn exists(oid: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid; NULL when there is no such relation.
    !unsafe { pg_sys::get_rel_name(oid) }.is_null()
}

/// The relation `schema.name`.
pub fn named(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: takes any names; zero where there is none.
    let oid = unsafe { pg_sys::get_relname_relid(name.as_ptr(), pg_sys::get_namespace_oid(schema.as_ptr(), true)) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// The relation whose row type this is.
pub fn of_row_type(row_type: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: takes any oid; zero when the type is not a row type of a relation.
    let oid = unsafe { pg_sys::get_typ_typrelid(row_type) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// The relation is a table, partitioned or not.
pub(super) fn is_table(oid: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid.
    let kind = unsafe { pg_sys::get_rel_relkind(oid) } as u8;
    kind == pg_sys::RELKIND_RELATION || kind == pg_sys::RELKIND_PARTITIONED_TABLE
}
