//! What admission lets be although it has no effect, and by which terms.

mod support;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::LIMITS;
use veritable_schema::{Findings, Formats, Terms, findings, has_effect, identity, outside, problems};

const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

fn found(schema: &Value, strict: bool, annotations: &[&str], identifiers: &[&str]) -> Findings {
    let annotations: Vec<_> = annotations.iter().map(|&keyword| keyword.to_owned()).collect();
    let identifiers: BTreeSet<_> = identifiers.iter().map(|&uri| uri.to_owned()).collect();
    let terms =
        Terms { strict, annotations: &annotations, identifiers: &identifiers, formats: Formats::Asserted, depth: 64 };
    findings(schema, &terms, &LIMITS).unwrap()
}

fn count(schema: &Value) -> usize {
    problems(schema, true, Formats::Asserted, 64, &LIMITS).unwrap().len()
}

#[test]
fn annotations_of_other_drafts_and_definitions_are_let_be() {
    for draft in DRAFTS {
        let schema = json!({
            "$schema": draft, "$comment": "", "deprecated": true, "examples": [], "readOnly": true, "writeOnly": true,
            "$defs": { "a": { "type": "string" } }, "properties": { "a": { "$ref": "#/$defs/a" } },
        });
        assert_eq!(count(&schema), 0, "{draft}");
    }
    assert_eq!(count(&json!({ "$schema": DRAFTS[0], "const": 1, "if": true, "contentMediaType": "a/b" })), 3);
    assert_eq!(
        count(&json!({ "$schema": DRAFTS[2], "$defs": { "a": { "requred": [] } }, "items": { "$ref": "#/$defs/a" } })),
        1
    );
}

#[test]
fn annotations_of_tools_are_let_be_unless_they_might_be_assertions() {
    for keyword in ["markdownDescription", "tsType", "enumNames", "defaultSnippets", "example", "x-any"] {
        assert_eq!(count(&json!({ keyword: 1 })), 0, "{keyword}");
        let beside = json!({ "$schema": DRAFTS[2], "definitions": { "a": {} }, "items": { "$ref": "#/definitions/a", keyword: 1 } });
        assert_eq!(count(&beside), 0, "{keyword}");
    }
    assert_eq!(count(&json!({ "nullable": true, "discriminator": {} })), 2);
    assert_eq!(count(&json!({ "oneOf": [{}], "discriminator": {} })), 0);
    for (format, problems) in [("int64", 0), ("double", 0), ("uint8", 0), ("byte", 1), ("int65", 1)] {
        assert_eq!(count(&json!({ "format": format })), problems, "{format}");
    }
}

#[test]
fn further_keywords_are_let_be_by_a_list() {
    let schema = json!({ "foo": 1, "items": { "bar": 1, "foo": 2 } });
    let all = found(&schema, true, &[], &[]);
    assert_eq!((all.problems.len(), all.strictly), (3, true));
    assert_eq!(all.unknown.into_iter().collect::<Vec<_>>(), ["bar", "foo"]);
    assert_eq!(found(&schema, true, &["foo"], &[]).problems.len(), 1);
    assert!(found(&schema, true, &["foo", "bar"], &[]).problems.is_empty());
    let misspelt = found(&json!({ "requred": [] }), true, &[], &[]);
    assert!(misspelt.strictly && misspelt.unknown.is_empty());
    assert!(!found(&json!({ "type": "objct" }), true, &[], &[]).strictly);
    for (keyword, effect) in
        [("required", true), ("prefixItems", true), ("$ref", true), ("deprecated", false), ("foo", false)]
    {
        assert_eq!(has_effect(keyword), effect, "{keyword}");
    }
}

#[test]
fn patterns_that_backtrack_are_refused_strictly() {
    let schema = json!({ "pattern": "^(?!a)", "patternProperties": { "(a)\\1": {} } });
    let all = found(&schema, true, &[], &[]);
    assert_eq!((all.problems.len(), all.strictly), (2, true));
    assert!(found(&schema, false, &[], &[]).problems.is_empty());
    let [problem] = <[_; 1]>::try_from(found(&json!({ "pattern": "(?=a)(" }), false, &[], &[]).problems).unwrap();
    assert!(problem.message.ends_with("is not a regular expression"), "{}", problem.message);
}

#[test]
fn references_lead_to_identifiers_outside() {
    let schema = json!({ "$id": "https://example.com/a/b", "items": { "$ref": "c#/x" }, "not": { "$ref": "#" } });
    assert_eq!(outside(&schema).into_iter().collect::<Vec<_>>(), ["https://example.com/a/c"]);
    assert_eq!(found(&schema, true, &[], &[]).problems.len(), 1);
    assert!(found(&schema, true, &[], &["https://example.com/a/c"]).problems.is_empty());
    assert!(outside(&json!({ "$ref": "veritable:///a", "items": { "$ref": DRAFTS[2] } })).is_empty());
    for (schema, expected) in [
        (json!({ "$id": "https://example.com/a#" }), Some("https://example.com/a")),
        (json!({ "$schema": DRAFTS[0], "id": "https://example.com/a#" }), Some("https://example.com/a")),
        (json!({ "$schema": DRAFTS[2], "$id": "https://example.com/a", "$ref": "#" }), None),
        (json!({ "$id": "a.json" }), None),
        (json!({ "$id": "veritable:///a/1" }), None),
        (json!({ "$id": DRAFTS[4] }), None),
        (json!({ "$id": 1 }), None),
        (json!(true), None),
    ] {
        assert_eq!(identity(&schema).as_deref(), expected, "{schema}");
    }
}
