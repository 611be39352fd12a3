//! The hash of a line.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::line::hex;

/// The hash by which an event links to the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LinkHash([u8; 32]);

impl LinkHash {
    /// The hash of a line.
    pub fn of_line(line: &[u8]) -> LinkHash {
        // SHA-256(line), chain format 1
        LinkHash(Sha256::digest(line).into())
    }

    /// The hash with these bytes; `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<LinkHash> {
        bytes.try_into().ok().map(LinkHash)
    }

    /// The hash with these digits; `None` unless they are 64 lower-case hex digits.
    ///
    /// Upper case is refused: the line holds the column's text, so another spelling would be another line.
    pub fn from_hex(digits: &[u8]) -> Option<LinkHash> {
        let digits: &[u8; 64] = digits.try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, &[high, low]) in bytes.iter_mut().zip(digits.as_chunks().0) {
            *byte = nibble(high)? << 4 | nibble(low)?;
        }
        Some(LinkHash(bytes))
    }

    /// The bytes of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash as lower-case hex digits.
    pub fn to_hex(&self) -> [u8; 64] {
        let mut digits = [0; 64];
        digits.copy_from_slice(hex::pairs(&self.0).as_flattened());
        digits
    }
}

impl fmt::Display for LinkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LinkHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}
