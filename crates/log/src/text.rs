//! What the texts have in common: base64 and decimal numbers, each value in one spelling only.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::tree::SIZE_MAX;

/// Standard base64 with padding, RFC 4648 section 4.
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64; `None` unless encoding them gives the same text.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    // The engine demands padding, and zeroes for the bits behind the last byte.
    STANDARD.decode(text).ok()
}

/// A number of leaves, or of seconds: ASCII digits without leading zeroes, at most 2^63 - 1.
pub(crate) fn number(text: &str) -> Option<u64> {
    let is_canonical = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    // The empty text is refused by the parser.
    text.parse().ok().filter(|number| is_canonical && *number <= SIZE_MAX)
}
