//! The files of the official JSON Schema test suite.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use veritable_schema::{Value, parse};

/// A folder of the suite, and the `$schema` that its schemas have where they name none.
pub const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
];

/// Where the suite is; `None` where somebody has said that the tests are to do without it.
pub fn suite() -> Option<&'static Path> {
    static SUITE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        if std::env::var_os("VERITABLE_WITHOUT_SUITE").is_some() {
            // Written past the test harness, which would keep it to itself.
            let message = "NOT TESTED: the JSON Schema test suite, since VERITABLE_WITHOUT_SUITE is set.";
            writeln!(std::io::stderr(), "{message}").expect("standard error");
            return None;
        }
        // Also where another package's tests read this file.
        let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let script =
            folders.find_map(|folder| Some(folder.join("scripts/json-schema-suite")).filter(|path| path.exists()));
        let output =
            Command::new(script.expect("scripts/json-schema-suite")).output().expect("scripts/json-schema-suite");
        assert!(output.status.success(), "no JSON Schema test suite: {}", String::from_utf8_lossy(&output.stderr));
        Some(PathBuf::from(String::from_utf8(output.stdout).expect("UTF-8").trim_end()))
    };
    SUITE.get_or_init(find).as_deref()
}

/// The files of a folder and of those below it, by their path from there.
pub fn files(folder: &Path) -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.expect("an entry of a folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let text = std::fs::read_to_string(&path).expect("a file in UTF-8");
                let name = path.strip_prefix(folder).expect("a path below it").display().to_string();
                files.insert(name, parse(&text).expect("JSON"));
            }
        }
    }
    files
}

/// The suite gives the draft by the folder, and a schema by its `$schema`.
pub fn of_draft(mut schema: Value, draft: &str) -> Value {
    if let Value::Object(members) = &mut schema {
        members.entry("$schema").or_insert_with(|| draft.into());
    }
    schema
}

/// The schemas that the suite takes from a server of its own: those in a draft's folder are of that draft; of the others a
/// draft has those that do not speak of `$defs` before there were any.
pub fn remotes(suite: &Path, draft: &str) -> Vec<(String, Value)> {
    let remote = |(name, schema): (String, Value)| {
        let draft = match name.split_once('/') {
            Some((folder, _)) if folder.starts_with("draft") => DRAFTS.iter().find(|draft| draft.0 == folder)?.1,
            _ if draft.contains("draft-0") && schema.get("$defs").is_some() => return None,
            _ => draft,
        };
        Some((format!("http://localhost:1234/{name}"), of_draft(schema, draft)))
    };
    files(&suite.join("remotes")).into_iter().filter_map(remote).collect()
}
