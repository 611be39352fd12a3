//! No document and no schema abort the process, hang it or exhaust it.

mod support;

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use serde_json::Map;
use support::{FREE, LISTING, Nesting, Value, encode, json, nested, parsed, stack, stored, timed};
use veritable_schema::{Bounds, Exceeded, Shown, parse, parse_document};

/// A schema that refers to itself within each property and item, through `within`.
fn recursive(within: &str) -> Value {
    let text = r##"{"$schema": "https://json-schema.org/draft/2020-12/schema", "$dynamicAnchor": "node", WITHIN}"##;
    support::json_of(&text.replace("WITHIN", within))
}

fn recursive_schemas() -> Vec<Value> {
    [
        r##""items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}"##,
        r##""items": {"$dynamicRef": "#node"}, "additionalProperties": {"$dynamicRef": "#node"}"##,
        r##""unevaluatedItems": {"$ref": "#"}, "unevaluatedProperties": {"$ref": "#"}"##,
        r##""anyOf": [{"type": "string"}, {"items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}}]"##,
        r##""if": {"not": {"not": {"oneOf": [{"allOf": [{"anyOf": [{
                "items": {"$ref": "#"}, "properties": {"a": {"$ref": "#"}}}]}]}]}}},
            "then": {"dependentSchemas": {"a": {"minProperties": 1}}}, "else": false"##,
    ]
    .map(recursive)
    .into()
}

/// In a thread with a stack of 2 MB, as small as PostgreSQL's usual limit.
fn in_a_small_thread(test: impl FnOnce() + Send + 'static) {
    thread::Builder::new().stack_size(2 << 20).spawn(test).unwrap().join().unwrap();
}

#[test]
fn a_document_too_deep_for_the_stack_is_told() {
    in_a_small_thread(|| {
        for schema in recursive_schemas() {
            let validator = stored(&schema);
            for nesting in [Nesting::Arrays, Nesting::Objects, Nesting::Mixed] {
                for depth in [12_000, 100_000] {
                    let document = nested(depth, nesting);
                    let bounds = stack(1 << 20);
                    assert_eq!(validator.is_valid(&document, &bounds), Err(Exceeded::Stack), "{schema} {nesting:?}");
                    let listed = validator.violations(&document, &bounds, 5, Shown::Values);
                    assert_eq!(listed, Err(Exceeded::Stack), "{schema} {nesting:?}");
                }
                let shallow = nested(100, nesting);
                assert_eq!(validator.is_valid(&shallow, &stack(1 << 20)), Ok(true), "{schema} {nesting:?}");
            }
        }
    });
}

#[test]
fn what_needs_no_recursion_takes_any_depth() {
    in_a_small_thread(|| {
        let document = |depth| nested(depth, Nesting::Mixed);
        for schema in [json!({ "const": 1 }), json!({ "enum": [[], [[]], [{}]] }), json!({ "type": "string" })] {
            assert_eq!(stored(&schema).is_valid(&document(100_000), &stack(1 << 20)), Ok(false), "{schema}");
            let violations = stored(&schema).violations(&document(100_000), &stack(1 << 20), 5, Shown::Values).unwrap();
            assert_eq!(violations.total, 1);
        }
        assert_eq!(stored(&json!({ "uniqueItems": true })).is_valid(&document(100_000), &stack(1 << 20)), Ok(true));
    });
}

/// Whether two branches fail is known at the leaf only: the errors double with every level.
fn doubling() -> Value {
    json!({ "anyOf": [
        { "type": "object", "properties": { "a": { "$ref": "#" } }, "required": ["a"] },
        { "type": "object", "additionalProperties": { "$ref": "#" }, "minProperties": 1 },
    ] })
}

#[test]
fn errors_that_double_with_every_level_are_not_listed() {
    let validator = stored(&doubling());
    for depth in [30, 100] {
        let document = nested(depth, Nesting::Objects);
        assert_eq!(validator.is_valid(&document, &LISTING), Ok(false));
        assert_eq!(validator.violations(&document, &LISTING, 5, Shown::Values), Err(Exceeded::Steps));
    }
    let few = validator.violations(&nested(3, Nesting::Objects), &LISTING, 5, Shown::Values).unwrap();
    assert_eq!(few.total, 1);
}

#[test]
fn steps_are_counted_and_nothing_is_left_of_them() {
    let validator = stored(&json!({ "items": { "type": "integer" } }));
    let document = encode(&(0..10_000).collect());
    let enough = |steps| validator.is_valid(&document, &Bounds { steps, ..FREE });
    let needed = (0..40).map(|power| 1 << power).find(|&steps| enough(steps).is_ok()).unwrap();
    assert!((10_000..80_000).contains(&needed), "{needed}");
    for _ in 0..3 {
        assert_eq!(enough(0), Err(Exceeded::Steps));
        assert_eq!(enough(9_000), Err(Exceeded::Steps));
        assert_eq!(enough(needed), Ok(true));
    }
}

