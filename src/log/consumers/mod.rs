//! Consumers: readers of a log whose progress is kept in the database, and moved in the transaction that reads.
//!
//! A consumer has one or more members, which share the entities by hash, so that the events of an entity stay in order. `manage`
//! adds, moves and drops consumers, `consume` gives the next events, `members` has the rows, `own_positions` refuses where
//! positions come from elsewhere, `shares` where a restore could share the entities anew, `lag` is for the view, `pruned`
//! warns where events that were pruned are missed.

mod consume;
mod lag;
mod manage;
mod members;
mod own_positions;
mod pruned;
mod shares;

pub use pruned::tell;
