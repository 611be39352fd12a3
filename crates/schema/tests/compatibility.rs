//! Which version of a schema can follow which.

mod support;

use serde_json::{Map, Value, json};
use support::{LIMITS, timed};
use veritable_schema::Verdict::{Compatible, Incompatible, Undecided};
use veritable_schema::{COMPARISON, Formats, Mode, Verdict, Version, covers, uri};

fn verdict(old: &Value, new: &Value) -> Verdict {
    covers(
        &Version { schema: new, resources: &[] },
        &Version { schema: old, resources: &[] },
        Formats::Asserted,
        &LIMITS,
        COMPARISON,
    )
}

/// A verdict as people say it.
fn name(verdict: &Verdict) -> &'static str {
    match verdict {
        Compatible => "compatible",
        Incompatible { .. } => "incompatible",
        Undecided { .. } => "undecided",
    }
}

fn reason(verdict: Verdict) -> String {
    match verdict {
        Undecided { reason, .. } => reason,
        verdict => panic!("{verdict:?}"),
    }
}

/// An object with an identifier, a count and a kind; others are allowed, or not.
fn event(open: bool) -> Value {
    let mut event = json!({
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z]+$"},
            "n": {"type": "integer", "minimum": 0},
            "k": {"enum": ["a", "b"]},
        },
    });
    if !open {
        event["additionalProperties"] = json!(false);
    }
    event
}

fn changed(schema: &Value, pointer: &str, value: Value) -> Value {
    let mut schema = schema.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    schema.pointer_mut(parent).expect("a place")[name] = value;
    schema
}

fn dropped(schema: &Value, pointer: &str) -> Value {
    let mut schema = schema.clone();
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    schema.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
    schema
}

