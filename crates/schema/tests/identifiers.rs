//! Schemas that name places twice, or where nobody looks for names: what they mean to the validator is what is compared, or they
//! are not admitted, or not compared.

mod support;

use serde_json::json;
use support::{admitted, json_of, parsed, valid, verdict};
use veritable_schema::{Formats, Parsed, Patterns, Rules, Validator, Verdict, problems};

/// Schemas, each with another that means something else, and a document that is valid under the other alone or under it alone.
const UNCLEAR: [(&str, &str, &str); 21] = [
    // Pointers that pass an identifier, or lead to one that no keyword declares.
    (
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","allOf":[{"$ref":"#/$defs/d"}],"$defs":{"d":{"$id":"http://y/","allOf":[{"$ref":"#/definitions/w"}],"definitions":{"w":{"type":"string"}}}},"definitions":{"w":{"type":"number"}}}"##,
        r#"{"type":"string"}"#,
        "0",
    ),
    (
        r##"{"$id":"http://x/r","$ref":"#/$defs/d/x-u","$defs":{"w":{"type":"number"},"d":{"$id":"http://y/","x-u":{"$ref":"#/$defs/w"},"$defs":{"w":{"type":"string"}}}}}"##,
        r#"{"type":"number"}"#,
        "0",
    ),
    (
        r##"{"$ref":"#/x-d/y","x-d":{"y":{"$id":"http://e/","properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}}},"$defs":{"t":{"type":"number"}}}"##,
        r#"{"properties":{"a":{"type":"string"}}}"#,
        r#"{"a":2}"#,
    ),
    (
        r##"{"$ref":"#/default","default":{"$id":"http://e/","properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}},"$defs":{"t":{"type":"number"}}}"##,
        r#"{"properties":{"a":{"type":"string"}}}"#,
        r#"{"a":2}"#,
    ),
    // The same name twice.
    (
        r##"{"$ref":"#x","$defs":{"a":{"$anchor":"x","type":"number"},"b":{"$anchor":"x","type":"string"}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    (
        r##"{"$ref":"#x","$defs":{"a":{"$anchor":"x","type":"number"},"b":{"$dynamicAnchor":"x","type":"string"}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    (
        r##"{"$schema":"http://json-schema.org/draft-04/schema#","allOf":[{"$ref":"#x"}],"definitions":{"a":{"id":"#x","type":"number"},"b":{"id":"#x","type":"string"}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    (
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","allOf":[{"$ref":"#x"}],"definitions":{"a":{"$id":"#x","type":"number"},"b":{"$id":"#x","type":"string"}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    // A name that another draft has.
    (
        r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","allOf":[{"$ref":"#x"}],"$defs":{"a":{"$dynamicAnchor":"x","type":"string"},"b":{"$anchor":"x","type":"number"}}}"##,
        r#"{"type":"string"}"#,
        "0",
    ),
    // Names as they are written.
    (
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"b":{"$ref":"#fo%41"}},"definitions":{"a":{"$id":"#foA","type":"string"},"b":{"$id":"#fo%41","type":"number"}}}"##,
        r#"{"properties":{"b":{"type":"string"}}}"#,
        r#"{"b":0}"#,
    ),
    // Ordinary references to names that are looked for from outside.
    (
        r##"{"$id":"http://x/root","$ref":"a","$defs":{"x":{"$dynamicAnchor":"x","type":"string"},"a":{"$id":"a","$ref":"#x","$defs":{"x":{"$dynamicAnchor":"x","type":"number"}}}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    (
        r##"{"$id":"http://x/root","allOf":[{"$ref":"a#x"}],"$defs":{"x":{"$dynamicAnchor":"x","type":"string"},"a":{"$id":"a","$defs":{"x":{"$dynamicAnchor":"x","type":"number"}}}}}"##,
        r#"{"type":"number"}"#,
        "2",
    ),
    (
        r##"{"$schema":"https://json-schema.org/draft/2019-09/schema","type":"object","properties":{"x":{"$recursiveRef":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}"##,
        r#"{"type":"object","properties":{"x":{"type":"string"}}}"#,
        r#"{"x":{}}"#,
    ),
    // Annotations and values that a reference makes schemas.
    (
        r##"{"allOf":[{"$ref":"#/default"}],"default":true}"##,
        r##"{"allOf":[{"$ref":"#/default"}],"default":false}"##,
        "[]",
    ),
    (
        r##"{"allOf":[{"$ref":"#/examples/0"}],"examples":[true]}"##,
        r##"{"allOf":[{"$ref":"#/examples/0"}],"examples":[false]}"##,
        "[]",
    ),
    (
        r##"{"properties":{"a":{"$ref":"#/enum/0"}},"enum":[{"title":"x"}]}"##,
        r##"{"properties":{"a":{"$ref":"#/enum/0"}},"enum":[{"title":"y"}]}"##,
        r#"{"title":"x"}"#,
    ),
    (
        r##"{"properties":{"a":{"$ref":"#/const"}},"const":{"title":"x"}}"##,
        r##"{"properties":{"a":{"$ref":"#/const"}},"const":{"title":"y"}}"##,
        r#"{"title":"x"}"#,
    ),
    (
        r##"{"properties":{"items":{"$ref":"#/properties"}}}"##,
        r##"{"properties":{"items":{"$ref":"#/properties"},"default":false}}"##,
        r#"{"default":{}}"#,
    ),
    (
        r##"{"const":{"$ref":""}}"##,
        r##"{"const":{"$ref":"#"},"properties":{"x":{"$ref":"#/const"}}}"##,
        r##"{"$ref":""}"##,
    ),
    // Numbers.
    (r#"{"const":9007199254740993.0}"#, r#"{"type":"integer","minimum":9007199254740994}"#, "9007199254740993.0"),
    (
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"number","minimum":1e40}"#,
        r#"{"$schema":"http://json-schema.org/draft-04/schema#","type":"integer","minimum":1e40}"#,
        "10000000000000000000000000000000000000000.5",
    ),
];

