//! What a change of a sub-schema does to the whole, for each keyword and position: the verdict holds in the direction
//! that follows, and none contradicts the documents.

#[path = "support/positions.rs"]
mod positions;
#[path = "support/schemas.rs"]
mod schemas;
mod support;

use std::cell::Cell;

use positions::{DRAFTS, Direction, HERE, POSITIONS, Position};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use schemas::{assertion, document, schema};
use serde_json::{Map, Value, json};
use support::{admitted, valid, verdict_among, with_resources};
use veritable_schema::{Verdict, uri};

/// Schemas of which the second accepts all that the first does. By construction, so that their own proof is short, and
/// what is tested is the position.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let known = prop::sample::select(vec![
        (json!({"type": "integer"}), json!({"type": "number"})),
        (json!({"type": "string"}), json!({"type": ["string", "null"]})),
        (json!({"enum": [0, "a"]}), json!({"enum": [0, "a", "ab", null, [], {}]})),
        (json!({"minimum": 1}), json!({"minimum": 0})),
        (json!({"maximum": 1, "type": "number"}), json!({"maximum": 1.5})),
        (json!({"multipleOf": 2}), json!({"multipleOf": 1})),
        (json!({"minLength": 2}), json!({"minLength": 1})),
        (json!({"maxItems": 1}), json!({"maxItems": 2})),
        (json!({"minProperties": 2}), json!({"minProperties": 1})),
        (json!({"required": ["a", "b"]}), json!({"required": ["a"]})),
        (json!({"pattern": "^ab"}), json!({"pattern": "^a"})),
        (json!({"type": "string", "format": "date"}), json!({"type": "string"})),
    ]);
    let random = (schema(), schema(), assertion(), 0..5_u8).prop_map(|(one, other, (keyword, value), change)| {
        let mut more = one.clone();
        match (change, &mut more) {
            (0, _) => (json!({"not": {}}), one),
            (1, _) => (one, json!({})),
            (2, _) => (one.clone(), json!({"anyOf": [other, one]})),
            (3, Value::Object(members)) if narrows(members, keyword) => {
                members.insert(keyword.to_owned(), value);
                (more, one)
            }
            _ => (json!({"allOf": [other, one]}), one),
        }
    });
    prop_oneof![1 => known, 3 => random]
}

/// Whether a schema with one keyword more accepts only what it accepts without, and that is plain: what is unevaluated
/// beside is another condition then.
fn narrows(schema: &Map<String, Value>, keyword: &str) -> bool {
    let beside = ["unevaluatedProperties", "unevaluatedItems"];
    // Up to draft 7, a reference takes the effect from what is beside it.
    !["minContains", "$ref"].contains(&keyword) && !beside.iter().chain([&keyword]).any(|it| schema.contains_key(*it))
}

/// Documents with these in every position.
fn around(inner: &[Value]) -> Vec<Value> {
    let one = |value: &Value| {
        let mut all = vec![
            value.clone(),
            json!({"a": value}),
            json!({"b": value}),
            json!({"ab": value, "b": 1}),
            json!({"a": value, "b": 1}),
            json!({"a": "ab", "b": value}),
            json!([value]),
            json!(["a", value]),
            json!([value, value, 1]),
        ];
        all.extend(value.as_str().map(|name| json!({name: 1})));
        all
    };
    inner.iter().flat_map(one).collect()
}

/// The whole with a schema in the position.
fn put(whole: &Value, schema: &Value) -> Value {
    match whole {
        Value::String(text) if text == HERE => schema.clone(),
        Value::Array(all) => all.iter().map(|value| put(value, schema)).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), put(value, schema))).collect(),
        value => value.clone(),
    }
}

/// A version of this draft, with what the random schemas refer to.
fn version(mut whole: Value, draft: &str, shared: &Value) -> Value {
    whole["$schema"] = json!(draft);
    if whole.get("definitions").is_none() {
        whole["definitions"] = json!({});
    }
    whole["definitions"]["d"] = shared.clone();
    whole
}

/// Whether the pair is none that is compared: `dependencies` beside unevaluated members, which validators read in
/// different ways, and a definition that is nothing but itself.
fn is_left_alone(verdict: &Verdict) -> bool {
    let Verdict::Undecided { reason, .. } = verdict else { return false };
    reason.contains("is beside unevaluated members") || reason.contains("refers to itself for the same value")
}

/// The verdict is no other than the documents', and it is one where it must be.
fn judge(
    resources: &[(String, Value)],
    (old, new): (&Value, &Value),
    must: bool,
    documents: &[Value],
) -> Result<(), TestCaseError> {
    let verdict = verdict_among(resources, old, new);
    let [before, after] = [old, new].map(|schema| with_resources(schema, resources));
    let lost = documents.iter().find(|document| valid(&before, document) && !valid(&after, document));
    if let Some(document) = lost {
        prop_assert!(!must, "the direction is wrong: {old} {new} {document}");
        prop_assert!(verdict != Verdict::Compatible, "{old} {new} {document}");
    }
    if let Verdict::Incompatible { example, .. } = &verdict {
        prop_assert!(!must, "{old} {new} {verdict:?}");
        if let Some(example) = example {
            prop_assert!(valid(&before, example) && !valid(&after, example), "{old} {new} {example}");
        }
    }
    if must && !is_left_alone(&verdict) {
        prop_assert_eq!(verdict, Verdict::Compatible, "{} {}", old, new);
    }
    Ok(())
}

