//! Packed tables as clients meet them. Under random statements, many clients and bulk loads, the rows are what an oracle says.

mod bulk;
mod clients;
mod crash;
mod dead_entries;
mod dump;
mod errors;
mod fail_closed;
mod oracle;
mod properties;
mod relations;
mod replication;
mod resources;
mod robustness;
#[path = "../support/mod.rs"]
mod support;
