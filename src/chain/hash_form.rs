//! The storage form of a hash.

use veritable_core::chain::LinkHash;

use crate::pg::column::Column;
use crate::pg::oid::types;
use crate::pg::types::length_max;

/// The storage form of a hash in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// 32 bytes of `bytea`.
    Binary,
    /// 64 lower-case hexadecimal digits of `text`, `varchar` or `char`.
    Hexadecimal,
}

impl HashForm {
    /// The types of columns that can hold a hash, as an error names them.
    pub const TYPES: &str = "bytea, text, varchar(64) or char(64)";

    /// The form for this column; `None` if the column cannot hold a hash.
    ///
    /// A longer `char(n)` would fill the hash up with blanks, and a line would hold the blanks.
    pub fn of(column: &Column) -> Option<HashForm> {
        const DIGITS: usize = 64;
        match column.type_id {
            types::BYTEA => Some(HashForm::Binary),
            types::TEXT => Some(HashForm::Hexadecimal),
            types::VARCHAR if length_max(column).is_none_or(|length| length >= DIGITS) => Some(HashForm::Hexadecimal),
            types::BPCHAR if length_max(column).is_none_or(|length| length == DIGITS) => Some(HashForm::Hexadecimal),
            _ => None,
        }
    }

    /// The hash in a stored value; `None` if the value is no hash.
    pub fn read(self, bytes: &[u8]) -> Option<LinkHash> {
        match self {
            HashForm::Binary => LinkHash::from_bytes(bytes),
            HashForm::Hexadecimal => LinkHash::from_hex(bytes),
        }
    }
}
