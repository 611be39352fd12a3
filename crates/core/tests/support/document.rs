//! Documents, and a naive encoder that lays them out as PostgreSQL stores a jsonb.

#![allow(dead_code, reason = "each test uses a part of it")]

use proptest::prelude::*;

/// The kinds of entries, and the flags of entries and containers: `jsonb.h` of PostgreSQL.
pub const STRING: u32 = 0x0000_0000;
pub const NUMERIC: u32 = 0x1000_0000;
pub const FALSE: u32 = 0x2000_0000;
pub const TRUE: u32 = 0x3000_0000;
pub const NULL: u32 = 0x4000_0000;
pub const CONTAINER: u32 = 0x5000_0000;
pub const IS_END: u32 = 0x8000_0000;
pub const ARRAY: u32 = 0x4000_0000;
pub const OBJECT: u32 = 0x2000_0000;

/// A document. Its strings need no escapes.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Boolean(bool),
    /// A number of up to four digits.
    Number(i16),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

/// The text of a document, as PostgreSQL gives it.
pub fn text(value: &Value) -> String {
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
pub fn container(value: &Value, stride: usize, short: bool) -> Vec<u8> {
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
pub fn stored_number(value: i16, short: bool) -> Vec<u8> {
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

/// Documents of any shape. The keys of objects are in any order, and may come twice.
pub fn values() -> impl Strategy<Value = Value> {
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
