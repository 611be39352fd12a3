//! The sizes of values, each of which is charged before it is copied or kept: many small schemas within one another stand
//! for large values.

use serde_json::Value;

use crate::bounds::charge;
use crate::compatibility::EXAMPLE;

/// The bytes that a step stands for, and the steps of an object: it takes some 640 bytes.
const STEP: usize = 64;
const OBJECT: u64 = 10;

/// The bytes of text that are left for a document: one that is larger is not given.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(EXAMPLE)
    }

    /// Charges a copy of the value. Whether the value still fits.
    pub(super) fn take(&mut self, value: &Value) -> bool {
        match value {
            Value::Null | Value::Bool(_) => self.bytes(4),
            Value::Number(number) => self.bytes(number.as_str().len()),
            Value::String(text) => self.bytes(2 + text.len()),
            Value::Array(items) => self.bytes(1 + items.len().max(1)) && items.iter().all(|item| self.take(item)),
            Value::Object(members) => {
                charge(OBJECT);
                self.bytes(1 + members.len().max(1)) && members.iter().all(|(name, value)| self.member(name, value))
            }
        }
    }

    /// The same for a member of an object.
    pub(super) fn member(&mut self, name: &str, value: &Value) -> bool {
        charge(1);
        self.bytes(3 + name.len()) && self.take(value)
    }

    fn bytes(&mut self, bytes: usize) -> bool {
        charge((1 + bytes / STEP) as u64);
        let left = self.0.checked_sub(bytes);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// Charges a copy of the value. Whether it can be part of a document that is given.
pub(super) fn fits(value: &Value) -> bool {
    Room::new().take(value)
}

/// The object with another member, if it is small enough.
pub(super) fn with_member(base: &Value, name: &str, value: &Value) -> Option<Value> {
    let mut room = Room::new();
    if !(room.take(base) && room.member(name, value)) {
        return None;
    }
    let mut members = base.as_object().cloned().unwrap_or_default();
    members.insert(name.to_owned(), value.clone());
    Some(Value::Object(members))
}
