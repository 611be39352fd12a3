//! The guard's exception: the UPDATE of one event that erases values, and nothing else.

use std::cell::RefCell;

use super::super::layout::Layout;
use crate::pg::oid::Oid;
use crate::pg::row::Row;
use crate::pg::transaction;

/// The erasure of one event.
pub struct Exactly {
    /// The relation of the row.
    pub leaf: Oid,
    /// The hash of the entity.
    pub entity: u64,
    /// The seq of the event.
    pub seq: Option<i64>,
    /// The columns whose values are erased.
    pub columns: Vec<String>,
}

thread_local! {
    static PASS: RefCell<Option<Exactly>> = const { RefCell::new(None) };
}

/// The exception, as long as the value lives.
pub struct Pass(());

impl Pass {
    /// Lets exactly this erasure pass. One that a trigger of the table begins in between ends this one: its UPDATE is
    /// refused if the guard has not seen it yet.
    pub fn begin(erasure: Exactly) -> Pass {
        PASS.set(Some(erasure));
        Pass(())
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        PASS.set(None);
    }
}

/// Whether an UPDATE erases values and changes nothing else that is sealed: the erasure that runs, or one that a
/// subscription brings. Verification asks for the record, so a replica without the publisher's records reports it.
pub fn lets_pass(relation: Oid, layout: &Layout, old: &Row, new: &Row) -> bool {
    let may_erase = |name: &String| {
        transaction::is_of_subscription()
            || PASS.with_borrow(|pass| {
                pass.as_ref().is_some_and(|erasure| {
                    (erasure.leaf, erasure.seq) == (relation, old.integer(layout.seq))
                        && erasure.columns.contains(name)
                        && erasure.entity == layout.entity_hash(old)
                })
            })
    };
    let is_erased = |place: usize| {
        let column = layout.erasable.iter().find(|column| [column.value, column.salt].contains(&place));
        column.is_some_and(|column| new.is_null(column.value) && new.is_null(column.salt) && may_erase(&column.name))
    };
    // Nothing passes here that erases nothing: an UPDATE to the same value would tell the value.
    let mut changed = layout.sealed.iter().filter(|&&place| !new.is_identical(place, old, place)).peekable();
    changed.peek().is_some() && changed.all(|&place| is_erased(place))
}
