//! PostgreSQL's lists.

use pgrx::pg_sys;

/// The members of a list of oids.
///
/// # Safety
/// The list is a list of oids, or NULL.
pub(super) unsafe fn oids(list: *mut pg_sys::List) -> Vec<pg_sys::Oid> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a list of oids has `length` elements, each an oid.
    unsafe { (0..(*list).length as usize).map(|i| (*(*list).elements.add(i)).oid_value).collect() }
}

/// The members of a list of nodes.
///
/// # Safety
/// The members are of type `T`.
pub(super) unsafe fn members<T>(list: *mut pg_sys::List) -> Vec<*mut T> {
    if list.is_null() {
        return Vec::new();
    }
    // SAFETY: a list has `length` elements, by the contract each a pointer to a `T`.
    unsafe { (0..(*list).length as usize).map(|i| (*(*list).elements.add(i)).ptr_value.cast()).collect() }
}
