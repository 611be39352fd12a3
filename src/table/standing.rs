//! The decision about the row in flight that an earlier BEFORE trigger has made, and that depends on a lock.
//!
//! A later trigger of the same row may have to wait for another transaction, and no backend waits with such a lock: before the
//! wait, the later trigger lets the lock go, and after the wait, it has the decision made again. The decision is for one row:
//! the trigger that makes it sets it for each row, and the later trigger takes it.

use std::cell::RefCell;
use std::rc::Rc;

use crate::pg::oid::Oid;
use crate::pg::relation::Relation;
use crate::pg::report::Result;
use crate::pg::row::Row;
use crate::pg::transaction::{Transaction, transaction};

/// A decision to insert a row, which depends on a lock.
pub trait Decision {
    /// Releases the lock.
    fn let_go(&self);

    /// Takes the lock, and makes the decision about the row again. Only if it `may_wait`, it waits for the lock or for another
    /// transaction, and holds no lock meanwhile.
    fn again(&self, relation: &Relation, row: &Row, may_wait: bool) -> Result<Again>;
}

/// The decision that was made again. An error is the decision to refuse the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The row is to be inserted, and the lock is held.
    Insert,
    /// The row is to be skipped.
    Skip,
    /// The decision has to wait. No lock is held.
    Busy,
}

struct Standing {
    transaction: Transaction,
    relation: Oid,
    decision: Rc<dyn Decision>,
}

thread_local! {
    static STANDING: RefCell<Option<Standing>> = const { RefCell::new(None) };
}

/// Notes the decision to insert a row into this relation; `None` for a row that needs no decision.
pub fn set(relation: Oid, decision: Option<Rc<dyn Decision>>) {
    STANDING.set(decision.map(|decision| Standing { transaction: transaction(), relation, decision }));
}

/// The decision about the row that is in flight to this relation, if there is one.
pub fn take(relation: Oid) -> Option<Rc<dyn Decision>> {
    let standing = STANDING.take()?;
    (standing.relation == relation && standing.transaction == transaction()).then_some(standing.decision)
}
