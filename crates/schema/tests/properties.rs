//! What holds of any document: it is held either way, its violations are none if it is valid, and bounds change no answer.

mod support;

use jsonschema::PatternOptions;
use proptest::prelude::*;
use support::{FREE, LISTING, Value, encode, json, json_of, parsed, stored};
use veritable_schema::Shown;

/// Numbers of one value in many texts, and values that are nearly the same.
fn number() -> impl Strategy<Value = Value> {
    (-3_i32..3, prop::sample::select(vec!["", ".0", ".00", ".5", ".50", "e0", "e1", "e-1", ".00e2", "e-30", "e30"]))
        .prop_map(|(whole, rest)| json_of(&format!("{whole}{rest}")))
}

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        number(),
        prop::sample::select(vec!["", "a", "b", "ab", "2026-11-20", "x@y.example", "ü🦀"]).prop_map(Value::from),
        "[^\\x00]{0,3}".prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 6, |inner| {
        let name = prop::sample::select(vec!["a", "b", "ab", "", "ü", "z"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Schemas of each keyword that reads a document, for each value within it.
fn schemas() -> Vec<Value> {
    [
        json!({ "type": ["object", "array", "string", "null"] }),
        json!({ "type": ["integer", "object", "array"] }),
        json!({ "minimum": 0.5, "exclusiveMaximum": 20, "multipleOf": 0.5 }),
        json!({ "minLength": 1, "maxLength": 3, "pattern": "^[a-z]|^$" }),
        json!({ "format": "date" }),
        json!({ "const": 1 }),
        json!({ "enum": [0, "a", null, [], {}, [1, { "a": 1 }], true] }),
        json!({ "not": { "const": [1] } }),
        json!({ "uniqueItems": true, "maxItems": 3 }),
        json!({ "contains": { "type": "number" }, "minContains": 0, "maxContains": 2 }),
        json!({ "required": ["a"], "minProperties": 1, "dependentRequired": { "b": ["a"] } }),
        json!({ "properties": { "a": { "type": "string" } }, "unevaluatedProperties": { "type": "number" } }),
        json!({ "patternProperties": { "^a": { "type": "number" } }, "propertyNames": { "maxLength": 1 } }),
        json!({ "prefixItems": [{ "type": "number" }], "unevaluatedItems": { "type": "string" } }),
        json!({ "if": { "type": "array" }, "then": { "minItems": 1 }, "else": { "minProperties": 1 } }),
        json!({ "oneOf": [{ "type": "array" }, { "required": ["a"] }, { "type": "number" }] }),
    ]
    .into_iter()
    .map(|mut schema| {
        for below in ["items", "additionalProperties"] {
            if schema.get("unevaluatedItems").is_none() && schema.get("unevaluatedProperties").is_none() {
                schema[below] = json!({ "$ref": "#" });
            }
        }
        schema
    })
    .collect()
}

/// All that `const`, and a pairwise comparison, say.
fn are_unique(items: &[Value]) -> bool {
    items.iter().enumerate().all(|(index, item)| {
        let equals = parsed(&json!({ "const": item }));
        items[..index].iter().all(|other| !equals.is_valid(other, &FREE).unwrap())
    })
}

proptest! {
    #[test]
    fn whichever_way_a_document_is_held_and_asked(document in document()) {
        let bytes = encode(&document);
        for schema in schemas() {
            let (stored, parsed) = (stored(&schema), parsed(&schema));
            let bare = jsonschema::options()
                .should_validate_formats(true)
                .with_pattern_options(PatternOptions::regex())
                .build(&schema)
                .unwrap();
            let valid = bare.is_valid(&document);
            let total = bare.iter_errors(&document).count();
            prop_assert_eq!(valid, total == 0);
            prop_assert_eq!(stored.is_valid(&bytes, &FREE), Ok(valid), "{}", schema);
            prop_assert_eq!(parsed.is_valid(&document, &LISTING), Ok(valid), "{}", schema);
            prop_assert_eq!(stored.messages(&bytes, &LISTING).unwrap().len(), total, "{}", schema);
            prop_assert_eq!(parsed.messages(&document, &LISTING).unwrap().len(), total, "{}", schema);
            for shown in [Shown::Values, Shown::Masked] {
                let of_stored = stored.violations(&bytes, &LISTING, 3, shown).unwrap();
                let listed = parsed.violations(&document, &LISTING, 3, shown).unwrap();
                // The errors of branches are listed, too.
                prop_assert!(listed.total >= total && (listed.total == 0) == valid, "{}", schema);
                prop_assert_eq!(of_stored.total, listed.total, "{}", schema);
                prop_assert_eq!(listed.first.len(), listed.total.min(3));
                prop_assert!(listed.first.iter().all(|violation| violation.message.chars().count() <= 200));
            }
        }
    }

    #[test]
    fn items_are_unique_where_no_two_are_equal(items in prop::collection::vec(document(), 0..20)) {
        let schema = json!({ "uniqueItems": true });
        let expected = Ok(are_unique(&items));
        prop_assert_eq!(parsed(&schema).is_valid(&Value::from(items.clone()), &FREE), expected);
        prop_assert_eq!(stored(&schema).is_valid(&encode(&items.into()), &FREE), expected);
    }

    #[test]
    fn a_document_equals_itself_and_what_the_crate_says(one in document(), other in document()) {
        let bare = jsonschema::options().build(&json!({ "const": one })).unwrap();
        prop_assert_eq!(stored(&json!({ "const": one })).is_valid(&encode(&one), &FREE), Ok(true));
        prop_assert_eq!(stored(&json!({ "const": one })).is_valid(&encode(&other), &FREE), Ok(bare.is_valid(&other)));
        prop_assert_eq!(parsed(&json!({ "enum": [one] })).is_valid(&other, &FREE), Ok(bare.is_valid(&other)));
    }
}
