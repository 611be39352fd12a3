//! A comparison that says "compatible" is believed: no document may be valid under the old schema alone.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "suite/files.rs"]
mod files;
mod support;

use files::{DRAFTS, files, of_draft, suite};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::LIMITS;
use veritable_schema::{
    Bounds, COMPARISON, Formats, Parsed, Patterns, Rules, Validator, Verdict, Version, covers, problems,
};

const NAMES: [&str; 3] = ["a", "b", "ab"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&NAMES[..], 1..=2)
}

/// Few values, so that documents meet schemas.
fn scalar() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(1),
        json!(-1),
        json!(2),
        json!(1.0),
        json!(1.5),
        json!(10),
        json!(""),
        json!("a"),
        json!("ab"),
        json!("b1"),
        json!("2020-01-01"),
        json!("2eb8aa08-aa98-11ea-b4aa-73b441d16380"),
    ])
}

fn document() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(name(), inner, 0..3).prop_map(|members| json!(members)),
        ]
    })
}

fn type_name() -> impl Strategy<Value = Value> {
    let types = ["null", "boolean", "integer", "number", "string", "array", "object"];
    prop_oneof![
        3 => prop::sample::select(types.to_vec()).prop_map(Value::from),
        1 => prop::sample::subsequence(types.to_vec(), 1..4).prop_map(|types| json!(types)),
    ]
}

/// An assertion without schemas in it.
fn assertion() -> impl Strategy<Value = (&'static str, Value)> {
    let number = || prop::sample::select(vec![json!(-1), json!(0), json!(1), json!(1.5), json!(2)]);
    let count = || (0..3_u8).prop_map(Value::from);
    let text = |texts: &[&'static str]| prop::sample::select(texts.to_vec()).prop_map(Value::from);
    prop_oneof![
        4 => type_name().prop_map(|types| ("type", types)),
        2 => prop::collection::vec(document(), 1..4).prop_map(|values| ("enum", json!(values))),
        1 => document().prop_map(|value| ("const", value)),
        2 => (prop::sample::select(vec!["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]), number()),
        1 => text(&["1", "0.5", "2"]).prop_map(|text| ("multipleOf", serde_json::from_str(text.as_str().unwrap()).unwrap())),
        2 => (prop::sample::select(vec!["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains"]), count()),
        1 => text(&["^a", "b$", "^[a-z]*$", "1"]).prop_map(|pattern| ("pattern", pattern)),
        1 => text(&["date", "uuid", "ipv4"]).prop_map(|format| ("format", format)),
        2 => names().prop_map(|names| ("required", json!(names))),
        1 => any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        1 => (name(), names()).prop_map(|(name, names)| ("dependencies", json!({ name: names }))),
        1 => (name(), names()).prop_map(|(name, names)| ("dependentRequired", json!({ name: names }))),
        1 => Just(("contentMediaType", json!("application/json"))),
        1 => Just(("$ref", json!("#/definitions/d"))),
    ]
}

/// A keyword with schemas in it, of all drafts from 6 on.
fn applicator(inner: impl Strategy<Value = Value> + Clone + 'static) -> impl Strategy<Value = (&'static str, Value)> {
    let members = || prop::collection::btree_map(name(), inner.clone(), 1..3).prop_map(|members| json!(members));
    let some = || prop::collection::vec(inner.clone(), 1..3).prop_map(Value::Array);
    prop_oneof![
        4 => members().prop_map(|members| ("properties", members)),
        1 => (prop::sample::select(vec!["^a", "b"]), inner.clone()).prop_map(|(pattern, inner)| ("patternProperties", json!({ pattern: inner }))),
        2 => prop_oneof![Just(json!(false)), inner.clone()].prop_map(|inner| ("additionalProperties", inner)),
        1 => inner.clone().prop_map(|inner| ("propertyNames", inner)),
        2 => inner.clone().prop_map(|inner| ("items", inner)),
        1 => inner.clone().prop_map(|inner| ("contains", inner)),
        1 => some().prop_map(|all| ("allOf", all)),
        2 => some().prop_map(|any| ("anyOf", any)),
        2 => some().prop_map(|one| ("oneOf", one)),
        1 => inner.clone().prop_map(|inner| ("not", inner)),
        1 => some().prop_map(|first| ("prefixItems", first)),
        1 => some().prop_map(|first| ("items", first)),
        1 => inner.clone().prop_map(|inner| ("additionalItems", inner)),
        1 => prop_oneof![Just(json!(false)), inner.clone()].prop_map(|inner| ("unevaluatedProperties", inner)),
        1 => prop_oneof![Just(json!(false)), inner.clone()].prop_map(|inner| ("unevaluatedItems", inner)),
        1 => members().prop_map(|members| ("dependentSchemas", members)),
        1 => (prop::sample::select(vec!["if", "then", "else"]), inner.clone()),
        1 => (name(), inner).prop_map(|(name, inner)| ("dependencies", json!({ name: inner }))),
    ]
}

fn object<'a>(keywords: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(keywords.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)).collect())
}

fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::Bool),
        6 => prop::collection::vec(assertion(), 0..3).prop_map(object),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (prop::collection::vec(applicator(inner), 0..3), prop::collection::vec(assertion(), 0..2))
            .prop_map(|(applicators, assertions)| object(applicators.into_iter().chain(assertions)))
    })
}

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

