//! Two versions of a schema and any documents: no document contradicts the verdict, and the verdict comes within stack and
//! time.
//!
//! Run in `crates/schema`, where `seeds` are one for each way to a verdict, and what was found once:
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none compatibility fuzz/corpus/compatibility fuzz/seeds/compatibility`.

#![no_main]

#[path = "../support.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, json};
use support::{Choices, limits, timed};
use veritable_schema::{
    Bounds, COMPARISON, Formats, Parsed, Patterns, Rules, Validator, Value, Verdict, Version, covers, parse, problems,
};

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices(bytes);
    let formats = *choices.among(&[Formats::Asserted, Formats::AsDrafted, Formats::Annotations]);
    // Without steps, the library decides alone.
    let work = *choices.among(&[COMPARISON, COMPARISON, COMPARISON / 100, 0]);
    let draft = *choices.among(&DRAFTS);
    let old = root(draft, &mut choices);
    let new = match choices.below(4) {
        0 => root(if choices.below(8) == 1 { *choices.among(&DRAFTS) } else { draft }, &mut choices),
        count => (0..count).fold(old.clone(), |schema, _| changed(schema, &mut choices)),
    };
    // As text, and back: no schema is deeper than its parser allows.
    let [Ok(old), Ok(new)] = [old, new].map(|schema| parse(&schema.to_string())) else { return };
    for schema in [&old, &new] {
        if !problems(schema, false, formats, 64, &limits()).is_ok_and(|all| all.is_empty()) {
            return;
        }
    }
    let compare = |old: &Value, new: &Value| {
        let version = |schema| Version { schema, resources: &[] };
        timed(&json!([old, new]), || covers(&version(new), &version(old), formats, &limits(), work))
    };
    let verdicts = [compare(&old, &new), compare(&new, &old)];
    let rules = Rules { patterns: Patterns::Linear, formats, resources: &[], base: None };
    let build = |schema| Validator::<Parsed>::build(schema, &rules, &limits()).ok();
    let (Some(before), Some(after)) = (build(&old), build(&new)) else { return };

    let mut documents: Vec<Value> = SMALL.iter().filter_map(|text| parse(text).ok()).collect();
    [&old, &new].into_iter().for_each(|schema| values(schema, &mut documents));
    while choices.more() && documents.len() < 200 {
        documents.push(document(&mut choices, 4));
    }
    documents.extend(verdicts.iter().filter_map(example).cloned());
    let around: Vec<Value> =
        documents.iter().flat_map(|inner| [json!({ "a": inner }), json!([inner, inner])]).collect();
    documents.extend(around);
    for (verdict, before, after) in [(&verdicts[0], &before, &after), (&verdicts[1], &after, &before)] {
        let is_lost = |document: &Value| {
            let valid = |schema: &Validator<Parsed>| schema.is_valid(document, &bounds());
            valid(before) == Ok(true) && valid(after) == Ok(false)
        };
        match verdict {
            Verdict::Compatible => {
                let lost = documents.iter().find(|document| is_lost(document));
                assert!(lost.is_none(), "{old} {new}: {verdict:?}, but for {lost:?}");
            }
            verdict => assert!(example(verdict).is_none_or(is_lost), "{old} {new}: {verdict:?}"),
        }
    }
});

fn bounds() -> Bounds {
    Bounds { steps: Bounds::LISTING, ..limits().bounds }
}

fn example(verdict: &Verdict) -> Option<&Value> {
    match verdict {
        Verdict::Incompatible { example, .. } => example.as_ref(),
        _ => None,
    }
}

/// The values that a schema speaks of.
fn values(schema: &Value, found: &mut Vec<Value>) {
    match schema {
        Value::Object(members) => {
            found.extend(members.get("const").cloned());
            found.extend(members.get("enum").and_then(Value::as_array).into_iter().flatten().cloned());
            members.values().for_each(|value| values(value, found));
        }
        Value::Array(all) => all.iter().for_each(|value| values(value, found)),
        _ => {}
    }
}

const DRAFTS: [&str; 5] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-04/schema#",
];
const NAMES: [&str; 4] = ["a", "b", "ab", "ü"];
/// Few values, so that documents meet schemas.
const SCALARS: [&str; 16] = [
    "null",
    "true",
    "0",
    "1",
    "-1",
    "2",
    "1.0",
    "1.5",
    "10",
    "1e2",
    "\"\"",
    "\"a\"",
    "\"ab\"",
    "\"ü1\"",
    "\"2020-01-01\"",
    "18446744073709551616",
];
const SMALL: [&str; 18] = [
    "null",
    "false",
    "0",
    "1",
    "1.0",
    "0.5",
    "-2",
    "\"\"",
    "\"a\"",
    "\"abc\"",
    "[]",
    "[1]",
    "[\"a\", \"a\"]",
    "{}",
    "{\"a\": 1}",
    "{\"b\": null}",
    "{\"a\": \"\", \"b\": []}",
    "{\"ab\": {\"a\": 0}}",
];
const TYPES: [&str; 7] = ["object", "array", "string", "number", "integer", "boolean", "null"];
const FORMATS: [&str; 4] = ["date", "uuid", "ipv4", "hostname"];
const PATTERNS: [&str; 6] = ["^a", "b$", "^[a-z]*$", "1", "^a|b$", "^\\p{L}+$"];
const REFERENCES: [&str; 5] = ["#/definitions/a", "#/definitions/b", "#", "", "#/properties/a"];
const KEYWORDS: [&str; 50] = [
    "type",
    "type",
    "properties",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "items",
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "minContains",
    "maxContains",
    "minItems",
    "maxItems",
    "uniqueItems",
    "unevaluatedItems",
    "allOf",
    "anyOf",
    "anyOf",
    "oneOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "contentMediaType",
    "$ref",
    "$ref",
    "$dynamicRef",
    "$recursiveRef",
];

fn value(choices: &mut Choices, texts: &[&str]) -> Value {
    parse(choices.among::<&str>(texts)).unwrap_or_default()
}

fn name(choices: &mut Choices) -> String {
    (*choices.among(&NAMES)).to_owned()
}

fn document(choices: &mut Choices, depth: usize) -> Value {
    match choices.below(if depth == 0 { 1 } else { 3 }) {
        0 => value(choices, &SCALARS),
        1 => choices.some(|choices| document(choices, depth - 1)).into(),
        _ => choices.some(|choices| (name(choices), document(choices, depth - 1))).into_iter().collect(),
    }
}

fn root(draft: &str, choices: &mut Choices) -> Value {
    let mut root = match schema(choices, 4) {
        Value::Object(members) => members,
        all => [("allOf".to_owned(), json!([all]))].into_iter().collect(),
    };
    root.insert("$schema".into(), draft.into());
    root.insert("definitions".into(), json!({ "a": schema(choices, 3), "b": schema(choices, 2) }));
    match choices.below(8) {
        1 => drop(root.insert("$recursiveAnchor".into(), json!(true))),
        2 => drop(root.insert("$dynamicAnchor".into(), json!("a"))),
        _ => {}
    }
    root.into()
}

fn schema(choices: &mut Choices, depth: usize) -> Value {
    match choices.below(if depth == 0 { 3 } else { 8 }) {
        0 => json!({}),
        1 => choices.flip().into(),
        count => (0..count.min(3)).map(|_| keyword(choices, depth)).collect::<Map<_, _>>().into(),
    }
}

fn keyword(choices: &mut Choices, depth: usize) -> (String, Value) {
    let keyword = *choices.among(&KEYWORDS);
    let below = depth.saturating_sub(1);
    let schemas = |choices: &mut Choices| (0..1 + choices.below(3)).map(|_| schema(choices, below)).collect::<Value>();
    let value = match keyword {
        "type" if choices.flip() => [*choices.among(&TYPES[..4]), *choices.among(&TYPES[4..])].into_iter().collect(),
        "type" => (*choices.among(&TYPES)).into(),
        "properties" | "dependentSchemas" => {
            choices.some(|choices| (name(choices), schema(choices, below))).into_iter().collect()
        }
        "patternProperties" => {
            choices.some(|c| ((*c.among(&PATTERNS)).to_owned(), schema(c, below))).into_iter().collect()
        }
        "dependencies" if choices.flip() => json!({ name(choices): schema(choices, below) }),
        "dependencies" | "dependentRequired" => json!({ name(choices): [name(choices)] }),
        "required" => json!([name(choices)]),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => schemas(choices),
        "items" if choices.below(4) == 1 => schemas(choices),
        "enum" => (0..1 + choices.below(3)).map(|_| document(choices, 2)).collect(),
        "const" => document(choices, 2),
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => value(choices, &SCALARS[2..10]),
        "multipleOf" => value(choices, &["1", "2", "0.5", "1.5", "1e2"]),
        "uniqueItems" => choices.flip().into(),
        "pattern" => (*choices.among(&PATTERNS)).into(),
        "format" => (*choices.among(&FORMATS)).into(),
        "contentMediaType" => "application/json".into(),
        "$ref" => (*choices.among(&REFERENCES)).into(),
        "$dynamicRef" => "#a".into(),
        "$recursiveRef" => "#".into(),
        keyword if keyword.starts_with("min") || keyword.starts_with("max") => choices.below(4).into(),
        _ => schema(choices, below),
    };
    (keyword.to_owned(), value)
}

/// The same, with one thing changed somewhere.
fn changed(mut old: Value, choices: &mut Choices) -> Value {
    let mut place = String::new();
    for _ in 0..choices.below(8) {
        let step = match old.pointer(&place) {
            Some(Value::Object(all)) if !all.is_empty() => all.keys().nth(choices.below(all.len())).cloned(),
            Some(Value::Array(all)) if !all.is_empty() => Some(choices.below(all.len()).to_string()),
            _ => None,
        };
        let Some(step) = step else { break };
        place = format!("{place}/{step}");
    }
    if let Some(place) = old.pointer_mut(&place) {
        change(place, choices);
    }
    old
}

fn change(place: &mut Value, choices: &mut Choices) {
    let was = place.take();
    *place = match (choices.below(8), was) {
        (0, _) => schema(choices, 2),
        (1, Value::Object(mut members)) => {
            let at = members.keys().nth(choices.below(members.len().max(1))).cloned();
            at.map(|name| members.remove(&name));
            members.into()
        }
        (2, was @ Value::Object(_)) => json!({ "anyOf": [was, schema(choices, 2)] }),
        (3, was @ Value::Object(_)) => json!({ "allOf": [was, schema(choices, 2)] }),
        (4, was @ Value::Object(_)) => json!({ "oneOf": [was, schema(choices, 1)] }),
        (5, was @ Value::Object(_)) => json!({ "not": { "not": was } }),
        (_, Value::Object(mut members)) => {
            members.extend([keyword(choices, 2)]);
            members.into()
        }
        (0..4, Value::Array(mut all)) => {
            all.pop();
            all.into()
        }
        (_, Value::Array(mut all)) => {
            all.push(if all.iter().all(Value::is_object) { schema(choices, 2) } else { document(choices, 1) });
            all.into()
        }
        (_, Value::Bool(was)) => (!was).into(),
        (_, Value::String(_)) => (*choices.among(&[TYPES, ["^a", "b$", "a", "b", "ab", "date", "#"]].concat())).into(),
        _ => value(choices, &SCALARS),
    };
}
