//! A comparison that says "compatible" is believed: no document may be valid under the old schema alone.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "suite/files.rs"]
mod files;
#[path = "support/schemas.rs"]
mod schemas;
mod support;

use files::{DRAFTS, files, of_draft, suite};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use schemas::{assertion, document, schema};
use serde_json::{Value, json};
use support::{admitted, json_of, parsed, valid, verdict, verdict_among, with_resources};
use veritable_schema::Verdict;

/// Pairs of schemas of each draft of the suite that are compared across its files.
const PAIRS: usize = 200;

/// A schema that is an object, and one that comes of it by a change.
fn versions() -> impl Strategy<Value = (Value, Value)> {
    (schema(), schema(), schema(), 0..4_u8, any::<prop::sample::Index>(), assertion(), 0..3_u8).prop_map(
        |(old, other, shared, change, place, (keyword, value), draft)| {
            let draft = [
                "http://json-schema.org/draft-07/schema#",
                "https://json-schema.org/draft/2019-09/schema",
                "https://json-schema.org/draft/2020-12/schema",
            ][usize::from(draft)];
            let whole = |schema: Value| json!({"$schema": draft, "allOf": [schema], "definitions": {"d": &shared}});
            let old = whole(old);
            let mut new = old.clone();
            let places = places(&old);
            let place = places[place.index(places.len())].clone();
            let place = new.pointer_mut(&place).expect("a place");
            match (change, place) {
                (0, _) => new = whole(other),
                (1, place) => *place = other,
                (2, Value::Object(members)) => drop(members.insert(keyword.to_owned(), value)),
                (_, Value::Object(members)) => {
                    let first = members.keys().next().cloned();
                    first.map(|first| members.remove(&first));
                }
                (_, place) => *place = json!({ keyword: value }),
            }
            (old, new)
        },
    )
}

/// The pointers to the schemas in `allOf` and `definitions`, and to whatever is an object in them.
fn places(schema: &Value) -> Vec<String> {
    let mut places = Vec::new();
    let mut pending = vec!["/allOf/0".to_owned(), "/definitions/d".to_owned()];
    while let Some(place) = pending.pop() {
        if let Some(Value::Object(members)) = schema.pointer(&place) {
            pending.extend(members.keys().map(|name| format!("{place}/{name}")));
        }
        places.push(place);
    }
    places
}

/// A comparison against these documents: whether the versions are compatible, if that is decided.
fn attacked<'d>(old: &Value, new: &Value, documents: impl Iterator<Item = &'d Value>) -> Option<bool> {
    let verdict = verdict(old, new);
    match &verdict {
        Verdict::Compatible => {
            let (before, after) = (parsed(old), parsed(new));
            for document in documents {
                assert!(!valid(&before, document) || valid(&after, document), "{old} {new} {document}");
            }
            Some(true)
        }
        Verdict::Incompatible { example: Some(example), .. } => {
            assert!(valid(&parsed(old), example) && !valid(&parsed(new), example), "{old} {new} {example}");
            Some(false)
        }
        _ => None,
    }
}

/// The schemas of a file of the suite that are admitted, and its documents.
fn read(cases: &Value, draft: &str) -> (Vec<Value>, Vec<Value>) {
    let cases = cases.as_array().expect("cases");
    let schemas = cases.iter().map(|case| of_draft(case["schema"].clone(), draft)).filter(admitted).collect();
    let tests = cases.iter().flat_map(|case| case["tests"].as_array().expect("tests"));
    (schemas, tests.map(|test| test["data"].clone()).collect())
}

#[test]
fn what_is_compatible_in_the_suite_loses_no_document_of_it() {
    let Some(suite) = suite() else { return };
    let mut answers = Vec::new();
    for (folder, draft) in DRAFTS {
        for cases in files(&suite.join("tests").join(folder)).values() {
            let (schemas, documents) = read(cases, draft);
            for some in schemas.windows(3) {
                let pairs = [(0, 1), (1, 0), (0, 2), (2, 0)];
                answers.extend(pairs.map(|(i, j)| attacked(&some[i], &some[j], documents.iter())));
            }
        }
    }
    let count = |answer| answers.iter().filter(|it| **it == Some(answer)).count();
    assert!(count(true) > 100 && count(false) > 1000, "{} {}", count(true), count(false));
}

/// Any two schemas of a draft: the same pairs in every run, and all documents of the draft.
#[test]
fn what_is_compatible_across_the_suite_loses_no_document_of_the_draft() {
    let Some(suite) = suite() else { return };
    let mut answers = Vec::new();
    for (folder, draft) in DRAFTS {
        let files = files(&suite.join("tests").join(folder));
        let (schemas, documents): (Vec<_>, Vec<_>) = files.values().map(|cases| read(cases, draft)).unzip();
        let (schemas, documents) = (schemas.concat(), documents.concat());
        let pair = (prop::sample::select(schemas.clone()), prop::sample::select(schemas));
        let pairs = prop::collection::vec(pair, PAIRS).new_tree(&mut TestRunner::deterministic());
        let pairs = pairs.expect("pairs").current();
        answers.extend(pairs.iter().map(|(old, new)| attacked(old, new, documents.iter())));
    }
    let count = |answer| answers.iter().filter(|it| **it == Some(answer)).count();
    assert!(count(true) > 200 && count(false) > 400, "{} {}", count(true), count(false));
}

