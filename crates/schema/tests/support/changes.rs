//! Changes of schemas, none of which may be left undecided.
#![allow(dead_code, reason = "each test uses a part of it")]

use serde_json::Value;
use veritable_schema::{Form, Parsed, Patterns, Rules, Stored, Validator, Verdict};

use crate::support::{FREE, LIMITS, RULES, encode, verdict};

/// A validator for the schema: by the engine that looks around only if there is no other.
fn validator<F: Form>(schema: &Value) -> Validator<F> {
    let build = |patterns| Validator::build(schema, &Rules { patterns, ..RULES }, &LIMITS);
    build(Patterns::Linear).or_else(|_| build(Patterns::Backtracking)).unwrap()
}

/// Whether the change is compatible; a document proves where it is not.
pub fn decided(old: &Value, new: &Value, what: &str) -> bool {
    match verdict(old, new) {
        Verdict::Compatible => true,
        Verdict::Incompatible { example: Some(example), .. } => {
            // As PostgreSQL stores it, too.
            let document = encode(&example);
            for (schema, expected) in [(old, true), (new, false)] {
                assert_eq!(validator::<Parsed>(schema).is_valid(&example, &FREE), Ok(expected), "{what}: {example}");
                assert_eq!(validator::<Stored>(schema).is_valid(&document, &FREE), Ok(expected), "{what}: {example}");
            }
            false
        }
        verdict => panic!("{what}: {verdict:?}"),
    }
}

/// Checks what is compatible of each change: backward, and forward.
pub fn check(changes: &[(&str, Value, Value, bool, bool)]) {
    for (what, old, new, backward, forward) in changes {
        assert_eq!(decided(old, new, what), *backward, "backward: {what}");
        assert_eq!(decided(new, old, what), *forward, "forward: {what}");
    }
}