#[test]
fn numbers_that_are_short_only_in_jsonb_cost_what_they_are_written_out() {
    // 14 bytes each; compared, 131,001 digits.
    let document = encode(&vec![support::json_of(&format!("1{}", "0".repeat(131_000))); 100].into());
    assert!(document.len() < 3_000);
    for schema in [
        json!({ "items": { "minimum": 0.5 } }),
        json!({ "items": { "multipleOf": 2 } }),
        json!({ "items": { "not": { "enum": [1, 2, 3] } } }),
        json!({ "uniqueItems": false, "items": { "not": { "const": 1 } } }),
    ] {
        let few = Bounds { steps: 1_000_000, ..FREE };
        assert_eq!(stored(&schema).is_valid(&document, &few), Err(Exceeded::Steps), "{schema}");
    }
    let few = Bounds { steps: 10_000, ..FREE };
    assert_eq!(stored(&json!({ "items": { "type": "number" } })).is_valid(&document, &few), Ok(true));
}

#[test]
fn long_strings_cost_their_length() {
    let document = json!("x".repeat(10 << 20));
    for schema in [json!({ "pattern": "y" }), json!({ "format": "email" }), json!({ "maxLength": 3 })] {
        let few = Bounds { steps: 100_000, ..FREE };
        assert_eq!(stored(&schema).is_valid(&encode(&document), &few), Err(Exceeded::Steps), "{schema}");
        assert_eq!(parsed(&schema).is_valid(&document, &few), Err(Exceeded::Steps), "{schema}");
        assert_eq!(parsed(&schema).is_valid(&document, &FREE), Ok(false), "{schema}");
    }
}

#[test]
fn errors_cost_the_names_on_the_way_to_them() {
    let name = "n".repeat(1 << 20);
    let document = json!({ name: (0..1_000).collect::<Vec<_>>() });
    let schema = json!({ "additionalProperties": { "items": { "type": "string" } } });
    assert_eq!(parsed(&schema).is_valid(&document, &LISTING), Ok(false));
    assert_eq!(parsed(&schema).violations(&document, &LISTING, 1, Shown::Values), Err(Exceeded::Steps));
}

#[test]
fn errors_cost_what_they_copy_of_the_schema() {
    let names: Vec<String> = (0..20_000).map(|number| format!("name {number}")).collect();
    let document = json!(vec![json!({}); 1_000]);
    for schema in [
        json!({ "items": { "not": { "type": "object", "propertyNames": { "enum": names } } } }),
        json!({ "items": { "required": ["n".repeat(200_000)] } }),
    ] {
        assert_eq!(parsed(&schema).violations(&document, &LISTING, 1, Shown::Values), Err(Exceeded::Steps));
    }
}

#[test]
fn a_regular_expression_in_a_document_is_bounded() {
    let schema = json!({ "format": "regex" });
    for (length, valid) in [(10_000, Ok(true)), (10_000_000, Err(Exceeded::Steps))] {
        assert_eq!(parsed(&schema).is_valid(&json!("(a)".repeat(length / 3)), &FREE), valid);
    }
}

#[test]
fn a_long_text_and_a_large_pattern_are_bounded() {
    let texts = |length| [json!({ "a": "x".repeat(length) }), json!({ "x".repeat(length): "a" })];
    let schemas = |pattern: &str| {
        [json!({ "properties": { "a": { "pattern": pattern } } }), json!({ "patternProperties": { pattern: true } })]
    };
    for (pattern, length, expected) in [
        ("^[a-z]+$", 2 << 20, Ok(true)),
        ("^[\\p{L}\\p{N}]{1,200}$", 1_000, Ok(true)),
        ("^[\\p{L}\\p{N}]{1,200}$", 2 << 20, Err(Exceeded::Steps)),
    ] {
        for (schema, document) in schemas(pattern).iter().zip(texts(length)) {
            let valid = parsed(schema).is_valid(&document, &FREE);
            assert_eq!(valid.map(|_| true), expected, "{schema}");
            assert_eq!(stored(schema).is_valid(&encode(&document), &FREE), valid, "{schema}");
        }
    }
}

#[test]
fn who_interrupts_is_heard() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    fn at_the_fifth() -> bool {
        ASKED.fetch_add(1, Ordering::Relaxed) == 4
    }
    let million = encode(&(0..1_000_000).collect());
    let validator = stored(&json!({ "items": { "type": "string" }, "uniqueItems": true }));
    let bounds = Bounds { interrupted: at_the_fifth, ..FREE };
    let unique = stored(&json!({ "uniqueItems": true }));
    assert_eq!(unique.is_valid(&million, &bounds), Err(Exceeded::Interrupted));
    assert_eq!(ASKED.swap(0, Ordering::Relaxed), 5);
    assert_eq!(validator.violations(&million, &bounds, 5, Shown::Values), Err(Exceeded::Interrupted));
    assert_eq!(ASKED.swap(0, Ordering::Relaxed), 5);
    assert_eq!(unique.is_valid(&million, &FREE), Ok(true));
}

