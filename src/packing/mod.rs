//! Packing: for each key, the periods of a value are kept without overlap and without redundancy.
//!
//! A statement runs `pack_early` (locks the key before a row is inserted) → `pack` (after the statement: `look` finds
//! the new neighbours, `veritable_period` chooses the rows to merge, `merge` merges them). An exclusion constraint,
//! which `attach` creates, refuses overlaps of different values.

mod arguments;
mod attach;
mod constraint;
mod copies;
mod ddl;
mod feature;
mod layout;
mod look;
mod merge;
mod pack;
mod pack_early;
mod packer;
mod portion;
mod prevented;
mod problems;
mod requirements;
mod row_locks;
mod set_period;
mod triggers;
mod value_key;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
