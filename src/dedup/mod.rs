//! Deduplication: of several rows with the same key, the first stays, in whichever partition; the others are skipped or refused.
//!
//! An INSERT runs `deduplicate` (the trigger) → `filter` (of all keys: what is not in it is new) → `keys` (looks the key up in each
//! partition that remains, under the key's lock). A later trigger
//! of the same row that has to wait has the decision made again: `table::standing`.

mod arguments;
mod attach;
mod ddl;
mod deduplicate;
mod feature;
mod filter;
mod keys;
mod layout;
mod problems;
mod requirements;
mod triggers;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
pub use filter::{KEEPER, LISTENER};
