//! Sequences: taking the next value, and reading the last one.

use pgrx::pg_sys;

use super::list::oids;
use super::relation::{Lock, Relation};

unsafe extern "C-unwind" {
    /// Of commands/sequence.h, which pgrx does not translate.
    fn nextval_internal(relid: pg_sys::Oid, check_permissions: bool) -> i64;
}

/// The row of a sequence: `FormData_pg_sequence_data` of commands/sequence.h.
#[repr(C)]
struct Data {
    last_value: i64,
    log_cnt: i64,
    is_called: bool,
}

/// The definition of a sequence: `FormData_pg_sequence` of catalog/pg_sequence.h.
#[repr(C)]
struct Definition {
    sequence: pg_sys::Oid,
    value_type: pg_sys::Oid,
    start: i64,
    increment: i64,
    max: i64,
    min: i64,
    cache: i64,
    cycles: bool,
}

/// The sequence that belongs to the column at `place` of a relation, as `OWNED BY` says.
pub fn of_column(relation: &Relation, place: usize) -> Option<pg_sys::Oid> {
    // SAFETY: an open relation has an oid; the list is one of oids, and the variables are written.
    unsafe {
        oids(pg_sys::getOwnedSequences(relation.oid())).into_iter().find(|&sequence| {
            let (mut table, mut column) = (pg_sys::InvalidOid, 0);
            let automatic = pg_sys::DependencyType::DEPENDENCY_AUTO as std::ffi::c_char;
            pg_sys::sequenceIsOwned(sequence, automatic, &mut table, &mut column)
                && usize::try_from(column - 1) == Ok(place)
        })
    }
}

/// Whether the sequence gives each number once, and the numbers in their order over all sessions: it counts up by one, without
/// an end at which it begins anew, and no session takes numbers in stock.
pub fn is_strict(sequence: pg_sys::Oid) -> bool {
    // SAFETY: takes any oid; NULL if there is no such sequence, else a row of pg_sequence, which is released.
    unsafe {
        let row = pg_sys::SearchSysCache1(pg_sys::SysCacheIdentifier::SEQRELID as i32, pg_sys::Datum::from(sequence));
        if row.is_null() {
            return false;
        }
        let definition = &*pg_sys::GETSTRUCT(row).cast::<Definition>();
        let is_strict = definition.increment == 1 && definition.cache == 1 && !definition.cycles;
        pg_sys::ReleaseSysCache(row);
        is_strict
    }
}

/// Takes the next value of a sequence, without a check of the caller's privileges.
pub fn next(sequence: pg_sys::Oid) -> i64 {
    // SAFETY: takes any oid, and raises an error if it is not that of a sequence; PostgreSQL's errors pass the guard.
    unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| nextval_internal(sequence, false)) }
}

/// The last value that anybody has taken from a sequence, or the one before its first. Needs no privilege.
pub fn last(sequence: &Relation) -> i64 {
    read(sequence, false)
}

/// The last value, as [`last`] reads it, once the WAL says so on disk: no crash can make the sequence give out the value again.
pub fn last_durable(sequence: &Relation) -> i64 {
    read(sequence, true)
}

fn read(sequence: &Relation, flush: bool) -> i64 {
    if !sequence.is_sequence() {
        super::report::Error::mismatch("a relation that is not a sequence").fail();
    }
    // SAFETY: a sequence has one page with one row. The page is locked while it is read, and released before the flush.
    let (last, called, written) = unsafe {
        let buffer = pg_sys::ReadBuffer(sequence.raw(), 0);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32);
        let page = pg_sys::BufferGetPage(buffer);
        let header = page.cast::<pg_sys::PageHeaderData>();
        let place = (*(*header).pd_linp.as_ptr()).lp_off() as usize;
        let row = page.cast::<u8>().add(place).cast::<pg_sys::HeapTupleHeaderData>();
        let data = row.cast::<u8>().add(usize::from((*row).t_hoff)).cast::<Data>();
        let (last, called) = ((*data).last_value, (*data).is_called);
        let written = (u64::from((*header).pd_lsn.xlogid) << 32) | u64::from((*header).pd_lsn.xrecoff);
        pg_sys::UnlockReleaseBuffer(buffer);
        (last, called, written)
    };
    if flush && !super::transaction::is_on_standby() {
        // SAFETY: a page's position in the WAL has been inserted.
        unsafe { pg_sys::XLogFlush(written) };
    }
    if called { last } else { last.saturating_sub(1) }
}

impl Relation {
    /// Opens a sequence for reading.
    pub fn open_sequence(oid: pg_sys::Oid) -> super::report::Result<Relation> {
        Relation::open(oid, Lock::AccessShare)
    }
}
