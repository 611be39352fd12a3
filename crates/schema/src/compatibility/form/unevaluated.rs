//! `unevaluatedProperties` and `unevaluatedItems` as ordinary conditions, where what is evaluated does not depend on the
//! document, or on one condition alone.
//!
//! Soundness. A condition counts only together with all others of its node, so all of them hold here. Of those on the value
//! itself, `All` (`allOf`, `$ref`) and those of the schema always evaluate. Any other that could evaluate (`anyOf`, `oneOf`,
//! `if`, dependent schemas, and for items `contains`) leaves the condition as it is, unless it is the only one: then each of
//! its cases evaluates what the schemas of the case always do. Of `oneOf`, exactly one branch is matched, and evaluates. So
//! what is left matches in the case of that branch, and it is enough that it does in the case of any branch that is matched.
//! So it is with `anyOf`, if no value matches two of its branches.
//! `if` evaluates with `then` where it is matched, and else `else` does; a dependent schema does in objects with the name.
//! In each case a member is unevaluated exactly if no `properties` has its name, no `patternProperties` matches it, and no
//! `additionalProperties` or other `unevaluatedProperties` is among them; correspondingly for items. The new condition
//! evaluates everything, as the old one did.

use std::collections::BTreeMap;

use referencing::Draft;
use serde_json::{Map, Value};

use super::Condition::*;
use super::apart::are_apart;
use super::{Condition, Id, Kinds, Node, TRUE};
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
#[derive(Clone, Default)]
struct Evaluated {
    named: BTreeMap<String, Id>,
    patterns: BTreeMap<String, Id>,
    first: usize,
    all: bool,
    /// The condition on which it depends what else is.
    more: Option<Condition>,
}

pub(super) fn fold(nodes: &mut Vec<Node>) {
    let mut folded = Vec::new();
    for id in 0..nodes.len() {
        for position in 0..nodes[id].conditions.len() {
            let Unevaluated { members, inner, beside, .. } = nodes[id].conditions[position] else { continue };
            let mut evaluated = Evaluated::default();
            let mut seen = vec![beside];
            if !read(nodes, beside, members, &mut evaluated, &mut seen) {
                continue;
            }
            let condition = match evaluated.more.take().filter(|_| !evaluated.all) {
                None => Some(replacement(evaluated, members, inner)),
                Some(condition) => by_cases(nodes, &condition, &evaluated, (members, inner, beside)),
            };
            folded.extend(condition.map(|condition| (id, position, condition)));
        }
    }
    // Afterwards, since each is read in others as it was.
    for (id, position, condition) in folded {
        nodes[id].conditions[position] = condition;
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

/// What is to be matched in each case of the condition, beside what is always evaluated.
fn by_cases(
    nodes: &mut Vec<Node>,
    condition: &Condition,
    always: &Evaluated,
    (members, inner, beside): (bool, Id, Id),
) -> Option<Condition> {
    let mut case = |matched: Option<Id>, evaluating: &[Id]| {
        let mut evaluated = always.clone();
        for &id in evaluating {
            let mut seen = vec![id];
            if !read(nodes, id, members, &mut evaluated, &mut seen) || evaluated.more.is_some() {
                return None;
            }
        }
        charge((evaluated.named.len() + evaluated.patterns.len() + evaluated.first) as u64);
        let conditions = matched.map(All).into_iter().chain([replacement(evaluated, members, inner)]).collect();
        Some(add(nodes, beside, conditions))
    };
    match condition {
        One(all) => Some(Any(all.iter().map(|&id| case(Some(id), &[id])).collect::<Option<_>>()?)),
        If(condition, then, otherwise) => {
            Some(If(*condition, case(None, &[*condition, *then])?, case(None, &[*otherwise])?))
        }
        With(name, id) if members => {
            let (there, missing) = (case(None, &[*id])?, case(None, &[])?);
            Some(If(add(nodes, beside, vec![Required(name.clone())]), there, missing))
        }
        _ => None,
    }
}

/// Adds a node for values of any kind, at the place of another.
fn add(nodes: &mut Vec<Node>, at: Id, conditions: Vec<Condition>) -> Id {
    charge(1);
    let place = nodes[at].place.clone();
    nodes.push(Node { kinds: Kinds::ALL, conditions, place });
    nodes.len() - 1
}

/// Collects what a node evaluates; whether that depends on one condition at most.
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
        // A condition of this kind evaluates everything.
        Unevaluated { members: same, .. } => {
            evaluated.all |= *same == members;
            true
        }
        All(there) if seen.contains(there) => false,
        All(there) => {
            seen.push(*there);
            seen.len() < 64 && read(nodes, *there, members, evaluated, seen)
        }
        Any(all) if are_apart(nodes, id, all) => evaluated.more.replace(One(all.clone())).is_none(),
        Any(_) | One(_) | If(..) | With(..) => evaluated.more.replace(condition.clone()).is_none(),
        ContainsMin(..) | ContainsMax(..) => members,
        _ => true,
    })
}
