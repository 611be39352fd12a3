//! Where a long computation looks whether it may go on: the stack, and interrupts.

use pgrx::pg_sys;

/// The lowest address that the stack may reach: PostgreSQL's own limit, `max_stack_depth`.
pub fn floor() -> usize {
    thread_local! {
        // Where the stack begins does not change. It is told only in exchange for another.
        static BASE: usize = unsafe {
            // SAFETY: what is set is what was there.
            let here = pg_sys::set_stack_base();
            pg_sys::restore_stack_base(here);
            here as usize
        };
    }
    // SAFETY: a variable of the backend.
    let limit = unsafe { pg_sys::max_stack_depth } as usize * 1024;
    BASE.with(|base| base.saturating_sub(limit))
}

/// Ends the statement here if somebody has cancelled it.
pub fn check_for_interrupts() {
    pg_sys::check_for_interrupts!();
}
