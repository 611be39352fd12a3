//! References from one schema of the registry to another.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use veritable_schema::{Reference, references, uri, with_versions};

fn reference(location: &str, name: &str, version: Option<i64>) -> Reference {
    Reference { location: location.to_owned(), name: name.to_owned(), version }
}

#[test]
fn a_name_is_one_path_segment_of_its_uri() {
    assert_eq!(uri("order.created", 3), "veritable:///order.created/3");
    assert_eq!(uri("a/b c#d?e%f", 1), "veritable:///a%2Fb%20c%23d%3Fe%25f/1");
    assert_eq!(uri("größe", 12), "veritable:///gr%C3%B6%C3%9Fe/12");
}

#[test]
fn references_are_found_where_schemas_are() {
    let schema = json!({
        "$ref": "veritable:///base/2#/$defs/id",
        "properties": {"$ref": {"$ref": "veritable:///address"}, "a/~b": {"items": {"$ref": "veritable:///item"}}},
        "prefixItems": [{"$dynamicRef": "veritable:///node#meta"}],
        "const": {"$ref": "veritable:///not/1"},
        "enum": [{"$ref": "veritable:///not/2"}],
        "default": {"$ref": "veritable:///not/3"},
        "unknown": {"$ref": "veritable:///not/4"},
    });
    assert_eq!(
        references(&schema),
        [
            reference("/$ref", "base", Some(2)),
            reference("/prefixItems/0/$dynamicRef", "node", None),
            reference("/properties/$ref/$ref", "address", None),
            reference("/properties/a~1~0b/items/$ref", "item", None),
        ]
    );
}

#[test]
fn a_reference_behind_another_is_found_wherever_that_leads() {
    let schema = json!({
        "$ref": "#/x-common",
        "x-common": {"properties": {"a": {"$ref": "#/default/deep~1er"}}},
        "default": {"deep/er": {"$ref": "veritable:///address"}, "$ref": "veritable:///not/1"},
    });
    assert_eq!(references(&schema), [reference("/default/deep~1er/$ref", "address", None)]);
}

#[test]
fn references_in_circles_end() {
    let schema = json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}});
    assert_eq!(references(&schema), []);
}

#[test]
fn only_uris_of_the_registry_are_references_to_it() {
    for other in [
        "veritable:///",
        "veritable:///a/0",
        "veritable:///a/01",
        "veritable:///a/-1",
        "veritable:///a/b",
        "veritable:///a/1/2",
        "veritable:////1",
        "veritable://host/a",
        "veritable:a",
        "veritable:/a",
        "veritable:///a?q",
        "veritable:///.",
        "veritable:///../1",
        "veritable:///%FF",
        "veritable:///größe",
        "https://example.com/a",
        "#/$defs/a",
    ] {
        assert_eq!(references(&json!({"$ref": other})), [], "{other}");
    }
}

#[test]
fn references_without_a_version_get_one_and_the_others_keep_theirs() {
    let mut schema = json!({
        "$ref": "veritable:///a%2Fb#/$defs/x",
        "allOf": [{"$ref": "veritable:///a%2Fb/1"}, {"$ref": "veritable:///unknown"}, {"$ref": "veritable:///c%64"}],
    });
    with_versions(&mut schema, &BTreeMap::from([("a/b".to_owned(), 7), ("cd".to_owned(), 2)]));
    assert_eq!(
        schema,
        json!({
            "$ref": "veritable:///a%2Fb/7#/$defs/x",
            "allOf": [{"$ref": "veritable:///a%2Fb/1"}, {"$ref": "veritable:///unknown"}, {"$ref": "veritable:///cd/2"}],
        })
    );
}

proptest! {
    #[test]
    fn every_name_comes_back_from_its_uri(name in "\\PC{1,20}", version in 1..i64::MAX) {
        // These two are steps up in a path, however they are encoded.
        prop_assume!(name != "." && name != "..");
        let uri = uri(&name, version);
        prop_assert_eq!(references(&json!({"$ref": uri.clone()})), [reference("/$ref", &name, Some(version))]);
        prop_assert_eq!(referencing::uri::from_str(&uri).map(|uri| uri.to_string()).ok(), Some(uri));
    }
}
