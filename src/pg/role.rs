//! Acting as another role, as PostgreSQL's own foreign keys do.

use pgrx::pg_sys;

use super::relation::Relation;

/// Runs `body` as the owner of the relation, from whom row-level security hides nothing. Where an error unwinds past
/// it, the end of the (sub)transaction makes the caller the caller again.
pub fn as_owner<T>(relation: &Relation, body: impl FnOnce() -> T) -> T {
    let (mut role, mut context) = (pg_sys::InvalidOid, 0);
    // SAFETY: a transaction is open; the variables are written. This is what `ri_PerformCheck` does.
    unsafe {
        pg_sys::GetUserIdAndSecContext(&mut role, &mut context);
        pg_sys::SetUserIdAndSecContext(
            relation.owner(),
            context | (pg_sys::SECURITY_LOCAL_USERID_CHANGE | pg_sys::SECURITY_NOFORCE_RLS) as i32,
        );
        let answer = body();
        pg_sys::SetUserIdAndSecContext(role, context);
        answer
    }
}
