//! The state as of any moment: what is final stays final under load, after a crash and on a standby, and functions survive
//! dumps.

mod dump;
mod settled;
#[path = "../support/mod.rs"]
mod support;
