//! What is said about a document that is not valid, and what is not.

mod support;

use support::{FREE, Value, encode, json, json_of, parsed, stored};
use veritable_schema::{Shown, Violation, Violations};

const DRAFT_7: &str = "http://json-schema.org/draft-07/schema#";

fn listed(schema: &Value, document: &Value, shown: Shown) -> Vec<Violation> {
    // Members come in another order.
    let sorted = |mut violations: Violations| {
        assert_eq!(violations.total, violations.first.len());
        violations.first.sort_by_cached_key(|violation| format!("{violation:?}"));
        violations.first
    };
    let stored = sorted(stored(schema).violations(&encode(document), &FREE, 100, shown).unwrap());
    let parsed = sorted(parsed(schema).violations(document, &FREE, 100, shown).unwrap());
    assert_eq!(stored, parsed, "{schema} {document}");
    stored
}

fn only(schema: &Value, document: &Value, shown: Shown) -> Violation {
    let [violation] = <[_; 1]>::try_from(listed(schema, document, shown)).unwrap();
    violation
}

fn message(schema: Value, document: Value) -> String {
    only(&schema, &document, Shown::Values).message
}

#[test]
fn the_first_violations_are_listed_and_all_are_counted() {
    let schema = json!({ "items": { "type": "integer" } });
    let document = encode(&(0..100).map(|number| json!(number.to_string())).collect());
    for limit in [0, 1, 7, 1_000] {
        let violations = stored(&schema).violations(&document, &FREE, limit, Shown::Values).unwrap();
        assert_eq!((violations.total, violations.first.len()), (100, limit.min(100)));
    }
    let first = &stored(&schema).violations(&document, &FREE, 3, Shown::Values).unwrap().first[2];
    assert_eq!(
        *first,
        Violation {
            instance_location: "/2".into(),
            keyword_location: "/items/type".into(),
            keyword: "type".into(),
            message: r#""2" is not of type "integer""#.into(),
        }
    );
}

#[test]
fn locations_are_json_pointers() {
    let schema = json!({ "additionalProperties": { "items": { "type": "null" } } });
    for (name, pointer) in [("", "//0"), ("a/b", "/a~1b/0"), ("~", "/~0/0"), ("~1", "/~01/0"), ("ü 🦀", "/ü 🦀/0")]
    {
        assert_eq!(only(&schema, &json!({ name: [1] }), Shown::Values).instance_location, pointer);
    }
}

#[test]
fn messages_are_short_and_cut_between_characters() {
    let long = "🦀ü".repeat(1_000);
    for (schema, document, expected) in [
        (json!({ "type": "null" }), json!(long), format!("\"{}…\" is not of type \"null\"", &long[..38 * 6])),
        (json!({ "maxItems": 1 }), json!([1, 2, 3]), "[1,2,3] has more than 1 item".into()),
        (
            json!({ "maxItems": 1 }),
            (0..1_000).collect(),
            "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,\"…\"] has more than 1 item".into(),
        ),
        (
            json!({ "type": "null" }),
            json_of(&format!("1{}", "0".repeat(100_000))),
            format!("\"1{}…\" is not of type \"null\"", "0".repeat(19)),
        ),
        (json!({ "type": "null" }), json_of("1.10"), "1.10 is not of type \"null\"".into()),
        (json!({ "const": long }), json!(1), format!("\"{}…", &long[..198 / 2 * 6])),
    ] {
        assert_eq!(message(schema, document), expected);
    }
}

#[test]
fn additional_items_are_counted_from_the_schema() {
    let schema = json!({ "$schema": DRAFT_7, "items": [true, true], "additionalItems": false });
    let expected = "Additional items are not allowed (2 at most)";
    assert_eq!(message(schema.clone(), (0..1_000).collect()), expected);
    assert_eq!(only(&schema, &(0..1_000).collect(), Shown::Masked).message, expected);
}

#[test]
fn masked_nothing_of_the_document_is_shown() {
    let document = json!({
        "known": { "SECRET name": "SECRET value", "4111111111111111": ["SECRET item", 8675309] },
        "required": "SECRET",
        "~SECRET/": { "8675309": [[8675309]] },
    });
    let inside = json!({ "type": "null" });
    for schema in [
        json!({ "type": "null" }),
        json!({ "additionalProperties": false }),
        json!({ "unevaluatedProperties": false }),
        json!({ "additionalProperties": inside }),
        json!({ "patternProperties": { "": inside } }),
        json!({ "propertyNames": { "maxLength": 2 } }),
        json!({ "propertyNames": { "enum": ["known"] } }),
        json!({ "propertyNames": { "const": "known" } }),
        json!({ "propertyNames": { "anyOf": [{ "pattern": "^k" }, { "format": "uuid" }] } }),
        json!({ "propertyNames": { "not": { "minLength": 1 } } }),
        json!({ "propertyNames": false }),
        json!({ "maxProperties": 1 }),
        json!({ "minProperties": 10 }),
        json!({ "const": 1 }),
        json!({ "enum": [1, {}] }),
        json!({ "not": {} }),
        json!({ "oneOf": [true, {}] }),
        json!({ "anyOf": [false, inside] }),
        json!({ "properties": { "known": false, "required": { "pattern": "x", "format": "date", "maxLength": 1 } } }),
        json!({ "properties": { "known": { "additionalProperties": { "items": inside } } } }),
        json!({ "properties": { "known": { "additionalProperties": { "contains": inside, "maxItems": 1 } } } }),
        json!({ "properties": { "known": { "additionalProperties": { "unevaluatedItems": false } } } }),
        json!({ "properties": { "known": { "additionalProperties": { "items": {
            "multipleOf": 2, "maximum": 1, "exclusiveMaximum": 2, "minimum": 1e9, "exclusiveMinimum": 1e9, "minLength": 99,
        } } } } }),
        json!({ "additionalProperties": { "additionalProperties": { "items": { "items": { "multipleOf": 2 } } } } }),
        json!({ "dependentRequired": { "known": ["other"] }, "dependentSchemas": { "known": false } }),
        json!({ "$schema": DRAFT_7, "properties": { "required": {
            "contentEncoding": "base64", "contentMediaType": "application/json",
        } } }),
    ] {
        let violations = listed(&schema, &document, Shown::Masked);
        assert!(!violations.is_empty(), "{schema}");
        for violation in violations {
            let text = format!("{violation:?}");
            for secret in ["SECRET", "8675309", "4111"] {
                assert!(!text.contains(secret), "{schema} {text}");
            }
        }
    }
}

#[test]
fn masked_the_names_that_the_schema_says_are_shown() {
    let schema = json!({
        "properties": { "items": { "items": { "required": ["sku"], "additionalProperties": { "type": "null" } } } },
        "required": ["id"],
        "additionalProperties": { "type": "null" },
    });
    let document = json!({ "items": [{ "sku": 1 }, { "0": 2, "id": 3 }], "x": 4, "*": 5 });
    let masked = listed(&schema, &document, Shown::Masked);
    let found: Vec<_> = masked.iter().map(|v| (&*v.instance_location, &*v.message)).collect();
    let null = r#"value is not of type "null""#;
    assert_eq!(
        found,
        [
            ("", r#""id" is a required property"#),
            ("/*", null),
            ("/*", null),
            ("/items/0/sku", null),
            ("/items/1", r#""sku" is a required property"#),
            ("/items/1/*", null),
            ("/items/1/id", null),
        ]
    );
}
