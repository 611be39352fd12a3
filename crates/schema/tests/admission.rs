//! Which schemas are admitted, and what is said of the others.

mod support;

use serde_json::{Value, json};
use support::LIMITS;
use veritable_schema::{Formats, problems};

const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// The problems as lines.
fn lines(schema: &Value, strict: bool) -> Vec<String> {
    problems(schema, strict, Formats::Asserted, 64, &LIMITS)
        .unwrap()
        .into_iter()
        .map(|problem| format!("{}: {}", problem.location, problem.message))
        .collect()
}

fn refused(schema: &Value, expected: &[&str]) {
    assert_eq!(lines(schema, true), expected, "{schema}");
}

fn admitted(schema: &Value) {
    refused(schema, &[]);
}

#[test]
fn everyday_schemas_are_admitted_in_every_draft() {
    for draft in DRAFTS {
        admitted(&json!({
            "$schema": draft,
            "title": "order",
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$"},
                "n": {"type": ["integer", "null"], "minimum": 0, "multipleOf": 0.5},
                "at": {"format": "date-time"},
                "next": {"$ref": "#"},
                "list": {"type": "array", "items": {"$ref": "#/definitions/item"}, "uniqueItems": true},
                "requred": {"type": "string"},
            },
            "patternProperties": {"^x-": {}},
            "additionalProperties": false,
            "definitions": {"item": {"anyOf": [{"enum": [1, {"requred": 1}]}, {"not": {"maxLength": 3}}]}},
            "default": {"requred": {"pattern": "("}},
            "x-owner": {"anything": "goes"},
        }));
    }
    admitted(&json!(true));
}

#[test]
fn what_is_no_schema_is_refused() {
    refused(&json!([]), &[": a schema is an object or a boolean"]);
    refused(&json!({"properties": {"a": 1}}), &["/properties: \"properties\" must be an object of schemas"]);
}

#[test]
fn an_unknown_dialect_is_refused() {
    let message = "/$schema: unknown dialect: drafts 4, 6, 7, 2019-09 and 2020-12 are known";
    refused(&json!({"$schema": "https://example.com/my"}), &[message]);
    refused(&json!({"$schema": "veritable:///my/1"}), &[message]);
    refused(&json!({"$schema": 7}), &["/$schema: \"$schema\" must be a string with a URI"]);
}

#[test]
fn another_dialect_below_the_root_is_refused() {
    let draft7 = "http://json-schema.org/draft-07/schema#";
    refused(
        &json!({"$schema": draft7, "not": {"$schema": draft7}, "items": {"$schema": DRAFTS[4]}}),
        &["/items/$schema: names another draft than the whole schema, which is in draft 7"],
    );
}

#[test]
fn misspelt_keywords_are_refused_with_a_suggestion() {
    refused(
        &json!({"requred": ["a"], "properties": {"a": {"typ": "string", "maxlength": 1, "nullable": true}}, "additionalProps": false}),
        &[
            "/additionalProps: unknown keyword \"additionalProps\", did you mean \"additionalProperties\"?",
            "/properties/a/maxlength: unknown keyword \"maxlength\", did you mean \"maxLength\"?",
            "/properties/a/nullable: unknown keyword \"nullable\"",
            "/properties/a/typ: unknown keyword \"typ\", did you mean \"type\"?",
            "/requred: unknown keyword \"requred\", did you mean \"required\"?",
        ],
    );
}

#[test]
fn keywords_of_other_drafts_are_refused() {
    refused(
        &json!({"$schema": DRAFTS[2], "dependentRequired": {}, "id": "x", "$anchor": "y"}),
        &[
            "/$anchor: unknown keyword \"$anchor\" in draft 7: it is one of draft 2019-09 to draft 2020-12",
            "/dependentRequired: unknown keyword \"dependentRequired\" in draft 7: it is one of draft 2019-09 to draft 2020-12",
            "/id: unknown keyword \"id\" in draft 7: it is one of draft 4",
        ],
    );
}

#[test]
fn what_has_no_effect_is_admitted_where_that_is_wanted() {
    let schema = json!({
        "$schema": DRAFTS[2],
        "requred": 1,
        "format": "phone",
        "items": {"$ref": "#", "maxLength": 1},
    });
    refused(
        &schema,
        &[
            "/format: unknown format \"phone\"",
            "/items/maxLength: \"maxLength\" has no effect beside \"$ref\" in draft 7",
            "/requred: unknown keyword \"requred\", did you mean \"required\"?",
        ],
    );
    assert!(lines(&schema, false).is_empty());
}

