//! Packing: for each key, the periods in which a value holds are kept without overlap and without redundancy.
//!
//! A statement's rows go `early` (the key's lock, before a row is inserted) → `pack` (after the statement: `look` finds
//! the rows that have become neighbours, `veritable_core::packing` says which become one, `change` does it). Different
//! values that overlap are refused by an exclusion constraint, which `attach` makes.

mod arguments;
mod attach;
mod change;
mod early;
mod layout;
mod look;
mod pack;
mod portion;
mod problems;
mod rows;
pub mod triggers;
mod turn;
mod value_key;
mod verify;
