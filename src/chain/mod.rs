//! Chains: every insert is sealed, no sealed row is changed, and verification names what was.
//!
//! An INSERT goes `seal` (the trigger) → `head` (the newest event of its entity, under a lock) → `layout` (the row as a
//! line, and its hash). `verify_chain()` goes `verify` → `layout` for each row → `veritable_core::chain`, which judges.

mod arguments;
mod attach;
mod backdated;
mod backfill;
mod ddl;
mod feature;
mod genesis;
mod guard;
mod hash_form;
mod head;
mod intact;
mod layout;
mod line;
mod own_heads;
mod partitions;
mod passes;
mod problems;
mod seal;
mod triggers;
mod verdict;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
