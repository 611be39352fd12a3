//! Logs: the events of a chained table in one order, which misses nothing and can be proved to others.
//!
//! A log is built on a chain, whose triggers have its configuration and give the positions (`src/chain/position.rs`). Here:
//! adding and dropping logs (`attach`), what is settled, the origin that belongs to each log (`trees`), reading events in their
//! order (`read`), consumers, who read each event once, and what can be proved of a log (`tree`).

mod attach;
mod consumers;
mod found;
mod keep_own;
mod read;
mod settled;
mod tree;
mod trees;

pub use tree::{BESIDE, define_setting};

use crate::table::keepers::{Keeper, Prunes};

/// A log is forgotten with its table, and its tree holds what was pruned. Consumers do not get what was.
pub const KEEPER: Keeper = Keeper {
    forget: trees::forget,
    prunes: Prunes { settle: tree::settle, mark: tree::mark, tell: consumers::tell, ..Prunes::NOTHING },
};
