//! Relations as the relation cache describes them: columns, triggers, indexes, partitions, privileges.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Deref;

use pgrx::pg_sys;

use super::nesting::{self, Depth};
use super::quote;
use super::report::{Class, Error, Result};
use super::text::string;
use super::transaction::{Transaction, transaction};

/// The lock for opening a relation. The transaction keeps the lock until its end.
#[derive(Clone, Copy)]
pub enum Lock {
    /// No lock: the transaction holds a sufficient one already.
    Held,
    /// The lock for reading.
    AccessShare,
    /// The lock for changing rows.
    RowExclusive,
    /// The lock for changing partitions while other sessions read and write.
    ShareUpdateExclusive,
    /// The lock that keeps other sessions from changing rows.
    Share,
    /// The lock for changing triggers: other sessions may read, but not write.
    ShareRowExclusive,
    /// The lock for changing the definition.
    AccessExclusive,
}

impl Lock {
    pub(super) fn mode(self) -> pg_sys::LOCKMODE {
        (match self {
            Lock::Held => pg_sys::NoLock,
            Lock::AccessShare => pg_sys::AccessShareLock,
            Lock::RowExclusive => pg_sys::RowExclusiveLock,
            Lock::ShareUpdateExclusive => pg_sys::ShareUpdateExclusiveLock,
            Lock::Share => pg_sys::ShareLock,
            Lock::ShareRowExclusive => pg_sys::ShareRowExclusiveLock,
            Lock::AccessExclusive => pg_sys::AccessExclusiveLock,
        }) as pg_sys::LOCKMODE
    }
}

/// An open relation.
pub struct Relation {
    raw: pg_sys::Relation,
    owned: bool,
    /// The lock that is released together with the relation.
    brief: Lock,
    /// The transaction that opened the relation, and that closes it if it is left open.
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

/// The numbers of rows that the open subtransaction has inserted into a relation and deleted from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    inserted: i64,
    deleted: i64,
}

impl Counts {
    /// The numbers after one more insertion.
    pub fn with_one_more_row(self) -> Counts {
        Counts { inserted: self.inserted + 1, ..self }
    }
}

impl Relation {
    /// Opens the relation, or fails because the relation does not exist.
    pub fn open(oid: pg_sys::Oid, lock: Lock) -> Result<Relation> {
        Relation::open_until(oid, lock, Lock::Held)
    }

    /// Opens the relation, and releases the lock `brief` together with it.
    pub(super) fn open_until(oid: pg_sys::Oid, lock: Lock, brief: Lock) -> Result<Relation> {
        // SAFETY: `try_relation_open` accepts any oid.
        let raw = unsafe { pg_sys::try_relation_open(oid, lock.mode()) };
        if raw.is_null() {
            return Err(Error::new(
                Class::UndefinedObject,
                format!("relation with OID {} does not exist", u32::from(oid)),
            ));
        }
        Ok(Relation { raw, owned: true, brief, transaction: transaction() })
    }

    /// Opens a relation that existed at the last look; PostgreSQL raises its own error if the relation is gone.
    pub(super) fn open_existing(oid: pg_sys::Oid, lock: Lock) -> Relation {
        // SAFETY: takes any oid.
        let raw = unsafe { pg_sys::relation_open(oid, lock.mode()) };
        Relation { raw, owned: true, brief: Lock::Held, transaction: transaction() }
    }