/// Both orders of a pair in a position; whether they could be compared.
fn compare(
    whole: &Value,
    direction: Direction,
    draft: &str,
    (narrow, wide): &(Value, Value),
    shared: &Value,
    documents: &[Value],
) -> Result<bool, TestCaseError> {
    let [narrow, wide] = [narrow, wide].map(|schema| version(put(whole, schema), draft, shared));
    // Not every random schema is one of every draft.
    if !admitted(&narrow) || !admitted(&wide) {
        return Ok(false);
    }
    judge(&[], (&narrow, &wide), direction.holds_with(), documents)?;
    judge(&[], (&wide, &narrow), direction.holds_against(), documents)?;
    Ok(true)
}

/// The same, with each of the pair in a document of its own, of any draft.
fn compare_among(
    whole: &Value,
    direction: Direction,
    [draft, draft_of_parts]: [&str; 2],
    (narrow, wide): &(Value, Value),
    shared: &Value,
    documents: &[Value],
) -> Result<bool, TestCaseError> {
    let part = |schema: &Value| version(json!({"allOf": [schema]}), draft_of_parts, shared);
    let resources = [(uri("narrow", 1), part(narrow)), (uri("wide", 1), part(wide))];
    let [narrow, wide] =
        ["narrow", "wide"].map(|name| version(put(whole, &json!({"$ref": uri(name, 1)})), draft, shared));
    if !resources.iter().map(|(_, part)| part).chain([&narrow, &wide]).all(admitted) {
        return Ok(false);
    }
    let same = draft == draft_of_parts;
    judge(&resources, (&narrow, &wide), same && direction.holds_with(), documents)?;
    judge(&resources, (&wide, &narrow), same && direction.holds_against(), documents)?;
    Ok(true)
}

fn drafts(&(first, last, ..): &Position) -> impl Iterator<Item = &'static str> {
    DRAFTS.iter().filter(move |(draft, _)| (first..=last).contains(draft)).map(|(_, uri)| *uri)
}

fn whole(position: &Position) -> Value {
    serde_json::from_str(position.3).unwrap()
}

/// The same cases in every run, so that nothing is undecided by chance; `PROPTEST_CASES` are so many of each position.
fn runner(cases: u32) -> TestRunner {
    let more = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let cases = if more { config.cases } else { cases };
    TestRunner::new_with_rng(ProptestConfig { cases, ..config }, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn every_position_holds_in_its_direction() {
    for position in POSITIONS {
        for draft in drafts(position) {
            let inputs = (pair(), schema(), prop::collection::vec(document(), 12));
            let compared = Cell::new(0);
            let result = runner(4).run(&inputs, |(pair, shared, documents)| {
                let done = compare(&whole(position), position.2, draft, &pair, &shared, &around(&documents))?;
                compared.set(compared.get() + u32::from(done));
                Ok(())
            });
            assert!(result.is_ok(), "{draft} {position:?}: {}", result.unwrap_err());
            assert!(compared.get() > 0, "{draft} {position:?}");
        }
    }
}

#[test]
fn positions_within_positions_hold_in_their_direction() {
    let position = || prop::sample::select(POSITIONS);
    let inputs = (position(), position(), any::<Index>(), pair(), schema(), prop::collection::vec(document(), 3));
    let compared = Cell::new(0);
    let result = runner(300).run(&inputs, |(outer, inner, draft, pair, shared, documents)| {
        let drafts: Vec<_> = drafts(&outer).filter(|&draft| drafts(&inner).any(|other| other == draft)).collect();
        // Within another schema, references would lead elsewhere.
        if drafts.is_empty() || inner.3.contains('#') {
            return Ok(());
        }
        let whole = put(&whole(&outer), &whole(&inner));
        let documents = around(&around(&documents));
        let done =
            compare(&whole, inner.2.within(outer.2), drafts[draft.index(drafts.len())], &pair, &shared, &documents)?;
        compared.set(compared.get() + u32::from(done));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
    assert!(compared.get() > 50, "{}", compared.get());
}

#[test]
fn positions_hold_in_their_direction_among_documents() {
    let position = || prop::sample::select(POSITIONS);
    let part = prop::option::of(prop::sample::select(&DRAFTS[..]));
    let inputs = (position(), any::<Index>(), part, pair(), schema(), prop::collection::vec(document(), 6));
    let compared = Cell::new(0);
    let result = runner(600).run(&inputs, |(position, draft, part, pair, shared, documents)| {
        let drafts: Vec<_> = drafts(&position).collect();
        let draft = drafts[draft.index(drafts.len())];
        let both = [draft, part.map_or(draft, |(_, draft)| draft)];
        let done = compare_among(&whole(&position), position.2, both, &pair, &shared, &around(&documents))?;
        compared.set(compared.get() + u32::from(done));
        Ok(())
    });
    assert!(result.is_ok(), "{}", result.unwrap_err());
    assert!(compared.get() > 100, "{}", compared.get());
}
