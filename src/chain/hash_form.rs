//! The storage form of a hash.

use veritable_core::chain::LinkHash;

use crate::pg::oid::Oid;
use crate::pg::oid::types;

/// The storage form of a hash in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// 32 bytes of `bytea`.
    Binary,
    /// 64 lower-case hexadecimal digits of `text`.
    Hexadecimal,
}

impl HashForm {
    /// The form for columns of this type; `None` if the type cannot hold a hash.
    pub fn of(type_id: Oid) -> Option<HashForm> {
        match type_id {
            types::BYTEA => Some(HashForm::Binary),
            types::TEXT => Some(HashForm::Hexadecimal),
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
