//! Logs: nothing is missed and nothing comes twice, whatever is killed when; checkpoints name what was done to the past; and Go's
//! own tools verify what we write, and refuse what we refuse.

mod crash;
mod dump;
mod go;
mod proofs;
mod replication;
mod settled;
mod standard;
mod stress;
#[path = "../support/mod.rs"]
mod support;
mod tampering;
