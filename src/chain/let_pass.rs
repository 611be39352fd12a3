//! Changes of sealed rows that pass because `veritable.guard` is off: one warning for each transaction and table, and one
//! entry in the journal for each transaction, table and kind of change.

use std::cell::RefCell;

use super::{own_heads, pointers, triggers};
use crate::pg::oid::Oid;
use crate::pg::report::{Result, warning};
use crate::pg::spi;
use crate::pg::transaction::{Moment, moment};
use crate::pg::trigger::{Event, Firing};
use crate::table::journal;

/// A change that was let pass.
struct Passed {
    /// The relation of the rows, and the relation of the chain.
    relation: Oid,
    root: Oid,
    event: Event,
    /// The subtransaction that has the entry. Its rollback takes the entry back.
    moment: Moment,
}

thread_local! {
    static PASSED: RefCell<Vec<Passed>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a firing's event passes. The heads that this transaction remembers may be gone with it.
pub fn note(firing: &Firing) -> Result<()> {
    own_heads::forget();
    let (relation, event) = (firing.relation(), firing.event());
    let is_known = PASSED.with_borrow_mut(|passed| {
        passed.retain(|one| one.moment.is_of_this_transaction());
        passed.iter().any(|one| one.relation == relation.oid() && one.event == event && one.moment.is_open())
    });
    if is_known {
        return Ok(());
    }
    // An UPDATE can change the seq of a row, or its entity.
    pointers::void_chain_of(&relation)?;
    let root = triggers::root_of(&relation)?;
    let root = root.as_ref().unwrap_or(&relation);
    let of_root = |is_meant: &dyn Fn(&Passed) -> bool| {
        PASSED.with_borrow(|passed| passed.iter().any(|one| one.root == root.oid() && is_meant(one)))
    };
    if !of_root(&|_| true) {
        warning(
            format!("chained table \"{}\" is not guarded: veritable.guard is off", root.name()),
            "Verification will report each change. The journal has an entry.".to_string(),
        );
    }
    if !of_root(&|one| one.event == event && one.moment.is_open()) {
        let action = match event {
            Event::Insert => "INSERT",
            Event::Update => "UPDATE",
            Event::Delete => "DELETE",
            Event::Truncate => "TRUNCATE",
        };
        spi::connect(|session| journal::record(session, &root.stable_name(), action, None, None))?;
    }
    let passed = Passed { relation: relation.oid(), root: root.oid(), event, moment: moment() };
    PASSED.with_borrow_mut(|all| all.push(passed));
    Ok(())
}
