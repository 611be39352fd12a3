//! Heavyweight locks: one at a time of an entity, and one of a key without duplicates, for the duration of an append (`hold`); or
//! any number until the end of the transaction (`acquire`).
//!
//! The locks live in PostgreSQL's own lock table: they are queued fairly, obey `lock_timeout`, show in `pg_locks` and
//! take part in deadlock detection. No call of `pg_advisory_lock` can name their tags.

use std::cell::Cell;
use std::cmp::Ordering;

use pgrx::pg_sys;

/// The kind of the locked thing: the fourth field of the tag. Users' advisory locks have 1 (one bigint) or 2 (two
/// integers) there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The rows of one entity.
    Entity = 0x5645,
    /// The rows of one key.
    Key = 0x5646,
    /// All rows that have a lock each.
    Table = 0x5647,
    /// One of the series of a journal.
    Series = 0x5648,
    /// A transaction that records rows: the hash, of 32 bits, is its watermark.
    Recording = 0x5649,
    /// The rows of one key that other tables refer to.
    Referenced = 0x5650,
    /// All rows of a table that others refer to.
    ReferencedTable = 0x5651,
    /// The tree of a log, while it grows.
    Tree = 0x5652,
    /// What is known of the heads of a chain.
    Heads = 0x5653,
    /// The filter of the keys of a table, while it is built; those of all tables, while one is added or grows.
    Filter = 0x5654,
    /// Partitions that are new, and have rows whose keys have no duplicates.
    Arrivals = 0x5655,
    /// The rows of one key that has no duplicates.
    Unique = 0x5660,
    /// The origin of a log, while a transaction claims it.
    Origin = 0x5661,
    /// A transaction that appends to a log: the hash, of 41 bits, says from where on. The upper 9 of these bits are in the fourth
    /// field of the tag, together with the kind.
    Appending = 0x5800,
}

impl Kind {
    /// The number of bits of a hash that have no room in the third field, and are in the fourth.
    fn spare_bits(self) -> u32 {
        if self == Kind::Appending { 9 } else { 0 }
    }
}

/// The lock's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Shared with other sessions.
    Shared,
    /// Exclusive.
    Exclusive,
    /// On a whole, while parts of it are locked as [`Mode::Shared`]. Excludes an exclusive lock on the whole.
    SharesParts,
    /// On a whole, while parts of it are locked as [`Mode::Exclusive`]. Excludes any lock on the whole.
    ExcludesParts,
}

impl Mode {
    fn number(self) -> u32 {
        match self {
            Mode::Shared => pg_sys::ShareLock,
            Mode::Exclusive => pg_sys::ExclusiveLock,
            // The modes of PostgreSQL's own locks on tables for SELECT … FOR UPDATE and for UPDATE.
            Mode::SharesParts => pg_sys::RowShareLock,
            Mode::ExcludesParts => pg_sys::RowExclusiveLock,
        }
    }
}

/// `USER_LOCKMETHOD` of storage/lock.h.
const USER_LOCK_METHOD: u8 = 2;

thread_local! {
    /// The locks that the last `hold` of an entity and the last one of a unique key took. The end of its transaction may have
    /// released a lock.
    static HELD: [Cell<Option<Key>>; 2] = const { [Cell::new(None), Cell::new(None)] };
}

/// The place of the held lock of this kind.
fn place_of(kind: Kind) -> usize {
    usize::from(kind == Kind::Unique)
}

fn take_held(kind: Kind) -> Option<Key> {
    HELD.with(|held| held[place_of(kind)].take())
}

/// A lock's key: a relation, and 64 bits that name something in the relation. Two things with the same key wait for
/// each other, which is harmless.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The kind of the thing.
    pub kind: Kind,
    /// The relation.
    pub relation: pg_sys::Oid,
    /// The hash of the thing.
    pub hash: u64,
}

