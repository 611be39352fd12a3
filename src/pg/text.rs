//! PostgreSQL's text.

use std::ffi::CStr;

use pgrx::pg_sys;

/// The number of bytes of a name, including the NUL at its end: `NAMEDATALEN`.
pub const NAME_LENGTH: usize = pg_sys::NAMEDATALEN as usize;

/// Whether the database's encoding is UTF-8.
pub fn database_is_utf8() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 }
}

/// A copy of a string that PostgreSQL has allocated for the caller, and that is freed: a batch of rows can have very many, and long ones.
///
/// # Safety
/// The string is NUL-terminated, and nobody else uses it.
pub(super) unsafe fn taken(text: *mut std::ffi::c_char) -> String {
    // SAFETY: by the contract of this function.
    unsafe {
        let copy = string(text);
        pg_sys::pfree(text.cast());
        copy
    }
}

/// A copy of one of PostgreSQL's strings, which are UTF-8 in a UTF-8 database.
///
/// # Safety
/// The string is NUL-terminated.
pub(super) unsafe fn string(text: *const std::ffi::c_char) -> String {
    // SAFETY: by the contract of this function.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}
