//! The code that the features share, for the tables that they are attached to.

pub mod arguments;
mod attach;
mod attempts;
mod audit;
pub mod columns;
pub mod faults;
pub mod feature;
pub mod generated;
mod indexes;
pub mod journal;
pub mod lru;
pub mod makers;
pub mod problems;
pub mod recorded;
pub mod scan;
pub mod together;
pub mod topology;
pub mod trigger_arguments;
pub mod triggers;
pub mod turn;
pub mod verification;
