//! `uuid` as a JSON string of lower-case hex digits with dashes.
#![allow(clippy::indexing_slicing, reason = "the text has a fixed length")]

use super::hex;

/// Writes `uuid` as a JSON string.
pub fn write(out: &mut Vec<u8>, uuid: &[u8; 16]) {
    let pairs = hex::pairs(uuid);
    let digits = pairs.as_flattened();
    let mut text = *b"\"00000000-0000-0000-0000-000000000000\"";
    text[1..9].copy_from_slice(&digits[..8]);
    text[10..14].copy_from_slice(&digits[8..12]);
    text[15..19].copy_from_slice(&digits[12..16]);
    text[20..24].copy_from_slice(&digits[16..20]);
    text[25..37].copy_from_slice(&digits[20..]);
    out.extend_from_slice(&text);
}
