//! Opening relations for a moment, without waiting for anybody.

use pgrx::pg_sys;

use super::relation::{Lock, Relation, is_free, release};
use super::report::Result;

/// What came of opening a relation without waiting.
pub enum Glance {
    /// The relation is open. Its lock is released as soon as it is closed.
    Open(Relation),
    /// Somebody else has locked the relation.
    Locked,
    /// There is no such relation any more.
    Gone,
}

impl Relation {
    /// Opens the relation as [`Relation::open`] does, with a lock that is released as soon as the relation is closed: to read its
    /// description.
    pub fn open_briefly(oid: pg_sys::Oid, lock: Lock) -> Result<Relation> {
        Relation::open_until(oid, lock, lock)
    }

    /// Opens the relation if that needs no waiting, with a lock that is released as soon as the relation is closed.
    pub fn glance(oid: pg_sys::Oid, lock: Lock) -> Glance {
        if !is_free(oid, lock) {
            return Glance::Locked;
        }
        match Relation::open_until(oid, Lock::Held, lock) {
            Ok(relation) => Glance::Open(relation),
            Err(_) => {
                release(oid, lock);
                Glance::Gone
            }
        }
    }
}

/// Waits for the lock on a relation, which may be gone by then. Keep the lock for the next [`Relation::glance`], which would fail as long as
/// somebody waits for a stronger one, maybe for this transaction. Then call [`release`].
pub fn wait_for(oid: pg_sys::Oid, lock: Lock) {
    // SAFETY: takes any oid.
    unsafe { pg_sys::LockRelationOid(oid, lock.mode()) };
}
