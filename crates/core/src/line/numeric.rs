//! `numeric` as its text, from the bytes that PostgreSQL stores.
//!
//! After the varlena header come 16 bits. The two highest of them tell the form: short (sign, scale and weight in the
//! same 16 bits), long (sign and scale, then a weight of 16 bits), or special. Then come the digits, base 10,000, most
//! significant first; the weight is the power of 10,000 of the first digit. Zeros at either end are not stored. Numbers
//! are in the byte order of the machine. See `numeric.c` in PostgreSQL.
#![allow(clippy::indexing_slicing, reason = "a length is that of what was written before")]

use super::{Error, digits, room};

/// Writes a numeric as a JSON number; NaN and the infinities as strings.
///
/// `bytes` are the bytes after the varlena header.
pub fn write(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    match Numeric::parse(bytes)? {
        Numeric::Special(name) => {
            room::reserve(out, name.len() + 2)?;
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.push(b'"');
            Ok(())
        }
        Numeric::Finite(number) => number.push(out),
    }
}

/// Writes a numeric as its text, never in quotes: exactly what `numeric_out` gives.
///
/// `bytes` are the bytes after the varlena header.
#[inline]
pub fn text(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    match Numeric::parse(bytes)? {
        Numeric::Special(name) => {
            room::reserve(out, name.len())?;
            out.extend_from_slice(name.as_bytes());
            Ok(())
        }
        Numeric::Finite(number) => number.push(out),
    }
}

/// Writes a numeric as [`write()`] does, but without trailing zeros after the point: equal numbers give equal texts,
/// whatever their scale.
///
/// `bytes` are the bytes after the varlena header.
#[inline]
pub fn write_normal(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    let start = out.len();
    write(out, bytes)?;
    if let Some(point) = out[start..].iter().position(|&byte| byte == b'.') {
        let zeros = out[start + point..].iter().rev().take_while(|&&byte| byte == b'0').count();
        out.truncate(out.len() - zeros);
        out.pop_if(|byte| *byte == b'.');
    }
    Ok(())
}

/// Whether the numeric is NaN or an infinity. A damaged numeric is neither.
///
/// `bytes` are the bytes after the varlena header.
pub fn is_special(bytes: &[u8]) -> bool {
    matches!(Numeric::parse(bytes), Ok(Numeric::Special(_)))
}

enum Numeric<'a> {
    Special(&'static str),
    Finite(Finite<'a>),
}

struct Finite<'a> {
    negative: bool,
    /// The power of 10,000 of the first digit.
    weight: i32,
    /// The number of decimal digits after the point in the text.
    scale: usize,
    digits: &'a [[u8; 2]],
}

impl<'a> Numeric<'a> {
    #[inline]
    fn parse(bytes: &'a [u8]) -> Result<Numeric<'a>, Error> {
        const DAMAGED: Error = Error::Damaged("a numeric holds its header");
        let (header, rest) = bytes.split_first_chunk().ok_or(DAMAGED)?;
        let header = u16::from_ne_bytes(*header);
        let (negative, weight, scale, rest) = match header & 0xc000 {
            0x8000 => {
                // The lowest 7 bits are the weight in two's complement.
                let weight = i32::from(header & 0x3f) - i32::from(header & 0x40);
                (header & 0x2000 != 0, weight, (header >> 7) & 0x3f, rest)
            }
            0xc000 => {
                return Ok(Numeric::Special(match header {
                    0xd000 => "Infinity",
                    0xf000 => "-Infinity",
                    _ => "NaN",
                }));
            }
            sign => {
                let (weight, rest) = rest.split_first_chunk().ok_or(DAMAGED)?;
                let weight = i32::from(i16::from_ne_bytes(*weight));
                (sign == 0x4000, weight, header & 0x3fff, rest)
            }
        };
        let (digits, odd) = rest.as_chunks();
        if !odd.is_empty() {
            return Err(Error::Damaged("the digits of a numeric are pairs of bytes"));
        }
        Ok(Numeric::Finite(Finite { negative, weight, scale: scale.into(), digits }))
    }
}

impl Finite<'_> {
    #[inline]
    fn push(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        // Digits before the point; for a negative weight, a single 0.
        let before = usize::try_from(self.weight + 1).unwrap_or(0);
        // Sign, point, and up to three digits beyond the scale, which are cut off later.
        room::reserve(out, before.max(1) * 4 + self.scale + 5)?;

        if self.negative {
            out.push(b'-');
        }
        let (stored_before, stored_after) = self.digits.split_at(before.min(self.digits.len()));
        match stored_before.split_first() {
            None => out.push(b'0'),
            Some((first, others)) => {
                let text = four(first)?;
                let zeros = text[..3].iter().take_while(|&&digit| digit == b'0').count();
                out.extend_from_slice(&text[zeros..]);
                for digit in others {
                    out.extend_from_slice(&four(digit)?);
                }
            }
        }
        // The zeros that are not stored. If no digit is stored at all, the first zero is the single 0 from above.
        push_zeros(out, before.saturating_sub(stored_before.len().max(1)) * 4);

        if self.scale > 0 {
            out.push(b'.');
            let end = out.len() + self.scale;
            let leading = usize::try_from(-1 - self.weight).unwrap_or(0) * 4;
            push_zeros(out, leading.min(self.scale));
            for digit in stored_after {
                if out.len() >= end {
                    break;
                }
                out.extend_from_slice(&four(digit)?);
            }
            push_zeros(out, end.saturating_sub(out.len()));
            out.truncate(end);
        }
        Ok(())
    }
}

#[inline]
fn four(digit: &[u8; 2]) -> Result<[u8; 4], Error> {
    let digit = i16::from_ne_bytes(*digit);
    match u32::try_from(digit) {
        Ok(digit) if digit < 10_000 => Ok(digits::four(digit)),
        _ => Err(Error::Damaged("a digit of a numeric lies between 0 and 9999")),
    }
}

fn push_zeros(out: &mut Vec<u8>, count: usize) {
    out.resize(out.len() + count, b'0');
}
