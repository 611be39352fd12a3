//! Patterns with look-around and back-references: what they match, and what a match that goes back too often means.

mod support;

use support::{FREE, LIMITS, LISTING, RULES, Value, encode, json, timed};
use veritable_schema::{Bounds, Exceeded, Parsed, Patterns, Rules, Shown, Stored, Validator};

const SLOW: &str = r"^(a|a)*\1b";

fn compiled(schema: &Value) -> (Validator<Stored>, Validator<Parsed>) {
    let rules = Rules { patterns: Patterns::Backtracking, ..RULES };
    (Validator::build(schema, &rules, &LIMITS).unwrap(), Validator::build(schema, &rules, &LIMITS).unwrap())
}

fn is_valid(schema: &Value, document: &Value) -> Result<bool, Exceeded> {
    let (stored, parsed) = compiled(schema);
    let verdict = parsed.is_valid(document, &FREE);
    assert_eq!(stored.is_valid(&encode(document), &FREE), verdict, "{schema} {document}");
    verdict
}

fn slow_text() -> String {
    "a".repeat(40) + "!"
}

#[test]
fn patterns_that_backtrack_match_as_others_do() {
    for (pattern, good, bad) in [
        ("^(?!x)", "ax", "xa"),
        ("(?<=a)b", "ab", "b"),
        (r"^(a+)\1$", "aa", "aaa"),
        ("^(?=.*[0-9])(?=.*[a-z]).{4,}$", "abc1", "abcd"),
        (r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$", "-1.50", "-"),
    ] {
        assert_eq!(is_valid(&json!({ "pattern": pattern }), &json!(good)), Ok(true), "{pattern}");
        assert_eq!(is_valid(&json!({ "pattern": pattern }), &json!(bad)), Ok(false), "{pattern}");
        assert_eq!(is_valid(&json!({ "patternProperties": { pattern: false } }), &json!({ good: 1 })), Ok(false));
        assert_eq!(is_valid(&json!({ "patternProperties": { pattern: false } }), &json!({ bad: 1 })), Ok(true));
    }
}

#[test]
fn a_match_that_goes_back_too_often_passes_nowhere() {
    let text = slow_text();
    for (schema, document) in [
        (json!({ "pattern": SLOW }), json!(text)),
        (json!({ "not": { "pattern": SLOW } }), json!(text)),
        (json!({ "properties": { "a": { "items": { "pattern": SLOW } } } }), json!({ "a": [[1], "aab", text] })),
        (json!({ "patternProperties": { SLOW: false } }), json!({ &text: 1 })),
        (json!({ "patternProperties": { SLOW: true }, "additionalProperties": false }), json!({ &text: 1 })),
        (json!({ "propertyNames": { "pattern": SLOW } }), json!({ &text: 1 })),
        (json!({ "patternProperties": { SLOW: true }, "unevaluatedProperties": false }), json!({ &text: 1 })),
        (json!({ "if": { "pattern": SLOW }, "then": false }), json!(text)),
        (json!({ "contains": { "pattern": SLOW } }), json!([text])),
    ] {
        assert_eq!(is_valid(&schema, &document), Err(Exceeded::Steps), "{schema}");
        let (stored, parsed) = compiled(&schema);
        let listed = parsed.violations(&document, &LISTING, 9, Shown::Values);
        assert_eq!(listed, Err(Exceeded::Steps), "{schema}");
        assert_eq!(stored.messages(&encode(&document), &LISTING), Err(Exceeded::Steps), "{schema}");
    }
    // Whatever the match is, the document is valid.
    assert_eq!(is_valid(&json!({ "anyOf": [{ "pattern": SLOW }, true] }), &json!(slow_text())), Ok(true));
}

#[test]
fn the_length_of_texts_is_bounded_only_where_a_pattern_backtracks() {
    let long = json!("b".repeat(16_385));
    assert_eq!(is_valid(&json!({ "pattern": SLOW }), &long), Err(Exceeded::Steps));
    assert_eq!(is_valid(&json!({ "pattern": "^b*$" }), &long), Ok(true));
    // No pattern reads this text.
    let schema = json!({ "properties": { "a": { "pattern": SLOW }, "b": { "type": "string", "maxLength": 20_000 } } });
    assert_eq!(is_valid(&schema, &json!({ "a": "aab", "b": long })), Ok(true));
}

#[test]
fn a_match_that_goes_back_is_stopped_between_texts() {
    let (stored, _) = compiled(&json!({ "items": { "pattern": "^(?=a)a*$" } }));
    let document = encode(&(0..1_000).map(|_| json!("b")).collect());
    let interrupted = Bounds { interrupted: || true, ..FREE };
    assert_eq!(stored.is_valid(&document, &interrupted), Err(Exceeded::Interrupted));
}

#[test]
fn the_worst_match_ends_within_seconds() {
    for (pattern, text) in [
        (SLOW, "a".repeat(16_000) + "!"),
        (r"^(.*)(.*)(.*)\1x\2y\3$", "ab".repeat(8_000)),
        ("^((?=.*x)a|(?=.*y)a)*$", "a".repeat(16_000)),
        ("(?=(a*)*b)c", "a".repeat(16_000)),
    ] {
        // Four matches, in a build without optimisation.
        let verdict = timed(30, || is_valid(&json!({ "pattern": pattern }), &json!(text)));
        assert!(verdict != Ok(true), "{pattern}");
    }
}
