//! `"char"` as a JSON string, as PostgreSQL 16 and later write it: a byte of 128 or more is not a character by itself,
//! and is written as `\` and three octal digits. PostgreSQL 15 gives the bare byte, which is no UTF-8.

use super::{Error, string};

/// Writes a byte as a JSON string; zero is the empty string.
///
/// ```
/// use veritable_core::line::byte;
///
/// let mut out = Vec::new();
/// byte::write(&mut out, b'a')?;
/// byte::write(&mut out, 0)?;
/// byte::write(&mut out, 0xc8)?;
/// assert_eq!(out, br#""a""""\\310""#);
/// # Ok::<(), veritable_core::line::Error>(())
/// ```
pub fn write(out: &mut Vec<u8>, byte: u8) -> Result<(), Error> {
    match byte {
        0 => string::write(out, b""),
        1..=0x7f => string::write(out, &[byte]),
        _ => {
            let digit = |shift: u8| b'0' + (byte >> shift & 7);
            string::write(out, &[b'\\', digit(6), digit(3), digit(0)])
        }
    }
}
