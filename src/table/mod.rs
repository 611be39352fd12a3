//! What the features share over the tables that they are attached to.

pub mod arguments;
pub mod lru;
pub mod turn;
pub mod verification;
