//! Periods in which facts hold, kept packed: equal facts neither overlap nor touch, and different facts of one key never
//! overlap.
//!
//! Pure: no PostgreSQL, no input or output, no clock. The caller decides what a key, a fact and a row are.
//!
//! - [`Islands`] finds the rows that become one row. [`Check`] finds the rows that are not packed. Both take rows in order,
//!   and remember only what later rows can still meet.
//! - [`image`] writes values as texts that are equal exactly where the values are.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]

mod check;
pub mod image;
mod islands;
mod period;

pub use check::{Check, Fault};
pub use islands::{Island, Islands};
pub use period::Period;
