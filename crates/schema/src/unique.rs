//! `uniqueItems` in steps. Two values are the same if their digests are: 128 bits under keys of this thread, which no
//! author of documents knows.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};

use jsonschema::JsonType;
use jsonschema::json::{Array, JsonNumber, Node, Object};

use crate::bounded::{Bounded, BoundedNode};
use crate::bounds::charge;
use crate::document::Digits;

/// The maximum number of light values that are compared in pairs, which is faster.
pub(crate) const FEW: usize = 16;

/// The cost of digesting a value and of looking the digest up, in reads.
const DIGEST: u64 = 16;

/// Whether a comparison with the value takes one step.
pub(crate) fn is_light<J: Digits>(node: &BoundedNode<'_, J>) -> bool {
    match node.json_type() {
        JsonType::Array | JsonType::Object => false,
        JsonType::Number => J::digits(&node.inner) <= 64,
        _ => true,
    }
}

/// Whether all nodes are different values.
pub(crate) fn are_unique<'a, J: Digits>(mut nodes: impl Iterator<Item = BoundedNode<'a, J>>) -> bool {
    let keys = [RandomState::new(), RandomState::new()];
    let mut seen = BTreeSet::new();
    nodes.all(|node| {
        charge(DIGEST);
        let digest = keys.each_ref().map(|key| digest(&node, key.build_hasher()));
        seen.insert(digest)
    })
}

type NodeOf<'a, J> = BoundedNode<'a, J>;
type ObjectOf<'a, J> = <NodeOf<'a, J> as Node<'a, Bounded<J>>>::Object;
type ArrayOf<'a, J> = <NodeOf<'a, J> as Node<'a, Bounded<J>>>::Array;

/// A container while its values are read.
enum Open<'a, J: Digits> {
    Array(<ArrayOf<'a, J> as Array<'a, Bounded<J>>>::ElementsIter),
    Object(<ObjectOf<'a, J> as Object<'a, Bounded<J>>>::MembersIter),
}

// Without recursion: a document may be deep. Members come in one order, sorted by name, in whatever order they were written.
fn digest<J: Digits>(root: &BoundedNode<'_, J>, mut hasher: impl Hasher) -> u64 {
    let mut open = Vec::new();
    let mut next = Some(root.clone());
    loop {
        if let Some(node) = next.take() {
            open.extend(enter(&node, &mut hasher));
        } else {
            next = match open.last_mut() {
                None => return hasher.finish(),
                Some(Open::Array(elements)) => elements.next(),
                Some(Open::Object(members)) => members.next().map(|(name, node)| {
                    name.as_ref().hash(&mut hasher);
                    node
                }),
            };
            if next.is_none() {
                open.pop();
            }
        }
    }
}

/// Hashes a node without its inner values.
fn enter<'a, J: Digits>(node: &BoundedNode<'a, J>, hasher: &mut impl Hasher) -> Option<Open<'a, J>> {
    let kind = node.json_type();
    hasher.write_u8(kind as u8);
    match kind {
        JsonType::Null | JsonType::Integer => {}
        JsonType::Boolean => node.as_boolean().hash(hasher),
        JsonType::String => node.as_string().hash(hasher),
        JsonType::Number => {
            if let Some(number) = node.as_number() {
                hash_number(&number.as_str(), hasher);
            }
        }
        JsonType::Array => {
            let array = node.as_array()?;
            hasher.write_usize(array.len());
            return Some(Open::Array(array.elements()));
        }
        JsonType::Object => {
            let object = node.as_object()?;
            hasher.write_usize(object.len());
            return Some(Open::Object(object.members()));
        }
    }
    None
}

/// The same hash for all texts of one number: its sign, its digits from the first to the last that are not 0, and their exponent.
fn hash_number(text: &str, hasher: &mut impl Hasher) {
    let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit).collect();
    let Some(first) = digits.iter().position(|&digit| digit != b'0') else { return };
    let last = digits.iter().rposition(|&digit| digit != b'0').unwrap_or(first);
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') { i64::MIN } else { i64::MAX });
    let shift = (digits.len() - 1 - last) as i64 - fraction.len() as i64;
    (number.starts_with('-'), &digits[first..=last], exponent.saturating_add(shift)).hash(hasher);
}
