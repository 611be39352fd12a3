//! References: each row's period is covered by the periods of the rows that it refers to, whatever their values.
//!
//! A statement on either table runs `fire` (the triggers: `locks` first, then `check`, whose queries are in `queries`). What a
//! trigger needs to know of both tables is kept in `checker`.

mod arguments;
mod attach;
mod check;
mod checker;
mod ddl;
mod feature;
mod find;
mod fire;
mod layout;
mod locks;
mod problems;
mod queries;
mod requirements;
mod triggers;
mod verify;

pub use ddl::DDL;
pub use feature::FEATURE;
