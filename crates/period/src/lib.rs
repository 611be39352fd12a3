//! Periods of facts, kept packed: equal facts neither overlap nor touch, and different facts of one key never overlap.
//!
//! Pure: no PostgreSQL, no input or output, no clock. The caller decides what a key, a fact and a row are.
//!
//! - [`Islands`] finds the rows that become one row. [`Check`] finds the rows that are not packed. Both take rows in
//!   order, and remember only the facts that later rows can still meet.
//! - [`image`] writes values as texts that are equal exactly if the values are equal.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod check;
pub mod image;
mod islands;
mod period;

pub use check::{Check, Fault};
pub use islands::{Island, Islands};
pub use period::Period;
