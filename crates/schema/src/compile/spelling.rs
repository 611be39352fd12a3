//! A schema in the spelling that the library reads as the specification does.

use std::borrow::Cow;

use referencing::Draft;
use serde_json::{Map, Value};

use crate::keywords::{Holds, holds};
use crate::walk::{schemas, step};

/// The integers up to here are 64-bit floats.
const FLOATS: u64 = 1 << 53;

/// The schema, spelled so that the library reads it as it is meant.
pub(crate) fn respelled(schema: &Value) -> Cow<'_, Value> {
    let schemas = schemas(schema);
    let mut respelled = Cow::Borrowed(schema);
    // What is also a value stays the value that it is.
    let values = schemas.values();
    for (_, inner) in schemas.all.iter().enumerate().filter(|(position, _)| !values.contains(position)) {
        for (keyword, value) in inner.members {
            let Some(spelling) = spelling(schemas.draft, inner.members, keyword, value) else { continue };
            let place = schemas.location(inner) + &step(keyword);
            if let Some(place) = respelled.to_mut().pointer_mut(&place) {
                *place = spelling;
            }
        }
    }
    respelled
}

fn spelling(draft: Draft, members: &Map<String, Value>, keyword: &str, value: &Value) -> Option<Value> {
    match (holds(draft, keyword)?, value) {
        // The library skips an empty reference, which leads where `#` does.
        (Holds::Reference, Value::String(reference)) => reference.is_empty().then(|| "#".into()),
        // The library compares fractions with a 64-bit integer by floats, and with an integer written otherwise exactly. What
        // must be an integer, in draft 4 one without a point, is no fraction, and keeps the faster way.
        (Holds::Number, Value::Number(bound))
            if draft != Draft::Draft4 || members.get("type") != Some(&Value::from("integer")) =>
        {
            let integer = bound.as_u64().or(bound.as_i64().map(i64::unsigned_abs));
            integer.filter(|integer| *integer > FLOATS)?;
            format!("{bound}.0").parse().ok().map(Value::Number)
        }
        _ => None,
    }
}
