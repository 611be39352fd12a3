//! The kinds of changes that real schemas make, each in both directions: none is left undecided.

#[path = "support/changes.rs"]
mod changes;
mod support;

use changes::{check, decided};
use serde_json::{Value, json};
use support::{LIMITS, verdict};
use veritable_schema::{Formats, Verdict, Version, covers};

#[test]
fn changes_of_objects_are_decided() {
    let closed = |properties: Value| json!({"type": "object", "properties": properties, "additionalProperties": false});
    let text = json!({"type": "string"});
    check(&[
        ("a property dropped, closed", closed(json!({"a": text, "b": text})), closed(json!({"a": text})), false, true),
        ("the only property dropped, closed", closed(json!({"a": text})), closed(json!({})), false, true),
        ("a property renamed, closed", closed(json!({"a": text})), closed(json!({"b": text})), false, false),
        (
            "an open object closed",
            json!({"properties": {"a": text}}),
            json!({"properties": {"a": text}, "additionalProperties": false}),
            false,
            true,
        ),
        (
            "a property becomes required",
            json!({"properties": {"a": text}}),
            json!({"properties": {"a": text}, "required": ["a"]}),
            false,
            true,
        ),
        (
            "a map with a name of its own",
            json!({"additionalProperties": text}),
            json!({"additionalProperties": text, "properties": {"bar": text}}),
            true,
            true,
        ),
        (
            "a map whose values widen",
            json!({"additionalProperties": text}),
            json!({"additionalProperties": {"type": ["string", "null"]}}),
            true,
            false,
        ),
        (
            "a pattern for names",
            json!({"patternProperties": {"^x-": text}}),
            json!({"patternProperties": {"^x-": {}}}),
            true,
            false,
        ),
        (
            "names by a pattern, closed",
            json!({"patternProperties": {"^x-": text}, "additionalProperties": false}),
            json!({"additionalProperties": text}),
            true,
            false,
        ),
        ("fewer members", json!({"maxProperties": 3}), json!({"maxProperties": 2}), false, true),
        (
            "names limited",
            json!({"propertyNames": {"enum": ["a", "b"]}}),
            json!({"properties": {"a": true, "b": true}, "additionalProperties": false}),
            true,
            true,
        ),
        ("a dependency", json!({}), json!({"dependentRequired": {"a": ["b"]}}), false, true),
        (
            "a dependency by a schema",
            json!({"dependentRequired": {"a": ["b"]}}),
            json!({"dependentSchemas": {"a": {"required": ["b"]}}}),
            true,
            true,
        ),
        (
            "what is unevaluated",
            json!({"allOf": [{"properties": {"a": text}}], "unevaluatedProperties": false}),
            json!({"properties": {"a": text}, "additionalProperties": false}),
            true,
            true,
        ),
    ]);
}

#[test]
fn changes_of_values_are_decided() {
    check(&[
        (
            "an enum value added, in items",
            json!({"items": {"enum": ["x"]}}),
            json!({"items": {"enum": ["x", "y"]}}),
            true,
            false,
        ),
        ("a type widened", json!({"type": "integer"}), json!({"type": ["integer", "string"]}), true, false),
        ("integer to number", json!({"type": "integer"}), json!({"type": "number"}), true, false),
        (
            "a bound of integers, written otherwise",
            json!({"type": "integer", "exclusiveMinimum": 0}),
            json!({"type": "integer", "minimum": 1}),
            true,
            true,
        ),
        ("a longer text", json!({"maxLength": 5}), json!({"maxLength": 10}), true, false),
        ("a multiple", json!({"multipleOf": 4}), json!({"multipleOf": 2}), true, false),
        (
            "all values of a type",
            json!({"type": ["boolean", "null"]}),
            json!({"enum": [true, false, null]}),
            true,
            true,
        ),
        ("a pattern dropped", json!({"pattern": "^[A-Z]{2}$"}), json!({}), true, false),
        ("items limited", json!({"type": "array"}), json!({"type": "array", "maxItems": 2}), false, true),
        (
            "items different",
            json!({"items": {"type": "integer"}}),
            json!({"items": {"type": "integer"}, "uniqueItems": true}),
            false,
            true,
        ),
        ("an item contained", json!({"contains": {"const": 1}}), json!({"contains": {"enum": [1, 2]}}), true, false),
        ("a tuple", json!({"prefixItems": [{"type": "string"}]}), json!({"items": {"type": "string"}}), false, true),
        ("not one value less", json!({"not": {"enum": [1, 2]}}), json!({"not": {"const": 1}}), true, false),
        ("never", json!({"type": "string", "minLength": 3, "maxLength": 2}), json!(false), true, true),
    ]);
}

