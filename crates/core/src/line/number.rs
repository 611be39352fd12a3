//! Integers and floats as JSON numbers.
#![allow(clippy::indexing_slicing, reason = "the text has a fixed length")]

use super::{Error, digits, room, string};

/// Writes an integer.
#[inline]
pub fn write_integer(out: &mut Vec<u8>, value: i64) {
    // The longest is -9223372036854775808.
    let mut text = [0; 20];
    let mut start = text.len();
    let mut rest = value.unsigned_abs();
    while rest >= 100 {
        start -= 2;
        text[start..start + 2].copy_from_slice(&digits::two((rest % 100) as u32));
        rest /= 100;
    }
    let [tens, ones] = digits::two(rest as u32);
    start -= 1;
    text[start] = ones;
    if rest >= 10 {
        start -= 1;
        text[start] = tens;
    }
    if value < 0 {
        start -= 1;
        text[start] = b'-';
    }
    out.extend_from_slice(&text[start..]);
}

/// Writes the text of a number, such as the output of a float: bare if JSON has such a number, otherwise as a string
/// (`NaN`, `Infinity`, `-Infinity`), as PostgreSQL's `to_json` does.
pub fn write_number_text(out: &mut Vec<u8>, text: &str) -> Result<(), Error> {
    if !is_json_number(text.as_bytes()) {
        return string::write(out, text.as_bytes());
    }
    room::reserve(out, text.len())?;
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

/// The grammar of a number, RFC 8259 section 6.
pub(super) fn is_json_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (integer, rest) = split_digits(text);
    if integer.is_empty() || integer.len() > 1 && integer.starts_with(b"0") {
        return false;
    }
    let rest = match rest.strip_prefix(b".").map(split_digits) {
        Some(([], _)) => return false,
        Some((_, rest)) => rest,
        None => rest,
    };
    let [b'e' | b'E', exponent @ ..] = rest else {
        return rest.is_empty();
    };
    let unsigned = match exponent {
        [b'+' | b'-', unsigned @ ..] => unsigned,
        _ => exponent,
    };
    let (exponent, rest) = split_digits(unsigned);
    !exponent.is_empty() && rest.is_empty()
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}
