//! What a comparison reads costs steps, so that its budget bounds its time.

mod support;

use serde_json::{Value, json};
use support::{admitted, json_of, timed, verdict};
use veritable_schema::Verdict;

/// Without optimisation these take some seconds; without steps they took minutes.
const SECONDS: u64 = 25;

#[test]
fn values_cost_what_is_read_of_them() {
    let long = |length: usize, last: u32| Value::from((0..length).map(|_| 1).chain([last]).collect::<Vec<u32>>());
    let branches = |keyword: &str, count: usize| {
        let branch = |least: usize| {
            let mut branch = json!({"items": false, "minLength": least});
            branch[keyword] = json!(true);
            branch
        };
        json!({"anyOf": (0..count).map(branch).collect::<Vec<_>>()})
    };
    timed(SECONDS, || {
        verdict(&json!({"enum": [[long(12_000, 2), long(12_000, 3)], 1]}), &branches("uniqueItems", 200))
    });

    let number = json_of(&"7".repeat(100_000));
    let bounds: Vec<_> = (0..2_000).map(|bound| json!({"maximum": bound})).collect();
    timed(SECONDS, || verdict(&json!({"enum": [number, 1]}), &json!({"anyOf": bounds})));

    let all: Vec<u32> = (0..20_000).collect();
    let shared = |extra: &str| {
        let properties: serde_json::Map<_, _> =
            (0..2_000).map(|number| (format!("p{number}"), json!({"$ref": "#/$defs/e"}))).collect();
        json!({"properties": properties, "$defs": {"e": {"enum": all}}, "minProperties": 1, "title": extra, "required": [extra]})
    };
    timed(SECONDS, || verdict(&shared("a"), &shared("b")));

    let names: Vec<_> = (0..30_000).map(|number| format!("n{number}")).collect();
    timed(SECONDS, || verdict(&json!({"required": names}), &json!({"required": names, "type": "object"})));

    let consts: Vec<_> = (0..200).map(|number| json!({"const": [number]})).collect();
    timed(SECONDS, || verdict(&json!({"enum": [long(12_000, 2), long(12_000, 3)]}), &json!({"anyOf": consts})));
}

#[test]
fn what_is_evaluated_costs_what_is_copied_of_it() {
    let named: serde_json::Map<_, _> = (0..8_000).map(|number| (format!("n{number}"), json!(true))).collect();
    let mut all: serde_json::Map<_, _> = (0..1_500)
        .map(|number| (format!("d{number}"), json!({"$ref": "#/$defs/b", "unevaluatedProperties": false})))
        .collect();
    all.insert("b".to_owned(), json!({"properties": named}));
    timed(SECONDS, || verdict(&json!({"$defs": all, "minProperties": 1}), &json!({"minProperties": 2})));
}

#[test]
fn a_pattern_with_stacked_quantifiers_means_two_things() {
    for pattern in ["^a*+a$", "^a++$", "^a?+b", "^a{2}{2}$", "^a*{2}$", "^(?:a|b)**$", "a*??"] {
        assert!(!admitted(&json!({"pattern": pattern})), "{pattern}");
        assert!(!admitted(&json!({"patternProperties": {pattern: true}})), "{pattern}");
        assert!(!admitted(&json!({"pattern": pattern, "items": {"pattern": "(?=a)"}})), "{pattern}");
    }
    for pattern in ["^a*?a$", "^(?:a*)+$", "^(a{2}){2}$", "a\\*+", "[*+]+", "a{2}?"] {
        assert!(admitted(&json!({"pattern": pattern})), "{pattern}");
    }
}

#[test]
fn texts_of_a_pattern_are_bounded_in_parts() {
    // A text stays empty however often what is empty is repeated.
    let pattern = format!("{}|a{}", "(?:".repeat(20), ")*".repeat(20));
    let old = json!({"type": "string", "pattern": pattern});
    timed(SECONDS, || verdict(&old, &json!({"type": "string", "pattern": "b"})));
    let names = |longest: u32| json!({"patternProperties": {&*pattern: {"type": "string", "maxLength": longest}}});
    timed(SECONDS, || verdict(&names(4), &names(3)));
}

#[test]
fn a_number_beyond_any_range_is_not_compared() {
    let (old, new) = (json_of(r#"{"enum":[1e99999999999999,5]}"#), json_of(r#"{"not":{"const":10e99999999999998}}"#));
    assert!(!matches!(verdict(&old, &new), Verdict::Compatible));
}