#[test]
fn keywords_beside_a_reference_count_from_2019_09_on() {
    admitted(&json!({"$schema": DRAFTS[3], "$ref": "#/$defs/a", "maxLength": 1, "$defs": {"a": true}}));
    admitted(&json!({"$schema": DRAFTS[2], "$ref": "#/definitions/a", "title": "a", "definitions": {"a": true}}));
}

#[test]
fn unknown_formats_are_refused_where_formats_are_checked() {
    let schema = |draft: usize, format: &str| json!({"$schema": DRAFTS[draft], "format": format});
    refused(&schema(4, "date-tine"), &["/format: unknown format \"date-tine\", did you mean \"date-time\"?"]);
    refused(&schema(0, "iri"), &["/format: unknown format \"iri\", did you mean \"uri\"?"]);
    let count = |draft, formats| problems(&schema(draft, "phone"), true, formats, 64, &LIMITS).unwrap().len();
    assert_eq!(count(4, Formats::Annotations), 0);
    assert_eq!(count(4, Formats::AsDrafted), 0);
    assert_eq!(count(2, Formats::AsDrafted), 1);
}

#[test]
fn values_that_a_keyword_cannot_have_are_refused_all_at_once() {
    refused(
        &json!({
            "type": "strin",
            "allOf": [],
            "dependentRequired": {"a": "b"},
            "enum": "x",
            "maxLength": -1,
            "minItems": 1.5,
            "multipleOf": 0,
            "properties": {"a": {"minimum": "x", "items": [1]}},
            "required": ["a", "a"],
            "uniqueItems": "yes",
            "$ref": 5,
            "pattern": 5,
            "format": 5,
            "title": 5,
        }),
        &[
            "/$ref: \"$ref\" must be a string with a URI",
            "/allOf: \"allOf\" must be a non-empty array of schemas",
            "/dependentRequired: \"dependentRequired\" must be an object of arrays of different strings",
            "/enum: \"enum\" must be an array",
            "/format: \"format\" must be a string",
            "/maxLength: \"maxLength\" must be a non-negative integer",
            "/minItems: \"minItems\" must be a non-negative integer",
            "/multipleOf: \"multipleOf\" must be a number above 0",
            "/pattern: \"pattern\" must be a string",
            "/properties/a/items: \"items\" must be a schema",
            "/properties/a/minimum: \"minimum\" must be a number",
            "/required: \"required\" must be an array of different strings",
            "/title: \"title\" must be a string",
            "/type: \"type\" must be the name of a type or a non-empty array of different ones",
            "/uniqueItems: \"uniqueItems\" must be a boolean",
        ],
    );
}

#[test]
fn the_meta_schema_has_the_last_word() {
    refused(&json!({"$schema": DRAFTS[0], "exclusiveMinimum": true}), &[": \"minimum\" is a required property"]);
    assert_eq!(lines(&json!({"$schema": DRAFTS[0], "items": {"properties": {"a": true}}}), true).len(), 1);
    assert_eq!(lines(&json!({"$anchor": "a b"}), true).len(), 1);
}

