//! Packing: for each key, the periods in which a value holds are kept without overlap and without redundancy.
//!
//! A statement's rows go `pack_early` (the key's lock, before a row is inserted) → `pack` (after the statement: `look` finds
//! the rows that have become neighbours, `veritable_period` says which become one, `merge` does it). Different
//! values that overlap are refused by an exclusion constraint, which `attach` makes.

mod arguments;
mod attach;
mod constraint;
mod ddl;
mod feature;
mod layout;
mod look;
mod merge;
mod pack;
mod pack_early;
mod packer;
mod problems;
mod row_locks;
mod set_period;
mod triggers;
mod value_key;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
