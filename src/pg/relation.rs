//! Relations as the relation cache describes them: columns, triggers, indexes, partitions, privileges.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Deref;

use pgrx::pg_sys;

use super::index::{GistIndex, Index};
use super::report::{Class, Error, Result};
use super::system::{Transaction, transaction};
use super::trigger::TriggerInfo;

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

/// A column that has not been dropped.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its place in a row, counted from zero.
    pub place: usize,
    /// Its name.
    pub name: String,
    /// Its type.
    pub type_id: pg_sys::Oid,
    /// What the type is declared with, such as a precision; -1 for nothing.
    pub typmod: i32,
    /// Its collation, or none.
    pub collation: pg_sys::Oid,
    /// Declared NOT NULL.
    pub not_null: bool,
    /// `GENERATED ALWAYS AS (…)`: computed after BEFORE triggers.
    pub generated: bool,
    /// It has a default.
    pub has_default: bool,
    /// It is an identity column.
    pub identity: bool,
}

impl Column {
    /// Its values are ordered as a language orders them, and equal only where their bytes are.
    pub fn has_language(&self) -> bool {
        self.collation != pg_sys::InvalidOid
            && self.collation != pg_sys::C_COLLATION_OID
            && super::types::is_deterministic(self.collation)
    }
}

unsafe extern "C-unwind" {
    // catalog/pg_inherits.h and catalog/partition.h, which pgrx does not bind.
    fn find_all_inheritors(
        parent: pg_sys::Oid,
        lock: pg_sys::LOCKMODE,
        parents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;
    fn get_partition_ancestors(relation: pg_sys::Oid) -> *mut pg_sys::List;
    fn has_superclass(relation: pg_sys::Oid) -> bool;
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

    /// It has a trigger that executes this function without arguments of its own, such as `veritable.seal()`.
    pub fn has_trigger_of(&self, schema: &CStr, name: &CStr) -> bool {
        function(schema, name)
            .is_some_and(|function| self.triggers().iter().any(|trigger| trigger.function == function))
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

    /// A name for a row of it in SQL: one that no column has, since a column would be meant first.
    pub fn alias(&self) -> String {
        let columns = self.columns();
        let mut alias = "event".to_string();
        while columns.iter().any(|column| column.name == alias) {
            alias.push('_');
        }
        alias
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

    /// Its columns, in the order of the table.
    pub fn columns(&self) -> Vec<Column> {
        (0..self.width())
            // SAFETY: the descriptor of an open relation, which has so many attributes.
            .map(|place| (place, unsafe { attribute(self.descriptor(), place) }))
            .filter(|(_, attribute)| !attribute.attisdropped)
            .map(|(place, attribute)| Column {
                place,
                // SAFETY: a name is NUL-terminated.
                name: unsafe { string(attribute.attname.data.as_ptr()) },
                type_id: attribute.atttypid,
                typmod: attribute.atttypmod,
                collation: attribute.attcollation,
                not_null: attribute.attnotnull,
                generated: attribute.attgenerated != 0,
                has_default: attribute.atthasdef && attribute.attgenerated == 0,
                identity: attribute.attidentity != 0,
            })
            .collect()
    }

    /// How many columns a row has, dropped ones included.
    pub fn width(&self) -> usize {
        // SAFETY: an open relation has a descriptor.
        unsafe { (*self.descriptor()).natts as usize }
    }

    /// Its triggers that are not internal to constraints.
    pub fn triggers(&self) -> Vec<TriggerInfo> {
        // SAFETY: the trigger descriptor of an open relation, if it has one, holds `numtriggers` triggers.
        let triggers = unsafe {
            let descriptor = (*self.raw()).trigdesc;
            if descriptor.is_null() {
                return Vec::new();
            }
            std::slice::from_raw_parts((*descriptor).triggers, (*descriptor).numtriggers as usize)
        };
        // `tgisinternal` is set on foreign keys' triggers; a clone on a partition is not internal in that sense.
        // SAFETY: they are the relation's.
        triggers.iter().filter(|trigger| !trigger.tgisinternal).map(|t| unsafe { TriggerInfo::of(t) }).collect()
    }

    /// Its B-tree indexes that can be used now.
    pub fn indexes(&self) -> Vec<Index> {
        self.index_oids().into_iter().filter_map(|oid| Index::describe(self, oid)).collect()
    }

    /// Its GiST indexes that can be used now.
    pub fn gist_indexes(&self) -> Vec<GistIndex> {
        self.index_oids().into_iter().filter_map(|oid| GistIndex::describe(self, oid)).collect()
    }

    fn index_oids(&self) -> Vec<pg_sys::Oid> {
        // SAFETY: `raw` is open; the list is a fresh copy of oids.
        unsafe { oids(pg_sys::RelationGetIndexList(self.raw())) }
    }

    /// The places of the columns of its primary key, if it has one.
    pub fn primary_key(&self) -> Vec<usize> {
        // SAFETY: `raw` is open; `rd_pkindex` is filled in by the call before it.
        let index = unsafe {
            pg_sys::RelationGetIndexList(self.raw());
            (*self.raw()).rd_pkindex
        };
        self.indexes().into_iter().find(|other| other.oid == index).map_or(Vec::new(), |index| index.columns)
    }

    /// The relation itself, or all its partitions that hold rows, locked for reading.
    pub fn leaves(&self) -> Result<Vec<pg_sys::Oid>> {
        if !self.is_partitioned() {
            return Ok(vec![self.oid()]);
        }
        // SAFETY: takes any relation's oid; the list is fresh.
        let list = unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                find_all_inheritors(self.oid(), pg_sys::AccessShareLock as i32, std::ptr::null_mut())
            })
        };
        let mut leaves = Vec::new();
        // SAFETY: a list of oids.
        for oid in unsafe { oids(list) } {
            if !Relation::open(oid, Lock::Held)?.is_partitioned() {
                leaves.push(oid);
            }
        }
        Ok(leaves)
    }

    /// The partitioned tables above it, the nearest first.
    pub fn ancestors(&self) -> Vec<pg_sys::Oid> {
        if !self.is_partition() {
            return Vec::new();
        }
        // SAFETY: takes the oid of a partition; the list is fresh.
        unsafe { oids(pg_sys::ffi::pg_guard_ffi_boundary(|| get_partition_ancestors(self.oid()))) }
    }

    /// The tables that it inherits from, and is no partition of.
    pub fn parents(&self) -> Result<Vec<pg_sys::Oid>> {
        // SAFETY: takes any relation's oid.
        if self.is_partition() || !unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| has_superclass(self.oid())) } {
            return Ok(Vec::new());
        }
        super::spi::connect(|session| {
            let parents = session
                .query("SELECT inhparent FROM pg_catalog.pg_inherits WHERE inhrelid = $1", &[self.oid().into()])?;
            parents.rows().map(|row| row.get(0).ok_or_else(|| Error::damaged("pg_inherits"))).collect()
        })
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

