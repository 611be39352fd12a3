//! The leaves of a chain that have no rows when a generation of pointers begins.

use super::triggers;
use crate::pg::oid::Oid;
use crate::pg::relation::{self, Lock, Relation};
use crate::pg::report::Result;

/// The most empty leaves that are locked at once when a generation begins.
const EMPTY_MAX: usize = 500;

/// The leaves that are empty, locked so that they stay so, and the others. Waits for nobody: a leaf that somebody else is
/// writing to is not empty.
pub fn lock(leaves: &[Oid]) -> Result<(Vec<Oid>, Vec<Oid>)> {
    let seal = triggers::sealing_function()?;
    let (mut empty, mut others) = (Vec::new(), Vec::new());
    for &leaf in leaves {
        if empty.len() < EMPTY_MAX && relation::is_free(leaf, Lock::Share) {
            let is_empty = Relation::open(leaf, Lock::Held).is_ok_and(|leaf| {
                let seals = leaf.triggers().iter().any(|trigger| trigger.function == seal && trigger.enabled());
                leaf.is_heap() && leaf.blocks() == 0 && seals
            });
            if is_empty {
                empty.push(leaf);
                continue;
            }
            relation::release(leaf, Lock::Share);
        }
        others.push(leaf);
    }
    Ok((empty, others))
}
