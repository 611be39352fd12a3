//! Periods in which facts hold, kept packed: equal facts neither overlap nor touch, different facts of a key never
//! overlap.
//!
//! [`Islands`] finds the rows that are to become one; [`Check`] finds those that are not packed. Both take rows in order
//! and remember only what later rows can still meet. What a key, a fact and a row are, the caller decides.

mod check;
mod islands;
mod period;

pub use check::{Check, Fault};
pub use islands::{Island, Islands};
pub use period::Period;
