//! Histories: every change of a table becomes an event in a chained table beside it.
//!
//! A statement runs `record` (the triggers) → `recorder` (the table's state) → the history, whose chain seals the events.
//! `verify_history()` verifies the chain, and compares the newest event of each key with the table (`differences`).

mod arguments;
mod as_of;
mod attach;
mod ddl;
mod differences;
mod events;
mod feature;
mod keeps;
mod layout;
mod partitions;
mod problems;
mod record;
mod recorder;
mod requirements;
mod triggers;
mod verify;

pub use as_of::MAKER;
pub use ddl::DDL;
pub use feature::FEATURE;
pub use keeps::KEEPER;