#[test]
fn changes_of_structure_are_decided() {
    let branch = |tag: &str, more: Value| {
        let mut schema =
            json!({"type": "object", "properties": more, "required": ["t"], "additionalProperties": false});
        schema["properties"]["t"] = json!({ "const": tag });
        schema
    };
    let union = |branches: &[Value]| json!({ "oneOf": branches });
    let (a, b) = (branch("a", json!({"x": {"type": "string"}})), branch("b", json!({})));
    let wider = branch("a", json!({"x": {"type": "string"}, "y": {}}));
    let tree = |name: &str, ty: &str| {
        let reference = format!("#/$defs/{name}");
        json!({
            "properties": {"root": {"$ref": reference}, "size": {"type": ty}},
            "$defs": {name: {"type": "object", "properties": {"left": {"$ref": reference}, "right": {"$ref": reference}}}},
        })
    };
    let list = |ty: &str| json!({"type": "object", "properties": {"next": {"$ref": "#"}, "value": {"type": ty}}});
    let dialect =
        |dialect: &str| json!({"$schema": dialect, "type": "object", "properties": {"a": {"type": "string"}}});
    let draft7 = dialect("http://json-schema.org/draft-07/schema#");
    let person = json!({"type": "object", "properties": {"name": {"type": "string"}}});
    check(&[
        (
            "a tagged union, a property in one branch",
            union(&[a.clone(), b.clone()]),
            union(&[wider, b.clone()]),
            true,
            false,
        ),
        (
            "a tagged union, one more branch",
            union(&[a.clone(), b.clone()]),
            union(&[b.clone(), a.clone(), branch("c", json!({}))]),
            true,
            false,
        ),
        ("oneOf to anyOf", union(&[a.clone(), b.clone()]), json!({"anyOf": [a, b]}), true, true),
        ("an untouched recursion beside a change", tree("node", "integer"), tree("tree", "number"), true, false),
        ("a change within a recursion", list("integer"), list("number"), true, false),
        ("draft 7 to true", draft7.clone(), json!(true), true, false),
        ("draft 7 to 2020-12", draft7, dialect("https://json-schema.org/draft/2020-12/schema"), true, true),
        (
            "draft 4 and its integers",
            json!({"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer"}),
            json!({"type": "integer"}),
            true,
            false,
        ),
        (
            "a definition extracted",
            json!({"properties": {"a": person, "b": person}}),
            json!({"properties": {"a": {"$ref": "#/$defs/p"}, "b": {"$ref": "#/$defs/p"}}, "$defs": {"p": person}}),
            true,
            true,
        ),
        (
            "a condition",
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
            json!({"if": {"required": ["a"]}, "then": {"required": ["b", "c"]}}),
            false,
            true,
        ),
        (
            "a condition written otherwise",
            json!({"if": {"required": ["a"]}, "then": {"required": ["b"]}}),
            json!({"anyOf": [{"not": {"required": ["a"]}}, {"required": ["b"]}]}),
            true,
            true,
        ),
    ]);
}