/// The function `schema.name()` without arguments.
pub fn function(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: fresh list of two fresh string nodes; `LookupFuncName` takes it and answers zero when there is none.
    let oid = unsafe {
        let mut names = std::ptr::null_mut();
        for part in [schema, name] {
            names = pg_sys::lappend(names, pg_sys::makeString(pg_sys::pstrdup(part.as_ptr())).cast());
        }
        pg_sys::LookupFuncName(names, 0, std::ptr::null(), true)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}

/// The database's encoding is UTF-8.
pub fn database_is_utf8() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// An attribute of a descriptor.
///
/// # Safety
/// The descriptor lives as long as the answer is used, and has this place.
pub(super) unsafe fn attribute<'a>(descriptor: pg_sys::TupleDesc, place: usize) -> &'a pg_sys::FormData_pg_attribute {
    // SAFETY: by the contract of this function. From PostgreSQL 18 on, the attributes lie behind the compact ones.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16", feature = "pg17"))]
        return &*(*descriptor).attrs.as_ptr().add(place);
        #[cfg(feature = "pg18")]
        {
            let compact = (*descriptor).compact_attrs.as_ptr();
            let attributes = compact.add((*descriptor).natts as usize).cast::<pg_sys::FormData_pg_attribute>();
            &*attributes.add(place)
        }
    }
}

/// A copy of a string of PostgreSQL's, which is UTF-8 in a UTF-8 database.
///
/// # Safety
/// It is NUL-terminated.
pub(super) unsafe fn string(text: *const std::ffi::c_char) -> String {
    // SAFETY: by the contract of this function.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The members of a list of oids.
///
/// # Safety
/// It is one, or NULL.
unsafe fn oids(list: *mut pg_sys::List) -> Vec<pg_sys::Oid> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a list of oids has `length` elements, each an oid.
    unsafe { (0..(*list).length as usize).map(|i| (*(*list).elements.add(i)).oid_value).collect() }
}
