//! The texts of a schema, written out: each part of a schema is compiled with its location, and each location with its URI. A
//! name or an identifier of 100 kB above 1,000 parts takes 100 MB. Also the depth of the schema, because every reader recurses.
//!
//! And what the meta-schema asks of a schema, valid or not: numbers in a range, patterns that are regular expressions, and
//! different items. The library checks that first, and cannot be stopped.

use serde_json::Value;

use super::Depth;
use super::translation::naming;
use crate::bounds::{charge, charge_number};
use crate::document::written_digits;
use crate::walk::step;

/// Walks through the schema and charges the location and the URI of each part. `here` is the current place.
pub(super) fn walk(schema: &Value, depth: &mut Depth, here: &mut String) {
    visit(schema, 0, depth, here);
}

// As deep as a schema, which was parsed.
fn visit(value: &Value, identifiers: usize, depth: &mut Depth, here: &mut String) {
    let length = here.len();
    depth.enter();
    match value {
        Value::Object(members) => {
            let own = ["$id", "id"].iter().filter_map(|keyword| members.get(*keyword)?.as_str()).map(str::len).max();
            let identifiers = identifiers + own.unwrap_or(0);
            charge(1 + ((members.len() + 2) * (length + identifiers) / 100) as u64);
            for (name, value) in members {
                here.push_str(&step(name));
                charge(naming(name));
                for items in different(name, value) {
                    charge(comparing(items));
                }
                visit(value, identifiers, depth, here);
                here.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                here.push_str(&step(&index.to_string()));
                visit(item, identifiers, depth, here);
                here.truncate(length);
            }
        }
        Value::Number(number) => charge_number(written_digits(number.as_str())),
        Value::String(text) => charge(naming(text)),
        Value::Null | Value::Bool(_) => {}
    }
    depth.leave();
}

/// The arrays in a keyword that must have different items, in some draft's meta-schema.
fn different<'s>(keyword: &str, value: &'s Value) -> Vec<&'s Vec<Value>> {
    match (keyword, value) {
        ("required" | "type", Value::Array(items)) => vec![items],
        ("dependencies" | "dependentRequired", Value::Object(members)) => {
            members.values().filter_map(Value::as_array).collect()
        }
        _ => Vec::new(),
    }
}

/// The steps of telling items apart. The library compares those with one hash in pairs: numbers that round to one 64-bit float
/// or to none, and arrays that differ in their nesting only. Valid items are strings, which have hashes of their own.
fn comparing(items: &[Value]) -> u64 {
    let others = || items.iter().filter(|item| !item.is_string());
    let count = others().count() as u64;
    let heaviest = others().map(weight).max().unwrap_or(0);
    (count * count).saturating_mul(heaviest)
}

/// The steps of comparing a value with one like it. Measured: half a millisecond for `1e9000`. As deep as a schema.
fn weight(value: &Value) -> u64 {
    match value {
        Value::Null | Value::Bool(_) => 1,
        Value::Number(number) => 2 + written_digits(number.as_str()).pow(2) / 10_000,
        Value::String(text) => 1 + text.len() as u64 / 50,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<u64>(),
        Value::Object(members) => 1 + members.values().map(|value| 1 + weight(value)).sum::<u64>(),
    }
}
