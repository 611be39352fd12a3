//! What concerns all of the extension: its installation, its catalog, what its event triggers cost, upgrades, and random queries.

mod catalog;
mod ddl_cost;
mod dropping;
mod installation;
mod journal;
mod own_logs;
mod search_path;
mod sqlsmith;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
