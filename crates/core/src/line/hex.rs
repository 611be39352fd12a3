//! Bytes as lower-case hex digits.

use super::{Error, room};

/// The two digits of `byte`.
#[inline]
pub(crate) fn digits(byte: u8) -> [u8; 2] {
    // Arithmetic rather than a table: the compiler turns a run of these into vector instructions.
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    [digit(byte >> 4), digit(byte & 0x0f)]
}

/// The digits of exactly `N` bytes, two each.
#[inline]
pub fn pairs<const N: usize>(bytes: &[u8; N]) -> [[u8; 2]; N] {
    bytes.map(digits)
}

/// Writes the digits of `bytes`, without quotes.
pub fn write(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    room::reserve(out, bytes.len().saturating_mul(2))?;
    let (chunks, tail) = bytes.as_chunks::<32>();
    for chunk in chunks {
        out.extend_from_slice(pairs(chunk).as_flattened());
    }
    for &byte in tail {
        out.extend_from_slice(&digits(byte));
    }
    Ok(())
}
