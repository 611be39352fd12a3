//! How far down the stack the library goes, told from the levels that it goes through.

use std::ptr;

use crate::bounds::{Bounds, Exceeded, stop};

/// The stack that each level takes, measured: 3,400 bytes, optimised.
const LEVEL: usize = if cfg!(debug_assertions) { 24 << 10 } else { 4 << 10 };
/// How far below its limit the library may go. PostgreSQL has twice as much there (`STACK_DEPTH_SLOP`), for code that does not
/// look how deep it is.
const BELOW: usize = 256 << 10;

/// How much of the stack the library may use from here.
pub(crate) fn room(bounds: &Bounds) -> usize {
    let here = 0_u8;
    ptr::from_ref(&here).addr().saturating_sub(bounds.floor.saturating_sub(BELOW))
}

pub(super) struct Depth {
    levels: usize,
    levels_max: usize,
}

impl Depth {
    /// None yet, from here on.
    pub(super) fn new(bounds: &Bounds) -> Self {
        Self { levels: 0, levels_max: room(bounds) / LEVEL }
    }

    /// One level more, if there is room for it.
    pub(super) fn enter(&mut self) {
        self.levels += 1;
        if self.levels > self.levels_max {
            stop(Exceeded::Stack);
        }
    }

    /// One level less.
    pub(super) fn leave(&mut self) {
        self.levels -= 1;
    }
}