impl Ord for Key {
    fn cmp(&self, other: &Key) -> Ordering {
        let order = |key: &Key| (key.kind, u32::from(key.relation), key.hash);
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Key) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Key {
    fn tag(self) -> pg_sys::LOCKTAG {
        let spare_bits = self.kind.spare_bits();
        let upper = (self.hash >> 32) as u32;
        pg_sys::LOCKTAG {
            // SAFETY: reads a variable of the backend.
            locktag_field1: u32::from(unsafe { pg_sys::MyDatabaseId }),
            locktag_field2: u32::from(self.relation) ^ (upper >> spare_bits),
            locktag_field3: self.hash as u32,
            locktag_field4: self.kind as u16 | (upper & ((1 << spare_bits) - 1)) as u16,
            locktag_type: pg_sys::LockTagType::LOCKTAG_ADVISORY as u8,
            locktag_lockmethodid: USER_LOCK_METHOD,
        }
    }
}

/// Takes a lock until the end of the transaction, or until `release`. Returns whether the transaction has the lock:
/// always, if the call may wait.
pub fn acquire(key: Key, mode: Mode, wait: bool) -> bool {
    let answer = as_transaction(|| {
        // SAFETY: the tag is valid, and the transaction owns the lock.
        unsafe { pg_sys::LockAcquire(&key.tag(), mode.number() as i32, false, !wait) }
    });
    answer != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
}

/// Releases a lock that `acquire` has taken, if the transaction holds it.
pub fn release(key: Key, mode: Mode) {
    if is_held_as(key, mode) {
        as_transaction(|| {
            // SAFETY: this transaction holds the lock, by the check above.
            unsafe { pg_sys::LockRelease(&key.tag(), mode.number() as i32, false) }
        });
    }
}

/// Whether this session holds the lock in this mode.
pub fn is_held_as(key: Key, mode: Mode) -> bool {
    holds(&key.tag(), mode.number())
}

/// The hashes of all locks of this kind in a relation that any transaction holds or waits for, prepared ones included. Each
/// hash has at most 32 bits, or for [`Kind::Appending`] 41.
///
/// The list is of one moment: all of the lock table is held while it is made.
pub fn tags(kind: Kind, relation: pg_sys::Oid) -> Vec<u64> {
    let spare = (1u16 << kind.spare_bits()) - 1;
    // SAFETY: the list is fresh, and has as many members as it says.
    unsafe {
        let all = pg_sys::GetLockStatusData();
        let wanted = Key { kind, relation, hash: 0 }.tag();
        let is_wanted = |tag: &pg_sys::LOCKTAG| {
            (tag.locktag_type, tag.locktag_lockmethodid) == (wanted.locktag_type, wanted.locktag_lockmethodid)
                && tag.locktag_field1 == wanted.locktag_field1
                && tag.locktag_field2 == wanted.locktag_field2
                && tag.locktag_field4 & !spare == wanted.locktag_field4
        };
        let tags = (0..(*all).nelements as usize).map(|i| (*(*all).locks.add(i)).locktag);
        let hash = |tag: pg_sys::LOCKTAG| u64::from(tag.locktag_field4 & spare) << 32 | u64::from(tag.locktag_field3);
        tags.filter(is_wanted).map(hash).collect()
    }
}

/// The number of locks that a transaction may hold without taking from other transactions' share.
pub fn fair_share() -> usize {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::max_locks_per_xact as usize }
}

/// Waits for the lock on `key`, and releases the lock of this kind held before. The end of the transaction releases the new one.
pub fn hold(key: Key) {
    hold_as(key, true);
}

/// Takes the lock on `key` as [`hold`] does, if that needs no waiting, and returns whether the transaction has the lock.
pub fn hold_if_free(key: Key) -> bool {
    hold_as(key, false)
}

fn hold_as(key: Key, wait: bool) -> bool {
    let held = HELD.with(|held| held[place_of(key.kind)].get());
    if let Some(held) = held {
        if held == key && is_held(held) {
            return true;
        }
        let_go_of(key.kind);
    }
    let answer = as_transaction(|| {
        // SAFETY: the tag is valid, and the transaction owns the lock.
        unsafe { pg_sys::LockAcquire(&key.tag(), pg_sys::ExclusiveLock as i32, false, !wait) }
    });
    let is_taken = answer != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL;
    HELD.with(|held| held[place_of(key.kind)].set(is_taken.then_some(key)));
    is_taken
}

/// Releases the lock of an entity that this transaction holds, if any.
pub fn let_go() {
    let_go_of(Kind::Entity);
}

/// Releases the lock that this transaction holds by [`hold`] for a key of this kind, if any.
pub fn let_go_of(kind: Kind) {
    if let Some(held) = take_held(kind)
        && is_held(held)
    {
        as_transaction(|| {
            // SAFETY: this transaction holds the lock, by the check above.
            unsafe { pg_sys::LockRelease(&held.tag(), pg_sys::ExclusiveLock as i32, false) }
        });
    }
}

fn is_held(key: Key) -> bool {
    holds(&key.tag(), pg_sys::ExclusiveLock)
}

fn holds(tag: &pg_sys::LOCKTAG, mode: u32) -> bool {
    // SAFETY: looks the tag up in this backend's own table of locks.
    unsafe {
        #[cfg(any(feature = "pg15", feature = "pg16"))]
        return pg_sys::LockHeldByMe(tag, mode as i32);
        #[cfg(not(any(feature = "pg15", feature = "pg16")))]
        pg_sys::LockHeldByMe(tag, mode as i32, false)
    }
}

/// Runs `act` with the top transaction as the owner of locks. One statement takes a lock and another releases it, but
/// PostgreSQL lets only the owner release; so a lock taken under a savepoint outlives the savepoint's rollback.
fn as_transaction<T>(act: impl FnOnce() -> T) -> T {
    struct Restore(pg_sys::ResourceOwner);
    impl Drop for Restore {
        fn drop(&mut self) {
            // SAFETY: restores the former owner; calls nothing.
            unsafe { pg_sys::CurrentResourceOwner = self.0 };
        }
    }
    // SAFETY: both are variables of the backend, and a transaction is open.
    let _restore = unsafe {
        let restore = Restore(pg_sys::CurrentResourceOwner);
        pg_sys::CurrentResourceOwner = pg_sys::TopTransactionResourceOwner;
        restore
    };
    act()
}
