//! Checks that a long computation may go on: the stack, and interrupts.

use pgrx::pg_sys;

/// The lowest address that the stack may reach: PostgreSQL's own limit, `max_stack_depth`.
pub fn floor() -> usize {
    thread_local! {
        // The stack base is constant. PostgreSQL returns it only when a new one is set.
        static BASE: usize = unsafe {
            // SAFETY: restores the base that was set before.
            let here = pg_sys::set_stack_base();
            pg_sys::restore_stack_base(here);
            here as usize
        };
    }
    // SAFETY: a variable of the backend.
    let limit = unsafe { pg_sys::max_stack_depth } as usize * 1024;
    BASE.with(|base| base.saturating_sub(limit))
}

/// Ends the statement here if it was cancelled.
pub fn check_for_interrupts() {
    pg_sys::check_for_interrupts!();
}
