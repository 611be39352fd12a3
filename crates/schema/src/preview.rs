//! A value as a message shows it: a short value whole, a long value's beginning, with `…` for the omitted rest.
//!
//! Every error holds a preview, so that the error's size does not depend on the document's.

use jsonschema::JsonType;
use jsonschema::json::{Array, JsonNumber, Node, Object};
use serde_json::Map;

use crate::Value;
use crate::bounded::BoundedNode;
use crate::document::Digits;

/// The approximate number of shown characters.
const ROOM: usize = 80;
const CUT: &str = "…";

pub(crate) fn of<J: Digits>(node: &BoundedNode<'_, J>) -> Value {
    shown(node, &mut { ROOM })
}

// At most `ROOM / 4` levels: each value takes some of the room.
fn shown<J: Digits>(node: &BoundedNode<'_, J>, room: &mut usize) -> Value {
    *room = room.saturating_sub(4);
    match node.json_type() {
        JsonType::Null => Value::Null,
        JsonType::Boolean => Value::Bool(node.as_boolean() == Some(true)),
        JsonType::String => Value::String(node.as_string().map_or_else(String::new, |text| cut(&text, room))),
        JsonType::Number | JsonType::Integer => node.as_number().map_or(Value::Null, |number| {
            let text = number.as_str();
            let whole = if text.len() <= ROOM { text.parse().ok() } else { None };
            whole.map_or_else(|| Value::String(cut(&text, &mut 20)), Value::Number)
        }),
        JsonType::Array => {
            let mut items = Vec::new();
            for item in node.as_array().iter().flat_map(Array::elements) {
                if *room == 0 {
                    items.push(CUT.into());
                    break;
                }
                items.push(shown(&item, room));
            }
            Value::Array(items)
        }
        JsonType::Object => {
            let mut members = Map::new();
            for (name, value) in node.as_object().iter().flat_map(Object::members) {
                if *room == 0 {
                    members.insert(CUT.into(), CUT.into());
                    break;
                }
                members.insert(cut(name.as_ref(), room), shown(&value, room));
            }
            Value::Object(members)
        }
    }
}

fn cut(text: &str, room: &mut usize) -> String {
    match text.char_indices().nth(*room) {
        None => {
            *room -= text.chars().count();
            text.to_owned()
        }
        Some((end, _)) => {
            *room = 0;
            text[..end].to_owned() + CUT
        }
    }
}
