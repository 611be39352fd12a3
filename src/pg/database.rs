//! The connected database.

use pgrx::pg_sys;

/// The identity of the database: the system identifier of its cluster, and its oid. A physical replica has the same
/// identity, and no other copy has.
pub fn identity() -> String {
    // SAFETY: reads the shared copy of the control file, and a variable of the backend.
    unsafe { format!("{}/{}", pg_sys::GetSystemIdentifier(), u32::from(pg_sys::MyDatabaseId)) }
}

/// The major version of the server.
pub const MAJOR_VERSION: u32 = pg_sys::PG_MAJORVERSION_NUM;
