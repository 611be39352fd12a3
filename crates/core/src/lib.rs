//! The canonical line of an event, the chain that the hashes of lines make, and periods kept packed.
//!
//! Pure: bytes in, bytes or a verdict out. No PostgreSQL, no input or output, no clock, no randomness; so every
//! promise here can be tested, and used by an offline verifier, without a database.
//!
//! - [`mod@line`]: an event as one line of JSON, exactly the bytes that are hashed.
//! - [`chain`]: the hash of a line, and two ways to check a chain, in order and in no order.
//! - [`image`]: values as texts that are equal exactly where the values are.
//! - [`packing`]: which rows become one where equal facts touch, and which rows are not packed.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod chain;
pub mod image;
pub mod line;
pub mod packing;