#[test]
fn what_is_unclear_is_never_compatible_with_something_else() {
    for (schema, other, document) in UNCLEAR {
        let (schema, other, document) = (json_of(schema), json_of(other), json_of(document));
        if !admitted(&schema) || !admitted(&other) {
            continue;
        }
        let (left, right) = (parsed(&schema), parsed(&other));
        let valid = (valid(&left, &document), valid(&right, &document));
        assert!(valid.0 != valid.1, "{schema} and {other} agree on {document}");
        let (old, new) = if valid.0 { (&schema, &other) } else { (&other, &schema) };
        let verdict = verdict(old, new);
        assert!(!matches!(verdict, Verdict::Compatible), "{old} to {new}: {verdict:?}, but for {document}");
    }
}

#[test]
fn what_means_two_things_is_not_admitted() {
    let refused: Vec<bool> = UNCLEAR.iter().map(|(schema, ..)| !admitted(&json_of(schema))).collect();
    // The names that come twice, those that are looked for from outside, and values that are schemas.
    let expected = [4, 5, 6, 7, 10, 11, 12, 15, 16];
    assert_eq!((0..UNCLEAR.len()).filter(|&it| refused[it]).collect::<Vec<_>>(), expected);
}

#[test]
fn two_schemas_with_one_uri_do_not_compile() {
    let schema = json!({"$ref": "http://y/q#x", "$defs": {
        "a": {"$id": "http://y/q", "$defs": {"k": {"$anchor": "x", "type": "number"}}},
        "b": {"$id": "http://y/q", "type": "string"},
    }});
    let rules = Rules { patterns: Patterns::Backtracking, formats: Formats::AsDrafted, resources: &[], base: None };
    let refusal = Validator::<Parsed>::build(&schema, &rules, &support::LIMITS).err().expect("a refusal");
    assert!(format!("{refusal:?}").contains("/$defs/b/$id"), "{refusal:?}");
}

#[test]
fn a_value_stays_as_it_is_though_a_reference_leads_to_it() {
    let schema = json!({"const": {"$ref": ""}, "properties": {"x": {"$ref": "#/const"}}});
    let rules = Rules { patterns: Patterns::Backtracking, formats: Formats::AsDrafted, resources: &[], base: None };
    let built = Validator::<Parsed>::build(&schema, &rules, &support::LIMITS);
    if let Ok(validator) = built {
        assert!(valid(&validator, &json!({"$ref": ""})));
        assert!(!valid(&validator, &json!({"$ref": "#"})));
    }
}

#[test]
fn examples_are_as_they_are_stored() {
    let of = |kind: &str| {
        json_of(&format!(r#"{{"$schema":"http://json-schema.org/draft-04/schema#","type":"{kind}","minimum":1e40}}"#))
    };
    // A whole number is an integer once it is stored.
    let verdict = verdict(&of("number"), &of("integer"));
    let fraction = |example: &serde_json::Value| example.to_string().contains('.');
    assert!(!matches!(&verdict, Verdict::Compatible), "{verdict:?}");
    assert!(!matches!(&verdict, Verdict::Incompatible { example: Some(it), .. } if !fraction(it)), "{verdict:?}");
}

#[test]
fn what_cannot_be_stored_shows_nothing() {
    for (old, new) in [
        (json!({"type": "string", "pattern": "^\\x00$"}), json!(false)),
        (json!({"type": "string", "minLength": 300_000_000}), json!(false)),
    ] {
        let found = verdict(&old, &new);
        assert!(!matches!(found, Verdict::Incompatible { .. }), "{old} {new}: {found:?}");
    }
    let found: Verdict = verdict(&json!({"type": "string"}), &json!({"type": "string", "maxLength": 1_000_000_000}));
    assert!(matches!(found, Verdict::Compatible), "{found:?}");
}

#[test]
fn a_value_is_no_schema() {
    for (schema, place) in [
        (json!({"$ref": "#/const", "const": {"title": "a"}}), "/const"),
        (json!({"$ref": "#/enum/0", "enum": [{"title": "a"}]}), "/enum/0"),
    ] {
        let found = problems(&schema, false, Formats::Asserted, 64, &support::LIMITS).unwrap();
        let found: Vec<_> = found.iter().map(|it| (it.location.as_str(), it.message.as_str())).collect();
        assert_eq!(found, [(place, "is a value, and a reference leads to it as to a schema")]);
    }
}
