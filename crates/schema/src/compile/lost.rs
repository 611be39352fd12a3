//! Memory that is never freed. The library compiles `unevaluatedProperties` or `unevaluatedItems` with circular
//! references into a value that holds itself. Such schemas are rare and mostly small, and a kept schema is compiled
//! once; but a user could compile large ones for ever.

use std::cell::Cell;

/// The maximum number of bytes lost on one thread.
const LOST_MAX: usize = 512 << 20;

thread_local! {
    static LOST: Cell<usize> = const { Cell::new(0) };
}

/// Charges bytes that are lost for ever, if there is room.
pub(super) fn take(bytes: usize) -> bool {
    let lost = LOST.get().saturating_add(bytes);
    let fits = lost <= LOST_MAX;
    if fits {
        LOST.set(lost);
    }
    fits
}
