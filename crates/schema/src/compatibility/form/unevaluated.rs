//! `unevaluatedProperties` and `unevaluatedItems` as ordinary conditions, where what is evaluated does not depend on the
//! document.
//!
//! Soundness. Among the conditions on the value itself, only `All` (`allOf`, `$ref`) and those of the schema evaluate
//! here: any other that could (`anyOf`, `oneOf`, `if`, dependent schemas, and for items `contains`) leaves the condition
//! as it is. An `All` holds whenever the schema does, so it always evaluates. So a member is unevaluated exactly if no
//! `properties` has its name, no `patternProperties` matches it, and no `additionalProperties` or other
//! `unevaluatedProperties` is among them; correspondingly for items.

use std::collections::BTreeMap;

use referencing::Draft;
use serde_json::{Map, Value};

use super::Condition::*;
use super::{Condition, Id, Node, TRUE};
use crate::bounds::charge;
use crate::keywords::holds;
use crate::walk::Schemas;

/// The keywords for unevaluated items and members, and whether for members.
pub(super) const KEYWORDS: [(&str, bool); 2] = [("unevaluatedItems", false), ("unevaluatedProperties", true)];

/// The keywords by which the validator finds what is evaluated: in every draft, and also beside `$ref`.
const EVALUATING: [&str; 14] = [
    "$dynamicRef",
    "$recursiveRef",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "dependentSchemas",
    "if",
    "items",
    "oneOf",
    "patternProperties",
    "properties",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Whether some schema says what its unevaluated items or members must be.
pub(super) fn is_in(schemas: &Schemas) -> bool {
    let drafted = || KEYWORDS.iter().filter(|(keyword, _)| holds(schemas.draft, keyword).is_some());
    schemas.all.iter().any(|schema| drafted().any(|(keyword, _)| schema.members.contains_key(*keyword)))
}

/// A keyword that has an effect on what is evaluated and no other, or the reverse. The one kind has no effect in the draft,
/// or none beside `$ref`; of the other is `dependencies`, whose schemas evaluate nothing.
pub(super) fn misread(draft: Draft, members: &Map<String, Value>) -> Option<&'static str> {
    let only_reference = draft <= Draft::Draft7 && members.contains_key("$ref");
    if !only_reference && members.contains_key("dependencies") {
        return Some("dependencies");
    }
    let has_no_effect = |keyword: &&str| only_reference || holds(draft, keyword).is_none();
    EVALUATING.into_iter().filter(|keyword| members.contains_key(*keyword)).find(has_no_effect)
}

/// What is evaluated, whatever the document.
#[derive(Default)]
struct Evaluated {
    named: BTreeMap<String, Id>,
    patterns: BTreeMap<String, Id>,
    first: usize,
    all: bool,
}

pub(super) fn fold(nodes: &mut [Node]) {
    for id in 0..nodes.len() {
        for position in 0..nodes[id].conditions.len() {
            let Unevaluated { members, inner, beside, .. } = nodes[id].conditions[position] else { continue };
            let mut evaluated = Evaluated::default();
            let mut seen = vec![beside];
            if !read(nodes, beside, members, &mut evaluated, &mut seen) {
                continue;
            }
            nodes[id].conditions[position] = replacement(evaluated, members, inner);
        }
    }
}

fn replacement(evaluated: Evaluated, members: bool, inner: Id) -> Condition {
    let rest = Some(if evaluated.all { TRUE } else { inner });
    if members {
        Members { named: evaluated.named, patterns: evaluated.patterns, rest }
    } else {
        Items { first: vec![TRUE; evaluated.first], rest }
    }
}

/// Collects what a node evaluates; whether that does not depend on the document.
fn read(nodes: &[Node], id: Id, members: bool, evaluated: &mut Evaluated, seen: &mut Vec<Id>) -> bool {
    charge(1);
    nodes[id].conditions.iter().all(|condition| match condition {
        Members { named, patterns, rest } if members => {
            charge(4 * (named.len() + patterns.len()) as u64);
            evaluated.named.extend(named.keys().map(|name| (name.clone(), TRUE)));
            evaluated.patterns.extend(patterns.keys().map(|pattern| (pattern.clone(), TRUE)));
            evaluated.all |= rest.is_some();
            true
        }
        Items { first, rest } if !members => {
            charge(first.len() as u64 / 8);
            evaluated.first = evaluated.first.max(first.len());
            evaluated.all |= rest.is_some();
            true
        }
        // Folded or not, a condition of this kind evaluates everything.
        Unevaluated { members: same, .. } => {
            evaluated.all |= *same == members;
            true
        }
        All(there) if seen.contains(there) => false,
        All(there) => {
            seen.push(*there);
            seen.len() < 64 && read(nodes, *there, members, evaluated, seen)
        }
        Any(_) | One(_) | If(..) | With(..) => false,
        ContainsMin(..) | ContainsMax(..) => members,
        _ => true,
    })
}
