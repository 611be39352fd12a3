//! How a column stores a hash.

use veritable_core::chain::LinkHash;

use crate::pg::oid::Oid;
use crate::pg::oid::types;

/// How a column stores a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashForm {
    /// 32 bytes of `bytea`
    Binary,
    /// 64 lower-case hexadecimal digits of `text`
    Hexadecimal,
}

impl HashForm {
    /// The form that a column of this type has, if it can hold a hash.
    pub fn of(type_id: Oid) -> Option<HashForm> {
        match type_id {
            types::BYTEA => Some(HashForm::Binary),
            types::TEXT => Some(HashForm::Hexadecimal),
            _ => None,
        }
    }

    /// The hash in a stored value, if it is one.
    pub fn read(self, bytes: &[u8]) -> Option<LinkHash> {
        match self {
            HashForm::Binary => LinkHash::from_bytes(bytes),
            HashForm::Hexadecimal => LinkHash::from_hex(bytes),
        }
    }
}
