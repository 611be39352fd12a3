//! Chains: every inserted row is sealed, no sealed row can be changed, and verification names each change.
//!
//! An INSERT runs `seal` (the trigger) → `head` (finds the entity's newest event under a lock) → `layout` (the row's
//! line and hash). `verify_chain()` runs `verify` → `layout` for each row → `veritable_core::chain`, which judges.

pub mod alter;
pub mod arguments;
mod attach;
mod backdated;
pub mod backfill;
mod ddl;
mod empty_leaves;
mod erasable;
mod erase;
pub mod feature;
mod generation_read;
mod genesis;
mod guard;
mod hash_form;
mod head;
mod intact;
pub mod layout;
mod let_pass;
pub mod line;
mod moves;
mod own_heads;
mod partitions;
mod passes;
mod pointers;
pub mod position;
mod problems;
pub mod prune;
pub mod pruned;
mod relied;
mod remembered;
mod requirements;
mod seal;
mod search;
pub mod triggers;
pub mod verdict;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
pub use guard::define_setting as define_settings;
pub use pointers::{KEEPER, LISTENER};
