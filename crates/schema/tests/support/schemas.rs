//! Random schemas and documents, small enough to meet.
#![allow(dead_code, reason = "each test uses a part of it")]

use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["a", "b", "ab"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(&NAMES[..], 1..=2)
}

/// Numbers that a 64-bit float is not: around 1 and beyond 2^53, very large and very small.
const EXACT: [&str; 5] = ["1.00000000000000000001", "0.99999999999999999999", "9007199254740993.5", "1e400", "1e-400"];

/// Few values, so that documents meet schemas.
fn scalar() -> impl Strategy<Value = Value> {
    let exact = prop::sample::select(&EXACT[..]).prop_map(|text| serde_json::from_str(text).unwrap());
    let usual = prop::sample::select(vec![
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
    ]);
    prop_oneof![9 => usual, 1 => exact]
}

/// Small documents.
pub fn document() -> impl Strategy<Value = Value> {
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
pub fn assertion() -> impl Strategy<Value = (&'static str, Value)> {
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
        1 => text(&["^a", "b$", "^[a-z]*$", "1", "^(a|b1)$", "^.{1,2}$"]).prop_map(|pattern| ("pattern", pattern)),
        1 => text(&["date", "uuid", "ipv4", "date-time", "uri"]).prop_map(|format| ("format", format)),
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
        1 => (prop::sample::select(vec!["^a", "b", "^[ab]+$", ""]), inner.clone()).prop_map(|(pattern, inner)| ("patternProperties", json!({ pattern: inner }))),
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

/// A schema of these keywords.
pub fn object<'a>(keywords: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    Value::Object(keywords.into_iter().map(|(keyword, value)| (keyword.to_owned(), value)).collect())
}

/// Small schemas with keywords of all drafts. Not each is one in every draft.
pub fn schema() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => any::<bool>().prop_map(Value::Bool),
        6 => prop::collection::vec(assertion(), 0..3).prop_map(object),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        (prop::collection::vec(applicator(inner), 0..3), prop::collection::vec(assertion(), 0..2))
            .prop_map(|(applicators, assertions)| object(applicators.into_iter().chain(assertions)))
    })
}
