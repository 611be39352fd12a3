//! Changes in unions of any size, in both directions: none is left undecided.

mod support;

use serde_json::{Value, json};
use support::{FREE, parsed, timed, verdict};
use veritable_schema::Verdict;

const SIZES: [usize; 4] = [5, 12, 40, 100];

/// A change of one branch.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Optional,
    Widened,
    Required,
}

/// How the branches of a union are told apart.
#[derive(Debug, Clone, Copy)]
enum Tagging {
    Inline,
    Referenced,
    /// What is required stands beside the union.
    Beside,
    /// The only name of an object is its tag.
    External,
}

/// A union of so many branches, one of them changed.
fn union(tagging: Tagging, size: usize, changed: Option<(usize, Change)>) -> Value {
    let mut definitions = json!({});
    let mut branches = Vec::new();
    for place in 0..size {
        let change = changed.filter(|(there, _)| *there == place).map(|(_, change)| change);
        let tag = json!({"const": format!("event.{place}")});
        let id = if change == Some(Change::Widened) { json!(["string", "null"]) } else { json!("string") };
        let mut branch = json!({
            "type": "object",
            "properties": {
                "type": tag,
                "id": {"type": id},
                "payload": {"type": "object", "properties": {"a": {}, "b": {"type": "integer"}}, "additionalProperties": false},
            },
            "required": ["type", "id"],
            "additionalProperties": false,
        });
        if matches!(change, Some(Change::Optional | Change::Required)) {
            branch["properties"]["more"] = json!({"type": "string"});
        }
        if change == Some(Change::Required) {
            branch["required"] = json!(["type", "id", "more"]);
        }
        branches.push(match tagging {
            Tagging::Inline => branch,
            Tagging::Referenced => {
                branch["properties"]["type"] = json!({"$ref": format!("#/$defs/tag{place}")});
                definitions[format!("tag{place}")] = tag;
                definitions[format!("branch{place}")] = branch;
                json!({"$ref": format!("#/$defs/branch{place}")})
            }
            Tagging::Beside => {
                let required = branch["required"].as_array().expect("names")[2..].to_vec();
                branch["required"] = json!(required);
                branch
            }
            Tagging::External => {
                branch["properties"]["type"] = json!(true);
                let name = format!("Event{place}");
                json!({"type": "object", "properties": {&name: branch}, "required": [name], "additionalProperties": false})
            }
        });
    }
    match tagging {
        Tagging::Beside => json!({"type": "object", "required": ["type", "id"], "oneOf": branches}),
        _ => json!({"oneOf": branches, "$defs": definitions}),
    }
}

fn is_lost(document: &Value, old: &Value, new: &Value) -> bool {
    let valid = |schema: &Value| parsed(schema).is_valid(document, &FREE).unwrap();
    valid(old) && !valid(new)
}

/// Whether the change is compatible; a document proves where it is not.
fn decided(old: &Value, new: &Value, what: &str) -> bool {
    match timed(5, || verdict(old, new)) {
        Verdict::Compatible => true,
        Verdict::Incompatible { example: Some(example), .. } => {
            assert!(is_lost(&example, old, new), "{what}: {example}");
            false
        }
        verdict => panic!("{what}: {verdict:?}"),
    }
}

fn check(tagging: Tagging) {
    for size in SIZES {
        let old = union(tagging, size, None);
        let both = |what: &str, new: &Value, expected: (bool, bool)| {
            let what = format!("{tagging:?}, {size} branches, {what}");
            assert_eq!((decided(&old, new, &what), decided(new, &old, &what)), expected, "{what}");
        };
        for place in [0, size - 1] {
            let changed = |change| union(tagging, size, Some((place, change)));
            both(&format!("an optional property at {place}"), &changed(Change::Optional), (true, false));
            both(&format!("widened at {place}"), &changed(Change::Widened), (true, false));
            both(&format!("a property required at {place}"), &changed(Change::Required), (false, false));
        }
        both("a branch added", &union(tagging, size + 1, None), (true, false));
    }
}

