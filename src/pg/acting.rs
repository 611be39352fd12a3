//! Acting on a table that another role owns.
//!
//! The rule: code that runs on such a table (verification, packing, sealing existing rows) follows PostgreSQL's own maintenance.
//! The caller's privileges are checked first. Then the session acts as the table's owner in a security-restricted operation,
//! because the owner's functions may run (of index expressions, domains, triggers): they must not act as the caller, nor leave
//! anything behind that later runs as the caller. The end of the operation undoes their settings.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::relation::{Lock, Relation};
use super::report::Result;

/// A search path that finds names in the system's catalog alone; temporary objects come last, not first.
const SAFE_SEARCH_PATH: &CStr = c"pg_catalog, pg_temp";

/// An operation that undoes changes of settings at its end.
pub struct Acting(());

impl Acting {
    /// Changes a setting until the end of the operation. PostgreSQL must know the name and the value.
    pub fn set(&self, name: &CStr, value: &CStr) {
        // SAFETY: both strings are NUL-terminated, and PostgreSQL copies them; the change belongs to the open nest
        // level. With elevel 0, a refusal is an ordinary error.
        unsafe {
            pg_sys::set_config_option(
                name.as_ptr(),
                value.as_ptr(),
                pg_sys::GucContext::PGC_USERSET,
                pg_sys::GucSource::PGC_S_SESSION,
                pg_sys::GucAction::GUC_ACTION_SAVE,
                true,
                0,
                false,
            );
        }
    }

    /// Changes a setting that is a number.
    pub fn set_number(&self, name: &CStr, value: i32) {
        if let Ok(value) = std::ffi::CString::new(value.to_string()) {
            self.set(name, &value);
        }
    }
}

/// Runs `body`, and undoes every change of a setting that is made meanwhile. If an error unwinds past this function,
/// the end of the (sub)transaction undoes the changes.
pub fn with_settings<T>(body: impl FnOnce(&Acting) -> T) -> T {
    // SAFETY: a transaction is open.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    let answer = body(&Acting(()));
    // SAFETY: the level was opened above; not a commit, so that the changed settings go back.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    answer
}

/// Runs `body` as the owner of the relation, with a safe search path. Row-level security hides no rows from the owner.
///
/// A caller who is not the owner enters a security-restricted operation, as for `ANALYZE`: code in the operation cannot
/// return to the caller's identity, creates no temporary tables, and defers no trigger past its end. For an owner, only
/// the owner's own code runs. If an error unwinds past this function, the end of the (sub)transaction restores the
/// caller's identity.
pub fn as_owner<T>(relation: &Relation, body: impl FnOnce(&Acting) -> T) -> T {
    act_as(relation.owner(), body)
}

/// Runs `body` as [`as_owner`] does, for a relation that must not be open meanwhile because its triggers change.
pub fn as_owner_of<T>(relation: pg_sys::Oid, body: impl FnOnce(&Acting) -> T) -> Result<T> {
    let owner = Relation::open(relation, Lock::AccessShare)?.owner();
    Ok(act_as(owner, body))
}

/// Runs `body` as the role that owns PostgreSQL's own objects, restricted, to create and drop our triggers. A trigger that
/// names another table needs a privilege on that table which the owner of the trigger's table may lack. The caller's
/// privileges have been checked, and `body` runs commands in which no code of a role runs.
pub fn as_system<T>(body: impl FnOnce() -> T) -> T {
    act_as(pg_sys::Oid::from(pg_sys::BOOTSTRAP_SUPERUSERID), |_| body())
}

fn act_as<T>(owner: pg_sys::Oid, body: impl FnOnce(&Acting) -> T) -> T {
    let (mut role, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: a transaction is open; the variables are written.
    unsafe { pg_sys::GetUserIdAndSecContext(&mut role, &mut context) };
    let restriction = if role == owner {
        pg_sys::SECURITY_LOCAL_USERID_CHANGE
    } else {
        pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_RESTRICTED_OPERATION
    };
    let restricted = context | (restriction | pg_sys::SECURITY_NOFORCE_RLS) as i32;
    // SAFETY: the owner of a relation exists.
    unsafe { pg_sys::SetUserIdAndSecContext(owner, restricted) };
    let answer = with_settings(|acting| {
        acting.set(c"search_path", SAFE_SEARCH_PATH);
        body(acting)
    });
    // SAFETY: restores the identity that was current before.
    unsafe { pg_sys::SetUserIdAndSecContext(role, context) };
    answer
}

impl Relation {
    /// Whether the acting role is the owner itself, and not a member of the owner's role or a superuser.
    pub fn is_owned_by_current_role(&self) -> bool {
        // SAFETY: reads a variable of the backend.
        self.owner() == unsafe { pg_sys::GetUserId() }
    }
}
