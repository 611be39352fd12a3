//! Histories as clients meet them. Whatever changes the table, its history shows what the table was at each moment.

mod clients;
mod oracle;
mod packed;
mod program;
#[path = "../support/mod.rs"]
mod support;
