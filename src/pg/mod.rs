//! The seam to PostgreSQL: the only folder with `unsafe`.
//!
//! No caller outside of this folder can cause undefined behaviour without `unsafe`: raw pointers and bare `Datum`s stay
//! inside; a returned value belongs to Rust, or has the lifetime of the memory it points into; each read of a value
//! checks the type, and a mismatch is an error. Nothing in this folder knows what a feature is. PostgreSQL's errors
//! unwind as panics, which pgrx turns back at the function's border. So a `Drop` here also runs during an error and
//! then must not call PostgreSQL.
//!
//! An `unsafe` block is one step, as in PostgreSQL's C code: a call with its arguments, or a sequence that is right
//! only as a whole (begin, read, end). Its `SAFETY` comment names the facts that the whole block relies on. A function
//! that relies on its caller for a fact is an `unsafe fn` and documents the fact.
#![allow(unsafe_code, reason = "this is where PostgreSQL is called")]

pub mod acting;
mod answer;
pub mod batch;
pub mod block_scan;
pub mod bounds;
pub mod cache;
pub mod changing;
pub mod clock;
pub mod column;
pub mod command;
pub mod composite;
mod constraint_name;
pub mod contents;
pub mod cursor;
pub mod database;
pub mod datum;
pub mod default;
pub mod defining;
pub mod duplicate_scan;
pub mod equality;
pub mod extension;
mod fetched;
pub mod first_row;
pub mod function;
pub mod glance;
pub mod guc;
pub mod held_row;
pub mod in_order;
pub mod index;
pub mod key_scan;
pub mod last_row;
pub mod line;
mod list;
pub mod lock;
pub mod lookup;
pub mod memory;
pub mod nesting;
pub mod notes;
pub mod oid;
pub mod open_transaction;
pub mod ordering;
pub mod pages;
mod parameter;
pub mod period;
pub mod private_file;
pub mod privilege;
pub mod quote;
pub mod random;
pub mod range_scan;
pub mod relation;
pub mod relatives;
pub mod report;
pub mod result;
pub mod role;
pub mod row;
pub mod sequence;
pub mod settings;
mod shape;
pub mod snapshot;
pub mod spi;
pub mod stack;
pub mod state;
pub mod text;
pub mod transaction;
mod transition;
pub mod trigger;
pub mod type_owner;
pub mod types;
pub mod version;
