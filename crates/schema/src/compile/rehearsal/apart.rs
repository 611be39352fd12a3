//! The compiler's search beside the schemas: for what tells branches apart, and for patterns that match property names.

use referencing::{Draft, Resolver};
use serde_json::{Map, Value};

use super::{Engine, Place, Rehearsal};
use crate::bounds::{charge, charge_deeper};

/// The depth to which `anyOf` and `oneOf` look through references and `allOf`.
const LOOKED_THROUGH: usize = 16;

impl<'t> Rehearsal<'t, '_> {
    /// Rehearses the look of `anyOf` and `oneOf` at what tells their branches apart.
    pub(super) fn branches(&self, place: &Place<'t>, members: &'t Map<String, Value>) {
        let branches = ["anyOf", "oneOf"].into_iter().filter_map(|keyword| members.get(keyword)?.as_array());
        for branches in branches.filter(|branches| branches.len() >= 3) {
            for branch in branches {
                let mut names = (0, 0);
                look_through(&place.resolver, place.draft, branch, 0, &mut names);
                charge(4 * names.0 * names.1);
            }
        }
    }

    /// Beside `additionalProperties`, the compiler tries each property name with each pattern.
    pub(super) fn known_names(&self, members: &Map<String, Value>) {
        let of = |keyword| members.get(keyword).and_then(Value::as_object);
        let (Some(properties), Some(patterns), true) =
            (of("properties"), of("patternProperties"), members.contains_key("additionalProperties"))
        else {
            return;
        };
        for pattern in patterns.keys() {
            let backtracks = self.patterns.of(pattern).is_some_and(|it| it.engine == Engine::Backtracking);
            for name in properties.keys() {
                charge(if backtracks { backtracking(name.len()) } else { 1 + name.len() as u64 / 16 });
            }
        }
    }
}

/// The maximum steps of a backtracking match: the engine gives up at a million steps of its own.
fn backtracking(length: usize) -> u64 {
    1 << (4 + length / 4).min(16)
}

/// Counts the required names of a branch, and the objects of properties in which the compiler looks the names up.
fn look_through(resolver: &Resolver, draft: Draft, schema: &Value, depth: usize, names: &mut (u64, u64)) {
    charge_deeper();
    let Value::Object(members) = schema else { return };
    if depth > LOOKED_THROUGH {
        return;
    }
    if let Some(Value::String(reference)) = members.get("$ref") {
        charge(2);
        if let Ok(resolved) = resolver.lookup(reference) {
            let (contents, resolver, there) = resolved.into_inner();
            if there == draft {
                look_through(&resolver, draft, contents, depth + 1, names);
            }
        }
        if draft <= Draft::Draft7 {
            return;
        }
    }
    let required = members.get("required").and_then(Value::as_array).map_or(0, Vec::len) as u64;
    charge(required / 4);
    names.0 += required;
    names.1 += u64::from(members.contains_key("properties"));
    for item in members.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        look_through(resolver, draft, item, depth + 1, names);
    }
}
