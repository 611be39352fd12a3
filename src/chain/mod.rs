//! Chains: every inserted row is sealed, no sealed row can be changed, and verification names each change.
//!
//! An INSERT runs `seal` (the trigger) → `head` (finds the entity's newest event under a lock) → `layout` (the row's
//! line and hash). `verify_chain()` runs `verify` → `layout` for each row → `veritable_core::chain`, which judges.

mod alter;
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
mod let_pass;
mod line;
mod own_heads;
mod partitions;
mod passes;
mod problems;
mod requirements;
mod seal;
mod triggers;
mod verdict;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
pub use guard::define_setting as define_settings;
