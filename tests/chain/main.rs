//! Chained tables as clients meet them: what is refused, many sessions at once, dumps, replicas, crashes, verification of
//! tables whose owners do not want it; and whatever the input is like, an answer or a clean error.

mod concurrency;
mod crash;
mod dump;
mod erase;
mod errors;
mod fail_closed;
mod heads;
mod lines;
mod moves;
mod pruning;
mod recorded;
mod replication;
mod resources;
mod robustness;
#[path = "../support/mod.rs"]
mod support;
mod verification;
mod verify_prunings;
