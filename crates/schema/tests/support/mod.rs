//! Documents, and bounds for them.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::time::Duration;
use std::{fs, ptr};

#[allow(unused_imports, reason = "each test uses a part of it")]
pub use jsonschema_value::jsonb::encode::encode;
#[allow(unused_imports, reason = "each test uses a part of it")]
pub use serde_json::{Value, json};
use veritable_schema::{
    Bounds, COMPARISON, Formats, Limits, Parsed, Patterns, Rules, Stored, Validator, Verdict, Version, covers, problems,
};

pub const FREE: Bounds = Bounds { floor: 0, steps: u64::MAX, interrupted: || false };
pub const LISTING: Bounds = Bounds { steps: Bounds::LISTING, ..FREE };
/// The usual steps and bytes, and any stack.
pub const LIMITS: Limits = Limits { bounds: Bounds { steps: Limits::STEPS, ..FREE }, patterns: Limits::PATTERNS };
pub const RULES: Rules<'static> =
    Rules { patterns: Patterns::Linear, formats: Formats::Asserted, resources: &[], base: None };

/// Does something within so many seconds on the processor, so that other work on the machine does not count.
#[track_caller]
pub fn timed<R>(seconds: u64, work: impl FnOnce() -> R) -> R {
    let processor = || {
        let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        Duration::from_nanos(statistics.split(' ').next().unwrap().parse().unwrap())
    };
    let start = processor();
    let result = work();
    let taken = processor() - start;
    println!("{taken:?} at {}", std::panic::Location::caller());
    assert!(taken < Duration::from_secs(seconds), "{taken:?}");
    result
}

pub fn stored(schema: &Value) -> Validator<Stored> {
    Validator::build(schema, &RULES, &LIMITS).unwrap()
}

pub fn parsed(schema: &Value) -> Validator<Parsed> {
    Validator::build(schema, &RULES, &LIMITS).unwrap()
}

/// Whether the schema is admitted, without strictness.
pub fn admitted(schema: &Value) -> bool {
    problems(schema, false, Formats::Asserted, 64, &LIMITS).unwrap().is_empty()
}

/// Whether every document that is valid under the old schema is valid under the new one.
pub fn verdict(old: &Value, new: &Value) -> Verdict {
    verdict_among(&[], old, new)
}

/// A schema with the schemas that it refers to, compiled.
pub fn with_resources(schema: &Value, resources: &[(String, Value)]) -> Validator<Parsed> {
    Validator::build(schema, &Rules { resources, ..RULES }, &LIMITS).unwrap()
}

/// The verdict on versions that refer to these schemas.
pub fn verdict_among(resources: &[(String, Value)], old: &Value, new: &Value) -> Verdict {
    let version = |schema| Version { schema, resources };
    covers(&version(new), &version(old), Formats::Asserted, &LIMITS, COMPARISON)
}

pub fn valid(schema: &Validator<Parsed>, document: &Value) -> bool {
    schema.is_valid(document, &FREE).unwrap()
}

/// Bounds that leave so much of the stack.
pub fn stack(bytes: usize) -> Bounds {
    let here = 0_u8;
    Bounds { floor: ptr::from_ref(&here).addr() - bytes, ..FREE }
}

#[derive(Debug, Clone, Copy)]
pub enum Nesting {
    Arrays,
    Objects,
    Mixed,
}

/// `[[[…]]]`, `{"a": {"a": …}}` or both in turn, as a jsonb. The innermost value is `[]`.
pub fn nested(depth: usize, nesting: Nesting) -> Vec<u8> {
    let array = |level: usize| match nesting {
        Nesting::Arrays => true,
        Nesting::Objects => false,
        Nesting::Mixed => level.is_multiple_of(2),
    };
    let mut size: u32 = 4;
    let mut heads = Vec::new();
    for level in (0..depth).rev() {
        // A header with flags and count; an entry for each name and value; the names, aligned.
        let words = if array(level) {
            vec![0x4000_0001, 0x5000_0000 | size]
        } else {
            let name = u32::from_ne_bytes(*b"a\0\0\0");
            vec![0x2000_0001, 1, 0x5000_0000 | (size + 3), name]
        };
        size += 4 * u32::try_from(words.len()).unwrap();
        heads.push(words);
    }
    let words = heads.into_iter().rev().flatten().chain([0x4000_0000]);
    words.flat_map(u32::to_ne_bytes).collect()
}

/// What the text stands for.
pub fn json_of(text: &str) -> Value {
    veritable_schema::parse(text).unwrap()
}
