//! Finding the head of the row's entity, and letting the entity's pointer include the partition that the row comes to.
//!
//! A backend waits for other transactions, for their locks on partitions, and for the lock of an entity, with no lock of ours.

use std::rc::Rc;

use super::head::{Head, Heads, Look, Search, Sought};
use super::own_heads::{Name, Pointing};
use super::pointers::Knowing;
use super::seal::Sealer;
use crate::pg::cache;
use crate::pg::lock::{self, Key};
use crate::pg::open_transaction::{self, OpenTransaction};
use crate::pg::relation::{Lock, Relation};
use crate::pg::report::Result;
use crate::pg::row::Row;
use crate::pg::trigger::Firing;
use crate::table::standing::{Again, Decision};

/// Where the knowledge of the head comes from.
pub enum Before {
    /// This transaction has made the head, and knows this of the pointer.
    Own(Pointing),
    /// A search has found it.
    Found(Search),
}

impl Sealer {
    /// Finds the newest event of the row's entity, and keeps other sessions from appending until this row is inserted.
    /// Also returns whether it has waited for another transaction. `standing` is an earlier trigger's decision to insert the row:
    /// returns `None` if a wait has turned it into one to skip the row.
    pub fn find_head(
        &self,
        firing: &Firing,
        key: Key,
        name: Name,
        image: &[u8],
        row: &Row,
        standing: Option<&dyn Decision>,
    ) -> Result<Option<(Option<Head>, Before, bool)>> {
        let sought = Sought { key, name, image, row, layout: &self.layout, target: self.relation };
        let mut has_waited = false;
        loop {
            if !hold_beside(key, standing, firing, row)? {
                return Ok(None);
            }
            if self.is_partition() {
                // Another session may have attached a partition with events since the statement began.
                cache::accept_changes();
            }
            let heads = self.heads()?;
            let look = heads.look(&sought)?;
            // Or since the search began: then the newest event may be in a partition that was not searched.
            if self.is_partition() && {
                cache::accept_changes();
                !Rc::ptr_eq(&heads, &self.heads()?)
            } {
                continue;
            }
            let goes_on = match look {
                Look::Head(head, search) => return Ok(Some((head, Before::Found(search), has_waited))),
                Look::InProgress(transaction) => await_end(firing, transaction, standing, row)?,
                // The partition may be gone by then, and then the table has changed.
                Look::Locked(partition) => {
                    without_locks(firing, standing, row, || drop(Relation::open(partition, Lock::AccessShare)))?
                }
            };
            if !goes_on {
                return Ok(None);
            }
            has_waited = true;
        }
    }

    /// Lets the pointer of the entity include this partition, before the event with this seq comes to it. Returns `None` if a wait has
    /// turned the decision to insert the row into one to skip it.
    #[expect(clippy::too_many_arguments, reason = "what is known of one row")]
    pub fn point(
        &self,
        firing: &Firing,
        heads: &Heads,
        key: Key,
        image: &[u8],
        before: Before,
        seq: i64,
        row: &Row,
        standing: Option<&dyn Decision>,
    ) -> Result<Option<Pointing>> {
        let Some(pointers) = &heads.pointers else { return Ok(Some(Pointing::Unknown)) };
        match before {
            Before::Own(pointing @ Pointing::Anywhere) => Ok(Some(pointing)),
            Before::Own(Pointing::At(leaf)) if leaf == self.relation => Ok(Some(Pointing::At(leaf))),
            Before::Found(Search { known: Some(known), searched_all }) => {
                pointers.include(key, &known, self.relation, seq, searched_all).map(Some)
            }
            Before::Own(_) | Before::Found(_) => loop {
                // The lock: others must not read the pointer while it changes from one version to the next.
                if !hold_beside(key, standing, firing, row)? {
                    return Ok(None);
                }
                match pointers.look_at_own(key, image, self.relation)? {
                    Knowing::Known(known) => {
                        return pointers.include(key, &known, self.relation, seq, false).map(Some);
                    }
                    Knowing::InProgress(transaction) => {
                        if !await_end(firing, transaction, standing, row)? {
                            return Ok(None);
                        }
                    }
                }
            },
        }
    }
}

/// Waits for another transaction, which may need the entity's lock for its own next event. Returns whether the row is still to be
/// inserted.
fn await_end(
    firing: &Firing,
    transaction: OpenTransaction,
    standing: Option<&dyn Decision>,
    row: &Row,
) -> Result<bool> {
    without_locks(firing, standing, row, || open_transaction::wait_for(transaction, &firing.relation()))
}

fn without_locks(firing: &Firing, standing: Option<&dyn Decision>, row: &Row, wait: impl FnOnce()) -> Result<bool> {
    lock::let_go();
    standing.inspect(|standing| standing.let_go());
    wait();
    match standing {
        Some(standing) => Ok(standing.again(&firing.relation(), row, true)? != Again::Skip),
        None => Ok(true),
    }
}

/// Takes the lock of the entity beside the lock of an earlier trigger's decision, and returns whether the row is still to be
/// inserted. A backend waits for each of the two locks without the other, so that no order of locks matters.
pub fn hold_beside(key: Key, standing: Option<&dyn Decision>, firing: &Firing, row: &Row) -> Result<bool> {
    let Some(standing) = standing else {
        lock::hold(key);
        return Ok(true);
    };
    while !lock::hold_if_free(key) {
        standing.let_go();
        lock::hold(key);
        match standing.again(&firing.relation(), row, false)? {
            Again::Insert => return Ok(true),
            Again::Skip => {
                lock::let_go();
                return Ok(false);
            }
            Again::Busy => lock::let_go(),
        }
        if standing.again(&firing.relation(), row, true)? == Again::Skip {
            return Ok(false);
        }
    }
    Ok(true)
}
