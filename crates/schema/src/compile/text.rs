//! The texts of a schema, written out: each part of a schema is compiled with its location, and each location with its URI. A
//! name or an identifier of 100 kB above 1,000 parts takes 100 MB. Also the depth of the schema, because every reader recurses.

use serde_json::Value;

use super::Depth;
use crate::bounds::charge;
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
                visit(value, identifiers, depth, here);
                here.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                if item.is_object() || item.is_array() {
                    here.push_str(&step(&index.to_string()));
                    visit(item, identifiers, depth, here);
                    here.truncate(length);
                }
            }
        }
        _ => {}
    }
    depth.leave();
}
