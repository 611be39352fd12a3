//! Event schemas as clients meet them: the official suite through SQL, versions that count from their commit on, dumps,
//! replicas and crashes; and whatever a schema or a document is like, an answer or a clean error.

mod clients;
mod crash;
mod dump;
mod errors;
mod fail_closed;
#[path = "../../crates/schema/tests/suite/files.rs"]
mod files;
mod replication;
mod retrieval;
mod robustness;
mod suite;
#[path = "../support/mod.rs"]
mod support;
mod visibility;
