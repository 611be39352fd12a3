//! The seam to PostgreSQL: the only folder with `unsafe`.
//!
//! No caller outside of this folder can cause undefined behaviour without `unsafe`: raw pointers and bare `Datum`s stay
//! inside; what is given away is Rust's own, or has the lifetime of what it points into; types are compared where a value is
//! read, and what does not fit is an error. Nothing in this folder knows what a feature is. Errors that PostgreSQL raises unwind as
//! panics that pgrx turns back at the function's border, so a `Drop` here runs also on the way out of an error and then
//! must not call PostgreSQL.
//!
//! An `unsafe` block is one step, as PostgreSQL's C has it: a call with what it is given, or a sequence that is right only
//! as a whole (begin, read, end). Its `SAFETY` comment names the facts that all of it relies on. A function that relies on
//! its caller for one is an `unsafe fn` that says so.
#![allow(unsafe_code, reason = "this is where PostgreSQL is called")]

pub mod acting;
mod answer;
pub mod cache;
pub mod changing;
pub mod clock;
pub mod column;
pub mod command;
pub mod composite;
pub mod contents;
pub mod datum;
pub mod equality;
pub mod extension;
pub mod function;
pub mod guc;
pub mod held_row;
pub mod index;
pub mod last_row;
pub mod line;
mod list;
pub mod lock;
pub mod lookup;
pub mod memory;
pub mod oid;
pub mod open_transaction;
mod parameter;
pub mod period;
pub mod privilege;
pub mod quote;
pub mod random;
pub mod range_scan;
pub mod relation;
mod relatives;
pub mod report;
pub mod result;
pub mod role;
pub mod row;
pub mod settings;
mod shape;
pub mod snapshot;
pub mod spi;
pub mod stack;
pub mod state;
pub mod text;
pub mod transaction;
pub mod trigger;
pub mod type_owner;
pub mod types;
pub mod version;
