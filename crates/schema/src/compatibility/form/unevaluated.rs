//! `unevaluatedProperties` and `unevaluatedItems` as ordinary conditions, where what is evaluated does not depend on the
//! document.
//!
//! Soundness. Among the conditions on the value itself, only `All` (`allOf`, `$ref`) and those of the schema evaluate
//! here: any other that could (`anyOf`, `oneOf`, `if`, dependent schemas, and for items `contains`) leaves the condition
//! as it is. An `All` holds whenever the schema does, so it always evaluates. So a member is unevaluated exactly if no
//! `properties` has its name, no `patternProperties` matches it, and no `additionalProperties` or other
//! `unevaluatedProperties` is among them; correspondingly for items.

use std::collections::BTreeMap;

use super::Condition::*;
use super::{Condition, Id, Node, TRUE};
use crate::bounds::charge;

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
            evaluated.named.extend(named.keys().map(|name| (name.clone(), TRUE)));
            evaluated.patterns.extend(patterns.keys().map(|pattern| (pattern.clone(), TRUE)));
            evaluated.all |= rest.is_some();
            true
        }
        Items { first, rest } if !members => {
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
