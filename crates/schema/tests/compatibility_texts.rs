//! Changes of texts and names: patterns, lengths, formats and look-around. None is left undecided.

#[path = "support/changes.rs"]
mod changes;
mod support;

use changes::{check, decided};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use support::{admitted, parsed, valid, verdict};
use veritable_schema::Verdict;

fn text() -> Value {
    json!({"type": "string"})
}

fn pattern(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn format(format: &str) -> Value {
    json!({"type": "string", "format": format})
}

#[test]
fn a_format_that_is_added_is_decided() {
    let formats = [
        "date",
        "date-time",
        "duration",
        "email",
        "hostname",
        "ipv4",
        "ipv6",
        "iri",
        "iri-reference",
        "json-pointer",
        "regex",
        "relative-json-pointer",
        "time",
        "uri",
        "uri-reference",
        "uri-template",
        "uuid",
    ];
    let within = |schema: Value| json!({"type": "object", "properties": {"a": schema}, "additionalProperties": false});
    for name in formats {
        let (text, of_format) = (text(), format(name));
        check(&[
            (name, text.clone(), of_format.clone(), false, true),
            (name, within(text), within(of_format), false, true),
        ]);
    }
}

#[test]
fn patterns_are_compared_with_lengths_and_lists() {
    let long = |pattern: &str, most: u64| json!({"type": "string", "pattern": pattern, "maxLength": most});
    check(&[
        ("four digits", pattern("^[0-9]{4}$"), json!({"type": "string", "minLength": 4, "maxLength": 4}), true, false),
        ("a list", pattern("^(EUR|USD)$"), json!({"enum": ["EUR", "USD"]}), true, true),
        ("a shorter list", pattern("^(EUR|USD)$"), json!({"enum": ["EUR"]}), false, true),
        ("a list of special characters", pattern("^(a-b|\\(c\\))$"), json!({"enum": ["a-b", "(c)", "d"]}), true, false),
        ("a repetition", pattern("^[a-z]{1,10}$"), long("^[a-z]+$", 10), true, true),
        ("a shorter length", pattern("^[a-z]{1,10}$"), long("^[a-z]+$", 9), false, true),
        ("two patterns", json!({"allOf": [pattern("^a"), pattern("b$")]}), pattern("^a[\\s\\S]*b$"), true, true),
        ("something", json!({"type": "string", "minLength": 1}), pattern("[\\s\\S]"), true, true),
        ("a line", json!({"type": "string", "minLength": 1}), pattern("^.+$"), false, true),
        ("no space", json!({"type": "string", "minLength": 1}), pattern("\\S"), false, true),
        ("visible characters", text(), pattern("^[ -~]*$"), false, true),
        ("narrow characters", text(), pattern("^[\\u0001-\\u00ff]*$"), false, true),
    ]);
}

#[test]
fn formats_are_compared_with_patterns_and_formats() {
    let zod_uuid = "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}\
                    |00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$";
    for (what, name, of_pattern) in [
        ("times of Greenwich", "date-time", "Z$"),
        ("a version of uuid", "uuid", zod_uuid),
        ("small uuids", "uuid", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"),
        ("a domain of two letters", "email", "^[a-z]+@([a-z]+\\.)+[A-Za-z]{2,}$"),
    ] {
        assert!(!decided(&format(name), &pattern(of_pattern), what), "{what}");
    }
    assert!(!decided(&format("iri"), &format("uri"), "umlauts"));
    let octet = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
    let exact = pattern(&format!("^({octet}\\.){{3}}{octet}$"));
    check(&[
        ("a date", format("date"), pattern("^\\d{4}-\\d{2}-\\d{2}$"), true, false),
        ("a length of dates", format("date"), json!({"type": "string", "maxLength": 10}), true, false),
        ("a time", format("time"), pattern("^\\d{2}:\\d{2}:\\d{2}"), true, false),
        ("a date and a time", format("date-time"), pattern("^\\d{4}-\\d{2}-\\d{2}[Tt]\\d{2}:"), true, false),
        ("an address", format("ipv4"), pattern("^\\d{1,3}(\\.\\d{1,3}){3}$"), true, false),
        ("all addresses", format("ipv4"), exact, true, true),
        ("a uuid", format("uuid"), pattern("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"), true, true),
        ("a uuid that is one", pattern(zod_uuid), format("uuid"), true, false),
        ("a reference", format("uri"), format("uri-reference"), true, false),
        ("an international reference", format("iri"), format("iri-reference"), true, false),
    ]);
}

#[test]
fn dates_that_have_no_digits_are_none() {
    // The library takes the characters before 0 for digits.
    for (name, text) in [
        ("date", "////-01-01"),
        ("date", "2026-0*-01"),
        ("time", "00:00:0/Z"),
        ("time", "00:00:00+0/:00"),
        ("date-time", "2026-01-01T0*:00:00Z"),
        ("date-time", "2026-01-0/T00:00:00Z"),
    ] {
        for draft in ["http://json-schema.org/draft-04/schema#", "https://json-schema.org/draft/2020-12/schema"] {
            let in_format = json!({"$schema": draft, "format": name});
            assert!(!decided(&json!({"$schema": draft, "const": text, "enum": [text]}), &in_format, text), "{text}");
        }
    }
}

#[test]
fn look_around_is_compared() {
    let decimal = "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$";
    let digits = "^(?!^[-+.]*$)[+-]?0*(?:\\d{0,8}|(?=[\\d.]{1,13}0*$)\\d{0,8}\\.\\d{0,4}0*$)";
    let price = |schema: Value| json!({"properties": {"price": schema}, "required": ["price"]});
    check(&[
        ("a name less", pattern("^[a-z]+$"), pattern("^(?!admin)[a-z]+$"), false, true),
        (
            "a decimal as a number",
            price(json!({"anyOf": [{"type": "number"}, pattern(decimal)]})),
            price(json!({"type": "number"})),
            false,
            true,
        ),
    ]);
    // That of digits has no end.
    assert!(!decided(&pattern(digits), &pattern(decimal), "more than digits"));
    let verdict = verdict(&pattern(decimal), &pattern(digits));
    let Verdict::Undecided { reason, place } = verdict else { panic!("{verdict:?}") };
    assert!(reason.ends_with("what a pattern looks for around itself is not compared"), "{reason}");
    assert_eq!(place.as_deref(), Some("/pattern"));
}

#[test]
fn patterns_of_names_are_compared() {
    let closed = |pattern: &str| json!({"type": "object", "patternProperties": {pattern: text()}, "additionalProperties": false});
    let open = |pattern: &str| json!({"type": "object", "patternProperties": {pattern: text()}});
    let (language, region) = ("^[a-z]{2}$", "^[a-z]{2}(-[A-Z]{2})?$");
    let number = json!({"type": "number"});
    check(&[
        ("more names, closed", closed(language), closed(region), true, false),
        ("a prefix, closed", closed("^x-"), closed("^[xX]-"), true, false),
        ("more characters, closed", closed("^[a-zA-Z0-9_]+$"), closed("^[a-zA-Z0-9_.-]+$"), true, false),
        ("fewer names, open", open(region), open(language), true, false),
        (
            "names by a schema, and by a pattern",
            json!({"type": "object", "propertyNames": {"pattern": language}, "additionalProperties": number}),
            json!({"type": "object", "patternProperties": {language: number}, "additionalProperties": false}),
            true,
            true,
        ),
    ]);
    for pattern in ["^(.*)$", "^.*$", ".*"] {
        let (old, new) = (json!({"patternProperties": {pattern: number}}), json!({"additionalProperties": number}));
        // A name with a line end matches no dot, unless the pattern finds it beside.
        assert_eq!(decided(&old, &new, pattern), pattern == ".*", "{pattern}");
        assert!(decided(&new, &old, pattern), "{pattern}");
    }
    for format in ["uuid", "date"] {
        let map = |schema: Value| json!({"type": "object", "propertyNames": {"format": format}, "additionalProperties": schema});
        check(&[("values that widen", map(json!({"type": "integer"})), map(number.clone()), true, false)]);
    }
}

/// Patterns that include, meet and exclude one another.
const PATTERNS: [&str; 14] = [
    "^a",
    "b$",
    "^[ab]*$",
    "^.$",
    "^.+$",
    "^(a|b1)$",
    "a|1",
    "^[\\s\\S]{1,2}$",
    "^(?:ab?|ä)+$",
    "",
    "^[^a]*$",
    "\\d",
    "^$",
    "(?i)^A",
];

/// All texts of up to so many of these characters.
fn texts(longest: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..longest {
        let end = all.len();
        for place in from..end {
            all.extend(["a", "b", "1", "\n", "ä"].map(|character| all[place].clone() + character));
        }
        from = end;
    }
    all
}

fn among_texts() -> impl Strategy<Value = Value> {
    let pattern = || prop::sample::select(&PATTERNS[..]).prop_map(|pattern| json!({ "pattern": pattern }));
    let part = prop_oneof![
        4 => pattern(),
        1 => (0..4_u8).prop_map(|count| json!({ "minLength": count })),
        1 => (0..4_u8).prop_map(|count| json!({ "maxLength": count })),
        1 => prop::sample::subsequence(vec!["", "a", "b1", "b", "ä", "1"], 1..5).prop_map(|all| json!({ "enum": all })),
    ];
    prop::collection::vec(part, 1..4).prop_map(|all| json!({"type": "string", "allOf": all}))
}

fn among_objects() -> impl Strategy<Value = Value> {
    let pattern = || prop::sample::select(&PATTERNS[..]);
    let value = || {
        let values =
            [json!(true), json!(false), json!({"type": "number"}), json!({"type": "integer"}), json!({"const": 1})];
        prop::sample::select(values.to_vec())
    };
    let names = prop::option::weighted(0.3, among_texts());
    (prop::collection::btree_map(pattern(), value(), 0..3), prop::option::of(value()), names).prop_map(
        |(patterns, rest, names)| {
            let mut schema = json!({"type": "object", "patternProperties": patterns});
            for (keyword, value) in [("additionalProperties", rest), ("propertyNames", names)] {
                if let Some(value) = value {
                    schema[keyword] = value;
                }
            }
            schema
        },
    )
}

/// Whether no document is lost where the change is compatible; and how many of the changes are.
fn attacked(pairs: impl Strategy<Value = (Value, Value)>, documents: &[Value]) -> usize {
    let mut runner = TestRunner::deterministic();
    let mut compatible = 0;
    for _ in 0..400 {
        let (old, new) = pairs.new_tree(&mut runner).unwrap().current();
        if !admitted(&old) || !admitted(&new) {
            continue;
        }
        if verdict(&old, &new) == Verdict::Compatible {
            compatible += 1;
            let (before, after) = (parsed(&old), parsed(&new));
            let lost = documents.iter().find(|document| valid(&before, document) && !valid(&after, document));
            assert_eq!(lost, None, "{old} {new}");
        }
    }
    compatible
}

#[test]
fn what_is_compatible_of_patterns_and_lengths_loses_no_text() {
    let documents: Vec<Value> = texts(3).into_iter().map(Value::String).collect();
    let compatible = attacked((among_texts(), among_texts()), &documents);
    assert!(compatible > 60, "{compatible}");
}

#[test]
fn what_is_compatible_of_patterns_of_names_loses_no_object() {
    let values = [json!(1), json!(2), json!(1.5), json!("a")];
    let texts = texts(2);
    let documents: Vec<Value> =
        texts.iter().flat_map(|name| values.iter().map(move |value| json!({ name: value }))).collect();
    let compatible = attacked((among_objects(), among_objects()), &documents);
    assert!(compatible > 60, "{compatible}");
}
