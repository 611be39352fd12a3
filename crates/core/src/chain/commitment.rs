//! The commitment to a value that can be erased: a line holds it in the place of the value.
//!
//! A law may demand that a value is erased, and a hash of the value alone would still tell it to whoever guesses. So the
//! line holds the hash of the value and a random salt. Whoever has both can check the value. When both are erased, the
//! line, and so the chain, stays as it was, and tells nothing about the value, not even whether it was NULL.

use std::fmt;

use sha2::{Digest, Sha256};

use super::LinkHash;
use crate::line::{self, bytea};

/// The length of a salt in bytes.
pub const SALT_LENGTH: usize = 32;

/// The first byte of what is hashed. A line begins with `{`, and RFC 6962 has 0 and 1 for the nodes of a tree: so a
/// commitment is the hash of neither.
const PREFIX: u8 = 2;

/// The hash of a salt and a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Commitment([u8; 32]);

impl Commitment {
    /// The commitment to a value, in the bytes in which a line would hold the value; `None` is NULL.
    ///
    /// The salt must be random, and used for this value alone.
    ///
    /// ```
    /// use veritable_core::chain::Commitment;
    ///
    /// let salt = [7; 32];
    /// let commitment = Commitment::of(&salt, Some(br#""Ada""#));
    /// assert_ne!(commitment, Commitment::of(&salt, None));
    /// assert_ne!(commitment, Commitment::of(&[8; 32], Some(br#""Ada""#)));
    /// ```
    pub fn of(salt: &[u8; SALT_LENGTH], value: Option<&[u8]>) -> Commitment {
        // SHA-256(0x02 || salt || value), chain format 1. A value is never empty, so NULL has the empty one to itself.
        let hash = Sha256::new().chain_update([PREFIX]).chain_update(salt);
        Commitment(hash.chain_update(value.unwrap_or_default()).finalize().into())
    }

    /// The commitment with these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Commitment {
        Commitment(bytes)
    }

    /// The bytes of the commitment.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Writes the commitment as a value of a line: as a `bytea`.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), line::Error> {
        bytea::write(out, &self.0)
    }
}

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        LinkHash::from_bytes(&self.0).fmt(f)
    }
}
