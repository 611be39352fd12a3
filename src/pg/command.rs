//! Commands (DDL), as event triggers see them.

use std::cell::Cell;

use pgrx::pg_sys;

use super::report::Result;
use super::spi::Session;

thread_local! {
    static OWN: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, commands are ours: they know what they do, and the event triggers let them pass.
pub struct OwnCommands {
    before: bool,
}

/// Begins commands of our own.
pub fn own_commands() -> OwnCommands {
    OwnCommands { before: OWN.replace(true) }
}

/// The command that is running is one of ours.
pub fn is_own() -> bool {
    OWN.get()
}

impl Drop for OwnCommands {
    fn drop(&mut self) {
        OWN.set(self.before);
    }
}

/// What the command has created or altered, at its end.
pub fn objects(session: &Session) -> Result<Vec<pg_sys::Oid>> {
    let commands = session.query("SELECT objid FROM pg_catalog.pg_event_trigger_ddl_commands()", &[])?;
    Ok(commands.rows().filter_map(|row| row.get(0)).collect())
}
