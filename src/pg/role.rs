//! Roles.

use pgrx::pg_sys;

use super::text::string;

/// Whether `owner` has the privileges of `role`.
pub fn has_privileges_of(owner: pg_sys::Oid, role: pg_sys::Oid) -> bool {
    // SAFETY: takes any roles' oids.
    unsafe { pg_sys::has_privs_of_role(owner, role) }
}

/// Whether the acting role is a superuser.
pub fn is_superuser() -> bool {
    // SAFETY: reads the catalog of roles.
    unsafe { pg_sys::superuser() }
}

/// The role with this name.
pub fn named(name: &str) -> Option<pg_sys::Oid> {
    let name = std::ffi::CString::new(name).ok()?;
    // SAFETY: takes any name; the answer is zero if there is no such role.
    let role = unsafe { pg_sys::get_role_oid(name.as_ptr(), true) };
    (role != pg_sys::InvalidOid).then_some(role)
}

/// The acting role.
pub fn caller() -> pg_sys::Oid {
    // SAFETY: reads a variable of the backend.
    unsafe { pg_sys::GetUserId() }
}

/// The name of the role that the session acts as, also within a function that runs with its owner's rights.
pub fn outer() -> String {
    // SAFETY: the role of a session exists; the answer is a palloc'd string.
    unsafe { string(pg_sys::GetUserNameFromId(pg_sys::GetOuterUserId(), false)) }
}

/// The name of the role that has logged in.
pub fn session() -> String {
    // SAFETY: reads a variable of the backend.
    name_of(unsafe { pg_sys::GetSessionUserId() })
}

/// The name of the acting role.
pub fn acting() -> String {
    name_of(caller())
}

/// The name of a role for an error.
pub(super) fn name_of(role: pg_sys::Oid) -> String {
    // SAFETY: takes any oid; NULL if there is no such role, else a palloc'd string.
    unsafe {
        let name = pg_sys::GetUserNameFromId(role, true);
        if name.is_null() { format!("{}", u32::from(role)) } else { string(name) }
    }
}
