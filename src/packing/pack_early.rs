//! `veritable.pack_early()`: takes the lock of a row's key before the row is inserted.
//!
//! Not for UPDATE: the UPDATE has locked the row by then, may wait for others, and must not hold the key's lock meanwhile.

use super::feature::{FEATURE, PACK_EARLY};
use super::packer::Packer;
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::Result;
use crate::pg::trigger::Event;
use crate::table::turn;

sql_function! {
    /// `veritable.pack_early()`: BEFORE INSERT FOR EACH ROW.
    veritable_pack_early = pack_early
}

fn pack_early(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    if !firing.is_before_row() || firing.event() != Event::Insert {
        return Err(FEATURE.misplaced(PACK_EARLY));
    }
    let packer = Packer::of(&firing)?;
    let layout = packer.layout();
    if let Some(key) = layout.lock_key(&firing.row(&layout.descriptor)) {
        turn::take_early(key);
    }
    Ok(firing.pass_row())
}