#[test]
fn changes_of_unions_with_tags_are_decided() {
    check(Tagging::Inline);
}

#[test]
fn changes_of_unions_with_tags_by_reference_are_decided() {
    check(Tagging::Referenced);
}

#[test]
fn changes_of_unions_with_names_required_beside_them_are_decided() {
    check(Tagging::Beside);
}

#[test]
fn changes_of_unions_with_tags_around_their_objects_are_decided() {
    check(Tagging::External);
}

/// A schema with another value at a place.
fn edited(schema: &Value, place: &str, value: Value) -> Value {
    let mut schema = schema.clone();
    let (parent, name) = place.rsplit_once('/').expect("a place");
    match schema.pointer_mut(parent).expect("a place") {
        Value::Array(items) => items.push(value),
        members => members[name] = value,
    }
    schema
}

#[test]
fn changes_beside_what_is_unevaluated_are_decided() {
    let text = json!({"type": "string"});
    let union = |keyword: &str| {
        json!({
            "type": "object",
            "properties": {"id": text},
            "required": ["id", "kind"],
            keyword: [
                {"properties": {"kind": {"const": "dog"}, "bark": {"type": "boolean"}}},
                {"properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}},
            ],
            "unevaluatedProperties": false,
        })
    };
    let condition = json!({
        "type": "object",
        "properties": {"t": {"enum": ["a", "b"]}},
        "required": ["t"],
        "if": {"properties": {"t": {"const": "a"}}},
        "then": {"properties": {"x": text}},
        "else": {"properties": {"y": text}},
        "unevaluatedProperties": false,
    });
    let dependent = json!({
        "type": "object",
        "properties": {"card": text},
        "dependentSchemas": {"card": {"properties": {"address": text}, "required": ["address"]}},
        "unevaluatedProperties": false,
    });
    let items = json!({
        "type": "array",
        "prefixItems": [text],
        "if": {"minItems": 2},
        "then": {"prefixItems": [text, {"type": "integer"}]},
        "unevaluatedItems": false,
    });
    let mut several = condition.clone();
    several["dependentSchemas"] = json!({"x": {"properties": {"w": text}}});
    let nullable = json!({"type": ["integer", "null"]});
    let mut cases = vec![
        ("optional in a case", condition.clone(), "/then/properties/z".to_owned(), text.clone(), (true, false)),
        ("optional beside a case", condition.clone(), "/properties/z".to_owned(), text.clone(), (true, false)),
        ("a case without names", condition.clone(), "/else".to_owned(), json!({}), (false, true)),
        ("widened in a case", condition, "/then/properties/x".to_owned(), json!(true), (true, false)),
        (
            "optional where dependent",
            dependent,
            "/dependentSchemas/card/properties/to".to_owned(),
            text.clone(),
            (true, false),
        ),
        ("an item in a case", items.clone(), "/then/prefixItems/2".to_owned(), json!(true), (true, false)),
        ("items opened", items, "/unevaluatedItems".to_owned(), json!(true), (true, false)),
        (
            "several conditions, opened",
            several.clone(),
            "/unevaluatedProperties".to_owned(),
            json!(true),
            (true, false),
        ),
        ("several conditions, typed", several, "/unevaluatedProperties".to_owned(), text.clone(), (true, false)),
    ];
    for keyword in ["oneOf", "anyOf"] {
        let added = json!({"properties": {"kind": {"const": "cow"}}});
        for (what, place, value, expected) in [
            ("optional in a branch", "/UNION/1/properties/c", text.clone(), (true, false)),
            ("optional beside the branches", "/properties/c", text.clone(), (true, false)),
            ("a branch added", "/UNION/2", added, (true, false)),
            ("opened", "/unevaluatedProperties", json!(true), (true, false)),
            ("widened in a branch", "/UNION/1/properties/lives", nullable.clone(), (true, false)),
            ("required in a branch", "/UNION/1/required", json!(["lives"]), (false, true)),
            ("a format", "/properties/id", json!({"type": "string", "format": "uuid"}), (false, true)),
        ] {
            cases.push((what, union(keyword), place.replace("UNION", keyword), value, expected));
        }
    }
    for (what, old, place, value, expected) in cases {
        let new = edited(&old, &place, value);
        assert_eq!((decided(&old, &new, what), decided(&new, &old, what)), expected, "{what}");
    }
}

/// What looks like tags that tell branches apart, or like what is evaluated in one case: a document tells another story.
#[test]
fn what_does_not_tell_branches_apart_does_not_count() {
    let either = |keyword: &str, branches: &[Value]| json!({ keyword: branches });
    let tagged = |tag: Value| json!({"properties": {"t": tag}});
    let required = |tag: Value| json!({"properties": {"t": tag}, "required": ["t"]});
    let named = |name: &str| json!({"type": "object", "properties": {name: true}, "required": [name]});
    let object = |mut schema: Value| {
        schema["type"] = json!("object");
        schema
    };
    let (a, b) = (json!({"const": "a"}), json!({"const": "b"}));
    let mut pattern = named("a");
    pattern["patternProperties"] = json!({"^b$": true});
    pattern["additionalProperties"] = json!(false);
    let mut pairs = vec![
        (vec![object(tagged(a.clone())), object(tagged(b.clone()))], json!({})),
        (vec![required(a.clone()), required(b.clone())], json!(1)),
        (vec![object(required(json!({"enum": ["a", "b"]}))), object(required(b.clone()))], json!({"t": "b"})),
        (vec![object(required(json!({"const": 1}))), object(required(json!({"const": 1.0})))], json!({"t": 1})),
        (vec![named("a"), named("b")], json!({"a": 1, "b": 1})),
        (vec![pattern, named("b")], json!({"a": 1, "b": 1})),
        (vec![json!({"type": "integer"}), json!({"type": "number"})], json!(1)),
        (vec![object(required(a)), json!({"type": ["null", "object"]})], json!({"t": "a"})),
    ];
    for (branches, document) in pairs.drain(..) {
        let (old, new) = (either("anyOf", &branches), either("oneOf", &branches));
        assert!(is_lost(&document, &old, &new), "{old} {new} {document}");
        assert_ne!(verdict(&old, &new), Verdict::Compatible, "{old} {new}");
    }
    let closed = |mut schema: Value| {
        schema["unevaluatedProperties"] = json!(false);
        schema
    };
    let optional = |name: &str| json!({"properties": {name: true}});
    let two = || either("anyOf", &[optional("a"), optional("b")]);
    let only = |names: &[&str]| {
        let properties: Value =
            names.iter().map(|name| ((*name).to_owned(), json!(true))).collect::<serde_json::Map<_, _>>().into();
        json!({"properties": properties, "additionalProperties": false})
    };
    let one = json!({"properties": {"a": {"const": 1}}, "required": ["a"]});
    for (old, new, document) in [
        (closed(two()), json!({"anyOf": [only(&["a"]), only(&["b"])]}), json!({"a": 1, "b": 1})),
        (only(&["a", "b"]), closed(json!({"oneOf": [named("a"), named("b")]})), json!({"a": 1, "b": 1})),
        (only(&["a"]), closed(json!({"if": one})), json!({"a": 2})),
        (only(&["a", "b"]), closed(json!({"dependentSchemas": {"a": optional("b")}})), json!({"b": 1})),
        (
            json!({"prefixItems": [true], "items": false}),
            json!({"dependentSchemas": {"a": {"prefixItems": [true]}}, "unevaluatedItems": false}),
            json!([1]),
        ),
    ] {
        assert!(is_lost(&document, &old, &new), "{old} {new} {document}");
        assert_ne!(verdict(&old, &new), Verdict::Compatible, "{old} {new}");
    }
}
