//! The seam to PostgreSQL: the only folder with `unsafe`.
//!
//! Every function here is safe to call; raw pointers and bare `Datum`s stay inside. Nothing in this folder knows
//! what a chain is. Errors that PostgreSQL raises unwind as panics that pgrx turns back at the function's border,
//! so a `Drop` here runs also on the way out of an error and then must not call PostgreSQL.
#![allow(unsafe_code)]

pub mod acting;
pub mod cache;
pub mod changing;
pub mod command;
pub mod contents;
pub mod datum;
pub mod function;
pub mod image;
pub mod index;
pub mod lock;
pub mod memory;
pub mod oid;
mod parameter;
pub mod period;
pub mod privilege;
pub mod quote;
pub mod range_scan;
pub mod relation;
pub mod report;
pub mod result;
pub mod row;
pub mod settings;
mod shape;
pub mod snapshot;
pub mod spi;
pub mod state;
pub mod system;
pub mod trigger;
pub mod type_owner;
pub mod types;
pub mod value;
pub mod version;
