//! The official JSON Schema test suite: its schemas are admitted, but for those that lead out of themselves.

#[allow(dead_code, reason = "each test uses a part of it")]
#[path = "suite/files.rs"]
mod files;
mod support;

use files::{DRAFTS, files, of_draft, suite};
use support::LIMITS;
use veritable_schema::{Formats, Parsed, Patterns, Rules, Validator, problems};

#[test]
fn the_schemas_of_the_suite_are_admitted_unless_they_lead_elsewhere() {
    let Some(suite) = suite() else { return };
    for (folder, draft) in DRAFTS {
        let mut admitted = 0;
        for (file, cases) in files(&suite.join("tests").join(folder)) {
            for case in cases.as_array().expect("cases") {
                let schema = of_draft(case["schema"].clone(), draft);
                let found = problems(&schema, false, Formats::Asserted, 64, &LIMITS).unwrap();
                let name = format!("{folder}/{file} {}: {found:?}", case["description"]);
                if found.is_empty() {
                    admitted += 1;
                    let rules =
                        Rules { patterns: Patterns::Linear, formats: Formats::Asserted, resources: &[], base: None };
                    let built = Validator::<Parsed>::build(&schema, &rules, &LIMITS);
                    assert!(built.is_ok(), "{name} {:?}", built.err());
                } else {
                    // The suite's own server, or an identifier that would be that of a name in the registry.
                    let text = schema.to_string();
                    assert!(text.contains("localhost:1234") || text.contains(r#""$id":"/base""#), "{name}");
                }
            }
        }
        assert!(admitted > 150, "{admitted} in {folder}");
    }
}
