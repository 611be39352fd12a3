//! Memory that does not come back. What the library makes of `unevaluatedProperties` or `unevaluatedItems` where references lead
//! round in a circle holds itself, so it is never freed. Such schemas are rare and mostly small, and one that is kept is compiled
//! once; but somebody could compile large ones for ever.

use std::cell::Cell;

/// So many bytes may be lost on one thread.
const LOST_MAX: usize = 512 << 20;

thread_local! {
    static LOST: Cell<usize> = const { Cell::new(0) };
}

/// Takes so many bytes for ever, if there is room.
pub(super) fn take(bytes: usize) -> bool {
    let lost = LOST.get().saturating_add(bytes);
    let fits = lost <= LOST_MAX;
    if fits {
        LOST.set(lost);
    }
    fits
}
