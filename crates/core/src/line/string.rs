//! Text as a JSON string.
//!
//! The escapes are those of PostgreSQL's `escape_json`: `\b \f \n \r \t \" \\`, and `\u00xx` in lower-case hex for the
//! other bytes below 0x20. Every other byte stands for itself, 0x7f and all of UTF-8 included.

use super::{Error, room};

/// Writes `text` as a JSON string.
///
/// The caller vouches for UTF-8; this function does not check the bytes, because the database has checked them.
#[inline]
pub fn write(out: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    room::reserve(out, text.len() + 2)?;
    out.push(b'"');
    if is_plain(text) {
        push_plain(out, text);
    } else {
        push_escaped(out, text)?;
    }
    out.push(b'"');
    Ok(())
}

/// Appends `text`. Two overlapping copies of a fixed size are faster than one copy of any size, and most text is short.
#[inline]
fn push_plain(out: &mut Vec<u8>, text: &[u8]) {
    match text.len() {
        0 => {}
        1 => push_ends::<1>(out, text),
        2..=3 => push_ends::<2>(out, text),
        4..=8 => push_ends::<4>(out, text),
        9..=16 => push_ends::<8>(out, text),
        17..=32 => push_ends::<16>(out, text),
        _ => out.extend_from_slice(text),
    }
}

/// Appends `text`; fast for `N` to `2 * N` bytes: it copies the first `N` bytes, and over their end the last `N`.
#[inline]
fn push_ends<const N: usize>(out: &mut Vec<u8>, text: &[u8]) {
    match (text.first_chunk::<N>(), text.last_chunk::<N>()) {
        (Some(first), Some(last)) if text.len() <= 2 * N => {
            let end = out.len() + text.len();
            out.extend_from_slice(first);
            out.truncate(end - N);
            out.extend_from_slice(last);
        }
        _ => out.extend_from_slice(text),
    }
}

/// Appends `text` escaped, and leaves room for one more byte.
#[cold]
fn push_escaped(out: &mut Vec<u8>, mut text: &[u8]) -> Result<(), Error> {
    loop {
        let (plain, rest) = text.split_at(plain_length(text));
        // Room for the next bytes only, and not six times the text: most text has few escapes.
        room::reserve(out, plain.len() + ESCAPE_LENGTH_MAX + 1)?;
        out.extend_from_slice(plain);
        let Some((&byte, after)) = rest.split_first() else {
            return Ok(());
        };
        push_escape(out, byte);
        text = after;
    }
}

/// Whether each byte of `text` stands for itself.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        return !text.iter().any(|&byte| is_special(byte));
    };
    let (words, _) = text.as_chunks::<8>();
    words.iter().chain([last]).all(|word| special_bytes(u64::from_le_bytes(*word)) == 0)
}

/// `\u00xx`
const ESCAPE_LENGTH_MAX: usize = 6;

fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        b'"' | b'\\' => byte,
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&super::hex::digits(byte));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// The number of bytes at the start of `text` that stand for themselves.
#[inline]
fn plain_length(text: &[u8]) -> usize {
    let (words, tail) = text.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return i * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain = tail.iter().take_while(|&&byte| !is_special(byte)).count();
    words.len() * 8 + plain
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The high bit of each byte of `word` that needs an escape. A borrow may set the bit falsely in bytes above the first
/// such byte, so only the lowest set bit is reliable.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, bound: u8| word.wrapping_sub(ONES * u64::from(bound)) & !word;
    let control = below(word, 0x20);
    let quote = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
    (control | quote | backslash) & HIGHS
}