#[test]
fn a_million_items_are_asked_about_often() {
    static ASKED: AtomicU64 = AtomicU64::new(0);
    fn never() -> bool {
        ASKED.fetch_add(1, Ordering::Relaxed);
        false
    }
    let validator = stored(&json!({ "items": { "type": "integer" }, "uniqueItems": true }));
    let million = encode(&(0..1_000_000).collect());
    assert_eq!(validator.is_valid(&million, &Bounds { interrupted: never, ..FREE }), Ok(true));
    assert!(ASKED.load(Ordering::Relaxed) > 4_000);
}

#[test]
fn other_panics_go_on() {
    fn panics() -> bool {
        panic!("not ours")
    }
    let bounds = Bounds { interrupted: panics, ..FREE };
    let schema = json!({ "maximum": 0 });
    let panic = catch_unwind(|| parsed(&schema).is_valid(&json!(1), &bounds)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"not ours"));
    assert_eq!(parsed(&schema).is_valid(&json!(1), &FREE), Ok(false));
}

#[test]
fn a_text_is_parsed_in_bounded_memory() {
    let same = [
        r#"{"a": [1, -0.0, 1e999, 12345678901234567890123, true, null, "é\\u0000"], "a": {}, "b": {"c": "d"}}"#,
        r#"{"$serde_json::private::Number": "1"}"#,
        "1",
        "1 2",
        "[1,",
        r#"{"a": "\\ud800"}"#,
        &"[".repeat(127),
        &"[".repeat(129),
    ];
    for text in same {
        let (one, other) = (parse(text), parse_document(text, &FREE).unwrap());
        assert_eq!(one.as_ref().map_err(|it| &it.message), other.as_ref().map_err(|it| &it.message), "{text}");
    }
    let many = format!("[{}0]", r#"{"": 0},"#.repeat(1_000_000));
    assert_eq!(parse_document(&many, &FREE), Err(Exceeded::Steps));
    let stopped = Bounds { interrupted: || true, ..FREE };
    assert_eq!(parse_document(&many, &stopped), Err(Exceeded::Interrupted));
}

#[test]
fn a_long_name_and_many_patterns_are_bounded() {
    let patterns = |count: usize| -> Value {
        (0..count)
            .map(|number| (format!("^(a|b)*a(a|b){{9}}(c|d){number}$"), json!(true)))
            .collect::<Map<_, _>>()
            .into()
    };
    let schemas = |count: usize| {
        let (left, right) = (patterns(count), patterns(count / 2));
        [
            json!({ "patternProperties": left, "additionalProperties": false }),
            json!({ "patternProperties": left, "additionalProperties": { "type": "string" } }),
            json!({ "patternProperties": left, "additionalProperties": false, "properties": { "a": true } }),
            json!({ "allOf": [{ "patternProperties": left }, { "$ref": "#/$defs/a" }], "unevaluatedProperties": false,
                "$defs": { "a": { "patternProperties": right } } }),
        ]
    };
    let document = |length: usize| json!({ "ab".repeat(length / 2) + "aaaaaaaaaa": 1 });
    timed(20, || {
        for schema in schemas(150) {
            let document = document(2 << 20);
            assert_eq!(parsed(&schema).is_valid(&document, &FREE), Err(Exceeded::Steps), "{schema}");
            assert_eq!(stored(&schema).is_valid(&encode(&document), &FREE), Err(Exceeded::Steps), "{schema}");
        }
    });
    // A name costs as many passes as there are patterns.
    for schema in schemas(100) {
        let few = Bounds { steps: 10_000, ..FREE };
        assert_eq!(parsed(&schema).is_valid(&document(1 << 10), &few), Err(Exceeded::Steps), "{schema}");
        assert_eq!(parsed(&schema).is_valid(&document(1 << 10), &FREE), Ok(false), "{schema}");
    }
    // Each way to the patterns is one more time.
    let ways = json!({ "allOf": vec![json!({ "$ref": "#/$defs/a" }); 500], "unevaluatedProperties": false,
        "$defs": { "a": { "patternProperties": patterns(20) } } });
    assert_eq!(timed(20, || parsed(&ways).is_valid(&document(1 << 20), &FREE)), Err(Exceeded::Steps));
    // Of each pattern alone, the validator reads all names.
    let apart = json!({ "patternProperties": patterns(100) });
    assert_eq!(parsed(&apart).is_valid(&document(1 << 10), &Bounds { steps: 50_000, ..FREE }), Ok(true));
}
