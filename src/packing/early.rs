//! `veritable.pack_early()`: takes the lock of a row's key before the row is there.

use super::pack::Packer;
use super::{triggers, turn};
use crate::pg::function::{Answer, Call, sql_function};
use crate::pg::report::{Class, Error, Result};
use crate::pg::trigger::Event;

sql_function! {
    /// `veritable.pack_early()`: BEFORE INSERT OR UPDATE FOR EACH ROW.
    veritable_pack_early / pg_finfo_veritable_pack_early = pack_early
}

fn pack_early(call: &Call) -> Result<Answer> {
    let firing = call.firing()?;
    let is_insert = match firing.event() {
        Event::Insert if firing.is_before_row() => true,
        Event::Update if firing.is_before_row() => false,
        _ => return Err(Error::new(Class::TriggerProtocol, triggers::MISPLACED_EARLY)),
    };
    let packer = Packer::of(&firing)?;
    let layout = packer.layout();
    if is_insert {
        if let Some(key) = layout.lock_key(&firing.row(&layout.descriptor)) {
            turn::take_early(key);
        }
        return Ok(firing.pass_insert());
    }
    let (old, new) = (firing.row(&layout.descriptor), firing.new_row(&layout.descriptor));
    if new.first_difference(&old, &layout.places()).is_some()
        && let Some(key) = layout.lock_key(&new)
    {
        turn::take_early(key);
    }
    Ok(firing.pass_update())
}
