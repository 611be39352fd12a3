//! `bytea` as a JSON string: its text with `bytea_output = hex`, the backslash escaped, as in `"\\x0102"`.

use super::{Error, hex, room};

/// Writes `bytes` as a JSON string.
pub fn write(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    room::reserve(out, bytes.len().saturating_mul(2).saturating_add(5))?;
    out.extend_from_slice(b"\"\\\\x");
    hex::write(out, bytes)?;
    out.push(b'"');
    Ok(())
}
