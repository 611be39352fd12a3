//! Any schema and any document: no abort, within bounds, and one answer however the document is held and asked.
//!
//! Run with `cargo +nightly fuzz run validate` in `crates/schema`.

#![no_main]

#[path = "../support.rs"]
mod support;

use std::ptr;

use jsonschema_value::jsonb::encode::encode;
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, json};
use support::Choices;
use veritable_schema::{Bounds, Exceeded, Formats, Limits, Parsed, Patterns, Rules, Shown, Stored, Validator, Value};

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(bytes);
    let schema = root(&mut choices);
    let rules = Rules {
        patterns: *choices.among(&[Patterns::Linear, Patterns::Backtracking]),
        formats: *choices.among(&[Formats::Asserted, Formats::Annotations, Formats::AsDrafted]),
        resources: &[],
        base: Some("veritable:///fuzzed/1"),
    };
    let limits = Limits { bounds: bounds(Limits::STEPS), patterns: Limits::PATTERNS };
    let Ok(stored) = Validator::<Stored>::build(&schema, &rules, &limits) else { return };
    let parsed = Validator::<Parsed>::build(&schema, &rules, &limits).ok().unwrap();
    while let Some(document) = choices.more().then(|| document(&mut choices, 12)) {
        let (bounds, listing) = (bounds(10 * Bounds::LISTING), bounds(Bounds::LISTING));
        let container = encode(&document);
        let valid = stored.is_valid(&container, &bounds);
        same(valid, parsed.is_valid(&document, &bounds));
        let shown = *choices.among(&[Shown::Values, Shown::Masked]);
        for violations in
            [stored.violations(&container, &listing, 5, shown), parsed.violations(&document, &listing, 5, shown)]
        {
            same(valid, violations.map(|violations| violations.total == 0));
        }
    }
});

/// No more steps than that, and a megabyte of the stack.
fn bounds(steps: u64) -> Bounds {
    let here = 0_u8;
    Bounds { floor: ptr::from_ref(&here).addr() - (1 << 20), steps, interrupted: || false }
}

fn same(one: Result<bool, Exceeded>, other: Result<bool, Exceeded>) {
    if let (Ok(one), Ok(other)) = (one, other) {
        assert_eq!(one, other);
    }
}

const NAMES: [&str; 6] = ["a", "b", "", "ü", "a/b", "~"];
const NUMBERS: [&str; 12] =
    ["0", "1", "1.0", "-0.0", "0.1", "1e2", "3", "1e400", "-1e-400", "18446744073709551616", "0.5", "1e16000"];
const DRAFTS: [&str; 5] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-04/schema#",
];
const REFERENCES: [&str; 6] = ["#", "", "#/$defs/a", "#/$defs/b", "#/definitions/a", "veritable:///fuzzed/1"];
const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];
const FORMATS: [&str; 12] = [
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "hostname",
    "ipv6",
    "uri",
    "regex",
    "uuid",
    "json-pointer",
    "uri-template",
];
/// Some of them look around, or go back very often.
const PATTERNS: [&str; 5] = ["^a*$", "^(?!a)", "(?<=a)b", r"^(a|a)*\1b", "(?=(a|a)*b)c"];
const KEYWORDS: [&str; 50] = [
    "$ref",
    "properties",
    "items",
    "additionalProperties",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
    "type",
    "const",
    "enum",
    "$dynamicRef",
    "$recursiveRef",
    "if",
    "then",
    "else",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "patternProperties",
    "prefixItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "required",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "additionalItems",
    "contentEncoding",
    "contentMediaType",
    "$dynamicAnchor",
    "$recursiveAnchor",
    "$defs",
    "definitions",
    "$id",
];

fn name(choices: &mut Choices) -> String {
    (*choices.among(&NAMES)).to_owned()
}

fn number(choices: &mut Choices) -> Value {
    serde_json::from_str(choices.among::<&str>(&NUMBERS)).unwrap()
}

fn document(choices: &mut Choices, depth: usize) -> Value {
    match choices.byte() % if depth == 0 { 5 } else { 9 } {
        0 => Value::Null,
        1 => (choices.byte() % 2 == 0).into(),
        2 => number(choices),
        3 => choices.text().into(),
        4 => name(choices).into(),
        5 | 6 => choices.some(|choices| document(choices, depth - 1)).into(),
        _ => choices.some(|choices| (name(choices), document(choices, depth - 1))).into_iter().collect(),
    }
}

fn root(choices: &mut Choices) -> Value {
    let mut schema = Map::new();
    schema.insert("$schema".into(), (*choices.among(&DRAFTS)).into());
    for definitions in ["$defs", "definitions"] {
        schema.insert(definitions.into(), json!({ "a": sub(choices, 4), "b": sub(choices, 4) }));
    }
    for _ in 0..1 + choices.byte() % 5 {
        let (keyword, value) = keyword(choices, 5);
        schema.insert(keyword.into(), value);
    }
    schema.into()
}

fn sub(choices: &mut Choices, depth: usize) -> Value {
    if depth == 0 {
        return (choices.byte() % 2 == 0).into();
    }
    choices.some(|choices| keyword(choices, depth)).into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn keyword(choices: &mut Choices, depth: usize) -> (&'static str, Value) {
    let keyword = *choices.among(&KEYWORDS);
    let below = depth - 1;
    let schemas = |choices: &mut Choices| (0..1 + choices.byte() % 3).map(|_| sub(choices, below)).collect::<Value>();
    let named = |choices: &mut Choices| {
        choices.some(|choices| (name(choices), sub(choices, below))).into_iter().collect::<Value>()
    };
    let value = match keyword {
        "$ref" | "$dynamicRef" => (*choices.among(&REFERENCES)).into(),
        "$recursiveRef" => "#".into(),
        "$dynamicAnchor" | "$id" => (*choices.among(&["a", "b"])).into(),
        "uniqueItems" | "$recursiveAnchor" => (choices.byte() % 2 == 0).into(),
        "anyOf" | "oneOf" | "allOf" | "prefixItems" => schemas(choices),
        "properties" | "dependentSchemas" | "dependencies" | "$defs" | "definitions" => named(choices),
        "patternProperties" => choices.some(|c| (c.text(), sub(c, below))).into_iter().collect(),
        "type" => (*choices.among(&TYPES)).into(),
        "const" => document(choices, 3),
        "enum" => choices.some(|choices| document(choices, 3)).into(),
        "required" => choices.some(name).into(),
        "dependentRequired" => choices.some(|c| (name(c), Value::from(c.some(name)))).into_iter().collect(),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => number(choices),
        "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties" | "minContains"
        | "maxContains" => (choices.byte() % 4).into(),
        "pattern" if choices.byte() % 2 == 1 => (*choices.among(&PATTERNS)).into(),
        "pattern" => choices.text().into(),
        "format" => (*choices.among(&FORMATS)).into(),
        "contentEncoding" => (*choices.among(&["base64", "base16"])).into(),
        "contentMediaType" => "application/json".into(),
        _ => sub(choices, below),
    };
    (keyword, value)
}
