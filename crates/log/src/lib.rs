//! The log: a Merkle tree over all events of a table, whose root is signed and kept elsewhere.
//!
//! Pure: bytes in, bytes or a verdict out. No PostgreSQL, no input or output, no clock, no randomness. Whoever has a note
//! from elsewhere needs only this crate to check a proof.
//!
//! - [`tree`], [`tile`]: the hashes of RFC 6962, and the tiles of c2sp.org/tlog-tiles in which they are stored.
//! - [`Builder`]: the growing tree. [`prove`] reads tiles and gives proofs, which [`verify`] checks.
//! - [`note`], [`checkpoint`], [`proof`]: the texts of c2sp.org/signed-note, c2sp.org/tlog-checkpoint with
//!   c2sp.org/tlog-cosignature, and c2sp.org/tlog-proof. What is read is written again as the same bytes.
//! - [`places`]: which positions the leaves of a tile have. That is ours: no standard has a place for it.

#![forbid(unsafe_code)]
#![warn(unreachable_pub)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod builder;
pub mod checkpoint;
mod name;
pub mod note;
pub mod places;
pub mod proof;
pub mod prove;
mod text;
pub mod tile;
pub mod tree;
pub mod verify;

pub use builder::Builder;
pub use name::{Name, NameError};
