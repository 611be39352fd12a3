//! Deduplicated tables as clients meet them: many sessions that insert the same keys into many partitions, crashes, dumps, replicas.

mod dump;
mod oracle;
mod replication;
#[path = "../support/mod.rs"]
mod support;
mod updated;
