//! A jsonb is its text, whatever its shape: against documents that a naive encoder has laid out.

mod support;

use proptest::prelude::*;
use support::written;
use veritable_core::line::{Error, jsonb};

const STRING: u32 = 0x0000_0000;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const NULL: u32 = 0x4000_0000;
const CONTAINER: u32 = 0x5000_0000;
const IS_END: u32 = 0x8000_0000;
const ARRAY: u32 = 0x4000_0000;
const OBJECT: u32 = 0x2000_0000;

#[derive(Clone, Debug)]
enum Value {
    Null,
    Boolean(bool),
    /// A number of up to four digits.
    Number(i16),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

fn text(value: &Value) -> String {
    let joined = |texts: Vec<String>| texts.join(", ");
    match value {
        Value::Null => "null".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => format!("\"{value}\""),
        Value::Array(values) => format!("[{}]", joined(values.iter().map(text).collect())),
        Value::Object(pairs) => {
            format!("{{{}}}", joined(pairs.iter().map(|(key, value)| format!("\"{key}\": {}", text(value))).collect()))
        }
    }
}

/// Lays a container out. Each `stride`-th entry holds an end, the others a length; numerics have a `short` header or a
/// long one.
fn container(value: &Value, stride: usize, short: bool) -> Vec<u8> {
    let (flag, count, children): (u32, usize, Vec<Value>) = match value {
        Value::Array(values) => (ARRAY, values.len(), values.clone()),
        Value::Object(pairs) => {
            let keys = pairs.iter().map(|(key, _)| Value::String(key.clone()));
            (OBJECT, pairs.len(), keys.chain(pairs.iter().map(|(_, value)| value.clone())).collect())
        }
        _ => panic!("not a container"),
    };
    let mut bytes = (flag | count as u32).to_ne_bytes().to_vec();
    let mut data = Vec::new();
    for (i, child) in children.iter().enumerate() {
        let start = data.len();
        let kind = match child {
            Value::Null => NULL,
            Value::Boolean(false) => FALSE,
            Value::Boolean(true) => TRUE,
            Value::Number(value) => {
                data.resize(start.next_multiple_of(4), 0);
                data.extend(stored_number(*value, short));
                NUMERIC
            }
            Value::String(value) => {
                data.extend(value.bytes());
                STRING
            }
            Value::Array(_) | Value::Object(_) => {
                data.resize(start.next_multiple_of(4), 0);
                data.extend(container(child, stride, short));
                CONTAINER
            }
        };
        let is_end = i % stride == 0;
        let number = if is_end { data.len() } else { data.len() - start } as u32;
        bytes.extend((kind | number | if is_end { IS_END } else { 0 }).to_ne_bytes());
    }
    bytes.extend(data);
    bytes
}

/// A numeric with its varlena header: the short form, scale 0, weight 0, one digit.
fn stored_number(value: i16, short: bool) -> Vec<u8> {
    let header = if value < 0 { 0xa000_u16 } else { 0x8000 };
    let length = if short { 1 } else { 4 } + 4;
    let mut bytes = match (short, cfg!(target_endian = "big")) {
        (true, true) => vec![0x80 | length],
        (true, false) => vec![length << 1 | 1],
        (false, true) => u32::from(length).to_ne_bytes().to_vec(),
        (false, false) => (u32::from(length) << 2).to_ne_bytes().to_vec(),
    };
    bytes.extend(header.to_ne_bytes());
    bytes.extend(value.unsigned_abs().to_ne_bytes());
    bytes
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        (-9999..=9999_i16).prop_map(Value::Number),
        "[a-zé漢😀]{0,40}".prop_map(Value::String),
    ];
    leaf.prop_recursive(6, 100, 40, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..40).prop_map(Value::Array),
            prop::collection::vec(("[a-zé漢😀]{0,10}", inner), 0..40).prop_map(Value::Object),
        ]
    })
}

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
