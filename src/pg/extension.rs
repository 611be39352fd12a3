//! Extensions of the database.

use std::ffi::CStr;

use pgrx::pg_sys;

/// Whether the extension exists in this database.
pub fn is_installed(name: &CStr) -> bool {
    // SAFETY: takes any name; the answer is zero if there is no such extension.
    unsafe { pg_sys::get_extension_oid(name.as_ptr(), true) != pg_sys::InvalidOid }
}

/// Whether the running command is part of the script that creates or updates the extension.
pub fn is_scripted(name: &CStr) -> bool {
    // SAFETY: reads variables of the backend; takes any name.
    unsafe {
        pg_sys::creating_extension && pg_sys::CurrentExtensionObject == pg_sys::get_extension_oid(name.as_ptr(), true)
    }
}

/// Whether the running command is part of the script of any extension, to which the objects that it creates belong.
pub fn is_any_scripted() -> bool {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::creating_extension }
}

/// Whether a relation is one of the extension's own.
pub fn has_relation(name: &CStr, relation: pg_sys::Oid) -> bool {
    // SAFETY: both take any name and any oid; zero if there is no such extension.
    unsafe {
        let extension = pg_sys::get_extension_oid(name.as_ptr(), true);
        let of = pg_sys::getExtensionOfObject(pg_sys::RelationRelationId, relation);
        extension != pg_sys::InvalidOid && of == extension
    }
}
