//! No schema takes long, or panics, on its way through its meta-schema and the compiler: valid or not.

mod support;

use support::{LIMITS, RULES, Value, json, json_of, timed};
use veritable_schema::{Excess, Limits, Parsed, Refusal, Rules, Validator, against_meta_schema, check_texts};

const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

fn build(schema: &Value) -> Result<(), Refusal> {
    Validator::<Parsed>::build(schema, &RULES, &LIMITS).map(drop)
}

/// What the functions do that only ask the meta-schema.
fn check(schema: &Value) -> Result<(), Refusal> {
    check_texts(schema, &LIMITS)?;
    Ok(against_meta_schema(schema)?)
}

#[track_caller]
fn is_refused(found: Result<(), Refusal>, schema: &Value) {
    match found {
        Err(Refusal::Excess { of: Excess::Work, location }) => {
            assert!(schema.pointer(&location).is_some(), "{location}");
        }
        other => panic!("{other:?}"),
    }
}

/// Different values with one hash, as texts.
fn alike() -> [String; 4] {
    let all = |count: usize, value: &dyn Fn(usize) -> String| (0..count).map(value).collect::<Vec<_>>().join(",");
    let nested = |number: usize| format!("{number:016b}").replace('0', "[],").replace('1', "[[]],");
    [
        all(200, &|number| format!("1e{}", 9000 + number)),
        all(1000, &|number| format!("1e{}", 400 + number)),
        all(4000, &|number| format!("{}", 1_000_000_000_000_000_000_000 + number as u128)),
        all(4000, &|number| format!("[{}[]]", nested(number))),
    ]
}

#[test]
fn items_with_one_hash_are_not_compared_in_pairs() {
    let keywords = [
        r#"{"required": [ITEMS]}"#,
        r#"{"type": [ITEMS]}"#,
        r#"{"dependencies": {"a": [ITEMS]}}"#,
        r#"{"dependentRequired": {"a": [ITEMS]}}"#,
        r#"{"properties": {"a": {"not": {"required": [{"a": [ITEMS]}, ITEMS]}}}}"#,
    ];
    timed(10, || {
        for draft in DRAFTS {
            for items in alike() {
                for keyword in keywords {
                    let mut schema = json_of(&keyword.replace("ITEMS", &items));
                    schema["$schema"] = draft.into();
                    is_refused(build(&schema), &schema);
                    is_refused(check(&schema), &schema);
                }
            }
        }
    });
}

#[test]
fn usual_arrays_in_these_keywords_are_told_as_before() {
    let names: Vec<_> = (0..20_000).map(|number| format!("name {number}")).collect();
    for schema in [json!({ "required": names }), json!({ "dependentRequired": { "a": names } })] {
        assert_eq!(build(&schema), Ok(()));
    }
    for schema in [json!({ "required": [1, 2] }), json!({ "type": ["string", "string"] }), json!({ "type": [[], {}] })]
    {
        assert!(matches!(build(&schema), Err(Refusal::Problem(_))), "{schema}");
    }
    let large = json_of(r#"{"enum": [1e308, -1e308, 12345678901234567890123], "minimum": 1e400, "multipleOf": 1e-30}"#);
    assert_eq!((build(&large), check(&large)), (Ok(()), Ok(())));
}

#[test]
fn numbers_that_take_long_to_compare_are_counted() {
    let all = |number: &str| json_of(&format!(r#"{{"allOf": [{}]}}"#, vec![number; 500].join(",")));
    timed(10, || {
        for number in [r#"{"multipleOf": 1e-9000}"#, r#"{"minLength": 1e9000}"#, r#"{"exclusiveMinimum": -1e-9999}"#] {
            let schema = all(number);
            is_refused(build(&schema), &schema);
            is_refused(check(&schema), &schema);
        }
    });
    assert_eq!(build(&all(r#"{"multipleOf": 1e-30}"#)), Ok(()));
}

#[test]
fn names_of_groups_are_not_compared_in_pairs() {
    let groups: String = (0..20_000).map(|number| format!("(?<a{number:05}>)")).collect();
    let references = format!("{}{}", &groups[..100_000], r"\k<a00001>".repeat(20_000));
    timed(10, || {
        for draft in DRAFTS {
            for pattern in [&groups, &references] {
                for schema in [
                    json!({ "$schema": draft, "pattern": pattern }),
                    json!({ "$schema": draft, "patternProperties": { pattern: true } }),
                ] {
                    is_refused(build(&schema), &schema);
                    is_refused(check(&schema), &schema);
                }
            }
        }
    });
    let few: String = (0..100).map(|number| format!("(?<a{number}>b)")).collect();
    assert_eq!(build(&json!({ "pattern": few, "description": "<b>".repeat(20_000) })), Ok(()));
}

#[test]
fn what_the_compiler_does_not_expect_is_a_problem() {
    // The compiler takes one of the two for the other, and does not find the name there. In the schema itself two with one
    // URI are refused before.
    let ambiguous = json!({
        "$id": "http://y/r",
        "$defs": {
            "a": { "$id": "http://y/q", "$defs": { "k": { "$anchor": "x", "type": "number" } } },
            "b": { "$id": "http://y/q", "type": "string" },
        },
    });
    let resources = [("http://y/r".to_owned(), ambiguous)];
    let schema = json!({ "$ref": "http://y/q#x" });
    let built = Validator::<Parsed>::build(&schema, &Rules { resources: &resources, ..RULES }, &LIMITS).map(drop);
    let Err(Refusal::Problem(problem)) = built else { panic!("{built:?}") };
    assert_eq!((&*problem.location, &*problem.message), ("", "the schema cannot be compiled"));
    assert_eq!(build(&json!({})), Ok(()));
}

#[test]
fn divisors_with_many_digits_are_refused() {
    let divisor = |text: &str| json_of(&format!(r#"{{"items": {{"multipleOf": {text}}}}}"#));
    for text in [&format!("7{}3", "3".repeat(30_000)), &format!("7{}3", "3".repeat(1_100)), "1e-9999", "1e9000"] {
        let schema = divisor(text);
        is_refused(build(&schema), &schema);
    }
    // What is left is quick.
    let document = json_of(&format!("[{}]", vec![format!("1{}", "0".repeat(130_000)); 20].join(",")));
    let Limits { bounds, .. } = LIMITS;
    for text in [&format!("7{}3", "3".repeat(900)), "1e-900", "1e-1000000", "0.01"] {
        let schema = Validator::<Parsed>::build(&divisor(text), &RULES, &LIMITS).unwrap();
        let valid = timed(10, || schema.is_valid(&document, &bounds));
        assert_eq!(valid, Ok(!text.starts_with('7')), "{text}");
    }
}