/// Old and new schemas, what they refer to, and a document that is lost.
#[test]
fn what_a_draft_or_the_validator_reads_in_a_way_of_its_own_is_not_compatible() {
    let (draft6, draft7) = ("http://json-schema.org/draft-06/schema#", "http://json-schema.org/draft-07/schema#");
    let (draft2019, draft2020) =
        ("https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema");
    let host = |draft: &str| json!({"$schema": draft, "type": "string", "format": "hostname"});
    let dependency = |keyword: &str| json!({"$schema": draft2020, "properties": {"a": true}, keyword: {"a": {"properties": {"b": true}}}});
    let rest = |reference: &str| json!({"$ref": reference, "unevaluatedProperties": false});
    let closed = json!({"properties": {"a": true}, "additionalProperties": false});
    let definitions = json!({"x": {"properties": {"b": true}}});
    let part = |name: &str, schema: Value| (format!("veritable:///{name}/1"), schema);
    let resources = [
        part("schemas", dependency("dependentSchemas")),
        part("either", dependency("dependencies")),
        part(
            "beside",
            json!({"$schema": draft7, "$ref": "#/definitions/x", "properties": {"b": true}, "definitions": {"x": {}}}),
        ),
        part("earlier", json!({"$schema": draft6, "if": {"properties": {"b": true}}})),
        part("nothing", json!({"$schema": draft6})),
    ];
    let b = json!({"b": 1});
    for (old, new, document) in [
        (host(draft6), host(draft7), json!("ab--cd")),
        (rest("veritable:///schemas/1"), rest("veritable:///either/1"), json!({"a": 1, "b": 1})),
        (rest("veritable:///schemas/1"), closed, json!({"a": 1, "b": 1})),
        (
            json!({"$schema": draft2019, "$dynamicRef": "#/$defs/x", "unevaluatedProperties": false, "$defs": &definitions}),
            json!({"$schema": draft2019, "additionalProperties": false}),
            b.clone(),
        ),
        (rest("veritable:///beside/1"), json!({"additionalProperties": false}), b.clone()),
        (rest("veritable:///earlier/1"), rest("veritable:///nothing/1"), b.clone()),
        (
            json!({"$schema": draft2020, "$recursiveRef": "#", "properties": {"b": true}, "unevaluatedProperties": false}),
            json!({"$schema": draft2020, "additionalProperties": false}),
            b,
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": ["integer", "object"]}}}),
            json!({"type": "object", "properties": {"a": {"$ref": ""}}}),
            json!({"a": 1}),
        ),
        (json!({"type": "number", "multipleOf": 0.5}), json!({"type": "integer"}), json!(1.5)),
        (
            json!({"maximum": 9_223_372_036_854_775_807_u64}),
            json!({"exclusiveMaximum": json_of("9223372036854775806.25")}),
            json_of("9223372036854775806.5"),
        ),
    ] {
        let [before, after] = [&old, &new].map(|schema| with_resources(schema, &resources));
        assert!(valid(&before, &document) && !valid(&after, &document), "{old} {new} {document}");
        assert_ne!(verdict_among(&resources, &old, &new), Verdict::Compatible, "{old} {new}");
    }
    // A multiple of 1 is an integer to both.
    let (old, new) = (json!({"type": "number", "multipleOf": 1}), json!({"type": "integer"}));
    assert_eq!(verdict(&old, &new), Verdict::Compatible);
    let long = json_of("1.00000000000000000001");
    assert!(!valid(&parsed(&old), &long) && !valid(&parsed(&new), &long));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_compatible_loses_no_document(
        (old, new) in versions(),
        documents in prop::collection::vec(document(), 100),
    ) {
        // A change may be none that a schema can have.
        if !admitted(&old) || !admitted(&new) {
            return Ok(());
        }
        let verdict = verdict(&old, &new);
        let (old, new) = (parsed(&old), parsed(&new));
        match verdict {
            Verdict::Compatible => {
                for document in &documents {
                    prop_assert!(!valid(&old, document) || valid(&new, document), "{document}");
                }
            }
            Verdict::Incompatible { example, lost } => {
                if let Some(example) = example {
                    prop_assert!(valid(&old, &example) && !valid(&new, &example), "{example}");
                }
                // What is said to be lost is: valid under the old schema, and not under the new one.
                let Some(lost) = lost.as_ref().map(parsed) else { return Ok(()) };
                for document in &documents {
                    prop_assert_eq!(valid(&lost, document), valid(&old, document) && !valid(&new, document), "{}", document);
                }
            }
            Verdict::Undecided { .. } => {}
        }
    }
}