    /// A free name for an index of the relation: the relation's own name, followed by `label`.
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
        let relation = Relation { raw, owned: false, brief: Lock::Held, transaction: transaction() };
        Borrowed { relation, marker: PhantomData }
    }

    /// The open relation: open until this value is dropped, or until its transaction ends.
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

    /// The relation's oid.
    pub fn oid(&self) -> pg_sys::Oid {
        // SAFETY: `raw` is open.
        unsafe { (*self.raw()).rd_id }
    }

    /// The relation's name, as error messages quote it.
    pub fn name(&self) -> String {
        // SAFETY: a name is NUL-terminated.
        unsafe { string(self.class().relname.data.as_ptr()) }
    }

    /// The name of the relation's schema.
    pub fn schema(&self) -> String {
        // SAFETY: takes any oid; the answer is a palloc'd string, or NULL if there is no such schema.
        unsafe {
            let name = pg_sys::get_namespace_name(self.class().relnamespace);
            if name.is_null() { Error::damaged("pg_class").fail() } else { string(name) }
        }
    }

    /// The relation's name with its schema, quoted for use in SQL.
    pub fn qualified_name(&self) -> String {
        pgrx::spi::quote_qualified_identifier(self.schema(), self.name())
    }

    /// The relation's name with its schema, independent of settings: quoted only if needed.
    pub fn stable_name(&self) -> String {
        let _unquoted = super::settings::QuoteWhereNeeded::new();
        self.qualified_name()
    }

    /// [`Relation::qualified_name`] as a text in SQL, for statements that a person may copy: a name can contain anything.
    pub fn literal(&self) -> String {
        quote::literal(self.qualified_name())
    }

    /// [`Relation::stable_name`] as a text in SQL.
    pub fn stable_literal(&self) -> String {
        quote::literal(self.stable_name())
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

    /// The current number of blocks of the relation.
    pub fn blocks(&self) -> u32 {
        if !self.is_heap() {
            return 0;
        }
        // SAFETY: `raw` is open and has storage.
        unsafe { pg_sys::RelationGetNumberOfBlocksInFork(self.raw(), pg_sys::ForkNumber::MAIN_FORKNUM) }
    }

    /// The number of the file with the relation's rows: another one after the table was truncated or rewritten.
    pub fn file(&self) -> u32 {
        // SAFETY: `raw` is open.
        unsafe {
            #[cfg(feature = "pg15")]
            return u32::from((*self.raw()).rd_node.relNode);
            #[cfg(not(feature = "pg15"))]
            u32::from((*self.raw()).rd_locator.relNumber)
        }
    }

    /// Whether this session has opened the relation once more: a statement is at work on it, maybe with a row on its way.
    pub fn is_open_elsewhere(&self) -> bool {
        // SAFETY: `raw` is open.
        unsafe { (*self.raw()).rd_refcnt > 1 }
    }

    /// Whether the relation is a sequence.
    pub fn is_sequence(&self) -> bool {
        self.kind() == pg_sys::RELKIND_SEQUENCE
    }

    /// Whether the relation is a declaratively partitioned table.
    pub fn is_partitioned(&self) -> bool {
        self.kind() == pg_sys::RELKIND_PARTITIONED_TABLE
    }

    /// Whether the relation is a table that is not partitioned.
    pub fn has_rows_of_its_own(&self) -> bool {
        self.kind() == pg_sys::RELKIND_RELATION
    }

    /// Whether the relation is a partition of a partitioned table.
    pub fn is_partition(&self) -> bool {
        self.class().relispartition
    }

    /// Whether the relation is a temporary table, of this session or another.
    pub fn is_temporary(&self) -> bool {
        self.class().relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP
    }

    /// Whether the relation's rows outlast a crash: neither a temporary nor an unlogged table.
    pub fn is_permanent(&self) -> bool {
        self.class().relpersistence as u8 == pg_sys::RELPERSISTENCE_PERMANENT
    }

    /// Whether row-level security is enabled on the relation.
    pub fn has_row_security(&self) -> bool {
        self.class().relrowsecurity
    }

    /// The name of the relation's owner.
    pub fn owner_name(&self) -> String {
        super::role::name_of(self.owner())
    }

    /// Whether the relation belongs to the system's catalogs.
    pub fn is_catalog(&self) -> bool {
        // SAFETY: `raw` is open.
        unsafe { pg_sys::IsSystemRelation(self.raw()) }
    }

    /// Whether a heap keeps the relation's rows: in progress, dead or alive, each at its place.
    pub fn is_heap(&self) -> bool {
        // SAFETY: `raw` is open; an extension's access method may have the heap's functions under another name.
        unsafe { (*self.raw()).rd_tableam == pg_sys::GetHeapamTableAmRoutine() }
    }

    /// The number of columns of a row, including dropped ones.
    pub fn width(&self) -> usize {
        // SAFETY: an open relation has a descriptor.
        unsafe { (*self.descriptor()).natts as usize }
    }

    /// The changes of the relation in the open subtransaction; `None` if PostgreSQL does not count (`track_counts = off`).
    pub fn counts(&self) -> Option<Counts> {
        self.counts_at(nesting::depth())
    }

    /// The changes of the relation in the open subtransaction at this depth, without those of subtransactions within it that are
    /// open.
    pub fn counts_at(&self, depth: Depth) -> Option<Counts> {
        // SAFETY: the statistics of an open relation are valid until the end of the transaction: one entry for each depth at which
        // there were changes, the deepest first. A relation that was described anew after a command of this transaction has them
        // no longer at hand, until they are asked for, as PostgreSQL does before each change.
        unsafe {
            let relation = self.raw();
            if !pg_sys::pgstat_track_counts || !(*relation).pgstat_enabled {
                return None;
            }
            if (*relation).pgstat_info.is_null() {
                pg_sys::pgstat_assoc_relation(relation);
            }
            let mut entry = (*(*relation).pgstat_info).trans;
            while !entry.is_null() && (*entry).nest_level > depth.0 {
                entry = (*entry).upper;
            }
            if entry.is_null() || (*entry).nest_level != depth.0 {
                return Some(Counts { inserted: 0, deleted: 0 });
            }
            Some(Counts { inserted: (*entry).tuples_inserted, deleted: (*entry).tuples_deleted })
        }
    }
}

