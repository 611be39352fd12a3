//! Names and texts as SQL has them.

pub use pgrx::spi::{quote_identifier as identifier, quote_literal as literal};
