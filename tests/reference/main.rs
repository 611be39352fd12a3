//! References as clients meet them. Under random statements and many clients, no row is left uncovered.

mod clients;
mod dump;
mod errors;
mod oracle;
mod replication;
#[path = "../support/mod.rs"]
mod support;
