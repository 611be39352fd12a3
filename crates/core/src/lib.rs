//! The canonical line of an event, and the chain of the lines' hashes: the code that an auditor has to trust.
//!
//! Pure: bytes in, bytes or a verdict out. No PostgreSQL, no input or output, no clock, no randomness. So tests can
//! check every promise here, and an offline verifier can use the crate, without a database.
//!
//! - [`mod@line`]: an event as one line of JSON, exactly the bytes that are hashed.
//! - [`chain`]: the hash of a line, and two ways to check a chain, in order and in no order.
//! - [`multiset`]: whether two sets of rows are the same, in no order. No auditor needs it.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod chain;
pub mod line;
pub mod multiset;
