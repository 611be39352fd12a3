//! No schema makes compiling it, or comparing it, take more than the limits: it is refused before.

mod support;

use std::thread;

use serde_json::{Map, Value, json};
use support::{LIMITS, RULES, stack, timed};
use veritable_schema::{
    Bounds, COMPARISON, Excess, Formats, Limits, Parsed, Patterns, Refusal, Rules, Validator, Verdict, Version,
    check_texts, covers, problems,
};

/// Fewer steps than usual, so that what is far above is found out soon without optimisation, too.
const FEW: Limits = Limits { bounds: Bounds { steps: Limits::STEPS / 4, ..LIMITS.bounds }, ..LIMITS };

fn build(schema: &Value, patterns: Patterns, limits: &Limits) -> Result<(), Refusal> {
    Validator::<Parsed>::build(schema, &Rules { patterns, ..RULES }, limits).map(drop)
}

#[track_caller]
fn excess(result: Result<(), Refusal>) -> (Excess, String) {
    match result {
        Err(Refusal::Excess { of, location }) => (of, location),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn is_too_much(schema: &Value) {
    let (of, location) = timed(10, || excess(build(schema, Patterns::Backtracking, &FEW)));
    assert_eq!(of, Excess::Work);
    assert!(schema.pointer(&location).is_some(), "{location}");
}

/// Definitions `a0` to `a{count}`, of which the last is empty.
fn definitions(count: usize, definition: impl Fn(usize) -> Value) -> Value {
    let last = (format!("a{count}"), json!({}));
    (0..count).map(|number| (format!("a{number}"), definition(number))).chain([last]).collect::<Map<_, _>>().into()
}

fn to(number: usize) -> Value {
    json!({ "$ref": format!("#/$defs/a{number}") })
}

fn unevaluated(keyword: &str, count: usize, definition: impl Fn(usize) -> Value) -> Value {
    json!({ "$ref": "#/$defs/a0", keyword: false, "$defs": definitions(count, definition) })
}

#[test]
fn what_doubles_below_unevaluated_is_refused() {
    for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
        let doubling: [&dyn Fn(&Value) -> Value; 8] = [
            &|next| json!({ "allOf": [next, next], keyword: false }),
            &|next| json!({ "anyOf": [next, next] }),
            &|next| json!({ "oneOf": [next, next] }),
            &|next| json!({ "if": next, "then": next }),
            &|next| json!({ "if": true, "then": next, "else": next }),
            &|next| json!({ "dependentSchemas": { "a": next, "b": next }, "allOf": [next, next] }),
            &|next| json!({ "$ref": next["$ref"], "$dynamicRef": next["$ref"] }),
            &|next| json!({ "$ref": next["$ref"], "items": { "allOf": [next, next], keyword: false }, "anyOf": [next] }),
        ];
        for doubling in doubling {
            is_too_much(&unevaluated(keyword, 40, |number| doubling(&to(number + 1))));
        }
        let all = |count| (0..count).map(to).collect::<Vec<_>>();
        is_too_much(&unevaluated(keyword, 12, |_| json!({ "allOf": all(12) })));
        // Each level of a chain is compiled again with each one above it.
        is_too_much(&unevaluated(
            keyword,
            600,
            |number| json!({ "$ref": format!("#/$defs/a{}", number + 1), keyword: false }),
        ));
    }
    let recursive = json!({
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$ref": "#/$defs/a0", "unevaluatedProperties": false,
        "$defs": definitions(30, |number| json!({
            "$id": format!("http://x/{number}"), "$recursiveAnchor": true,
            "anyOf": [{ "$ref": format!("/{}", (number + 1) % 30) }, { "$recursiveRef": "#" }, { "$ref": format!("/{}", (number + 2) % 30) }],
        })),
    });
    is_too_much(&recursive);
}

#[test]
fn as_many_schemas_as_there_are_ways_through_resources_are_refused() {
    let resource = |number: usize, next: &dyn Fn(usize) -> Vec<usize>| {
        let next: Vec<_> = next(number).into_iter().map(|next| json!({ "$ref": format!("http://x/{next}") })).collect();
        (format!("r{number}"), json!({ "$id": format!("http://x/{number}"), "anyOf": next }))
    };
    let schema = |count, next: &dyn Fn(usize) -> Vec<usize>| {
        let definitions: Map<_, _> = (0..count).map(|number| resource(number, next)).collect();
        json!({ "$id": "http://x/root", "$ref": "http://x/0", "$defs": definitions })
    };
    is_too_much(&schema(12, &|_| (0..12).collect()));
    is_too_much(&schema(60, &|number| vec![(number + 1) % 60, (number + 2) % 60]));
}

#[test]
fn what_tells_branches_apart_is_looked_for_within_limits() {
    let next = |number: usize| (0..20).map(|_| to(number + 1)).collect::<Vec<_>>();
    let chain = definitions(10, |number| json!({ "allOf": next(number) }));
    is_too_much(&json!({ "oneOf": [to(0), to(0), to(0)], "$defs": chain }));
    let required: Vec<_> = (0..3000).map(|number| format!("p{number}")).collect();
    let objects: Vec<_> = (0..3000).map(|_| json!({ "properties": { "p": true } })).collect();
    let branch = json!({ "required": required, "allOf": objects });
    is_too_much(&json!({ "anyOf": [to(0), to(0), to(0)], "$defs": { "a0": branch } }));
}

#[test]
fn long_names_above_many_schemas_are_refused() {
    let long = "x".repeat(100_000);
    let id = format!("http://x/{long}");
    let many = || (0..2000).map(|_| json!({ "minimum": 1 })).collect::<Vec<_>>();
    let anchors = || definitions(2000, |number| json!({ "$anchor": format!("b{number}") }));
    let references = || (0..2000).map(to).collect::<Vec<_>>();
    let nested =
        (0..60).fold(json!({ "allOf": many() }), |inner, _| json!({ "$id": "y".repeat(1500) + "/", "not": inner }));
    for schema in [
        json!({ "properties": { &long: { "allOf": many() } } }),
        json!({ "$id": id, "allOf": many() }),
        json!({ "$id": id, "$defs": anchors() }),
        json!({ "$defs": { &long: { "$defs": anchors() } }, "$ref": "#b0" }),
        json!({ "$id": id, "allOf": references(), "$defs": definitions(2000, |_| json!(true)) }),
        nested,
    ] {
        is_too_much(&schema);
        assert_eq!(excess(check_texts(&schema, &FEW)).0, Excess::Work);
        let found = problems(&schema, false, Formats::Asserted, 128, &FEW);
        assert!(matches!(found, Err(Refusal::Excess { of: Excess::Work, .. })), "{found:?}");
    }
}

#[test]
fn names_tried_with_patterns_that_go_back_are_refused() {
    let names: Map<_, _> = (0..3000).map(|number| ("a".repeat(40) + &number.to_string(), json!(true))).collect();
    let patterns: Map<_, _> = (0..20).map(|number| (format!("^(?=(a|aa)*b)(a|aa)*{number}$"), json!(true))).collect();
    is_too_much(&json!({ "properties": names, "patternProperties": patterns, "additionalProperties": false }));
}

#[test]
fn patterns_that_are_too_large_together_are_refused() {
    for (form, patterns) in [
        ("(?=\\w{100}N)", Patterns::Backtracking),
        ("(N)\\1\\w{100}", Patterns::Backtracking),
        ("^\\p{L}{1,100}N$", Patterns::Linear),
        ("^\\p{L}{1,100}N$", Patterns::Backtracking),
    ] {
        let pattern = |number: usize| form.replace('N', &number.to_string());
        let (all, of_names): (Vec<_>, Map<_, _>) =
            (0..50).map(|number| (json!({ "pattern": pattern(number) }), (pattern(number), json!(true)))).unzip();
        let limits = Limits { patterns: 4 << 20, ..LIMITS };
        let (of, location) = excess(build(&json!({ "allOf": all }), patterns, &limits));
        assert_eq!(of, Excess::Patterns, "{form}");
        assert!(location.starts_with("/allOf/") && location.ends_with("/pattern"), "{location}");
        let (of, location) = excess(build(&json!({ "patternProperties": of_names }), patterns, &limits));
        assert_eq!((of, location.as_str()), (Excess::Patterns, "/patternProperties"), "{form}");
        if patterns == Patterns::Linear {
            let found = problems(&json!({ "allOf": all }), false, Formats::Asserted, 64, &limits);
            let Err(Refusal::Excess { of: Excess::Patterns, location }) = found else { panic!("{found:?}") };
            assert!(location.starts_with("/allOf/") && location.ends_with("/pattern"), "{location}");
        }
    }
}

#[test]
fn patterns_that_are_too_large_each_are_not_all_tried() {
    let all: Vec<_> = (0..190).map(|number| json!({ "pattern": format!("^\\p{{L}}{{1000}}{number}$") })).collect();
    let found = timed(10, || problems(&json!({ "allOf": all }), false, Formats::Asserted, 64, &LIMITS).unwrap());
    assert!((1..10).contains(&found.len()), "{found:?}");
}

#[test]
fn patterns_that_take_long_to_read_are_refused_before() {
    let long = [
        r"\w".repeat(1000),
        r"\s".repeat(1000),
        r"\cA".repeat(5000),
        format!("[{}]", r"\s".repeat(50_000)),
        format!("(?=a){}", r"\cA".repeat(5000)),
        r"\pL".repeat(20_000),
        r"\p{Any}".repeat(30_000),
        format!("(?i){}", "[\u{1}-\u{10ffff}]".repeat(2000)),
        format!("(?i:{})", r"[\x{1}-\x{10ffff}]".repeat(1000)),
        format!("(?xi){}", "[\u{1}- \u{10ffff}]".repeat(1000)),
        format!("(?i)(?=a){}", r"\p{Any}".repeat(1000)),
    ];
    timed(10, || {
        for pattern in long {
            for schema in [json!({ "pattern": pattern }), json!({ "patternProperties": { &pattern: true } })] {
                for patterns in [Patterns::Linear, Patterns::Backtracking] {
                    assert_eq!(excess(build(&schema, patterns, &LIMITS)).0, Excess::Patterns, "{}", &pattern[..9]);
                }
                for strict in [true, false] {
                    let found = problems(&schema, strict, Formats::Asserted, 64, &LIMITS).unwrap();
                    assert!(found[0].message.ends_with("is too large when it is compiled"), "{found:?}");
                }
            }
        }
    });
    // Many patterns that are not long each are too much work together.
    let classes = |number: usize| json!({ "pattern": r"\s\w\d".repeat(20) + &number.to_string() });
    let all = |count: usize| json!({ "allOf": (0..count).map(classes).collect::<Vec<_>>() });
    assert_eq!(excess(build(&all(500), Patterns::Linear, &LIMITS)).0, Excess::Work);
    assert_eq!(build(&all(20), Patterns::Linear, &LIMITS), Ok(()));
    for usual in [r"\d".repeat(100), r"\w".repeat(100), r"\s".repeat(100), format!("^({})$", "abcde|".repeat(10_000))] {
        assert_eq!(build(&json!({ "pattern": usual }), Patterns::Linear, &LIMITS), Ok(()), "{usual}");
    }
    assert_eq!(
        build(&json!({ "pattern": r"(?i)^[\p{L}\p{N}\u00a0-\uffff]{1,20}$" }), Patterns::Linear, &LIMITS),
        Ok(())
    );
}

#[test]
fn what_leads_further_down_than_the_stack_is_refused() {
    let chain = |keyword: &str| unevaluated(keyword, 3000, |number| to(number + 1));
    let deep = |keyword: &str| (0..100).fold(json!({}), |inner, _| json!({ keyword: inner }));
    let of_small = |schema: Value, room: usize| {
        let small = thread::Builder::new().stack_size(8 << 20);
        let refusal = small.spawn(move || {
            build(&schema, Patterns::Linear, &Limits { bounds: Bounds { steps: u64::MAX, ..stack(room) }, ..LIMITS })
        });
        excess(refusal.unwrap().join().unwrap()).0
    };
    for keyword in ["unevaluatedProperties", "unevaluatedItems"] {
        assert_eq!(of_small(chain(keyword), 1 << 20), Excess::Stack);
    }
    for keyword in ["not", "unevaluatedProperties", "additionalProperties", "if"] {
        assert_eq!(of_small(deep(keyword), 1 << 10), Excess::Stack, "{keyword}");
    }
}

#[test]
fn what_is_compiled_many_times_weighs_as_much() {
    let footprint = |schema: &Value| Validator::<Parsed>::build(schema, &RULES, &LIMITS).unwrap().footprint();
    let doubling =
        |count| unevaluated("unevaluatedItems", count, |number| json!({ "allOf": [to(number + 1), to(number + 1)] }));
    let (few, many) = (footprint(&doubling(1)), footprint(&doubling(12)));
    assert!(few < 100 << 10 && many > 10 << 20, "{few} {many}");
    let patterns: Vec<_> = (0..500).map(|number| json!({ "pattern": format!("^a{number}$") })).collect();
    assert!(footprint(&json!({ "allOf": patterns })) > 3 << 20);
    // What matches keep, beside the program.
    let patterns: Vec<_> = (0..500).map(|number| json!({ "pattern": format!("[a-z]a{number}") })).collect();
    assert!(footprint(&json!({ "allOf": patterns })) > 30 << 20);
}

#[test]
fn what_is_never_freed_is_bounded() {
    // In a thread of its own: what is lost is counted for each.
    let lost = || {
        let next = |number: usize| if number == 11 { json!({ "$ref": "#/$defs/a0" }) } else { to(number + 1) };
        let schema = unevaluated("unevaluatedItems", 12, |number| json!({ "allOf": [next(number), next(number)] }));
        let compiled = (0..1000).take_while(|_| build(&schema, Patterns::Linear, &LIMITS).is_ok()).count();
        assert!((1..1000).contains(&compiled), "{compiled}");
        assert_eq!(excess(build(&schema, Patterns::Linear, &LIMITS)).0, Excess::Lost);
        // What does not lead round in a circle goes on.
        let recursive = json!({ "items": { "$ref": "#" }, "unevaluatedProperties": { "type": "string" } });
        assert_eq!(build(&recursive, Patterns::Linear, &LIMITS), Ok(()));
    };
    thread::spawn(lost).join().unwrap();
}

#[test]
fn it_stops_when_it_is_asked_to() {
    let schema = unevaluated("unevaluatedItems", 40, |number| json!({ "allOf": [to(number + 1), to(number + 1)] }));
    let stopped = Limits { bounds: Bounds { interrupted: || true, ..LIMITS.bounds }, ..LIMITS };
    assert_eq!(excess(build(&schema, Patterns::Linear, &stopped)).0, Excess::Interrupted);
}

#[test]
fn usual_schemas_are_far_below_the_limits() {
    // As generators write them: many definitions that refer to each other, unions, closed objects.
    let object = |number: usize| {
        let properties: Map<_, _> = (0..12)
            .map(|property| {
                let value = match property % 4 {
                    0 => to((number * 7 + property) % 200),
                    1 => json!({ "type": "array", "items": to((number + property) % 200), "description": "text" }),
                    2 => json!({ "anyOf": [{ "type": "string", "pattern": "^[a-z]+$" }, { "type": "null" }], "title": "Name" }),
                    _ => json!({ "enum": (0..20).map(|value| format!("v{value}")).collect::<Vec<_>>() }),
                };
                (format!("property{property}"), value)
            })
            .collect();
        json!({ "type": "object", "properties": properties, "required": ["property0"], "unevaluatedProperties": false })
    };
    let schema = json!({ "oneOf": (0..100).map(to).collect::<Vec<_>>(), "$defs": definitions(200, object) });
    assert!(schema.to_string().len() > 200_000, "{}", schema.to_string().len());
    let tenth = Limits { bounds: Bounds { steps: Limits::STEPS / 4, ..LIMITS.bounds }, ..LIMITS };
    assert_eq!(build(&schema, Patterns::Linear, &tenth), Ok(()));
    // Mixed in, ten levels deep.
    let mixed = unevaluated(
        "unevaluatedProperties",
        10,
        |number| json!({ "allOf": [to(number + 1)], "properties": { format!("p{number}"): true }, "anyOf": [{ "required": ["a"] }, true] }),
    );
    assert_eq!(build(&mixed, Patterns::Linear, &tenth), Ok(()));
}

#[test]
fn values_that_take_long_end_soon() {
    let number = |text: String| Value::Number(text.parse().unwrap());
    let all = |count: usize, value: &dyn Fn(usize) -> Value| (0..count).map(value).collect::<Vec<_>>();
    let of_enum =
        |count, value: &dyn Fn(usize) -> Value| [0, 1].map(|skipped| json!({ "enum": all(count, value)[skipped..] }));
    let pairs = [
        of_enum(5000, &|number| json!(number)),
        of_enum(1000, &|value| number(format!("1{value:05}{}", "0".repeat(30)))),
        of_enum(500, &|value| number(format!("{value}.5e-{}", value % 300))),
        of_enum(6000, &|value| json!(format!("v{value}"))),
        of_enum(3000, &|value| json!({ "a": value })),
        of_enum(3000, &|value| json!([value])),
        [1, 2].map(|value| json!({ "oneOf": all(3000 + value, &|value| json!({ "const": value })) })),
        [1, 2].map(|value| json!({ "items": { "not": { "enum": all(3000 + value, &|value| json!(value)) } } })),
        [1, 2].map(|value| json!({ "minimum": number(format!("{value}e1000000")) })),
        [1, 2].map(|value| json!({ "multipleOf": number(format!("{value}e-1000000")) })),
        [1, 2].map(|value| json!({ "maximum": number(format!("{value}{}", "3".repeat(30_000))) })),
        [1, 2].map(|size| json!({ "allOf": all(10, &|value| json!({ "pattern": format!("^\\p{{L}}{{{size},100}}{value}$") })) })),
    ];
    for pair in pairs {
        for [old, new] in [[&pair[0], &pair[1]], [&pair[1], &pair[0]]] {
            let version = |schema| Version { schema, resources: &[] };
            let verdict = timed(30, || covers(&version(new), &version(old), Formats::Asserted, &LIMITS, COMPARISON));
            // Without the library, which would take minutes, some are decided.
            if let Verdict::Undecided { reason, .. } = &verdict {
                let known = ["to be compared", "too many steps", "neither a proof"];
                assert!(known.iter().any(|known| reason.contains(known)), "{reason}");
            }
        }
    }
    // As many as there are countries, and more.
    let countries = of_enum(400, &|value| json!(value));
    let version = |schema| Version { schema, resources: &[] };
    assert!(matches!(
        covers(&version(&countries[0]), &version(&countries[1]), Formats::Asserted, &LIMITS, COMPARISON),
        Verdict::Compatible
    ));
}
