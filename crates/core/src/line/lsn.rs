//! `pg_lsn` as a JSON string: its halves as upper-case hex numbers without leading zeros, as in `"16/B374D848"`.

use super::{Error, string};

/// Writes a place in the write-ahead log as a JSON string.
///
/// ```
/// use veritable_core::line::lsn;
///
/// let mut out = Vec::new();
/// lsn::write(&mut out, 0x16_0000_0a00)?;
/// assert_eq!(out, br#""16/A00""#);
/// # Ok::<(), veritable_core::line::Error>(())
/// ```
pub fn write(out: &mut Vec<u8>, place: u64) -> Result<(), Error> {
    string::write(out, format!("{:X}/{:X}", place >> 32, place & 0xffff_ffff).as_bytes())
}