impl Drop for Relation {
    fn drop(&mut self) {
        if self.owned && !std::thread::panicking() && self.transaction == transaction() {
            // SAFETY: this value opened the relation, and closes it once. The lock stays, as after PostgreSQL's own commands, unless
            // it was taken for this value alone.
            unsafe { pg_sys::relation_close(self.raw, self.brief.mode()) };
        }
    }
}

/// The name of a relation for an error, without opening the relation.
pub fn name_of(oid: pg_sys::Oid) -> String {
    // SAFETY: takes any oid; NULL if there is no such relation, else a palloc'd string.
    unsafe {
        let name = pg_sys::get_rel_name(oid);
        if name.is_null() { format!("{}", u32::from(oid)) } else { string(name) }
    }
}

/// The name of a relation's schema, without opening the relation. PostgreSQL tells no backend of a new name.
pub fn schema_of(oid: pg_sys::Oid) -> Option<String> {
    // SAFETY: both take any oid; NULL if there is no such schema, else a palloc'd string.
    unsafe {
        let name = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(oid));
        (!name.is_null()).then(|| string(name))
    }
}

/// Takes the lock on a relation if that needs no waiting, and returns whether it has.
pub fn is_free(oid: pg_sys::Oid, lock: Lock) -> bool {
    // SAFETY: takes any oid.
    unsafe { pg_sys::ConditionalLockRelationOid(oid, lock.mode()) }
}

/// Releases a lock on a relation that [`is_free`] has taken.
pub fn release(oid: pg_sys::Oid, lock: Lock) {
    // SAFETY: this transaction holds the lock, which it has taken in the same subtransaction.
    unsafe { pg_sys::UnlockRelationOid(oid, lock.mode()) };
}

/// Whether a relation with this oid exists.
pub fn exists(oid: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid; NULL if there is no such relation.
    !unsafe { pg_sys::get_rel_name(oid) }.is_null()
}

/// The relation `schema.name`.
pub fn named(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: takes any names; zero if there is no such relation.
    let oid = unsafe { pg_sys::get_relname_relid(name.as_ptr(), pg_sys::get_namespace_oid(schema.as_ptr(), true)) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// The relation that has this row type.
pub fn of_row_type(row_type: pg_sys::Oid) -> Option<pg_sys::Oid> {
    // SAFETY: takes any oid; zero if the type is not a row type of a relation.
    let oid = unsafe { pg_sys::get_typ_typrelid(row_type) };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// Whether the relation is a table, partitioned or not.
pub(super) fn is_table(oid: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid.
    let kind = unsafe { pg_sys::get_rel_relkind(oid) } as u8;
    kind == pg_sys::RELKIND_RELATION || kind == pg_sys::RELKIND_PARTITIONED_TABLE
}
