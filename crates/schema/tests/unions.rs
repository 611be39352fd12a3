//! The errors of the branch that a document was meant for.

mod support;

use proptest::prelude::*;
use support::{FREE, Value, encode, json, parsed, stored};
use veritable_schema::Shown;

/// The places of the errors in the document and in the schema.
fn places(schema: &Value, document: &Value) -> Vec<(String, String)> {
    let violations = parsed(schema).violations(document, &FREE, usize::MAX, Shown::Values).unwrap();
    assert_eq!(violations.total, violations.first.len());
    violations.first.into_iter().map(|v| (v.instance_location, v.keyword_location)).collect()
}

fn are(schema: &Value, document: &Value, expected: &[(&str, &str)]) {
    let found = places(schema, document);
    let found: Vec<_> = found.iter().map(|(instance, keyword)| (&**instance, &**keyword)).collect();
    assert_eq!(found, expected, "{schema} {document}");
}

fn shapes() -> Value {
    json!({ "oneOf": [
        { "properties": { "kind": { "const": "circle" }, "radius": { "type": "number" } }, "required": ["kind", "radius"] },
        { "properties": { "kind": { "enum": ["square", "box"] }, "side": { "type": "number" } }, "required": ["side"] },
    ] })
}

#[test]
fn the_branch_that_the_document_names_is_meant() {
    are(&shapes(), &json!({ "kind": "circle" }), &[("", "/oneOf"), ("", "/oneOf/0/required")]);
    let document = json!({ "kind": "box", "side": "a", "radius": "b" });
    are(&shapes(), &document, &[("", "/oneOf"), ("/side", "/oneOf/1/properties/side/type")]);
}

#[test]
fn without_a_name_the_nearest_branch_is_meant() {
    let deep = json!({ "properties": { "a": { "properties": { "b": { "type": "integer" } } } } });
    let document = json!({ "a": { "b": "c" } });
    let place = ("/a/b", "/anyOf/1/properties/a/properties/b/type");
    are(&json!({ "anyOf": [{ "type": "string" }, deep] }), &document, &[("", "/anyOf"), place]);
    are(&json!({ "anyOf": [{ "required": ["z"] }, deep] }), &document, &[("", "/anyOf"), place]);
    are(&json!({ "anyOf": [{ "required": ["x", "y"] }, deep] }), &document, &[("", "/anyOf"), place]);
}

#[test]
fn of_two_branches_as_near_neither_is_meant() {
    are(&json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }), &json!(1), &[("", "/anyOf")]);
    are(&json!({ "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] }), &json!({}), &[("", "/oneOf")]);
    are(&json!({ "oneOf": [true, true] }), &json!({}), &[("", "/oneOf")]);
}

#[test]
fn unions_in_unions_are_explained_to_any_depth() {
    let schema = json!({ "$ref": "#/$defs/t", "$defs": { "t": { "oneOf": [
        { "type": "integer" },
        { "type": "object", "properties": { "a": { "$ref": "#/$defs/t" } }, "required": ["a"] },
    ] } } });
    let document = (0..100).fold(json!("x"), |inner, _| json!({ "a": inner }));
    // One for each level; of the innermost, both branches are as near.
    assert_eq!(places(&schema, &document).len(), 101);
}

#[test]
fn masked_errors_of_branches_show_no_value() {
    let document = json!({ "kind": "circle", "radius": "SECRET", "SECRET": 1 });
    let violations = stored(&shapes()).violations(&encode(&document), &FREE, 9, Shown::Masked).unwrap();
    assert!(violations.total > 1 && !format!("{violations:?}").contains("SECRET"));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("a")), Just(json!("b"))];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[ab]", inner, 0..3).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn schemas() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!({ "type": "string" })),
        Just(json!({ "const": 1 })),
        Just(json!({ "properties": { "a": { "enum": ["a", null] } }, "required": ["b"] })),
        Just(json!({ "required": ["a"], "type": "object" })),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        let branches = prop::collection::vec(inner.clone(), 1..4);
        prop_oneof![
            branches.clone().prop_map(|all| json!({ "anyOf": all })),
            branches.prop_map(|all| json!({ "oneOf": all })),
            inner.prop_map(|one| json!({ "properties": { "a": one }, "items": one })),
        ]
    })
}

proptest! {
    /// Each error is at a place of the document, and there is one exactly if the document is not valid.
    #[test]
    fn explanations_fit_the_document(schema in schemas(), document in values()) {
        let found = places(&schema, &document);
        prop_assert_eq!(found.is_empty(), parsed(&schema).is_valid(&document, &FREE).unwrap());
        for (instance, keyword) in found {
            prop_assert!(document.pointer(&instance).is_some(), "{}", instance);
            prop_assert!(schema.pointer(&keyword).is_some(), "{}", keyword);
        }
    }
}
