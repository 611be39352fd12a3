//! Histories as clients meet them. Whatever changes the table, its history shows what the table was at each moment.

mod clients;
mod crash;
mod dump;
mod oracle;
mod packed;
mod privileges;
mod program;
mod replication;
#[path = "../support/mod.rs"]
mod support;
mod tampering;
