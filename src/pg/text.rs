//! Text of PostgreSQL's.

use std::ffi::CStr;

use pgrx::pg_sys;

/// How many bytes a name takes, with the NUL at its end: `NAMEDATALEN`.
pub const NAME_LENGTH: usize = pg_sys::NAMEDATALEN as usize;

/// The database's encoding is UTF-8.
pub fn database_is_utf8() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// A copy of a string of PostgreSQL's, which is UTF-8 in a UTF-8 database.
///
/// # Safety
/// It is NUL-terminated.
pub(super) unsafe fn string(text: *const std::ffi::c_char) -> String {
    // SAFETY: by the contract of this function.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
