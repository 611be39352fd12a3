//! What the features share over the tables that they are attached to.

pub mod verification;
