//! Bytes of fetched rows.

use std::borrow::Cow;

use pgrx::pg_sys;

use super::datum::contents;
use super::spi::Fetched;
use super::types::base_type;

impl<'t> Fetched<'t> {
    /// The bytes of the `bytea`, or of the string of any type or of a domain over one, at `position`; `None` for NULL.
    pub fn bytes(&self, position: usize) -> Option<Cow<'t, [u8]>> {
        let holds_bytes =
            |type_id| matches!(type_id, pg_sys::BYTEAOID | pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID);
        let datum = self.typed(position, |type_id| holds_bytes(type_id) || holds_bytes(base_type(type_id)))?;
        // SAFETY: a value of a varlena type, which lives as long as the table that was read.
        Some(unsafe { contents(datum) })
    }
}
