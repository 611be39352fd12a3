//! Arrays: the names of arrays that their elements alone leave ambiguous. The caller writes the elements.

use super::{Error, number, room};

/// Begins a named array: with the places of its NULL elements, if they must be listed, and with the lower bound and the
/// length of each dimension. The caller then writes the elements in their brackets, and then a `}`.
///
/// ```
/// use veritable_core::line::array;
///
/// let mut out = Vec::new();
/// array::begin_named(&mut out, &[], &[5], &[2])?;
/// out.extend_from_slice(b"[1,2]");
/// array::punctuate(&mut out, b'}')?;
/// assert_eq!(out, br#"{"[5:6]":[1,2]}"#);
/// # Ok::<(), veritable_core::line::Error>(())
/// ```
pub fn begin_named(out: &mut Vec<u8>, nulls: &[usize], lower_bounds: &[i32], dimensions: &[i32]) -> Result<(), Error> {
    room::reserve(out, VALUE)?;
    out.push(b'{');
    if !nulls.is_empty() {
        out.extend_from_slice(b"\"NULL\":[");
        for (i, place) in nulls.iter().enumerate() {
            separate(out, i)?;
            number::write_integer(out, i64::try_from(*place).unwrap_or(i64::MAX));
        }
        room::reserve(out, VALUE)?;
        out.extend_from_slice(b"],");
    }
    out.push(b'"');
    for (&lower, &count) in lower_bounds.iter().zip(dimensions) {
        room::reserve(out, VALUE)?;
        out.push(b'[');
        number::write_integer(out, i64::from(lower));
        out.push(b':');
        // The last place of PostgreSQL's arrays is an i32; here, a damaged array with any bounds has a text, too.
        number::write_integer(out, i64::from(lower) + i64::from(count) - 1);
        out.push(b']');
    }
    room::reserve(out, VALUE)?;
    out.extend_from_slice(b"\":");
    Ok(())
}

/// Writes a bracket around elements or members.
#[inline]
pub fn punctuate(out: &mut Vec<u8>, bracket: u8) -> Result<(), Error> {
    room::reserve(out, 1)?;
    out.push(bracket);
    Ok(())
}

/// Writes a comma before the element or the member at `place`, unless `place` is the first, and leaves room for a value
/// of a fixed length.
#[inline]
pub fn separate(out: &mut Vec<u8>, place: usize) -> Result<(), Error> {
    room::reserve(out, VALUE)?;
    if place > 0 {
        out.push(b',');
    }
    Ok(())
}

/// Room for a value of a fixed length with a comma and brackets around it.
const VALUE: usize = super::VALUE_ROOM + 4;
