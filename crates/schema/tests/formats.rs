//! A format is what its specification says, in each draft, each setting and each form of a document; and comparisons know it.

mod support;

use support::{FREE, LIMITS, RULES, Value, encode, json, verdict};
use veritable_schema::{Formats, Parsed, Rules, Stored, Validator, Verdict};

const DRAFTS: [(&str, bool); 5] = [
    ("http://json-schema.org/draft-04/schema#", true),
    ("http://json-schema.org/draft-06/schema#", true),
    ("http://json-schema.org/draft-07/schema#", true),
    ("https://json-schema.org/draft/2019-09/schema", false),
    ("https://json-schema.org/draft/2020-12/schema", false),
];

const RIGHT: [(&str, &[&str]); 4] = [
    ("date", &["2020-02-29", "0000-01-01", "9999-12-31"]),
    ("time", &["00:00:00Z", "23:59:60z", "12:30:45.123456789+23:59", "01:02:03-00:00"]),
    ("date-time", &["2020-02-29T00:00:00Z", "2020-12-31t23:59:60.5z", "1990-12-31T15:59:60-08:00"]),
    ("email", &["joe@example.com", "\"joe bloggs\"@example.com", "\"\"@a", "a@[127.0.0.1]", "a@[IPv6:::1]", "a+b@A9"]),
];

const WRONG: [(&str, &[&str]); 4] = [
    ("date", &["2020-0*-01", "20*0-01-01", "2020-01-0+", "2020-02-30", "20200-1-01", "２020-01-01", "2020-01-01\n"]),
    ("time", &["0*:00:00Z", "12:0-:00Z", "12:00:0/Z", "12:00:00+0*:00", "12:00:00-00:0+", "12:00:00", "24:00:00Z"]),
    (
        "date-time",
        &["2020-0*-01T00:00:00Z", "2020-01-01T0*:00:00Z", "2020-01-01T00:00:00+0*:00", "2020-01-01 00:00:00Z"],
    ),
    (
        "email",
        &[
            "Joe Bloggs <joe@example.com>",
            " <joe@example.com>",
            "Joe <joe@example.com> ",
            "<joe@example.com>",
            "joe@example.com>",
            "joe",
            "joe@-example.com",
        ],
    ),
];

/// Answers in all ways of asking.
#[track_caller]
fn all(format: &str, text: &str, valid: bool) {
    let document = json!(text);
    for (draft, asserts) in DRAFTS {
        let schema = json!({ "$schema": draft, "format": format });
        for (formats, checked) in
            [(Formats::Asserted, true), (Formats::AsDrafted, asserts), (Formats::Annotations, false)]
        {
            let rules = Rules { formats, ..RULES };
            let parsed = Validator::<Parsed>::build(&schema, &rules, &LIMITS).unwrap();
            let stored = Validator::<Stored>::build(&schema, &rules, &LIMITS).unwrap();
            let expected = Ok(valid || !checked);
            assert_eq!(parsed.is_valid(&document, &FREE), expected, "{text} {format} {draft} {formats:?}");
            assert_eq!(stored.is_valid(&encode(&document), &FREE), expected, "{text} {format} {draft} {formats:?}");
        }
    }
}

#[test]
fn texts_of_a_format_are_valid() {
    for (format, texts) in RIGHT {
        texts.iter().for_each(|text| all(format, text, true));
    }
}

#[test]
fn texts_that_only_look_like_a_format_are_not() {
    for (format, texts) in WRONG {
        texts.iter().for_each(|text| all(format, text, false));
    }
}

#[test]
fn a_comparison_takes_no_text_for_one_of_a_format_that_is_none() {
    for (format, texts) in WRONG {
        for text in texts {
            let new = |wrap: &dyn Fn(Value) -> Value| wrap(json!({ "format": format, "type": "string" }));
            let wraps: [&dyn Fn(Value) -> Value; 3] = [
                &|schema| schema,
                &|schema| json!({ "items": { "anyOf": [schema, { "type": "null" }] } }),
                &|schema| json!({ "properties": { "a": schema }, "unevaluatedProperties": false }),
            ];
            for wrap in wraps {
                for old in [json!({ "const": text }), json!({ "type": "string", "enum": [text] })] {
                    let verdict = verdict(&wrap(old), &new(wrap));
                    assert!(!matches!(verdict, Verdict::Compatible), "{format} {text} {verdict:?}");
                }
            }
        }
    }
    for (format, texts) in RIGHT {
        let schema = json!({ "type": "string", "format": format });
        assert!(matches!(verdict(&json!({ "enum": texts }), &schema), Verdict::Compatible), "{format}");
        assert!(matches!(verdict(&schema, &json!({ "type": "string" })), Verdict::Compatible), "{format}");
        assert!(!matches!(verdict(&json!({ "type": "string" }), &schema), Verdict::Compatible), "{format}");
    }
}
