//! `boolean` as `true` or `false`.

/// Writes a boolean.
#[inline]
pub fn write(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}
