//! A jsonb is its text, whatever its shape: against documents that a naive encoder has laid out.

#[path = "support/document.rs"]
mod document;
mod support;

use document::{ARRAY, CONTAINER, IS_END, NULL, NUMERIC, STRING, Value, container, stored_number, text, values};
use proptest::prelude::*;
use support::written;
use veritable_core::line::{Error, jsonb};

proptest! {
    #[test]
    fn a_document_of_any_shape_is_its_text(value in values(), stride in 1..40_usize, short: bool) {
        let value = Value::Array(vec![value]);
        prop_assert_eq!(written(|out| jsonb::write(out, &container(&value, stride, short)).unwrap()), text(&value));
    }

    #[test]
    fn a_document_with_a_damaged_byte_does_no_harm(value in values(), place: prop::sample::Index, byte: u8) {
        let mut stored = container(&Value::Array(vec![value]), 32, false);
        let place = place.index(stored.len());
        stored[place] = byte;
        let _ = jsonb::write(&mut Vec::new(), &stored);
    }
}

#[test]
fn nesting_takes_no_stack() {
    let depth = 200_000;
    // Each array has one entry, whose length is that of all that is within; the innermost has none.
    let mut stored = Vec::new();
    for level in 0..depth {
        let within = (depth - 1 - level) * 8 + 4;
        stored.extend((ARRAY | 1).to_ne_bytes());
        stored.extend((CONTAINER | within as u32).to_ne_bytes());
    }
    stored.extend(ARRAY.to_ne_bytes());
    let text = written(|out| jsonb::write(out, &stored).unwrap());
    assert_eq!(text, "[".repeat(depth + 1) + &"]".repeat(depth + 1));
}

#[test]
fn children_that_overlap_are_damage() {
    // Two strings; the second ends before it starts.
    let mut stored = Vec::new();
    for word in [ARRAY | 2, STRING | 4, STRING | IS_END | 2] {
        stored.extend(u32::to_ne_bytes(word));
    }
    stored.extend(b"text");
    assert!(matches!(jsonb::write(&mut Vec::new(), &stored), Err(Error::Damaged(_))));
}

#[test]
fn a_numeric_ends_where_its_header_says() {
    for short in [true, false] {
        let mut number = stored_number(7, short);
        number.push(1);
        let mut stored = [ARRAY | 1, NUMERIC | number.len() as u32].map(u32::to_ne_bytes).as_flattened().to_vec();
        stored.extend(number);
        assert_eq!(written(|out| jsonb::write(out, &stored).unwrap()), "[7]");
    }
}

#[test]
fn a_scalar_stands_only_at_the_root() {
    let mut stored = Vec::new();
    for word in [ARRAY | 1, CONTAINER | 8, 0x5000_0001, NULL] {
        stored.extend(u32::to_ne_bytes(word));
    }
    assert!(matches!(jsonb::write(&mut Vec::new(), &stored), Err(Error::Damaged(_))));
    assert_eq!(written(|out| jsonb::write(out, &stored[8..]).unwrap()), "null");
}
