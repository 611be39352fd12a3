//! Acting over a table that somebody else owns.
//!
//! The rule: whatever runs over such a table (verification, packing, sealing existing rows) runs as PostgreSQL's own
//! maintenance does. The caller's privileges are checked first. Then the table's owner acts, in a security-restricted
//! operation, since the owner's functions may run (of index expressions, domains, triggers): they must not act as the
//! caller, nor leave anything behind that later runs as the caller. Settings that they change go with the operation.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::relation::{Lock, Relation};
use super::report::Result;

/// Names are looked up in the system's catalog alone; temporary objects come last, not first.
const SAFE_SEARCH_PATH: &CStr = c"pg_catalog, pg_temp";

/// An operation in which settings can be changed for its duration.
pub struct Acting(());

impl Acting {
    /// Changes a setting until the end of the operation. Name and value are ones that PostgreSQL knows.
    pub fn set(&self, name: &CStr, value: &CStr) {
        // SAFETY: two NUL-terminated strings, which are copied; the change belongs to the nest level that is open. With
        // elevel 0, a refusal is an ordinary error.
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
}

/// Runs `body`, and puts back all settings that were changed meanwhile, by whomever. Where an error unwinds past it, the
/// end of the (sub)transaction does that.
pub fn with_settings<T>(body: impl FnOnce(&Acting) -> T) -> T {
    // SAFETY: a transaction is open.
    let level = unsafe { pg_sys::NewGUCNestLevel() };
    let answer = body(&Acting(()));
    // SAFETY: the level that was opened above; not a commit, so that what was changed goes back.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    answer
}

/// Runs `body` as the owner of the relation, from whom row-level security hides nothing, with a safe search path.
///
/// A caller who is not the owner enters a security-restricted operation, as for `ANALYZE`: there is no way back to the
/// caller's identity in it, it makes no temporary tables, and no trigger is deferred past its end. An owner runs nothing
/// but what is the owner's own already. Where an error unwinds past it, the end of the (sub)transaction makes the caller
/// the caller again.
pub fn as_owner<T>(relation: &Relation, body: impl FnOnce(&Acting) -> T) -> T {
    act_as(relation.owner(), body)
}

/// The same with a relation that must not be open meanwhile, since its triggers change.
pub fn as_owner_of<T>(relation: pg_sys::Oid, body: impl FnOnce(&Acting) -> T) -> Result<T> {
    let owner = Relation::open(relation, Lock::AccessShare)?.owner();
    Ok(act_as(owner, body))
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
    // SAFETY: what it was before.
    unsafe { pg_sys::SetUserIdAndSecContext(role, context) };
    answer
}

impl Relation {
    /// The role that acts now is the owner, not one that has the owner's rights as a member or as a superuser.
    pub fn is_owned_by_current_role(&self) -> bool {
        // SAFETY: reads a variable of the backend.
        self.owner() == unsafe { pg_sys::GetUserId() }
    }
}
