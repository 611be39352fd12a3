//! What a comparison builds is bounded. Alone, because it measures the memory of the process.

mod support;

use serde_json::{Value, json};
use support::LIMITS;
use veritable_schema::{COMPARISON, Formats, Version, covers};

#[test]
fn documents_that_are_large_are_not_built() {
    // What many objects and arrays within one another demand is more than a document that is shown.
    let all = |count: usize, value: &dyn Fn(usize) -> Value| (0..count).map(value).collect::<Vec<_>>();
    let unions = all(
        30,
        &|union| json!({ "anyOf": all(12, &|branch| json!({ "maxProperties": 5000 + 100 * union + branch })) }),
    );
    let wide = json!({
        "type": "object", "required": all(30, &|name| json!(format!("n{name}"))), "allOf": unions,
        "additionalProperties": { "type": "array", "minItems": 100, "items": { "type": "string", "minLength": 4000 } },
    });
    let deep = (0..4).fold(
        json!({ "type": "string", "minLength": 9 }),
        |inner, _| json!({ "type": "array", "minItems": 250, "items": inner }),
    );
    for (old, new) in
        [(wide, json!({ "type": "object", "minProperties": 100_000 })), (deep, json!({ "minItems": 251 }))]
    {
        let version = |schema| Version { schema, resources: &[] };
        let before = memory();
        covers(&version(&new), &version(&old), Formats::Asserted, &LIMITS, COMPARISON);
        assert!(memory() - before < 200 << 10, "{} kB", memory() - before);
    }
}

/// The most memory that this process has had, in kilobytes.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