#[test]
fn very_small_and_very_large_numbers_are_what_they_are() {
    let schema = serde_json::from_str(r#"{"multipleOf": 1e-400, "maxLength": 1e2, "maximum": 1e400}"#).unwrap();
    admitted(&schema);
}

#[test]
fn references_stay_in_the_schema_or_lead_to_the_registry() {
    admitted(&json!({
        "$id": "https://example.com/order",
        "$defs": {
            "self": {"$ref": "https://example.com/order#/$defs/a"},
            "relative": {"$ref": "a"},
            "anchor": {"$ref": "a#here"},
            "meta": {"$ref": "https://json-schema.org/draft/2020-12/schema"},
            "registry": {"$ref": "veritable:///address"},
            "version": {"$ref": "veritable:///address/3#/$defs/street"},
            "dynamic": {"$dynamicRef": "a#here"},
            "a": {"$id": "a", "$anchor": "here", "$defs": {"b": {"$ref": "#here"}}},
        },
    }));
    let outside = |uri: &str| {
        let message = format!(
            "/$ref: \"{uri}\" is neither in this schema nor in the registry (veritable:///name, or the \"$id\" of a schema)"
        );
        refused(&json!({"$ref": uri}), &[&message]);
    };
    for uri in [
        "http://example.com/a",
        "https://example.com/a#/b",
        "file:///etc/passwd",
        "ftp://example.com/a",
        "urn:example:a",
        "other.json",
        "/address",
        "../address",
        "//host/a",
    ] {
        outside(uri);
    }
    let malformed = "/items/$ref: \"veritable:///a/b\" is neither veritable:///name nor veritable:///name/version";
    refused(&json!({"items": {"$ref": "veritable:///a/b"}}), &[malformed]);
    refused(&json!({"$ref": "a b"}), &["/$ref: \"a b\" is not a URI reference"]);
    let message = "neither in this schema nor in the registry (veritable:///name, or the \"$id\" of a schema)";
    refused(&json!({"$dynamicRef": "x"}), &[&format!("/$dynamicRef: \"x\" is {message}")]);
    refused(
        &json!({"$schema": DRAFTS[3], "$recursiveRef": "http://x"}),
        &["/$recursiveRef: \"$recursiveRef\" must be \"#\""],
    );
}

#[test]
fn references_to_nowhere_are_refused() {
    refused(
        &json!({"$id": "https://example.com/a", "items": {"$ref": "#/$defs/none"}, "not": {"$ref": "#none"}, "contains": {"$ref": "a#/x"}}),
        &[
            "/contains/$ref: \"a#/x\" leads to no place in this schema",
            "/items/$ref: \"#/$defs/none\" leads to no place in this schema",
            "/not/$ref: \"#none\" leads to no place in this schema",
        ],
    );
    let draft7 = json!({"$schema": DRAFTS[2], "items": {"$ref": "#a"}, "definitions": {"a": {"$id": "#a"}}});
    admitted(&draft7);
}

#[test]
fn what_a_reference_leads_to_is_admitted_as_a_schema() {
    refused(
        &json!({"$ref": "#/default", "default": {"requred": [], "items": {"$ref": "http://example.com/"}}}),
        &[
            "/default/items/$ref: \"http://example.com/\" is neither in this schema nor in the registry (veritable:///name, or the \"$id\" of a schema)",
            "/default/requred: unknown keyword \"requred\", did you mean \"required\"?",
        ],
    );
}

#[test]
fn a_reference_to_the_meta_schema_of_another_draft_is_refused() {
    // The validator knows the meta-schema of the schema's own draft alone.
    refused(
        &json!({"$schema": DRAFTS[2], "$ref": format!("{}/properties/title", DRAFTS[0])}),
        &[
            "/$ref: \"http://json-schema.org/draft-04/schema#/properties/title\" is the meta-schema of another draft, which is not known here",
        ],
    );
}

#[test]
fn a_schema_does_not_give_itself_a_place_in_the_registry() {
    let registry = "is the URI of a schema in the registry, which is not for a schema to say";
    for id in ["veritable:///other", "veritable:///other/1", "/other", "/other/2", "../other", "2"] {
        refused(&json!({"items": {"$id": id}}), &[&format!("/items/$id: {registry}")]);
    }
    refused(&json!({"$schema": DRAFTS[0], "id": "veritable:///a/1"}), &[&format!("/id: {registry}")]);
    refused(&json!({"$id": DRAFTS[4]}), &["/$id: is the URI of a meta-schema"]);
    refused(&json!({"$schema": DRAFTS[2], "not": {"$id": DRAFTS[2]}}), &["/not/$id: is the URI of a meta-schema"]);
    refused(
        &json!({"$id": "https://example.com/a", "items": {"$id": "a"}, "not": {"$id": "b#c"}, "contains": {"$id": " "}}),
        &[
            "/contains/$id: \" \" is not a URI reference",
            "/items/$id: is the URI of another schema in here, too",
            "/not/$id: has a fragment: use \"$anchor\"",
        ],
    );
    admitted(&json!({"$id": "order.json", "items": {"$id": "https://example.com/item"}}));
    admitted(&json!({"$schema": DRAFTS[2], "definitions": {"a": {"$id": "#a"}, "b": {"$id": "#b"}}}));
}

#[test]
fn patterns_are_refused_with_the_reason() {
    refused(
        &json!({
            "pattern": "^(?=a)",
            "patternProperties": {"(a)\\1": true, "(": true, "\\(?=a[(?=]": true, "(a{1,1000}){1,1000}": true},
        }),
        &[
            "/pattern: pattern \"^(?=a)\" uses look-around, whose time has no bound",
            "/patternProperties/(: pattern \"(\" is not a regular expression: unclosed group, at character 1: \"(\"",
            "/patternProperties/(a)\\1: pattern \"(a)\\1\" uses a back-reference, whose time has no bound",
            "/patternProperties/(a{1,1000}){1,1000}: pattern \"(a{1,1000}){1,1000}\" is too large when it is compiled",
        ],
    );
    admitted(&json!({"pattern": "^[\\p{L}\\p{N}]{1,200}$", "patternProperties": {"^\\d{4}$": true, "\\cA": true}}));
    const NOT: &str = "is not a regular expression";
    const BACK: &str = "uses a back-reference, whose time has no bound";
    for (pattern, reason) in [
        (
            r"[z-a]",
            &*format!("{NOT}: invalid character class range, the start must be <= the end, at character 2: \"z-a\""),
        ),
        (r"^\d+[", &format!("{NOT}: unclosed character class, at character 5: \"[\"")),
        (
            r"é\cA[[x]a{3,2}",
            &format!(
                "{NOT}: invalid repetition count range, the start must be <= the end, at character 10: \"{{3,2}}\""
            ),
        ),
        (
            r"ab\",
            &format!("{NOT}: incomplete escape sequence, reached end of pattern prematurely, at character 3: \"\\\""),
        ),
        (r"\p{Nonsense}", &format!("{NOT}: Unicode property not found, at character 1: \"\\p{{Nonsense}}\"")),
        (r"a\mb", &format!("{NOT}: unrecognized escape sequence, at character 2: \"\\m\"")),
        (r"a)", &format!("{NOT}: unopened group, at character 2: \")\"")),
        (r"*a", &format!("{NOT}: repetition operator missing expression, at character 1")),
        (r"[^\0]", "uses \\0 at character 3: no document has the character NUL"),
        (r"(?<n>a)\k<n>", BACK),
        (r"(a)\1", BACK),
    ] {
        refused(&json!({"pattern": pattern}), &[&format!("/pattern: pattern \"{pattern}\" {reason}")]);
    }
}

#[test]
fn the_number_of_patterns_is_bounded() {
    let patterns = |count, pattern: &dyn Fn(usize) -> String| json!({"properties": (0..count).map(|i| (format!("{i:04}"), json!({"pattern": pattern(i)}))).collect::<serde_json::Map<_, _>>()});
    admitted(&patterns(200, &|i| format!("^{i}$")));
    admitted(&patterns(2000, &|_| "^[A-Z]{3}$".to_owned()));
    refused(
        &patterns(202, &|i| format!("^{i}$")),
        &["/properties/0200/pattern: pattern \"^200$\" is one too many: a schema has 200 different ones at most"],
    );
}

#[test]
fn depth_is_bounded_without_recursion() {
    let nested = |depth: usize| (1..depth).fold(json!({}), |inner, _| json!([inner]));
    let wrapped = json!({"default": nested(63)});
    admitted(&wrapped);
    refused(&json!({"default": nested(64)}), &[": is nested deeper than 64 levels"]);
    let mut deep = json!(true);
    for _ in 0..100_000 {
        deep = Value::Array(vec![deep]);
    }
    refused(&deep, &[": is nested deeper than 64 levels"]);
    assert_eq!(problems(&json!({"not": {}}), true, Formats::Asserted, 1, &LIMITS).unwrap().len(), 1);
    // Dropping it would recurse.
    std::mem::forget(deep);
}

#[test]
fn problems_are_listed_up_to_a_hundred_in_the_order_of_the_document() {
    let schema = json!({"allOf": (0..500).map(|i| json!({"unknown": i})).collect::<Vec<_>>()});
    let all = problems(&schema, true, Formats::Asserted, 64, &LIMITS).unwrap();
    assert_eq!(all.len(), 100);
    assert!(all.iter().enumerate().all(|(i, problem)| problem.location == format!("/allOf/{i}/unknown")));
}

#[test]
fn long_texts_are_cut_in_messages() {
    let long = "ä".repeat(100_000);
    let all = lines(&json!({"format": long.clone(), "pattern": format!("({long}"), "$ref": format!("x:{long}")}), true);
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|line| line.len() < 400), "{all:?}");
}

#[test]
fn what_evaluates_items_in_2019_09_is_not_mistaken() {
    let schema = |draft: &str| json!({ "$schema": draft, "unevaluatedItems": false, "allOf": [{ "$ref": "#/$defs/a" }], "$defs": { "a": { "contains": true } } });
    let problem = "/$defs/a/contains: \"contains\" beside \"unevaluatedItems\" is not checked as draft 2019-09 says";
    refused(&schema(DRAFTS[3]), &[problem]);
    admitted(&schema(DRAFTS[4]));
    admitted(&json!({ "$schema": DRAFTS[3], "contains": true, "unevaluatedProperties": false }));
}
