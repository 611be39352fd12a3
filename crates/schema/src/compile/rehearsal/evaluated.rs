//! `unevaluatedProperties` and `unevaluatedItems`: for each, the compiler compiles every schema that evaluates in place.

use std::ptr;

use serde_json::{Map, Value};

use super::{Place, Rehearsal, inner, subresource};
use crate::bounds::charge;

impl<'t> Rehearsal<'t, '_> {
    /// The schemas that evaluate properties or items in place, once for each path to the schema.
    pub(super) fn evaluated(&mut self, place: &Place<'t>, members: &'t Map<String, Value>) {
        let schema = ptr::from_ref(members);
        *self.evaluated.entry(schema).or_default() += 1;
        self.deeper(|this| this.evaluators(place, members));
        if let Some(count) = self.evaluated.get_mut(&schema) {
            *count -= 1;
        }
    }

    fn evaluators(&mut self, place: &Place<'t>, members: &'t Map<String, Value>) {
        charge(8);
        for (keyword, value) in members {
            charge(1);
            if let ("patternProperties", Value::Object(names)) = (keyword.as_str(), value) {
                self.below = self.below.and(self.patterns.matched(names));
            }
            match keyword.as_str() {
                "properties" => charge(value.as_object().map_or(0, Map::len) as u64),
                "additionalProperties"
                | "patternProperties"
                | "unevaluatedProperties"
                | "unevaluatedItems"
                | "contains"
                | "items"
                | "prefixItems" => {
                    if let Some(inner) = inner(keyword) {
                        self.inner(place, keyword, value, &inner);
                    }
                }
                "allOf" | "anyOf" | "oneOf" => {
                    let within = self.at(place, keyword);
                    for (index, schema) in value.as_array().into_iter().flatten().enumerate() {
                        let within = self.at(&within, &index.to_string());
                        self.schema(&within, schema);
                        self.evaluated_within(&within, schema);
                    }
                }
                "if" => {
                    let within = self.at(place, keyword);
                    self.schema(&within, value);
                    self.evaluated_within(&within, value);
                    for branch in ["then", "else"] {
                        if let Some(schema) = members.get(branch) {
                            let within = self.at(place, branch);
                            self.evaluated_within(&within, schema);
                        }
                    }
                }
                "dependentSchemas" => {
                    let within = self.at(place, keyword);
                    for (name, schema) in value.as_object().into_iter().flatten() {
                        let within = self.at(&within, name);
                        self.evaluated_within(&within, schema);
                    }
                }
                "$ref" | "$dynamicRef" => {
                    let resolved = value.as_str().and_then(|reference| place.resolver.lookup(reference).ok());
                    if let Some(resolved) = resolved {
                        let (contents, resolver, draft) = resolved.into_inner();
                        self.evaluated_there(&Place { resolver, draft, ..place.clone() }, contents);
                    }
                }
                "$recursiveRef" => {
                    if let Ok(resolved) = place.resolver.lookup_recursive_ref() {
                        let (contents, resolver, draft) = resolved.into_inner();
                        self.evaluated_there(&Place { resolver, draft, ..place.clone() }, contents);
                    }
                }
                _ => {}
            }
        }
    }

    fn evaluated_within(&mut self, place: &Place<'t>, contents: &'t Value) {
        charge(2 + place.length as u64 / 100);
        if let Value::Object(members) = contents {
            self.here = contents;
            let place = subresource(place, contents);
            self.evaluated(&place, members);
        }
    }

    /// The target of a reference, unless the reference is circular.
    fn evaluated_there(&mut self, place: &Place<'t>, contents: &'t Value) {
        charge(4);
        let Value::Object(members) = contents else { return };
        if self.evaluated.get(&ptr::from_ref(members)).is_some_and(|count| *count > 0) {
            self.circular = true;
        } else {
            self.here = contents;
            self.evaluated(place, members);
        }
    }
}
