//! Images: texts of values that are equal exactly if the values are equal, so that an index of texts can tell whether
//! values differ.
//!
//! The format is frozen, like that of the line: index entries hold images and outlive the version that wrote them. An
//! image is JSON, so that a reader can understand it in an error message. An image is the same as in a line, except for
//! values that PostgreSQL treats as equal while a line distinguishes them, and the other way round:
//!
//! | type | image | because |
//! |---|---|---|
//! | numeric | as in a line, without trailing zeros after the point | `1.0 = 1.00` |
//! | floats | as in a line, but `0` for `-0` | `-0 = 0` |
//! | `char(n)` | a string without the blanks at its end | `'a ' = 'a'` |
//! | interval | a string, [`write_interval`] | `'1 month' = '30 days' = '720 hours'` |
//! | jsonb | `[…]` around its text, with numbers as above | its `null` is not NULL |
//! | oid, regclass and its kin | the number | a name may change |
//! | money | the number of its smallest units | the text depends on the locale |
//! | `"char"` | the number of its byte | the text changed in PostgreSQL 16 |
//! | `pg_lsn` | the number | the text changes in PostgreSQL 19 |
//! | arrays | `[1,null]`; `{"[0:0][1:2]":[1,2]}` unless of one dimension that begins at 1 | bounds count |
//! | composites | `[1,null,"a"]`, without the NULLs at the end; dropped attributes are NULL | an attribute may be added or renamed |
//! | ranges | `["[",1,null,")"]`, `"empty"` | bounds are equal as the subtype says |
//! | multiranges | an array of ranges | |
//! | NULL | `null` | no other image is that |
//!
//! A key is the images of several values as an array; [`shorten`] shortens a long key.

use sha2::{Digest, Sha256};
use veritable_core::line::{Error, array, hex, number, string};

/// The longest key that is not shortened, in bytes.
pub const KEY_LENGTH_MAX: usize = 120;

/// The maximum length of the beginning of a shortened key, before the digits that stand for the rest.
pub const PREFIX_LENGTH_MAX: usize = 60;

/// A JSON array under construction.
#[must_use = "a list is not complete before its end"]
pub struct List<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> List<'a> {
    /// Begins a list at the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>) -> Result<List<'a>, Error> {
        array::punctuate(out, b'[')?;
        Ok(List { out, is_empty: true })
    }

    /// Begins a value. The caller must write exactly one value to the returned buffer.
    #[inline]
    pub fn value(&mut self) -> Result<&mut Vec<u8>, Error> {
        array::separate(self.out, usize::from(!self.is_empty))?;
        self.is_empty = false;
        Ok(self.out)
    }

    /// Ends the list.
    pub fn end(self) -> Result<(), Error> {
        array::punctuate(self.out, b']')
    }
}

/// Writes NULL.
#[inline]
pub fn write_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

/// Writes an interval as the days and the time that PostgreSQL compares: months of 30 days, days of 24 hours. The image
/// is a string in the form of ISO 8601, without months: `"P30DT1H"`, `"P-1DT-0.5S"`.
pub fn write_interval(out: &mut Vec<u8>, months: i32, days: i32, microseconds: i64) -> Result<(), Error> {
    const SECOND: i128 = 1_000_000;
    const MINUTE: i128 = 60 * SECOND;
    const HOUR: i128 = 60 * MINUTE;
    const DAY: i128 = 24 * HOUR;

    // `interval_cmp_value` of timestamp.c.
    let span = (i128::from(months) * 30 + i128::from(days)) * DAY + i128::from(microseconds);

    let mut text = "P".to_string();
    let part = |text: &mut String, length: i128, unit| {
        if length != 0 {
            text.push_str(&format!("{length}{unit}"));
        }
    };
    part(&mut text, span / DAY, 'D');
    if span % DAY != 0 || span == 0 {
        text.push('T');
        part(&mut text, span % DAY / HOUR, 'H');
        part(&mut text, span % HOUR / MINUTE, 'M');
        let (rest, sign) = ((span % MINUTE).abs(), if span < 0 { "-" } else { "" });
        if rest != 0 || span == 0 {
            let seconds = format!("{sign}{}.{:06}", rest / SECOND, rest % SECOND);
            text.push_str(seconds.trim_end_matches('0').trim_end_matches('.'));
            text.push('S');
        }
    }
    string::write(out, text.as_bytes())
}

/// Writes an array that has more than one dimension, or does not begin at 1: the bounds of its dimensions, and the list of its
/// elements, which `elements` writes.
pub fn write_bounded<E: From<Error>>(
    out: &mut Vec<u8>,
    bounds: impl Iterator<Item = (i32, i32)>,
    elements: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
) -> Result<(), E> {
    array::separate(out, 0)?;
    out.extend_from_slice(b"{\"");
    for (lower, upper) in bounds {
        array::separate(out, 0)?;
        out.push(b'[');
        number::write_integer(out, lower.into());
        out.push(b':');
        number::write_integer(out, upper.into());
        out.push(b']');
    }
    out.extend_from_slice(b"\":");
    elements(out)?;
    Ok(array::punctuate(out, b'}')?)
}

/// Shortens a key that is longer than [`KEY_LENGTH_MAX`]: to its beginning, `...`, and 32 hexadecimal digits, the first
/// 128 bits of the SHA-256 of the whole key. A whole key ends with `]`, a shortened key with a digit, so the two cannot
/// be confused.
///
/// `clip` returns how many of the first [`PREFIX_LENGTH_MAX`] bytes are whole characters. The added text is ASCII.
pub fn shorten(key: &mut Vec<u8>, clip: impl FnOnce(&[u8]) -> usize) {
    if key.len() > KEY_LENGTH_MAX {
        // SHA-256(key)
        let hash: [u8; 32] = Sha256::digest(&*key).into();
        key.truncate(clip(key).min(PREFIX_LENGTH_MAX));
        key.extend_from_slice(b"...");
        key.extend_from_slice(&hex::pairs(&hash).as_flattened()[..32]);
    }
}
