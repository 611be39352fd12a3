//! The library's use of the stack, estimated from its levels of recursion.

use std::ptr;

use crate::bounds::{Bounds, Exceeded, stop};

/// The stack of each level, measured: 3,400 bytes, optimised.
const LEVEL: usize = if cfg!(debug_assertions) { 24 << 10 } else { 4 << 10 };
/// The reserve below the limit that the library may use. PostgreSQL has twice as much there (`STACK_DEPTH_SLOP`), for
/// code that does not check its depth.
const BELOW: usize = 256 << 10;

/// The amount of stack that the library may use from here.
pub(crate) fn room(bounds: &Bounds) -> usize {
    let here = 0_u8;
    ptr::from_ref(&here).addr().saturating_sub(bounds.floor.saturating_sub(BELOW))
}

pub(super) struct Depth {
    levels: usize,
    levels_max: usize,
}

impl Depth {
    /// No levels so far, from here on.
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self { levels: 0, levels_max: room(bounds) / LEVEL }
    }

    /// Enters one level, if there is room for it.
    pub(super) fn enter(&mut self) {
        self.levels += 1;
        if self.levels > self.levels_max {
            stop(Exceeded::Stack);
        }
    }

    /// Leaves one level.
    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }
}