fn verdict(old: &Value, new: &Value) -> Verdict {
    covers(
        &Version { schema: new, resources: &[] },
        &Version { schema: old, resources: &[] },
        Formats::Asserted,
        &LIMITS,
        COMPARISON,
    )
}

fn parsed(schema: &Value) -> Validator<Parsed> {
    let rules = Rules { patterns: Patterns::Linear, formats: Formats::Asserted, resources: &[], base: None };
    Validator::build(schema, &rules, &LIMITS).unwrap()
}

fn valid(schema: &Validator<Parsed>, document: &Value) -> bool {
    schema.is_valid(document, &Bounds { floor: 0, steps: u64::MAX, interrupted: || false }).unwrap()
}

#[test]
fn what_is_compatible_in_the_suite_loses_no_document_of_it() {
    let Some(suite) = suite() else { return };
    let (mut compatible, mut incompatible) = (0, 0);
    for (folder, draft) in DRAFTS {
        for (file, cases) in files(&suite.join("tests").join(folder)) {
            let cases = cases.as_array().expect("cases");
            let documents: Vec<_> = cases.iter().flat_map(|case| case["tests"].as_array().expect("tests")).collect();
            let schemas = cases.iter().map(|case| of_draft(case["schema"].clone(), draft));
            let schemas: Vec<_> = schemas
                .filter(|schema| problems(schema, false, Formats::Asserted, 64, &LIMITS).unwrap().is_empty())
                .collect();
            for (old, new) in
                schemas.windows(3).flat_map(|some| [(0, 1), (1, 0), (0, 2), (2, 0)].map(|(i, j)| (&some[i], &some[j])))
            {
                match verdict(old, new) {
                    Verdict::Compatible => {
                        compatible += 1;
                        let (before, after) = (parsed(old), parsed(new));
                        for document in documents.iter().map(|test| &test["data"]) {
                            assert!(
                                !valid(&before, document) || valid(&after, document),
                                "{file}: {old} {new} {document}"
                            );
                        }
                    }
                    Verdict::Incompatible { example: Some(example), .. } => {
                        incompatible += 1;
                        assert!(valid(&parsed(old), &example) && !valid(&parsed(new), &example), "{file}: {old} {new}");
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(compatible > 100 && incompatible > 1000, "{compatible} {incompatible}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_compatible_loses_no_document(
        (old, new) in versions(),
        documents in prop::collection::vec(document(), 100),
    ) {
        // A change may be none that a schema can have.
        if [&old, &new].iter().any(|schema| !problems(schema, false, Formats::Asserted, 64, &LIMITS).unwrap().is_empty()) {
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
