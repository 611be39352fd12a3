//! The tree of a log: checkpoints, signatures, proofs, and verification against a checkpoint.
//!
//! `checkpoint` adds the settled events (`events`) to the tree, whose tiles and notes are in tables of the extension
//! (`kept`). `proofs` reads them, and `verify` compares the table with a note. The hashes, texts and signatures are those of
//! `veritable_log`.

mod checkpoint;
mod events;
mod grow;
mod kept;
mod keys;
mod proofs;
mod pruned;
mod signing;
mod sum;
mod verify;

pub use pruned::{mark, settle};
pub use signing::define_setting;
pub use verify::BESIDE;