#[test]
fn a_description_changes_nothing_at_any_size() {
    let large = |description: &str| {
        let property = |i: usize| {
            (
                format!("p{i}"),
                json!({"type": "object", "description": description, "oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            )
        };
        json!({ "properties": (0..1000).map(property).collect::<serde_json::Map<_, _>>() })
    };
    let (old, new) = (large("a"), large("b"));
    assert_eq!(verdict(&old, &new), Verdict::Compatible);
    let mut wider = new;
    wider["properties"]["p500"] = json!(true);
    assert!(decided(&old, &wider, "one property of a thousand"));
    assert!(!decided(&wider, &old, "one property of a thousand"));
}

#[test]
fn budgets_are_kept_and_do_not_depend_on_the_machine() {
    let schema = |last: usize| {
        let all = (0..40).map(|i| json!({"anyOf": [{"required": [format!("a{i}")]}, {"minProperties": i}]}));
        json!({"allOf": all.collect::<Vec<_>>(), "maxProperties": last})
    };
    let version = |schema| Version { schema, resources: &[] };
    let (old, new) = (schema(50), schema(49));
    let compare = |work| covers(&version(&new), &version(&old), Formats::Asserted, &LIMITS, work);
    for work in [0, 10, 1000, 100_000] {
        assert_eq!(compare(work), compare(work));
    }
    assert!(
        matches!(compare(100), Verdict::Undecided { reason, .. } if reason == "the comparison takes too many steps")
    );
}

#[test]
fn a_schema_that_takes_the_identifier_of_a_meta_schema_is_not_compared() {
    let uri = "http://json-schema.org/draft-07/schema";
    let own = |kind: &str| {
        json!({"$schema": format!("{uri}#"), "properties": {"a": {"$ref": format!("{uri}#")}},
               "definitions": {"own": {"$id": uri, "type": kind}}})
    };
    let verdict = verdict(&own("string"), &own("integer"));
    assert!(matches!(verdict, Verdict::Undecided { .. }), "{verdict:?}");
}

#[test]
fn changes_in_unions_that_overlap_are_decided() {
    let kind = |kind: &str| json!({"properties": {"kind": {"const": kind}, "n": {"type": "integer"}}});
    let mut required = kind("b");
    required["required"] = json!(["kind"]);
    check(&[
        (
            "a branch narrowed, without tags that must be there",
            json!({"oneOf": [kind("a"), {"properties": {"kind": {"const": "b"}}}]}),
            json!({"oneOf": [kind("a"), required]}),
            false,
            false,
        ),
        (
            "a format on a list of values",
            json!({"type": "object", "properties": {"a": {"enum": ["b", "c"]}}, "required": ["a"]}),
            json!({"type": "object", "properties": {"a": {"enum": ["b", "c"], "format": "date"}}, "required": ["a"]}),
            false,
            true,
        ),
        (
            "a format in one of several branches with formats",
            json!({"oneOf": [
                {"type": "object", "required": ["k", "t"], "additionalProperties": false,
                 "properties": {"k": {"const": "a"}, "t": {"type": "string", "format": "date"}, "x": {"type": "string"}}},
                {"type": "object", "required": ["k", "t"], "additionalProperties": false,
                 "properties": {"k": {"const": "b"}, "t": {"type": "string", "format": "date"}, "x": {"type": "string"}}},
            ]}),
            json!({"oneOf": [
                {"type": "object", "required": ["k", "t"], "additionalProperties": false,
                 "properties": {"k": {"const": "a"}, "t": {"type": "string", "format": "date"}, "x": {"type": "string"}}},
                {"type": "object", "required": ["k", "t"], "additionalProperties": false,
                 "properties": {"k": {"const": "b"}, "t": {"type": "string", "format": "date"},
                                "x": {"type": "string", "format": "uuid"}}},
            ]}),
            false,
            true,
        ),
    ]);
}

#[test]
fn references_to_the_meta_schema_of_the_draft_are_followed() {
    for uri in ["http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"] {
        let of = |title: &str| {
            json!({
                "$schema": uri,
                "properties": {"a": {"$ref": uri}, "b": {"$ref": format!("{uri}/properties/{title}")}, "c": {"type": "string"}},
            })
        };
        let mut changed = of("title");
        changed["properties"]["c"] = json!({"type": ["string", "null"]});
        check(&[
            ("beside the meta-schema", of("title"), changed, true, false),
            ("another part of it", of("title"), of("minLength"), false, false),
        ]);
    }
}
