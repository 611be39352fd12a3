//! `oneOf` as `anyOf`, where no value matches two of the branches.
//!
//! Soundness. A condition counts only together with all others of its node. So it is enough that no value that matches the
//! node matches two of the branches: then it matches one of them exactly if it matches any. The branches are told apart by
//! the kinds of their values, and those of objects in one of two ways. Either a member that each object must have, by the
//! node or by the branch, has other values in each branch; no value equals two that differ in plain form. Or each branch
//! but one demands a name that no other branch allows. What is evaluated is the same as well: that of the one branch
//! which is matched.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::Condition::*;
use super::{FALSE, Id, Kinds, Node, Values};
use crate::bounds::charge;
use crate::compatibility::number::Decimal;

/// The maximum number of schemas that are read for one branch.
const PARTS: usize = 16;

/// Members of which only some values are allowed, each by its name.
pub(in crate::compatibility) type Tags = BTreeMap<String, Values>;

/// What every value of a schema has in common, as far as it is seen at once.
struct Traits<'n> {
    kinds: Kinds,
    required: BTreeSet<&'n str>,
    tags: Tags,
    /// The only names of members, if they are limited.
    names: Option<BTreeSet<&'n str>>,
}

pub(super) fn fold(nodes: &mut [Node]) {
    for id in 0..nodes.len() {
        for position in 0..nodes[id].conditions.len() {
            let One(all) = &nodes[id].conditions[position] else { continue };
            if are_apart(nodes, id, all) {
                nodes[id].conditions[position] = Any(all.clone());
            }
        }
    }
}

/// The members of which the schema allows only some values.
pub(in crate::compatibility) fn tags(nodes: &[Node], id: Id) -> Tags {
    traits(nodes, id).tags
}

/// Whether no value that matches the node matches two of the branches.
pub(super) fn are_apart(nodes: &[Node], id: Id, all: &[Id]) -> bool {
    let beside = traits(nodes, id);
    let mut kinds = Kinds::NONE;
    let mut objects = Vec::new();
    for &id in all {
        let mut branch = traits(nodes, id);
        branch.kinds = branch.kinds & beside.kinds;
        if branch.kinds == Kinds::OBJECT {
            objects.push(branch);
        } else if branch.kinds.meets(kinds | Kinds::OBJECT) {
            return false;
        } else {
            kinds = kinds | branch.kinds;
        }
    }
    objects.len() < 2 || have_own_tags(&objects, &beside) || have_own_names(&objects)
}

/// Whether there is a member that each object has, with other values in each.
fn have_own_tags(objects: &[Traits], beside: &Traits) -> bool {
    let is_apart = |name: &String| {
        let mut seen = HashSet::new();
        objects.iter().all(|object| {
            let is_there = [object, beside].iter().any(|it| it.required.contains(name.as_str()));
            is_there
                && object.tags.get(name).is_some_and(|values| {
                    charge(1 + values.all().len() as u64);
                    let mut all = values.all().iter().zip(values.texts.iter());
                    all.all(|(value, text)| is_plain(value) && seen.insert(text.clone()))
                })
        })
    };
    objects.first().is_some_and(|first| first.tags.keys().any(is_apart))
}

/// Whether each object but one at most has a name that no other may have.
fn have_own_names(objects: &[Traits]) -> bool {
    let mut allowed: HashMap<&str, usize> = HashMap::new();
    for object in objects {
        let Some(names) = &object.names else { return false };
        charge(1 + names.len() as u64);
        names.iter().for_each(|name| *allowed.entry(name).or_default() += 1);
    }
    let is_own = |object: &Traits, name: &str| {
        let own = object.names.as_ref().is_some_and(|names| names.contains(name));
        allowed.get(name).copied().unwrap_or(0) == usize::from(own)
    };
    let without = objects.iter().filter(|object| !object.required.iter().any(|name| is_own(object, name)));
    without.count() < 2
}

/// Whether the value equals no other value that is written otherwise.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Number(number) => Decimal::of(number).is_some_and(|number| number.small().is_some()),
        value => !value.is_array() && !value.is_object(),
    }
}

fn traits(nodes: &[Node], id: Id) -> Traits<'_> {
    let mut found = Traits { kinds: Kinds::ALL, required: BTreeSet::new(), tags: Tags::new(), names: None };
    for id in parts(nodes, id) {
        found.kinds = found.kinds & nodes[id].kinds;
        for condition in &nodes[id].conditions {
            charge(1);
            match condition {
                Values(values) => {
                    charge(values.all().len() as u64);
                    let kinds = values.all().iter().fold(Kinds::NONE, |kinds, value| kinds | Kinds::of(value));
                    found.kinds = found.kinds & kinds;
                }
                Required(name) => drop(found.required.insert(name)),
                Members { named, patterns, rest } => {
                    charge(named.len() as u64);
                    for (name, &member) in named {
                        if let Some(values) = values(nodes, member) {
                            found.tags.entry(name.clone()).or_insert_with(|| values.clone());
                        }
                    }
                    if patterns.is_empty() && *rest == Some(FALSE) {
                        found.names = Some(named.keys().map(String::as_str).collect());
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// The only values of a schema, if it says so.
fn values(nodes: &[Node], id: Id) -> Option<&Values> {
    parts(nodes, id).into_iter().flat_map(|id| &nodes[id].conditions).find_map(|condition| match condition {
        Values(values) => Some(values),
        _ => None,
    })
}

/// Schemas that every value of the schema matches: itself, and what it refers to.
fn parts(nodes: &[Node], id: Id) -> Vec<Id> {
    let mut parts = vec![id];
    let mut next = 0;
    while let Some(&id) = parts.get(next) {
        charge(1);
        next += 1;
        for condition in &nodes[id].conditions {
            if let All(there) = condition
                && parts.len() < PARTS
                && !parts.contains(there)
            {
                parts.push(*there);
            }
        }
    }
    parts
}
