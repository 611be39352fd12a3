//! What a compiled schema says of a document.

mod support;

use support::{FREE, LIMITS, RULES, Value, encode, json, json_of, stored};
use veritable_schema::{Formats, Parsed, Patterns, Problem, Refusal, Rules, Shown, Stored, Validator, parse};

const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

fn is_valid(schema: &Value, rules: &Rules, document: &Value) -> bool {
    let stored = Validator::<Stored>::build(schema, rules, &LIMITS).unwrap().is_valid(&encode(document), &FREE);
    let parsed = Validator::<Parsed>::build(schema, rules, &LIMITS).unwrap().is_valid(document, &FREE);
    assert_eq!(stored, parsed, "{schema} {document}");
    stored.unwrap()
}

fn problem(schema: &Value, rules: &Rules) -> Problem {
    match Validator::<Stored>::build(schema, rules, &LIMITS) {
        Err(Refusal::Problem(problem)) => problem,
        Err(excess) => panic!("{excess:?}"),
        Ok(_) => panic!("{schema} is compiled"),
    }
}

#[test]
fn a_validator_can_be_shared_and_kept() {
    fn kept<T: Send + Sync + 'static>() {}
    kept::<Validator<Stored>>();
    kept::<Validator<Parsed>>();
}

#[test]
fn a_text_is_parsed_exactly_and_to_a_depth() {
    assert_eq!(parse("1e400").unwrap().to_string(), "1e+400");
    assert_eq!(parse("0.10000000000000000000000001").unwrap().to_string(), "0.10000000000000000000000001");
    assert_eq!(parse(r#"{"a": 1, "a": 2}"#).unwrap(), json!({ "a": 2 }));
    assert!(parse(&("[".repeat(127) + &"]".repeat(127))).is_ok());
    let deep = parse(&("[".repeat(128) + &"]".repeat(128))).unwrap_err();
    assert_eq!(deep.message, "recursion limit exceeded at line 1 column 128");
    assert!(parse("{").is_err());
    assert!(parse("").is_err());
}

#[test]
fn formats_are_asserted_as_told() {
    let rules = |formats| Rules { formats, ..RULES };
    for (format, good, bad) in [
        ("email", "a@b.example", "a"),
        ("uuid", "6f1f64a0-93a4-4ad5-a2a1-5a4a0f2f6a11", "6f1f64a093a44ad5a2a15a4a0f2f6a11"),
        ("duration", "P1DT2H", "1 day"),
        ("regex", "^(a|b)$", "("),
    ] {
        let later = matches!(format, "uuid" | "duration");
        for (draft, uri) in DRAFTS.into_iter().enumerate() {
            let schema = json!({ "$schema": uri, "format": format });
            for formats in [Formats::Asserted, Formats::Annotations, Formats::AsDrafted] {
                assert!(is_valid(&schema, &rules(formats), &json!(good)), "{schema} {formats:?}");
                let asserted = match formats {
                    Formats::Asserted => true,
                    Formats::Annotations => false,
                    Formats::AsDrafted => draft < 3 && !later,
                };
                assert_eq!(!asserted, is_valid(&schema, &rules(formats), &json!(bad)), "{schema} {formats:?}");
            }
        }
    }
}

#[test]
fn unknown_formats_and_keywords_are_ignored() {
    assert!(is_valid(&json!({ "format": "nope", "requred": ["a"] }), &RULES, &json!("x")));
}

#[test]
fn only_backtracking_patterns_look_around() {
    let schema = json!({ "pattern": "^(?=.*[0-9])(?=.*[a-z]).{4,}$" });
    assert_eq!(problem(&schema, &RULES).location, "/pattern");
    let rules = Rules { patterns: Patterns::Backtracking, ..RULES };
    assert!(is_valid(&schema, &rules, &json!("abc1")));
    assert!(!is_valid(&schema, &rules, &json!("abcd")));
}

#[test]
fn references_lead_to_what_is_given_and_nowhere_else() {
    let resources = [
        (
            "veritable:///address/1".to_owned(),
            json!({ "required": ["street"], "$defs": { "zip": { "type": "integer" } } }),
        ),
        ("veritable:///a%20b/2".to_owned(), json!({ "$ref": "/address/1#/$defs/zip" })),
    ];
    let rules = Rules { resources: &resources, base: Some("veritable:///order/3"), ..RULES };
    let schema = json!({ "properties": {
        "to": { "$ref": "veritable:///address/1" },
        "zip": { "$ref": "veritable:///address/1#/$defs/zip" },
        "relative": { "$ref": "/address/1" },
        "spaced": { "$ref": "veritable:///a%20b/2" },
        "self": { "$ref": "veritable:///order/3" },
    } });
    let validator = Validator::<Parsed>::build(&schema, &rules, &LIMITS).unwrap();
    for (document, locations) in [
        (json!({ "to": {} }), vec![("/to", "veritable:///address/1#/required")]),
        (
            json!({ "zip": "x", "relative": {} }),
            vec![("/relative", "veritable:///address/1#/required"), ("/zip", "veritable:///address/1#/$defs/zip/type")],
        ),
        (json!({ "spaced": 1.5 }), vec![("/spaced", "veritable:///address/1#/$defs/zip/type")]),
        (json!({ "self": { "to": {} } }), vec![("/self/to", "veritable:///address/1#/required")]),
        (json!({ "to": { "street": 1 }, "zip": 1, "spaced": 2, "self": {} }), vec![]),
    ] {
        let violations = validator.violations(&document, &FREE, 9, Shown::Values).unwrap();
        let found: Vec<_> = violations.first.iter().map(|v| (&*v.instance_location, &*v.keyword_location)).collect();
        assert_eq!(found, locations, "{document}");
    }
    for elsewhere in
        ["veritable:///other/1", "https://example.org/x", "http://localhost:1/x", "file:///etc/passwd", "other", "#/no"]
    {
        let problem = problem(&json!({ "$ref": elsewhere }), &rules);
        assert!(!problem.message.is_empty());
    }
}

#[test]
fn a_keyword_is_located_in_its_schema() {
    let rules = Rules { base: Some("veritable:///order/3"), ..RULES };
    let schema = json!({
        "$id": "https://example.org/order",
        "$defs": {
            "item": { "required": ["sku"] },
            "named": { "$id": "named", "properties": { "x": { "type": "string" } } },
        },
        "properties": { "item": { "$ref": "#/$defs/item" }, "named": { "$ref": "named" }, "n": { "type": "number" } },
    });
    let validator = Validator::<Parsed>::build(&schema, &rules, &LIMITS).unwrap();
    let document = json!({ "item": {}, "named": { "x": 1 }, "n": "x" });
    let violations = validator.violations(&document, &FREE, 9, Shown::Values).unwrap();
    let found: Vec<_> = violations.first.iter().map(|v| &*v.keyword_location).collect();
    assert_eq!(found, ["/$defs/item/required", "/properties/n/type", "https://example.org/named#/properties/x/type"]);
}

#[test]
fn a_schema_that_is_none_is_a_problem() {
    for (schema, location) in [
        (json!({ "type": "strin" }), "/type"),
        (json!({ "properties": { "a": { "minLength": -1 } } }), "/properties/a/minLength"),
        (json!({ "pattern": "(" }), "/pattern"),
        (json!([]), ""),
        (json!({ "$schema": "https://example.org/other" }), "/$schema"),
    ] {
        assert_eq!(problem(&schema, &RULES).location, location, "{schema}");
    }
}

#[test]
fn equal_numbers_are_equal_however_written() {
    let ones = ["1", "1.0", "1e0", "10e-1", "0.1e1", "1.000000000000000000000000000000"];
    for one in ones {
        for other in ones {
            let pair = json_of(&format!("[{one}, {other}]"));
            assert!(!is_valid(&json!({ "uniqueItems": true }), &RULES, &pair), "{pair}");
            // Nested, they are not compared in pairs.
            let nested = json!([[pair[0]], [pair[1]]]);
            assert!(!is_valid(&json!({ "uniqueItems": true }), &RULES, &nested), "{nested}");
            assert!(is_valid(&json!({ "const": pair[0] }), &RULES, &pair[1]), "{pair}");
        }
        for other in ["-1", "10", "0.1", "1.0000000000000000000000000000001", "0", "true", "\"1\"", "1e400", "1e-400"] {
            let pair = json_of(&format!("[[{one}], [{other}]]"));
            assert!(is_valid(&json!({ "uniqueItems": true }), &RULES, &pair), "{pair}");
            assert!(!is_valid(&json!({ "const": pair[0] }), &RULES, &pair[1]), "{pair}");
        }
    }
    for zeros in ["[[0], [-0]]", "[[0], [0.00]]", "[[0e5], [-0.0e-7]]"] {
        assert!(!is_valid(&json!({ "uniqueItems": true }), &RULES, &json_of(zeros)), "{zeros}");
    }
}

#[test]
fn numbers_are_divided_and_compared_exactly() {
    let long = format!("1.{}1", "0".repeat(10_000));
    for (keyword, limit, good, bad) in [
        ("multipleOf", "1", "3", "1.00000000000000000001"),
        ("multipleOf", "1.0", "1e2", "1.00000000000000000001"),
        ("multipleOf", "2", "18014398509481986", "9007199254740993.5"),
        ("multipleOf", "1", "1e400", "1e-400"),
        ("multipleOf", "1", "1", &long),
        ("multipleOf", "9007199254740993", "18014398509481986", "9007199254740993.5"),
        ("multipleOf", "0.1", "1.1", "1.10000000000000000001"),
        ("multipleOf", "0.01", "1070468.14", "1070468.145"),
        ("multipleOf", "1e400", "3e400", "1.5e400"),
        ("multipleOf", "1e400", "0", "5.5"),
        ("multipleOf", "1e-400", "1.5", "1.5e-400"),
        ("minimum", "5", "5.00000000000000000001", "4.99999999999999999999"),
        ("minimum", "9007199254740991", "9007199254740991.5", "9007199254740990.99999"),
        ("minimum", "18014398509481985", "18014398509481985.5", "18014398509481984.5"),
        ("minimum", "36893488147419103233", "36893488147419103233.5", "36893488147419103232.5"),
        ("minimum", "1.5", "1.50000000000000000001", "1.49999999999999999999"),
        ("minimum", "1.00000000000000000001", "1.00000000000000000002", "1"),
        ("minimum", "1", &long, "0.99999999999999999999"),
        ("minimum", "0", "1e-400", "-1e-400"),
        ("maximum", "9223372036854775807", "9223372036854775806.5", "9223372036854775807.5"),
        ("maximum", "-9223372036854775808", "-9223372036854775808.5", "-9223372036854775807.5"),
        ("maximum", "1", "0.99999999999999999999", &long),
        ("exclusiveMinimum", "1", &long, "0.99999999999999999999"),
        ("exclusiveMinimum", "0", "1e-400", "-1e-400"),
        ("exclusiveMaximum", "1e400", "9e399", "1.5e400"),
        ("exclusiveMaximum", "18446744073709551615", "18446744073709551614.5", "18446744073709551615.5"),
        ("const", "1.00000000000000000001", "1.000000000000000000010", "1"),
        ("const", "9007199254740993", "9007199254740993.0", "9007199254740992"),
    ] {
        let schema = json!({ keyword: json_of(limit) });
        for (number, valid) in [(good, true), (bad, false)] {
            assert_eq!(is_valid(&schema, &RULES, &json_of(number)), valid, "{keyword} {limit} {number:.40}");
        }
    }
}

#[test]
fn an_empty_reference_leads_to_the_whole_schema() {
    let resources = [("veritable:///list/1".to_owned(), json!({ "items": { "$ref": "" }, "maxItems": 1 }))];
    let rules = Rules { resources: &resources, ..RULES };
    for (schema, good, bad) in [
        (json!({ "type": "object", "properties": { "a": { "$ref": "" } } }), json!({ "a": {} }), json!({ "a": 1 })),
        (
            json!({ "type": "object", "properties": { "a": { "$dynamicRef": "" } } }),
            json!({ "a": {} }),
            json!({ "a": 1 }),
        ),
        (json!({ "$ref": "veritable:///list/1" }), json!([[1]]), json!([[[], []]])),
        (
            json!({ "properties": { "a": { "$id": "x:b", "properties": { "b": { "$ref": "" } }, "maxProperties": 1 } } }),
            json!({ "a": { "b": { "b": 1 } }, "b": 1 }),
            json!({ "a": { "b": { "b": 1, "c": 1 } } }),
        ),
        // It is no reference among values.
        (json!({ "const": { "$ref": "" } }), json!({ "$ref": "" }), json!({ "$ref": "#" })),
        (json!({ "$schema": DRAFTS[0], "not": { "items": { "$ref": "" } } }), json!([1]), json!([[1]])),
    ] {
        assert!(is_valid(&schema, &rules, &good), "{schema} {good}");
        assert!(!is_valid(&schema, &rules, &bad), "{schema} {bad}");
    }
}

#[test]
fn values_of_another_shape_are_other_values() {
    let values = json!([
        [], [[]], [[], []], [[[]]], {}, [{}], [1], [[1]], [[], 1], [[1], []], ["1"], ["a", "b"], ["ab"], ["ab", ""],
        { "a": 1 }, { "b": 1 }, { "a": "1" }, { "a": { "b": 1 } }, { "a": {}, "b": 1 }, { "ab": 1 }, { "a": ["b", 1] },
        ["a", 1], [null], [true], [false], { "a": null }, { "": 1 }, { "": {} },
    ]);
    assert!(is_valid(&json!({ "uniqueItems": true }), &RULES, &values));
    for value in values.as_array().unwrap() {
        let twice = values.as_array().unwrap().iter().chain([value]).cloned().collect();
        assert!(!is_valid(&json!({ "uniqueItems": true }), &RULES, &twice), "{value}");
    }
}

#[test]
fn empty_and_repeated_names_and_all_of_unicode() {
    let schema = json!({ "properties": { "": { "type": "string", "maxLength": 1 } }, "required": [""] });
    assert!(is_valid(&schema, &RULES, &json!({ "": "🦀" })));
    assert!(!is_valid(&schema, &RULES, &json!({ "": "🦀🦀" })));
    assert!(!is_valid(&schema, &RULES, &json!({ "a": "x" })));
    assert!(is_valid(&schema, &RULES, &json_of(r#"{"": 1, "": "x"}"#)));
    let all: String = ('\u{1}'..=char::MAX).collect();
    assert!(is_valid(&json!({ "const": all, "minLength": 1_112_063, "maxLength": 1_112_063 }), &RULES, &json!(all)));
    let names: Value =
        ('\u{1}'..=char::MAX).step_by(97).map(|c| (c.to_string(), json!(1))).collect::<serde_json::Map<_, _>>().into();
    assert!(is_valid(&json!({ "const": names, "propertyNames": { "minLength": 1, "maxLength": 1 } }), &RULES, &names));
}

#[test]
fn a_larger_schema_takes_more() {
    let schema = |count: usize| {
        let properties: serde_json::Map<_, _> =
            (0..count).map(|n| (format!("p{n}"), json!({ "type": "null" }))).collect();
        stored(&json!({ "properties": properties })).footprint()
    };
    assert!(schema(1) > 10_000);
    assert!(schema(1_000) > 10 * schema(1));
    let pattern = |pattern: &str| stored(&json!({ "pattern": pattern })).footprint();
    assert_eq!(pattern("^[a-z]{2}$"), pattern("^[a-z]{3}$"));
    assert!(pattern("^[\\p{L}]{1,100}$") > 1 << 20);
}
