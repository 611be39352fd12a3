//! The official JSON Schema test suite: the required and the optional tests of the five drafts, with both engines of
//! patterns and both forms of a document.

mod files;

use jsonschema_value::jsonb::encode::encode;
use veritable_schema::{
    Bounds, Form, Formats, Limits, Parsed, Patterns, Rules, Shown, Stored, Validator, Value, Violations,
};

use files::{DRAFTS, files, of_draft, remotes, suite};

const LIMITS: Limits = Limits { bounds: Bounds { steps: Limits::STEPS, ..UNBOUNDED }, patterns: Limits::PATTERNS };
const UNBOUNDED: Bounds = Bounds { floor: 0, steps: u64::MAX, interrupted: || false };

/// What a schema of the suite says of a document in one way of asking, if it can be built.
type Answer = Result<bool, String>;

/// `is_valid` and `violations` agree.
fn ask<F: Form>(built: &Result<Validator<F>, String>, document: &F::Input) -> Answer {
    let validator = built.as_ref().map_err(Clone::clone)?;
    let valid = validator.is_valid(document, &UNBOUNDED).expect("no bounds");
    let Violations { total, first } = validator.violations(document, &UNBOUNDED, 3, Shown::Values).expect("no bounds");
    assert_eq!(valid, total == 0, "{first:?}");
    assert_eq!(first.len(), total.min(3));
    Ok(valid)
}

/// What the suite expects of a test in a file; `None`: it is not asked for.
type Expected = fn(file: &str, test: &Value) -> Option<bool>;

fn required(file: &str, test: &Value) -> Option<bool> {
    (!file.starts_with("optional/")).then(|| test["valid"] == true)
}

/// Formats that are not checked, so that every document is valid.
const UNCHECKED: [&str; 2] = ["idn-email", "idn-hostname"];

/// Required and optional, where formats are asserted: 2020-12 says of some strings that they are valid by default.
fn with_formats(file: &str, test: &Value) -> Option<bool> {
    let by_default = test["description"].as_str()?.strip_suffix(" string is only an annotation by default");
    let format = by_default.and_then(|text| text.strip_prefix("invalid "));
    let format = format.or_else(|| file.strip_prefix("optional/format/")?.strip_suffix(".json"));
    let is_unchecked = format.is_some_and(|format| UNCHECKED.contains(&format));
    Some(is_unchecked || (test["valid"] == true && by_default.is_none()))
}

/// Every test of each draft is answered as expected.
fn passes(expected: Expected, formats: Formats) {
    let Some(suite) = suite() else { return };
    for (folder, draft) in DRAFTS {
        let remotes = remotes(suite, draft);
        let files = files(&suite.join("tests").join(folder));
        for patterns in [Patterns::Linear, Patterns::Backtracking] {
            let mut different = Vec::new();
            let mut count = 0;
            for (file, cases) in &files {
                for case in cases.as_array().expect("cases") {
                    let schema = of_draft(case["schema"].clone(), draft);
                    // All that are given are read, and few cases need any.
                    let resources = if schema.to_string().contains("localhost:1234") { &remotes[..] } else { &[] };
                    let rules = Rules { patterns, formats, resources, base: None };
                    let stored =
                        Validator::<Stored>::build(&schema, &rules, &LIMITS).map_err(|refusal| format!("{refusal:?}"));
                    let parsed =
                        Validator::<Parsed>::build(&schema, &rules, &LIMITS).map_err(|refusal| format!("{refusal:?}"));
                    for test in case["tests"].as_array().expect("tests") {
                        let Some(expected) = expected(file, test) else { continue };
                        let answers = [ask(&stored, &encode(&test["data"])), ask(&parsed, &test["data"])];
                        count += 1;
                        if answers != [Ok(expected), Ok(expected)] {
                            let name =
                                [&case["description"], &test["description"]].map(|text| text.as_str().unwrap_or(""));
                            different.push(format!("{folder}/{file}: {}: {answers:?}", name.join(": ")));
                        }
                    }
                }
            }
            assert_eq!(different, [""; 0], "{patterns:?} {formats:?}");
            println!("{folder}: {count} tests, {patterns:?} {formats:?}");
            assert!(count > 500, "only {count} tests in {folder}");
        }
    }
}

#[test]
fn every_required_test_passes() {
    passes(required, Formats::Annotations);
}

#[test]
fn every_required_test_passes_where_formats_are_asserted_by_the_older_drafts() {
    passes(required, Formats::AsDrafted);
}

#[test]
fn every_test_passes_where_formats_are_asserted_but_for_formats_that_are_not_checked() {
    passes(with_formats, Formats::Asserted);
}
