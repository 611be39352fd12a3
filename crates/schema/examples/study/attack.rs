//! A search for a document that is valid under the old schema and not under the new one: documents of the old schema, of both,
//! and mutations of those that were valid under the old one.

use serde_json::Value;
use veritable_schema::{Bounds, Parsed, Validator};

use crate::generate::{Generator, Part, beside};
use crate::sides::Side;

/// The documents that are kept for mutations.
const KEPT: usize = 48;
/// The largest document, in nodes.
const LARGE: u64 = 3000;
/// The most mutations of a document at once.
const MUTATIONS: usize = 3;

pub(crate) struct Attack {
    pub(crate) counterexample: Option<Value>,
    /// The documents that were made, and those of them that were valid under the old schema.
    pub(crate) tried: u64,
    pub(crate) valid: u64,
}

/// Attacks within so many steps: schemas that the generator read, and nodes that it made or a validator read.
pub(crate) fn attack(
    (old, before): (&Value, &Validator<Parsed>),
    (new, after): (&Value, &Validator<Parsed>),
    steps: u64,
) -> Attack {
    let (old_side, new_side) = (Side::of(old, new), Side::of(new, old));
    let mut generator = Generator::of(1, [old, new]);
    let bounds = Bounds { floor: 0, steps: 1_000_000, interrupted: || false };
    let mut attack = Attack { counterexample: None, tried: 0, valid: 0 };
    let mut kept: Vec<Value> = Vec::new();
    let (of_old, of_new) = ([(&old_side, old)], [(&new_side, new)]);
    let of_both: [Part; 2] = [(&old_side, old), (&new_side, new)];
    let mut used = 0;
    while used + generator.read < steps {
        let fresh = kept.is_empty() || generator.random.chance(30);
        let document = if fresh {
            let parts = [&of_old[..], &of_old, &of_both, &of_new][generator.random.below(4)];
            generator.document(parts, 0)
        } else {
            let mut document = generator.random.one(&kept).cloned().unwrap_or_default();
            for _ in 0..=generator.random.below(MUTATIONS) {
                mutate(&mut generator, &mut document, &of_both, 0);
            }
            document
        };
        let nodes = nodes(&document);
        used += 16 + 2 * nodes;
        attack.tried += 1;
        if nodes > LARGE || before.is_valid(&document, &bounds) != Ok(true) {
            continue;
        }
        attack.valid += 1;
        used += nodes;
        if after.is_valid(&document, &bounds) == Ok(false) {
            attack.counterexample = Some(document);
            break;
        }
        if kept.len() < KEPT {
            kept.push(document);
        } else if nodes > 1 || generator.random.chance(10) {
            let place = generator.random.below(KEPT);
            kept[place] = document;
        }
    }
    attack
}

fn nodes(document: &Value) -> u64 {
    1 + match document {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        Value::String(text) => text.len() as u64 / 64,
        _ => 0,
    }
}

/// Changes one place of the document, which should match `parts`.
fn mutate<'p, 's>(generator: &mut Generator<'p, 's>, document: &mut Value, parts: &[Part<'p, 's>], depth: usize) {
    let inwards = generator.random.chance(70);
    match document {
        Value::Object(members) if inwards && !members.is_empty() => {
            let name = members.keys().nth(generator.random.below(members.len())).cloned().unwrap_or_default();
            let parts = generator.member(parts, &name);
            if let Some(value) = members.get_mut(&name) {
                mutate(generator, value, &parts, depth + 1);
            }
        }
        Value::Array(items) if inwards && !items.is_empty() => {
            let place = generator.random.below(items.len());
            let parts = generator.item(parts, place);
            mutate(generator, &mut items[place], &parts, depth + 1);
        }
        Value::Object(members) if generator.random.chance(70) => {
            if generator.random.chance(30)
                && let Some(name) = members.keys().nth(generator.random.below(members.len())).cloned()
            {
                members.remove(&name);
                return;
            }
            let known = generator.random.chance(85);
            let name = if known { generator.known_name(parts) } else { None }.unwrap_or_else(|| generator.name());
            let parts = generator.member(parts, &name);
            let value = generator.document(&parts, depth + 1);
            members.insert(name, value);
        }
        Value::Array(items) if generator.random.chance(70) => match generator.random.below(4) {
            0 => drop(items.pop()),
            1 if !items.is_empty() => items.push(items[0].clone()),
            _ => {
                let parts = generator.item(parts, items.len());
                let value = generator.document(&parts, depth + 1);
                items.push(value);
            }
        },
        Value::Number(number) if generator.random.chance(50) => *document = beside(number, &mut generator.random),
        Value::String(text) if generator.random.chance(30) => {
            if generator.random.chance(50) {
                text.push('a');
            } else {
                text.pop();
            }
        }
        // A value of one of the schemas alone, or of neither.
        _ if generator.random.chance(80) => {
            let one: Vec<Part> = generator.random.one(parts).copied().into_iter().collect();
            *document = generator.document(&one, depth);
        }
        _ => *document = generator.any(),
    }
}
