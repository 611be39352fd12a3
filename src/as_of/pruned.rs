//! What the functions say after events were pruned: nothing about moments before.

use crate::pg::acting::as_owner_of;
use crate::pg::command;
use crate::pg::oid::Oid;
use crate::pg::report::Result;
use crate::pg::spi::Session;
use crate::table::keepers::{Keeper, Prunes};
use crate::table::makers;

/// The functions of a table follow what is pruned from it.
pub const KEEPER: Keeper = Keeper { forget: |_, _| Ok(Vec::new()), prunes: Prunes { follow, ..Prunes::NOTHING } };

fn follow(session: &Session, table: Oid) -> Result<()> {
    let _own = command::own_commands();
    as_owner_of(table, |_| makers::follow(session, table, &[]))?
}
