//! Packed tables under random statements, many clients and bulk loads: the rows are what an oracle says.

mod bulk;
mod clients;
mod oracle;
mod properties;
mod relations;
#[path = "../support/mod.rs"]
mod support;
