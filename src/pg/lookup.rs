//! Finding functions by their names.

use std::ffi::CStr;

use pgrx::pg_sys;

/// The function `schema.name()` without arguments.
pub fn function(schema: &CStr, name: &CStr) -> Option<pg_sys::Oid> {
    // SAFETY: the list is fresh, with two fresh string nodes; `LookupFuncName` takes it and returns zero if there is no function.
    let oid = unsafe {
        let mut names = std::ptr::null_mut();
        for part in [schema, name] {
            names = pg_sys::lappend(names, pg_sys::makeString(pg_sys::pstrdup(part.as_ptr())).cast());
        }
        pg_sys::LookupFuncName(names, 0, std::ptr::null(), true)
    };
    (oid != pg_sys::InvalidOid).then_some(oid)
}