#[test]
fn everyday_changes_have_their_verdicts() {
    let (open, closed) = (event(true), event(false));
    let (yes, no) = ("compatible", "incompatible");
    let text = json!({"type": "string"});
    let tagged = |kinds: &[&str]| {
        let branch =
            |kind: &&str| json!({"properties": {"t": {"const": kind}, *kind: {"type": "string"}}, "required": ["t"]});
        json!({"type": "object", "oneOf": kinds.iter().map(branch).collect::<Vec<_>>()})
    };
    let when = |names: Value| {
        json!({
            "type": "object",
            "properties": {"t": {"enum": ["a", "b"]}},
            "if": {"properties": {"t": {"const": "a"}}, "required": ["t"]},
            "then": {"required": names},
        })
    };
    let shared = |ty: Value| json!({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": ty}}});
    for (change, old, new, backward, forward) in [
        ("nothing", open.clone(), open.clone(), yes, yes),
        ("a description", open.clone(), changed(&open, "/description", json!("x")), yes, yes),
        // Documents with any other `z` were valid before.
        ("an optional property, open", open.clone(), changed(&open, "/properties/z", text.clone()), no, yes),
        ("an optional property, closed", closed.clone(), changed(&closed, "/properties/z", text.clone()), yes, no),
        ("a property of any type, open", open.clone(), changed(&open, "/properties/z", json!(true)), yes, yes),
        ("a required one", open.clone(), changed(&open, "/required", json!(["id", "n"])), no, yes),
        ("none required", open.clone(), changed(&open, "/required", json!([])), yes, no),
        ("an optional one less, open", open.clone(), dropped(&open, "/properties/n"), yes, no),
        ("an optional one less, closed", closed.clone(), dropped(&closed, "/properties/n"), no, yes),
        ("integer to number", open.clone(), changed(&open, "/properties/n/type", json!("number")), yes, no),
        ("nullable", open.clone(), changed(&open, "/properties/n/type", json!(["integer", "null"])), yes, no),
        ("another type", open.clone(), changed(&open, "/properties/k", json!({"type": "integer"})), no, no),
        ("a member of an enum", open.clone(), changed(&open, "/properties/k/enum", json!(["a", "b", "c"])), yes, no),
        ("a smaller minimum", open.clone(), changed(&open, "/properties/n/minimum", json!(-5)), yes, no),
        ("a larger minimum", open.clone(), changed(&open, "/properties/n/minimum", json!(5)), no, yes),
        ("a maximum length", open.clone(), changed(&open, "/properties/id/maxLength", json!(5)), no, yes),
        ("no pattern", open.clone(), dropped(&open, "/properties/id/pattern"), yes, no),
        ("another pattern", open.clone(), changed(&open, "/properties/id/pattern", json!("^[a-z0-9]+$")), yes, no),
        ("a format", text.clone(), json!({"type": "string", "format": "uuid"}), no, yes),
        ("another format", json!({"format": "date"}), json!({"format": "date-time"}), no, no),
        ("opened", closed.clone(), open.clone(), yes, no),
        ("another branch", tagged(&["a", "b"]), tagged(&["a", "b", "c"]), yes, no),
        ("another condition", when(json!(["x"])), when(json!(["x", "y"])), no, yes),
        ("a shared definition", shared(json!("integer")), shared(json!(["integer", "null"])), yes, no),
        (
            "another item of a tuple",
            json!({"type": "array", "prefixItems": [text.clone()], "items": false}),
            json!({"type": "array", "prefixItems": [text.clone(), text.clone()], "items": false}),
            yes,
            no,
        ),
    ] {
        assert_eq!(name(&verdict(&old, &new)), backward, "backward: {change}");
        assert_eq!(name(&verdict(&new, &old)), forward, "forward: {change}");
    }
}

#[test]
fn what_is_lost_is_told() {
    let old = event(true);
    let Incompatible { lost: Some(lost), .. } = verdict(&old, &changed(&old, "/properties/k/enum", json!(["a"])))
    else {
        panic!("nothing told");
    };
    assert_eq!(lost["properties"]["k"], json!({"const": "b"}));
}

#[test]
fn what_is_lost_is_not_told_where_that_is_long() {
    let tree = |depth: usize| {
        (0..depth).fold(json!({"type": "string"}), |inner, i| {
            let branch = |name: String, inner: Value| json!({"type": "object", "required": [&name], "properties": {&name: inner}});
            json!({"anyOf": [branch(format!("a{i}"), inner), branch(format!("b{i}"), json!({"type": "integer"}))]})
        })
    };
    assert!(matches!(verdict(&tree(30), &tree(29)), Incompatible { example: Some(_), lost: None }));
}

#[test]
fn schemas_that_mean_the_same_are_compatible_whatever_they_are() {
    // Too complex to be compared, and recursive as a whole.
    let conditions = |title: &str, one: Value| {
        let condition =
            |i: usize| json!({"if": {"required": [format!("a{i}")]}, "then": {"required": [format!("b{i}")]}});
        let mut all: Vec<_> = (0..12).map(condition).collect();
        all.push(json!({"title": title, "properties": {"next": {"$ref": "#"}, "n": {"minimum": one}}}));
        json!({"title": title, "allOf": all})
    };
    let (old, new) = (conditions("a", json!(1)), conditions("b", json!(1.0)));
    assert_eq!(verdict(&old, &new), Compatible);
    assert_eq!(name(&verdict(&old, &conditions("b", json!(1.5)))), "incompatible");
    assert_eq!(name(&verdict(&conditions("b", json!(1.5)), &old)), "compatible");
}

#[test]
fn the_reason_of_no_verdict_is_told() {
    // Every address has one, which only the checker of the format knows.
    let address = json!({"properties": {"a": {"type": "string", "format": "email"}}});
    let verdict_of_format = verdict(&address, &json!({"properties": {"a": {"type": "string", "pattern": "@"}}}));
    let Undecided { reason: why, place } = verdict_of_format else { panic!("{verdict_of_format:?}") };
    assert_eq!(why, "there is neither a proof nor a counterexample");
    assert_eq!(place.as_deref(), Some("/properties/a/pattern"));
    let dynamic = |ty: &str| {
        let anchors = json!({"a": {"$dynamicAnchor": "a"}, "b": {"$id": "b", "$dynamicAnchor": "a"}});
        json!({"type": ty, "items": {"$dynamicRef": "#a"}, "$defs": anchors})
    };
    assert_eq!(
        reason(verdict(&dynamic("array"), &dynamic("string"))),
        "$dynamicRef at /items/$dynamicRef leads to different places in different documents"
    );
}

#[test]
fn references_are_compared_by_what_they_lead_to() {
    let country = |names: Value| json!({"type": "object", "properties": {"country": {"enum": names}}});
    let resources =
        [(uri("address", 1), country(json!(["DE", "FR"]))), (uri("address", 2), country(json!(["DE", "FR", "CH"])))];
    let order = |version| json!({"properties": {"to": {"$ref": uri("address", version)}}});
    let (first, second) = (order(1), order(2));
    let old = Version { schema: &first, resources: &resources[..1] };
    let new = Version { schema: &second, resources: &resources[1..] };
    assert_eq!(covers(&new, &old, Formats::Asserted, &LIMITS, COMPARISON), Compatible);
    assert_ne!(covers(&old, &new, Formats::Asserted, &LIMITS, COMPARISON), Compatible);
    let missing = Version { schema: &second, resources: &[] };
    assert_eq!(name(&covers(&missing, &old, Formats::Asserted, &LIMITS, COMPARISON)), "undecided");
    // The same address, another schema: a version does not change, so something is wrong.
    let other = [(uri("address", 1), country(json!(["DE"])))];
    let changed = Version { schema: &first, resources: &other };
    let reason = reason(covers(&changed, &old, Formats::Asserted, &LIMITS, COMPARISON));
    assert_eq!(reason, "veritable:///address/1 is not the same schema to both");
}

#[test]
fn the_identifier_of_both_versions_is_no_bridge_between_them() {
    let order = |ty: &str| {
        json!({
            "$id": "https://example.com/order",
            "properties": {
                "a": {"$ref": "https://example.com/order#/$defs/a"},
                "b": {"$ref": "https://example.com/b"},
            },
            "$defs": {"a": {"type": ty}, "b": {"$id": "b", "type": ty}},
        })
    };
    assert_ne!(verdict(&order("number"), &order("string")), Compatible);
    assert_ne!(verdict(&order("number"), &order("integer")), Compatible);
    let wrapped = |ty: &str| (uri("order", if ty == "string" { 1 } else { 2 }), order(ty));
    let resources = [wrapped("string"), wrapped("integer")];
    let reference = |version| json!({"$ref": uri("order", version)});
    let (first, second) = (reference(1), reference(2));
    let old = Version { schema: &first, resources: &resources[..1] };
    let new = Version { schema: &second, resources: &resources[1..] };
    assert_eq!(name(&covers(&new, &old, Formats::Asserted, &LIMITS, COMPARISON)), "incompatible");
    let old = Version { schema: &resources[1].1, resources: &[] };
    let new = Version { schema: &first, resources: &resources[..1] };
    assert_ne!(covers(&new, &old, Formats::Asserted, &LIMITS, COMPARISON), Compatible);
    // Within one version, a reference to an identifier that two schemas have would lead to either.
    let both = json!({"allOf": [reference(1), reference(2)]});
    let two = Version { schema: &both, resources: &resources };
    let reason = reason(covers(&two, &old, Formats::Asserted, &LIMITS, COMPARISON));
    assert_eq!(reason, "two schemas have the identifier https://example.com/b");
}

#[test]
fn formats_count_as_they_are_checked() {
    for draft in ["04", "06", "07"].map(|draft| format!("http://json-schema.org/draft-{draft}/schema#")) {
        let schema = |format: &str| json!({"$schema": &draft, "type": "string", "format": format});
        let plain = json!({"$schema": &draft, "type": "string"});
        for format in ["uuid", "date"] {
            assert_eq!(name(&verdict(&schema(format), &plain)), "compatible", "{draft} {format}");
            assert_ne!(verdict(&plain, &schema(format)), Compatible, "{draft} {format}");
        }
        assert_eq!(name(&verdict(&plain, &schema("duration"))), "incompatible");
        let value = json!({"$schema": &draft, "enum": ["x"]});
        assert_eq!(name(&verdict(&value, &schema("uuid"))), "incompatible");
        let value = json!({"$schema": &draft, "enum": ["2EB8AA08-aa98-11ea-b4aa-73b441d16380"]});
        assert_eq!(name(&verdict(&value, &schema("uuid"))), "compatible");
    }
    let (old, new) = (json!({"type": "string"}), json!({"type": "string", "format": "date"}));
    let versions = (Version { schema: &new, resources: &[] }, Version { schema: &old, resources: &[] });
    assert_eq!(covers(&versions.0, &versions.1, Formats::Annotations, &LIMITS, COMPARISON), Compatible);
    assert_eq!(covers(&versions.0, &versions.1, Formats::AsDrafted, &LIMITS, COMPARISON), Compatible);
}

#[test]
fn what_a_condition_evaluates_counts() {
    // `a` is evaluated by the condition, and only in the old version.
    let when = |condition: Value| {
        json!({
            "if": condition,
            "else": {"properties": {"a": {}}},
            "unevaluatedProperties": {"type": "string"},
        })
    };
    let old = when(json!({"anyOf": [{"properties": {"a": true}}, {}]}));
    assert_ne!(verdict(&old, &when(json!({}))), Compatible);
}

/// What makes a comparison explode, by size.
fn explosive(kind: &str, size: usize) -> Value {
    let all =
        |part: &dyn Fn(usize) -> Value| json!({"type": "object", "allOf": (0..size).map(part).collect::<Vec<_>>()});
    let chain = |link: &dyn Fn(Value) -> Value| {
        let next = |i: usize| link(json!({"$ref": format!("#/$defs/{}", i + 1)}));
        let mut definitions: Map<_, _> = (0..size).map(|i| (i.to_string(), next(i))).collect();
        definitions.insert(size.to_string(), json!({"type": "string"}));
        json!({"$ref": "#/$defs/0", "$defs": definitions})
    };
    match kind {
        "if" => all(
            &|i| json!({"if": {"properties": {format!("t{i}"): {"const": 1}}, "required": [format!("t{i}")]}, "then": {"required": [format!("x{i}")]}}),
        ),
        "not" => all(&|i| json!({"not": {"required": [format!("p{i}"), format!("q{i}")]}})),
        "any" => all(&|i| json!({"anyOf": [{"required": [format!("p{i}")]}, {"minProperties": i}]})),
        "one" => all(&|i| json!({"oneOf": [{"required": [format!("p{i}")]}, {"required": [format!("q{i}")]}]})),
        "dependent" => {
            json!({"dependentRequired": (0..size).map(|i| (format!("a{i}"), json!([format!("b{i}")]))).collect::<Map<_, _>>()})
        }
        "patterns" => json!({
            "properties": (0..size).map(|i| (format!("a{i}xb"), json!({"minLength": i}))).collect::<Map<_, _>>(),
            "patternProperties": (0..size).map(|i| (format!("^a{i}.*b"), json!({"type": "string"}))).collect::<Map<_, _>>(),
            "additionalProperties": false,
        }),
        "doubling" => chain(
            &|next| json!({"anyOf": [{"required": ["x"], "properties": {"a": &next}}, {"required": ["y"], "properties": {"b": &next}}]}),
        ),
        "reference" => chain(&|next| next),
        "property" => chain(&|next| json!({"properties": {"a": next}})),
        "branch" => chain(&|next| json!({"anyOf": [next, {"type": "null"}]})),
        "circle" => {
            let mut schema = chain(&|next| json!({"items": next}));
            schema["$defs"][size.to_string()] = json!({"items": {"$ref": "#/$defs/0"}, "minItems": 1});
            schema
        }
        kind => panic!("{kind}"),
    }
}

#[test]
fn what_would_explode_ends_at_once() {
    for kind in
        ["if", "not", "any", "one", "dependent", "patterns", "doubling", "reference", "property", "branch", "circle"]
    {
        for size in [12, 20, 200, 1000] {
            if size < 200 && ["patterns", "reference", "property", "branch", "circle"].contains(&kind) {
                continue;
            }
            // Without optimisation. Explosions take minutes there.
            let verdict = timed(30, || verdict(&explosive(kind, size), &explosive(kind, size + 1)));
            let reason = match &verdict {
                Undecided { reason, .. } => reason,
                verdict => name(verdict),
            };
            println!("{kind} {size}: {reason}");
        }
    }
}

#[test]
fn large_patterns_are_built_once_and_within_the_budget() {
    let one_of = |class: &str, ends: &str| {
        let all: Vec<_> = ends.chars().map(|end| json!({"pattern": format!("[{class}]{{60}}{end}")})).collect();
        json!({"type": "string", "allOf": all})
    };
    for class in [r"\p{L}\p{N}", "a-z"] {
        // Without optimisation. Each pair for itself took minutes there.
        let verdict = timed(30, || verdict(&one_of(class, "abcde"), &one_of(class, "klmno")));
        println!("{class}: {verdict:.200?}");
        assert_ne!(verdict, Compatible, "{class}");
    }
}

#[test]
fn what_is_below_the_bounds_is_compared() {
    for (kind, size) in
        [("if", 3), ("not", 3), ("any", 3), ("one", 3), ("dependent", 3), ("patterns", 5), ("doubling", 3)]
    {
        let verdict = verdict(&explosive(kind, size), &explosive(kind, size - 1));
        let compared = !matches!(&verdict, Undecided { reason, .. } if reason.contains("complex"));
        assert!(compared, "{kind}");
    }
}

#[test]
fn what_is_compared_fits_the_stack() {
    // Along references the comparison recurses. 2 MB are enough when it is optimised; PostgreSQL's processes have 8.
    let compare = || {
        for (kind, size) in [("reference", 140), ("property", 70), ("circle", 70)] {
            let deepest = explosive(kind, size);
            let mut other = deepest.clone();
            other["$defs"][size.to_string()]["maxLength"] = json!(5);
            assert_eq!(name(&verdict(&other, &deepest)), "compatible", "{kind}");
            let reason = match verdict(&deepest, &other) {
                Undecided { reason, .. } => reason,
                verdict => name(&verdict).to_owned(),
            };
            assert!(!reason.contains("complex"), "{kind}");
        }
    };
    std::thread::Builder::new().stack_size(8 << 20).spawn(compare).unwrap().join().unwrap();
}

#[test]
fn modes_are_named_as_elsewhere() {
    for (name, backward, forward, transitive) in [
        ("NONE", false, false, false),
        ("BACKWARD", true, false, false),
        ("FORWARD", false, true, false),
        ("FULL", true, true, false),
        ("BACKWARD_TRANSITIVE", true, false, true),
        ("FORWARD_TRANSITIVE", false, true, true),
        ("FULL_TRANSITIVE", true, true, true),
    ] {
        let mode: Mode = name.parse().unwrap();
        assert_eq!(mode.to_string(), name);
        assert_eq!((mode.backward(), mode.forward(), mode.transitive()), (backward, forward, transitive), "{name}");
    }
    for other in ["", "backward", "BOTH"] {
        assert!(other.parse::<Mode>().is_err());
    }
}
