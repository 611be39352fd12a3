//! Names and texts quoted for SQL.

pub use pgrx::spi::{quote_identifier as identifier, quote_literal as literal};
