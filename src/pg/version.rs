//! Rows as the heap keeps them: versions, each at a place, and each inserted by a command of a transaction.

use pgrx::pg_sys;

use super::datum::Owned;
use super::open_transaction::next_number;
use super::parameter::Parameter;
use super::relation::Relation;
use super::snapshot;
use super::spi::Fetched;

/// The place of a row version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tid {
    block: u32,
    offset: u16,
}

/// A version of a row.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The version's place.
    pub tid: Tid,
    pub(super) inserter: pg_sys::TransactionId,
    pub(super) command: pg_sys::CommandId,
}

/// A command of the open transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command(pg_sys::CommandId);

impl Command {
    /// Whether no later command has changed anything. PostgreSQL counts a command before and after it runs, if it may change
    /// rows; a query by a trigger, such as that of a foreign key's check, counts once.
    pub fn is_latest(self) -> bool {
        // SAFETY: a transaction is open.
        unsafe { pg_sys::GetCurrentCommandId(false) <= self.0.saturating_add(1) }
    }

    /// The command whose trigger is running: rows that the statement inserts have this command number or a later one.
    pub fn running() -> Command {
        // SAFETY: the active snapshot, if there is one, is that of the statement, whose command is the first that the
        // snapshot does not see.
        Command(unsafe { if pg_sys::ActiveSnapshotSet() { (*pg_sys::GetActiveSnapshot()).curcid } else { 0 } })
    }
}

/// The intent of a row lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To change the row, but no columns that foreign keys may refer to.
    Update,
    /// To remove the row.
    Delete,
}

/// The result of an attempt to lock a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowLock {
    /// The row is locked.
    Taken,
    /// Another transaction has locked or changed the row, and is still open.
    Busy,
    /// The row has a newer version, or is gone.
    Gone,
}

impl Tid {
    /// The type of [`Tid::parameter`].
    pub const ARRAY: pg_sys::Oid = pg_sys::TIDARRAYOID;

    pub(super) fn of(pointer: pg_sys::ItemPointerData) -> Tid {
        let block = pointer.ip_blkid;
        Tid { block: u32::from(block.bi_hi) << 16 | u32::from(block.bi_lo), offset: pointer.ip_posid }
    }

    fn pointer(self) -> pg_sys::ItemPointerData {
        pg_sys::ItemPointerData {
            ip_blkid: pg_sys::BlockIdData { bi_hi: (self.block >> 16) as u16, bi_lo: self.block as u16 },
            ip_posid: self.offset,
        }
    }

    /// Several places, as a `tid[]` parameter.
    pub fn parameter(tids: &[Tid]) -> Parameter<'static> {
        let pointers: Vec<_> = tids.iter().map(|tid| tid.pointer()).collect();
        let mut values: Vec<_> =
            pointers.iter().map(|pointer| pg_sys::Datum::from(std::ptr::from_ref(pointer))).collect();
        // SAFETY: a `tid` is passed by reference, has six bytes and is aligned to two; the array copies them. An array
        // is of a varlena type.
        let array = unsafe {
            let array = pg_sys::construct_array(
                values.as_mut_ptr(),
                values.len() as i32,
                pg_sys::TIDOID,
                size_of::<pg_sys::ItemPointerData>() as i32,
                false,
                b's' as std::ffi::c_char,
            );
            Owned::copy(pg_sys::Datum::from(array), false, -1)
        };
        Parameter::owned(Tid::ARRAY, Some(array))
    }
}

impl Version {
    /// The version with the `ctid`, `xmin` and `cmin` that a query has at these positions.
    pub fn fetched(row: &Fetched, ctid: usize, xmin: usize, cmin: usize) -> Option<Version> {
        let tid = row.typed(ctid, |type_id| type_id == pg_sys::TIDOID)?;
        let inserter = row.typed(xmin, |type_id| type_id == pg_sys::XIDOID)?;
        let command = row.typed(cmin, |type_id| type_id == pg_sys::CIDOID)?;
        Some(Version {
            // SAFETY: a `tid` is a pointer to such a structure.
            tid: Tid::of(unsafe { *tid.cast_mut_ptr::<pg_sys::ItemPointerData>() }),
            inserter: (inserter.value() as u32).into(),
            command: command.value() as u32,
        })
    }

    /// Whether this transaction has inserted the version, not before that command.
    pub fn is_since(&self, command: Command) -> bool {
        self.is_own() && self.command >= command.0
    }

    /// Whether this transaction has inserted the version.
    pub fn is_own(&self) -> bool {
        // SAFETY: takes any transaction's number.
        unsafe { pg_sys::TransactionIdIsCurrentTransactionId(self.inserter) }
    }

    /// Whether the version was committed after this transaction took its snapshot. Never so in READ COMMITTED.
    pub fn is_newer_than_snapshot(&self) -> bool {
        // Of a row that is frozen, the number is still there, and from two thousand million transactions on it looks like a coming one.
        let since_next = u32::from(self.inserter).wrapping_sub(next_number() as u32);
        snapshot::is_kept()
            && !self.is_own()
            && since_next.cast_signed() < 0
            // SAFETY: a transaction is open.
            && unsafe { pg_sys::XidInMVCCSnapshot(self.inserter, pg_sys::GetTransactionSnapshot()) }
    }
}

/// Locks a row against changes by other transactions; `wait`: until the holder releases it.
pub fn lock_row(relation: &Relation, tid: Tid, intent: Intent, wait: bool) -> RowLock {
    let mode = match intent {
        Intent::Update => pg_sys::LockTupleMode::LockTupleNoKeyExclusive,
        Intent::Delete => pg_sys::LockTupleMode::LockTupleExclusive,
    };
    // SAFETY: the relation is open and locked, and its table access method has these functions; the slots are made for
    // the table; the variables outlive the calls.
    unsafe {
        let table = relation.raw();
        let methods = (*table).rd_tableam;
        if methods.is_null() {
            return RowLock::Gone;
        }
        let (Some(fetch), Some(lock)) = ((*methods).tuple_fetch_row_version, (*methods).tuple_lock) else {
            return RowLock::Gone;
        };
        let new_slot = || pg_sys::MakeSingleTupleTableSlot((*table).rd_att, pg_sys::table_slot_callbacks(table));
        let (seen, locked) = (new_slot(), new_slot());
        let mut pointer = tid.pointer();
        let mut failure = pg_sys::TM_FailureData::default();
        let policy = if wait { pg_sys::LockWaitPolicy::LockWaitBlock } else { pg_sys::LockWaitPolicy::LockWaitSkip };
        let result = pg_sys::ffi::pg_guard_ffi_boundary(|| {
            // `lock` requires a place that holds a row, and does not check it. While the slot holds a row, none is pruned.
            if !fetch(table, &mut pointer, &raw mut pg_sys::SnapshotAnyData, seen) {
                return pg_sys::TM_Result::TM_Deleted;
            }
            lock(
                table,
                &mut pointer,
                if pg_sys::ActiveSnapshotSet() { pg_sys::GetActiveSnapshot() } else { std::ptr::null_mut() },
                locked,
                pg_sys::GetCurrentCommandId(true),
                mode,
                policy,
                0,
                &mut failure,
            )
        });
        pg_sys::ExecDropSingleTupleTableSlot(locked);
        pg_sys::ExecDropSingleTupleTableSlot(seen);
        match result {
            pg_sys::TM_Result::TM_Ok => RowLock::Taken,
            pg_sys::TM_Result::TM_WouldBlock | pg_sys::TM_Result::TM_BeingModified => RowLock::Busy,
            _ => RowLock::Gone,
        }
    }
}
